//! Sends over HTTP. Shards and hyper both read them, and this is the one rule for all.

use std::sync::Arc;

use bytes::Bytes;
use encke_engine::{Code, Error};
use encke_store::Appended;
use http::HeaderMap;
use tokio::sync::oneshot;

use crate::body;
use crate::identity::Identity;
use crate::product::Reply;
use crate::site::Site;

/// A send as it was read.
#[derive(Clone, Debug)]
pub struct Posted<'a> {
    /// The header `Idempotency-Key`.
    pub key: Option<&'a str>,
    /// The header `Content-Type`.
    pub content_type: &'a str,
    /// The whole body.
    pub body: Bytes,
}

impl<'a> Posted<'a> {
    /// The send of a request that hyper read.
    pub fn of(headers: &'a HeaderMap, body: Bytes) -> Self {
        // A key that is not text becomes the empty key, which is refused.
        let key = headers.get("idempotency-key").map(|v| v.to_str().unwrap_or_default());
        Posted { key, content_type: body::content_type(headers), body }
    }
}

/// Hands a send to the product of this path.
pub fn post(site: &Arc<Site>, identity: Identity, path: &str, posted: Posted<'_>, reply: Reply) {
    let mut all = site.products().iter().filter_map(|p| p.extras().sends);
    let found = all.find_map(|sends| Some((sends, sends.path().name_in(path)?)));
    match found {
        Some((sends, name)) => sends.post(site, identity, name, posted, reply),
        None => reply(Err(Error::new(Code::NotFound, "There is nothing at this address."))),
    }
}

/// Submits a send and waits for its reply.
pub async fn answered(submit: impl FnOnce(Reply)) -> Result<Appended, Error> {
    let (done, answer) = oneshot::channel();
    submit(Box::new(|result| drop(done.send(result))));
    let lost = || Error::new(Code::Overloaded, "The store did not take this; try again.");
    answer.await.map_err(|_| lost())?
}
