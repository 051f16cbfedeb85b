//! The pages that links in mails lead to. They work without sign-in: whoever has the link has got the mail.
//!
//! Opening a page changes nothing, since programs that look through mails open links. Its button does.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderName, HeaderValue, header};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::html::{document, escaped};

/// Headers of the pages: no script, nothing from elsewhere, no copy, and the link is told to nobody.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

/// What stands in a link.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Link {
    /// The text that the mail has. Without it the page says that the link does nothing.
    #[serde(default)]
    #[param(required = false)]
    pub token: String,
    /// The language of the page.
    pub lang: Option<String>,
}

/// A link as a request brings it.
pub type Wanted = Result<Query<Link>, QueryRejection>;

fn answer(language: &str, title: &str, body: &str) -> Response {
    let mut response = Html(document(language, title, body)).into_response();
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A page with one sentence. A link that does nothing any more gets one, too: who has opened it is a person.
pub fn sentence(language: &str, text: &str) -> Response {
    answer(language, text, &format!("<p style=\"font-size:1.15em\">{}</p>", escaped(text)))
}

/// A page with one button, which asks for the same address again.
pub fn button(language: &str, title: &str, act: &str) -> Response {
    let body = format!(
        "<h1 style=\"font-size:1.3em\">{}</h1>\n<form method=\"post\"><button style=\"font:inherit;padding:.5em 1em\">\
         {}</button></form>",
        escaped(title),
        escaped(act)
    );
    answer(language, title, &body)
}
