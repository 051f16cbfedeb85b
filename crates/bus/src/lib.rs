//! The bus: what the nodes of one space tell each other, at most once.
//!
//! Entry points: [`Nats`] for nodes on several machines, [`Local`] for several in one process. Both pass one
//! conformance suite (`tests/it/conformance.rs`).
//!
//! Between machines every message is sealed with a key of the space (`seal.rs`): who only reaches the NATS server can
//! delay and lose messages, but say nothing. What changes rights is not carried at all, only that the log goes so far.
//!
//! Everything on it is a hint. A commit that is missing, late, doubled or out of order costs its receiver a read from
//! the store, never an event; a signal that is lost is lost (P9). So nothing here waits, retries or remembers, and
//! sending never blocks: what can't be taken is dropped.
//!
//! Never in here: the store, what a signal means, who may send one.

mod local;
mod message;
mod nats;
mod nats_url;
mod seal;

use std::sync::Arc;

pub use local::{Local, Member};
pub use message::Message;
pub use nats::{Nats, RefusedCounts};

/// What a node hears.
#[derive(Clone, Debug)]
pub enum BusEvent {
    /// Something from another node.
    Message(Message),
    /// Messages may have been lost: the connection was away, or they came faster than they were taken.
    Lost,
}

/// What is done with what is heard; it must not block.
pub type OnBusEvent = Arc<dyn Fn(BusEvent) + Send + Sync>;

/// A way to the other nodes.
pub trait Bus: Send + Sync {
    /// Tells all other nodes of the space, each at most once. Never blocks.
    fn send(&self, message: Message);
}
