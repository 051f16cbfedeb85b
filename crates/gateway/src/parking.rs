//! The way of a waiting request from the HTTP server to the shards.

use std::sync::{Arc, Mutex};

use axum::response::{IntoResponse, Response};
use encke_transport::Wait;
use http::StatusCode;

/// An extension that marks a response as a placeholder: the request waits, and its connection is to be parked.
#[derive(Clone)]
pub struct Parking(Arc<Mutex<Option<Wait>>>);

impl Parking {
    /// The response to a waiting request. Should it be sent all the same, it says that the server is too busy.
    pub fn response(wait: Wait) -> Response {
        let mut response = StatusCode::SERVICE_UNAVAILABLE.into_response();
        response.extensions_mut().insert(Parking(Arc::new(Mutex::new(Some(wait)))));
        response
    }

    /// Takes the wait out of a response, if it has one.
    pub fn take<B>(response: &mut http::Response<B>) -> Option<Wait> {
        let Parking(wait) = response.extensions_mut().remove()?;
        wait.lock().expect("not poisoned").take()
    }
}
