//! Refusals as data: a stable code, a plain sentence, whether to try again.

use std::fmt;

use serde::Serialize;

/// Declares the codes, each with its text on the wire, its HTTP status, and whether the same request may succeed later.
macro_rules! codes {
    ($($(#[doc = $about:literal])+ $name:ident = $text:literal, $status:literal, $retry:literal;)*) => {
        /// The stable code of a refusal. docs/reference/errors.md is made of this list.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Code {
            $($(#[doc = $about])+ $name),*
        }

        impl Code {
            /// All codes, in the order of their declaration.
            pub const ALL: &[Code] = &[$(Code::$name),*];

            /// Text on the wire, HTTP status, and whether the same request may succeed later.
            fn row(self) -> (&'static str, u16, bool) {
                match self {
                    $(Code::$name => ($text, $status, $retry)),*
                }
            }

            /// The meaning of the code, and what to do about it.
            pub fn about(self) -> &'static str {
                match self {
                    $(Code::$name => concat!($($about),+)),*
                }
            }
        }
    };
}

codes! {
    /// The request is not one of HTTP, of this address, or of this protocol. Mend the client.
    BadRequest = "bad_request", 400, false;
    /// The cursor is none of this site's. Take a snapshot, and go on from its cursor.
    BadCursor = "bad_cursor", 400, false;
    /// The body is no JSON. Mend the client.
    BadJson = "bad_json", 400, false;
    /// There is no session, token or ticket, or it has ended. Sign in.
    NotSignedIn = "not_signed_in", 401, false;
    /// The name or the password is wrong.
    WrongPassword = "wrong_password", 401, false;
    /// The set-up code is wrong or old. `encke setup-code` prints a new one.
    WrongSetupCode = "wrong_setup_code", 403, false;
    /// This person may not do this.
    Forbidden = "forbidden", 403, false;
    /// The page is of another origin. The operator lists it in `allowed-origins`, or sets `public-url`.
    ForeignOrigin = "foreign_origin", 403, false;
    /// The conversation is there, and this person is not in it.
    NotMember = "not_member", 403, false;
    /// A moderator has muted this person in the room: it may read, and write again after `retry_after_ms`.
    Muted = "muted", 403, false;
    /// Only owners and moderators write in this room. The others read.
    ReadOnly = "read_only", 403, false;
    /// This person is banned from the room, and does not get back in until a moderator lifts the ban.
    Banned = "banned", 403, false;
    /// One of the two people has blocked the other. Whoever has done so may unblock it.
    Blocked = "blocked", 403, false;
    /// The message was written by somebody else. Only its author may edit it.
    NotYours = "not_yours", 403, false;
    /// There is nothing at this address, or nothing that this person may know of.
    NotFound = "not_found", 404, false;
    /// The address does not take this method.
    WrongMethod = "wrong_method", 405, false;
    /// The request does not fit what is there now. Read it again.
    Conflict = "conflict", 409, false;
    /// Somebody else has what only one may have, such as a ticket. The message says who.
    Taken = "taken", 409, false;
    /// The idempotency key was used with another body. Make a new one for each message.
    KeyReused = "key_reused", 409, false;
    /// Somebody has this name, or one that looks like it. Choose another.
    NameTaken = "name_taken", 409, false;
    /// The site has an owner already.
    AlreadySetUp = "already_set_up", 409, false;
    /// The person or the site has no room left for files. Delete some, or ask the operator for more.
    NoRoom = "no_room", 409, false;
    /// The message was recalled or erased, so it can't be changed any more.
    Erased = "erased", 410, false;
    /// The range lies outside of the file. Ask for one that begins before its end.
    OutOfRange = "out_of_range", 416, false;
    /// The body, or a text in it, is longer than its limit.
    TooLarge = "too_large", 413, false;
    /// The `Content-Type` is not one that this address takes.
    WrongType = "wrong_type", 415, false;
    /// The body has a field that is not known here. Mend the client.
    UnknownField = "unknown_field", 422, false;
    /// A field has a value that it can't have; the message says which.
    Invalid = "invalid", 422, false;
    /// A name has characters that are not allowed in one, or is empty.
    BadName = "bad_name", 422, false;
    /// This person or address has done so often enough for now. Try again after `retry_after_ms`.
    RateLimited = "rate_limited", 429, true;
    /// The sessions of this person together follow too many channels. Close some, and try again after `retry_after_ms`.
    TooManyChannels = "too_many_channels", 429, true;
    /// Something failed that should not have. The log of the server says what.
    Internal = "internal", 500, true;
    /// The disk is full: writes are refused, reads go on. The operator makes room.
    StoreFull = "store_full", 507, true;
    /// The server has too much to do, or its store is away. Try again after `retry_after_ms`.
    Overloaded = "overloaded", 503, true;
    /// The server goes down. Try again after `retry_after_ms`, then another one, or a new one, answers.
    Draining = "draining", 503, true;
    /// No site is served under this host name. The operator lists it in `hosts`.
    Misdirected = "misdirected", 421, false;
}

impl Code {
    /// The code as text.
    pub fn text(self) -> &'static str {
        self.row().0
    }

    /// HTTP status.
    pub fn status(self) -> u16 {
        self.row().1
    }

    /// Whether the same request may succeed later.
    pub fn retry(self) -> bool {
        self.row().2
    }
}

/// A refusal as a client gets it. Details that only the operator may see go to the log instead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error {
    /// The stable code.
    pub code: Code,
    /// One plain sentence for a person.
    pub message: String,
    /// Milliseconds until another try makes sense.
    pub retry_after_ms: Option<u64>,
}

#[derive(Serialize)]
struct Wire<'a> {
    code: &'static str,
    message: &'a str,
    retry: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

impl Error {
    /// A refusal with no known time for another try.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error { code, message: message.into(), retry_after_ms: None }
    }

    /// The refusal of new work when the server goes down.
    pub fn draining() -> Self {
        Error::new(Code::Draining, "The server is going down; come back in a moment.")
    }

    /// This refusal with the milliseconds after which another try makes sense.
    pub fn retry_after_ms(mut self, ms: u64) -> Self {
        self.retry_after_ms = Some(ms);
        self
    }

    /// The object `{"code","message","retry"}`.
    pub fn json(&self) -> serde_json::Value {
        let Error { code, message, retry_after_ms } = self;
        let wire = Wire {
            code: code.text(),
            message,
            retry: code.retry(),
            retry_after_ms: *retry_after_ms,
        };
        serde_json::to_value(wire).expect("text and numbers are JSON")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.text(), self.message)
    }
}

impl std::error::Error for Error {}
