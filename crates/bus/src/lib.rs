//! The bus: messages between the nodes of one space, at most once.
//!
//! Entry points: [`Nats`] for nodes on several machines, [`Local`] for several in one process. Both pass one
//! conformance suite (`tests/it/conformance.rs`).
//!
//! Between machines every message is sealed with a key of the space (`seal.rs`). A stranger who reaches the NATS server
//! can delay and lose messages, but can't forge one. Changes of rights are not carried at all: the bus only tells how
//! far the log goes.
//!
//! Every message is a hint. A commit that is missing, late, doubled or out of order costs its receiver a read from the
//! store, never an event. A signal that is lost is lost (P9). So the bus never waits, retries or remembers. Sending
//! never blocks: if the bus can't take a message, it drops it.
//!
//! Never in here: the store, the meaning of a signal, the right to send one.

mod local;
mod message;
mod nats;
mod nats_url;
mod seal;

use std::sync::Arc;

pub use local::{Local, Member};
pub use message::Message;
pub use nats::{Nats, RefusedCounts};

/// An event on the bus, as a node hears it.
#[derive(Clone, Debug)]
pub enum BusEvent {
    /// A message from another node.
    Message(Message),
    /// Messages may have been lost: the connection was away, or they came faster than they were taken.
    Lost,
}

/// The function that takes events of the bus; it must not block.
pub type OnBusEvent = Arc<dyn Fn(BusEvent) + Send + Sync>;

/// A way to the other nodes.
pub trait Bus: Send + Sync {
    /// Sends a message to all other nodes of the space, each at most once. It never blocks.
    fn send(&self, message: Message);
}
