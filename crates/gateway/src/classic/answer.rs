//! Answers to classic pages.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use encke_engine::{Code, Error};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// The content type of nearly all answers, of JSON too: the pages parse the text themselves.
pub(super) const HTML: &str = "text/html; charset=utf-8";
/// The content type of the room's list.
pub(super) const XML: &str = "text/xml; charset=utf-8";

/// A refusal: a status and a plain sentence. The sentence never repeats text that the page sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Refused {
    pub status: u16,
    pub text: &'static str,
}

impl Refused {
    pub const fn new(status: u16, text: &'static str) -> Self {
        Refused { status, text }
    }

    pub const fn bad(text: &'static str) -> Self {
        Refused::new(400, text)
    }

    /// The refusal of a request in another person's name.
    pub const fn another() -> Self {
        Refused::new(403, "This is not who you are signed in as.")
    }
}

impl From<Error> for Refused {
    fn from(e: Error) -> Self {
        let text = match e.code {
            Code::NotSignedIn => "Sign in first.",
            Code::Forbidden | Code::NotMember | Code::ForeignOrigin => "You may not do this.",
            Code::NotFound => "There is nobody of this name.",
            Code::NameTaken => {
                let text = "Somebody with an account has this name, or one that looks like it.";
                return Refused::new(403, text);
            }
            Code::BadName => "A name has no invisible characters.",
            Code::TooLarge => "This is too long.",
            Code::Invalid | Code::BadRequest => "This is not as expected.",
            Code::RateLimited => "Too many tries; wait a little.",
            _ => "The server could not do this; try again.",
        };
        Refused { status: e.code.status(), text }
    }
}

impl From<encke_store::StoreError> for Refused {
    fn from(e: encke_store::StoreError) -> Self {
        Error::from(e).into()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        typed(self.status, HTML, self.text)
    }
}

/// An answer with this content type.
pub(super) fn typed(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(axum::body::Body::from(body.into()));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// An ordinary answer.
pub(super) fn html(body: impl Into<Bytes>) -> Response {
    typed(200, HTML, body)
}

/// Turns the result of a handler into its response.
pub(super) fn of(result: Result<Response, Refused>) -> Response {
    result.unwrap_or_else(IntoResponse::into_response)
}

pub(super) async fn wrong_method() -> Response {
    Refused::new(405, "This address does not take this method.").into_response()
}

pub(super) async fn not_found() -> Response {
    Refused::new(404, "There is nothing at this address.").into_response()
}

/// JSON that is safe inside a script and as a page of its own: all characters that can begin or end a tag are escaped,
/// and the two characters that end a line in old JavaScript. They only occur inside strings.
pub(super) fn json(value: &impl Serialize) -> Bytes {
    let plain = serde_json::to_string(value).expect("answers are plain data");
    let mut out = String::with_capacity(plain.len() + 32);
    for c in plain.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_no_markup_and_says_the_same() {
        let text = "</script><!--<script>&amp;\u{2028}\u{2029}\"\\\r\n\u{1F600}\u{0}";
        let made = json(&text);
        let made = std::str::from_utf8(&made).unwrap();
        assert!(!made.contains(['<', '>', '&', '\u{2028}', '\u{2029}']));
        assert_eq!(serde_json::from_str::<String>(made).unwrap(), text);
    }
}
