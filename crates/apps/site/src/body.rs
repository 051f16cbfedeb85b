//! The JSON body of a request: bounded in size and time, of the right type, without unknown fields.

use std::time::Duration;

use axum::extract::{FromRequest, Request};
use encke_engine::number_text::bytes;
use encke_engine::{Code, Error, limits};
use http::{HeaderMap, header};
use http_body_util::{BodyExt, Limited};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::reply::Refusal;

/// The body of a request. Types that are read from it say `deny_unknown_fields`.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        check_json(content_type(request.headers()))?;
        let bytes = read(request).await?;
        parse(&bytes).map(Body).map_err(Refusal)
    }
}

/// The body of a request that may come without one.
pub struct MaybeBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for MaybeBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let json = check_json(content_type(request.headers()));
        let bytes = read(request).await?;
        if bytes.is_empty() {
            return Ok(MaybeBody(T::default()));
        }
        json?;
        parse(&bytes).map(MaybeBody).map_err(Refusal)
    }
}

/// The content type of a request, as its head has it.
pub fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

/// A content type without its parameters.
pub fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// Refuses a body of another type.
pub fn check_json(content_type: &str) -> Result<(), Error> {
    if essence(content_type).eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Error::new(Code::WrongType, "The body has to be application/json."))
}

/// Reads a whole body of bounded size in bounded time.
pub async fn read(request: Request) -> Result<bytes::Bytes, Refusal> {
    read_within(request, limits::BODY_BYTES_MAX, limits::BODY_WAIT_MS_MAX).await
}

/// Reads a whole body of at most so many bytes, in at most so many milliseconds.
pub async fn read_within(
    request: Request,
    bytes_max: usize,
    wait_ms: u64,
) -> Result<bytes::Bytes, Refusal> {
    let body = Limited::new(request.into_body(), bytes_max).collect();
    let wait = Duration::from_millis(wait_ms);
    let read = tokio::time::timeout(wait, body).await;
    let read = read.map_err(|_| Refusal::new(Code::BadRequest, "The body did not end in time."))?;
    read.map(|all| all.to_bytes()).map_err(|e| {
        if e.is::<http_body_util::LengthLimitError>() {
            let most = bytes(bytes_max);
            Refusal::new(Code::TooLarge, format!("The body is larger than {most}."))
        } else {
            Refusal::new(Code::BadRequest, "The body ended too early.")
        }
    })
}

/// Reads JSON. The errors tell apart invalid JSON, unknown fields and wrong values.
pub fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Error> {
    let read = serde_json::from_slice(bytes);
    if read.is_ok() && bytes.trim_ascii_start().first() != Some(&b'{') {
        // serde would read an array as the fields in their order.
        return Err(Error::new(Code::Invalid, "The body has to be a JSON object."));
    }
    read.map_err(|e| {
        let what = e.to_string();
        if what.starts_with("unknown field") {
            Error::new(Code::UnknownField, format!("There is a field too many: {what}."))
        } else if e.is_data() || serde_json::from_slice::<serde_json::Value>(bytes).is_ok() {
            // serde reports some wrong types as wrong syntax, such as a number in place of one of several words.
            Error::new(Code::Invalid, format!("The body is not as expected: {what}."))
        } else {
            Error::new(Code::BadJson, format!("The body is not JSON: {what}."))
        }
    })
}
