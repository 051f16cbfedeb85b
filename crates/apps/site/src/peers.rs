//! Notes and signals between nodes. They arrive at most once.
//!
//! A note belongs to one product: it is sent with that product's name and handed to the product of the same name at the
//! other nodes.

use std::sync::Arc;

use bytes::Bytes;
use encke_engine::StreamId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::site::Site;

#[derive(Serialize)]
struct Sent<'a, T> {
    product: &'a str,
    note: &'a T,
}

#[derive(Deserialize)]
struct Received<'a> {
    product: &'a str,
    #[serde(borrow)]
    note: &'a RawValue,
}

impl Site {
    /// Sends a note to the product of this name at all other nodes, if there are any.
    pub fn tell_nodes(&self, product: &str, note: &impl Serialize) {
        if self.store.is_shared()
            && let Some(reach) = self.reach()
        {
            let note = serde_json::to_vec(&Sent { product, note }).expect("notes are plain data");
            reach.note(note.into());
        }
    }

    /// Hands a note of another node to its product. An unreadable note is of another version and is dropped.
    pub fn noted(self: &Arc<Self>, note: &Bytes) {
        let Ok(Received { product, note }) = serde_json::from_slice(note) else { return };
        let to = self.products().iter().find(|p| p.name() == product);
        if let Some(peer) = to.and_then(|p| p.extras().peer) {
            peer.noted(self, note.get());
        }
    }

    /// Hands a signal of another node to the sessions here. The product of the signal writes it anew, so that only
    /// valid signals reach them.
    pub fn signalled(&self, stream: StreamId, item: &[u8]) {
        let mut peers = self.products().iter().filter_map(|p| p.extras().peer);
        if let Some(item) = peers.find_map(|p| p.signal(stream, item))
            && let Some(reach) = self.reach()
        {
            reach.signal_here(stream, item);
        }
    }
}
