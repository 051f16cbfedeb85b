//! Refusals as data: a stable code, a plain sentence, whether to try again.

use std::fmt;

use serde::Serialize;

/// The stable code of a refusal; its text and HTTP status are in docs/protocol.md.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Code {
    BadRequest,
    BadCursor,
    BadJson,
    NotSignedIn,
    WrongPassword,
    WrongSetupCode,
    Forbidden,
    ForeignOrigin,
    NotMember,
    NotFound,
    WrongMethod,
    Conflict,
    KeyReused,
    NameTaken,
    AlreadySetUp,
    TooLarge,
    WrongType,
    UnknownField,
    Invalid,
    BadName,
    RateLimited,
    TooManyChannels,
    Internal,
    StoreFull,
    Overloaded,
    Draining,
    Misdirected,
}

impl Code {
    /// Text on the wire, HTTP status, and whether the same request may succeed later.
    fn row(self) -> (&'static str, u16, bool) {
        match self {
            Code::BadRequest => ("bad_request", 400, false),
            Code::BadCursor => ("bad_cursor", 400, false),
            Code::BadJson => ("bad_json", 400, false),
            Code::NotSignedIn => ("not_signed_in", 401, false),
            Code::WrongPassword => ("wrong_password", 401, false),
            Code::WrongSetupCode => ("wrong_setup_code", 403, false),
            Code::Forbidden => ("forbidden", 403, false),
            Code::ForeignOrigin => ("foreign_origin", 403, false),
            Code::NotMember => ("not_member", 403, false),
            Code::NotFound => ("not_found", 404, false),
            Code::WrongMethod => ("wrong_method", 405, false),
            Code::Conflict => ("conflict", 409, false),
            Code::KeyReused => ("key_reused", 409, false),
            Code::NameTaken => ("name_taken", 409, false),
            Code::AlreadySetUp => ("already_set_up", 409, false),
            Code::TooLarge => ("too_large", 413, false),
            Code::WrongType => ("wrong_type", 415, false),
            Code::UnknownField => ("unknown_field", 422, false),
            Code::Invalid => ("invalid", 422, false),
            Code::BadName => ("bad_name", 422, false),
            Code::RateLimited => ("rate_limited", 429, true),
            Code::TooManyChannels => ("too_many_channels", 429, true),
            Code::Internal => ("internal", 500, true),
            Code::StoreFull => ("store_full", 507, true),
            Code::Overloaded => ("overloaded", 503, true),
            Code::Draining => ("draining", 503, true),
            Code::Misdirected => ("misdirected", 421, false),
        }
    }

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
    /// What it is.
    pub code: Code,
    /// One plain sentence for a person.
    pub message: String,
    /// When to try again at the earliest, in milliseconds.
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

    /// The same, with the time after which another try makes sense.
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
