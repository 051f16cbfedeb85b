//! A refusal as an HTTP answer.

use axum::response::{IntoResponse, Response};
use encke_engine::{Code, Error};
use encke_store::StoreError;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// The body of every refusal.
#[derive(Serialize, ToSchema)]
pub struct Refused {
    error: RefusedBecause,
}

/// Reason of a refusal, and whether to try again.
#[derive(Serialize, ToSchema)]
pub struct RefusedBecause {
    /// Stable code; docs/reference/errors.md explains each.
    #[schema(value_type = crate::description::ErrorCode)]
    code: &'static str,
    /// A plain sentence for a person.
    message: String,
    /// Whether the same request may succeed later.
    retry: bool,
    /// Milliseconds after which the same request may succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_after_ms: Option<u64>,
}

/// An [`Error`] that a handler returns.
#[derive(Debug)]
pub struct Refusal(pub Error);

impl From<Error> for Refusal {
    fn from(e: Error) -> Self {
        Refusal(e)
    }
}

impl From<StoreError> for Refusal {
    fn from(e: StoreError) -> Self {
        Refusal(e.into())
    }
}

impl Refusal {
    /// A refusal with this code and message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Refusal(Error::new(code, message))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Error { code, message, retry_after_ms } = self.0;
        let status = StatusCode::from_u16(code.status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let error =
            RefusedBecause { code: code.text(), message, retry: code.retry(), retry_after_ms };
        let mut response = (status, axum::Json(Refused { error })).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(ms) = retry_after_ms {
            let seconds = ms.div_ceil(1_000);
            headers.insert(header::RETRY_AFTER, seconds.into());
            if code == Code::RateLimited
                && let Ok(value) = HeaderValue::from_str(&format!("\"person\";r=0;t={seconds}"))
            {
                headers.insert(HeaderName::from_static("ratelimit"), value);
            }
        }
        response
    }
}
