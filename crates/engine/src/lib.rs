//! The engine: logs, streams, cursors and sessions, and the rules by which events reach each session.
//!
//! Entry points: a [`hub::Hub`] holds the sessions of one shard and decides what each of them gets next; a store hands
//! over a [`batch::Batch`] after each commit; [`item`] makes the JSON that travels; [`stream`] says which streams a
//! subscription covers.
//!
//! Invariants, each held by a test:
//! - a session gets every event after its cursor that its subscriptions cover, in order, once (P2, P4);
//! - it is registered with the hub before anything is replayed to it, so nothing falls between;
//! - marks only move forward (P5); every queue and count has a name in [`limits`] (P6).
//!
//! The engine never has SQL, HTTP, sockets, threads, a wall clock or randomness. The caller passes in the time and
//! random numbers.

pub mod append;
pub mod batch;
pub mod connection;
pub mod cursor;
pub mod desk_limits;
pub mod entry;
pub mod error;
pub mod event;
pub mod file_limits;
pub mod following;
pub mod frontier;
pub mod growth_limits;
pub mod household;
pub mod hub;
pub mod ids;
pub mod item;
pub mod keep_limits;
pub mod limit;
pub mod limits;
pub mod line_limit;
pub mod mail_limits;
pub mod marks;
pub mod next_look;
pub mod number_text;
pub mod order;
pub mod outgoing_limits;
pub mod people_limits;
pub mod presence;
pub mod reach;
mod reason;
pub mod stream;
pub mod tail;
pub mod talk_limits;
pub mod transaction;
pub mod writer_turn;

pub use batch::{Batch, Step};
pub use connection::Connection;
pub use cursor::Cursor;
pub use entry::Entry;
pub use error::{Code, Error};
pub use event::{Event, NewEvent};
pub use following::Following;
pub use household::household;
pub use hub::Hub;
pub use ids::{ConversationId, Epoch, PersonId, Position, Seq};
pub use line_limit::LineLimit;
pub use order::{Committed, Order, Point};
pub use stream::{Owner, StreamClass, StreamId};
pub use transaction::Transaction;
