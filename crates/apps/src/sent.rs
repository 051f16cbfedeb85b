//! What a send is answered with, and the key that makes it repeatable.

use axum::Json;
use encke_engine::{Code, Error, Seq, limits};
use encke_store::Appended;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::site::Site;

/// Where a send stands in the log.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sent {
    #[schema(value_type = u64)]
    seq: Seq,
    cursor: String,
    at: u64,
}

impl Sent {
    pub fn of(site: &Site, appended: Appended) -> Self {
        let cursor = site.store.cursor_at(appended.position).to_string();
        Sent { seq: appended.seq, cursor, at: appended.at_ms }
    }

    /// 201 for the first, 200 for the same again.
    pub fn answer(site: &Site, appended: Appended) -> (StatusCode, Json<Self>) {
        let status = if appended.repeated { StatusCode::OK } else { StatusCode::CREATED };
        (status, Json(Sent::of(site, appended)))
    }
}

/// Refuses what is no idempotency key.
pub(crate) fn check_key(key: &str) -> Result<Box<str>, Error> {
    let good = (1..=limits::KEY_BYTES_MAX).contains(&key.len())
        && key.bytes().all(|b| b.is_ascii_graphic());
    if good {
        return Ok(key.into());
    }
    let what = "An idempotency key has 1 to 128 visible ASCII characters.";
    Err(Error::new(Code::Invalid, what))
}

/// The key in the headers, if there is one.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<Box<str>>, Error> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    value.to_str().map_or_else(|_| check_key(""), check_key).map(Some)
}
