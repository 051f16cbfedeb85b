//! Parts of a request's path. Their refusals have the shape of all others.

use axum::extract::FromRequestParts;
use encke_engine::Code;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::reply::Refusal;

/// The parts of the path that the route names.
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let found = axum::extract::Path::from_request_parts(parts, state).await;
        let axum::extract::Path(found) =
            found.map_err(|_| Refusal::new(Code::BadRequest, "The address is not UTF-8."))?;
        Ok(Path(found))
    }
}
