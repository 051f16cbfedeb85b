//! The answer to a send, and the key that makes a send repeatable.

use axum::Json;
use encke_engine::{Code, Error, Seq, limits};
use encke_store::Appended;
use http::StatusCode;
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
