//! PostgreSQL: the store of any number of equal nodes. Each space is a schema, with one row that every commit locks.
//!
//! The row says where the log ends. A writer takes its lock first, gives out the next positions, and commits. So
//! positions are in the order of commits and have no gaps, on any number of nodes. A sequence would give neither.

mod ask;
mod bus_key;
mod commit;
mod follower;
mod identity;
mod log;
mod open;
mod read_log;
mod schema;
mod seen;
mod session;
mod target;
mod value;
mod writer;
mod writing;

pub use bus_key::{BusKey, renew_bus_key};
pub(crate) use follower::Follower;
pub(crate) use identity::OnFatal;
pub(crate) use open::{connect, moving, open};
pub(crate) use session::{Session, Use};
pub use target::Database;
pub(crate) use writer::Writer;
pub(crate) use writing::Writing;
