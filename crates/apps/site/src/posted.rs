//! Sends over HTTP, by whichever part of the server they were read: one rule for all of them.

use std::sync::Arc;

use bytes::Bytes;
use encke_engine::{Code, Error};
use encke_store::Appended;
use http::HeaderMap;
use tokio::sync::oneshot;

use crate::identity::Identity;
use crate::site::Site;
use crate::{body, channel, chat};

/// A send as it came.
#[derive(Clone, Debug)]
pub struct Posted<'a> {
    /// `Idempotency-Key`.
    pub key: Option<&'a str>,
    /// `Content-Type`.
    pub content_type: &'a str,
    /// The whole body.
    pub body: Bytes,
}

impl<'a> Posted<'a> {
    /// From a request that was read by an HTTP server.
    pub(crate) fn of(headers: &'a HeaderMap, body: Bytes) -> Self {
        // A key that is no text is none that is allowed: the empty one is refused.
        let key = headers.get("idempotency-key").map(|v| v.to_str().unwrap_or_default());
        Posted { key, content_type: body::content_type(headers), body }
    }
}

/// Does a send to this path. `reply` gets the result once it is durable (P1); it must not block.
pub fn post(
    site: &Arc<Site>,
    identity: Identity,
    path: &str,
    posted: Posted<'_>,
    reply: impl FnOnce(Result<Appended, Error>) + Send + 'static,
) {
    let part = |prefix, end| path.strip_prefix(prefix).and_then(|p: &str| p.strip_suffix(end));
    if let Some(id) = part("/v1/conversations/", "/messages") {
        chat::post_message(site, identity, id, posted, reply);
    } else if let Some(name) = part("/v1/channels/", "/events") {
        channel::post(site, identity, name, posted, reply);
    } else {
        reply(Err(Error::new(Code::NotFound, "There is nothing at this address.")));
    }
}

/// Waits for the reply to what is submitted.
pub(crate) async fn answered(
    submit: impl FnOnce(Box<dyn FnOnce(Result<Appended, Error>) + Send>),
) -> Result<Appended, Error> {
    let (done, answer) = oneshot::channel();
    submit(Box::new(|result| drop(done.send(result))));
    let lost = || Error::new(Code::Overloaded, "The store did not take this; try again.");
    answer.await.map_err(|_| lost())?
}
