//! What is written down while servers are being killed: every send, every observation.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::feed::Transport;

/// A stream's name on the wire: `c12`, `r12`, `p5`, `channel:news`.
pub type Stream = Arc<str>;

/// What an event says, in one number, so that observations stay small.
pub fn digest(kind: &str, from: &str, key: &str, body: &serde_json::Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    (kind, from, key, body.to_string()).hash(&mut hasher);
    hasher.finish()
}

/// One event as it was seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    pub stream: Stream,
    pub seq: u64,
    /// Place in the log of the whole site, out of the cursor.
    pub position: u64,
    pub at: u64,
    pub digest: u64,
}

/// Where a send stands, as the server has answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    pub seq: u64,
    pub position: u64,
    pub at: u64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Acknowledged.
    Ok(Answer),
    /// It may have been stored or not: the connection broke, and the writer gave up.
    Unknown,
    /// Nothing was stored: it was refused, or never sent.
    Failed,
}

/// One send, with all its tries.
#[derive(Clone, Debug)]
pub struct Send {
    pub stream: Stream,
    pub key: String,
    pub digest: u64,
    pub outcome: Outcome,
    /// Who answered, and when.
    pub answered: Option<(SocketAddrV4, Instant)>,
}

/// What a writer brings back.
#[derive(Default)]
pub struct Writing {
    pub sends: Vec<Send>,
    /// Acknowledgements that came only on a later try, after an unknown one.
    pub retried: u64,
    /// How many of those (by POST, whose status tells it) had been stored by the try without an answer.
    pub retried_stored: u64,
    /// Acknowledged keys that were sent once more, and got the same answer.
    pub repeated: u64,
    /// Refusals that said to come back, by code.
    pub refused: BTreeMap<String, u64>,
    pub faults: Vec<String>,
}

/// What a reader brings back.
#[derive(Default)]
pub struct Reading {
    pub name: String,
    /// Up to where each stream was known before: the next one is to be this + 1.
    pub start: HashMap<Stream, u64>,
    /// The streams that it must see to their ends.
    pub expected: Vec<Stream>,
    pub seen: Vec<Seen>,
    /// When each of them was seen.
    pub moments: Vec<Instant>,
    pub connects: BTreeMap<Transport, u64>,
    pub byes: BTreeMap<String, u64>,
    pub refused: BTreeMap<String, u64>,
    /// The longest time from a start of the server to the first answer on a new connection.
    pub longest_back: Option<(Duration, Transport)>,
    pub faults: Vec<String>,
}
