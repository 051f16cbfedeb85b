//! The answer to a send, and the key that makes a send repeatable.

use axum::Json;
use encke_engine::{Code, Error, Seq, limits};
use encke_store::Appended;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::site::Site;

/// The place of a send in the log.
#[derive(Serialize, ToSchema)]
pub struct Sent {
    #[schema(value_type = u64)]
    seq: Seq,
    cursor: String,
    at: u64,
}

impl Sent {
    /// Makes the answer out of the store's result.
    pub fn of(site: &Site, appended: Appended) -> Self {
        let cursor = site.store.cursor_at(appended.position).to_string();
        Sent { seq: appended.seq, cursor, at: appended.at_ms }
    }

    /// Answers 201 for the first send, 200 for a repeated one.
    pub fn answer(site: &Site, appended: Appended) -> (StatusCode, Json<Self>) {
        let status = if appended.repeated { StatusCode::OK } else { StatusCode::CREATED };
        (status, Json(Sent::of(site, appended)))
    }
}

/// The idempotency key of a request: that of the header, or else that of the body.
pub fn key_of(headers: &HeaderMap, in_body: Option<&str>) -> Result<Option<Box<str>>, Error> {
    // A key that is not text becomes the empty key, which is refused.
    let in_head = headers.get("idempotency-key").map(|v| v.to_str().unwrap_or_default());
    in_head.or(in_body).map(check_key).transpose()
}

/// Refuses an invalid idempotency key.
pub fn check_key(key: &str) -> Result<Box<str>, Error> {
    let good = (1..=limits::KEY_BYTES_MAX).contains(&key.len())
        && key.bytes().all(|b| b.is_ascii_graphic());
    if good {
        return Ok(key.into());
    }
    let most = limits::KEY_BYTES_MAX;
    let what = format!("An idempotency key has 1 to {most} visible ASCII characters.");
    Err(Error::new(Code::Invalid, what))
}
