//! How a request that has to wait leaves the HTTP server.

use std::sync::{Arc, Mutex};

use axum::response::{IntoResponse, Response};
use encke_transport::Wait;
use http::StatusCode;

/// In the extensions of a response that is not to be sent: the request waits, and its connection is to be parked.
#[derive(Clone)]
pub struct Parking(Arc<Mutex<Option<Wait>>>);

impl Parking {
    /// The response of a request that waits. Whoever sends it all the same says that the server is too busy.
    pub fn response(wait: Wait) -> Response {
        let mut response = StatusCode::SERVICE_UNAVAILABLE.into_response();
        response.extensions_mut().insert(Parking(Arc::new(Mutex::new(Some(wait)))));
        response
    }

    /// Takes the wait out of a response that carries one.
    pub fn take<B>(response: &mut http::Response<B>) -> Option<Wait> {
        let Parking(wait) = response.extensions_mut().remove()?;
        wait.lock().expect("not poisoned").take()
    }
}
