//! What went wrong: a refusal of the server, or no answer.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

/// Why a call has no answer.
#[derive(Debug)]
pub enum Error {
    /// The server has refused it.
    Refused {
        /// HTTP status.
        status: u16,
        /// Stable code of the reason; `not_encke` if something on the way answered instead.
        code: String,
        /// Plain sentence.
        message: String,
        /// Whether the same request may succeed later.
        retry: bool,
        /// Wait before another try, if the server has named one.
        after: Option<Duration>,
    },
    /// The server has ended the feed for good, for this reason.
    Ended(String),
    /// Nobody has answered, or half of it.
    Unreachable(String),
}

impl Error {
    /// Whether another try may succeed.
    #[must_use]
    pub fn may_retry(&self) -> bool {
        match self {
            Self::Refused { retry, .. } => *retry,
            Self::Ended(_) => false,
            Self::Unreachable(_) => true,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { status, code, message, .. } => write!(f, "{message} ({status} {code})"),
            Self::Ended(reason) => write!(f, "the server ended the feed: {reason}"),
            Self::Unreachable(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Error {}

impl From<ureq::Error> for Error {
    fn from(error: ureq::Error) -> Self {
        Self::Unreachable(error.to_string())
    }
}

/// The answer as JSON; null if it is empty.
pub(crate) fn answer(response: ureq::http::Response<ureq::Body>) -> Result<Value, Error> {
    let mut response = checked(response)?;
    let text = response.body_mut().read_to_string()?;
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).map_err(|_| not_encke(response.status().as_u16()))
}

/// The response, if it is a success.
pub(crate) fn checked(
    mut response: ureq::http::Response<ureq::Body>,
) -> Result<ureq::http::Response<ureq::Body>, Error> {
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string().unwrap_or_default();
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    let why = &body["error"];
    let (Some(code), Some(message)) = (why["code"].as_str(), why["message"].as_str()) else {
        return Err(not_encke(status));
    };
    Err(Error::Refused {
        status,
        code: code.to_owned(),
        message: message.to_owned(),
        retry: why["retry"] == true,
        after: why["retry_after_ms"].as_u64().map(Duration::from_millis),
    })
}

/// A proxy's own page: what it refuses now, it may let through later. A redirect leads elsewhere, and stays one.
fn not_encke(status: u16) -> Error {
    let message = "Something on the way answered.".to_owned();
    let retry = !(300..400).contains(&status);
    Error::Refused { status, code: "not_encke".to_owned(), message, retry, after: None }
}
