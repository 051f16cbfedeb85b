//! The journals of a trial: every send and every observation.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::feed::Transport;

/// A stream's name on the wire: `c12`, `r12`, `p5`, `channel:news`.
pub type Stream = Arc<str>;

/// The content of an event as one number, so that observations stay small.
pub fn digest(kind: &str, from: &str, key: &str, body: &serde_json::Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    (kind, from, key, body.to_string()).hash(&mut hasher);
    hasher.finish()
}

/// An event that a reader saw.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    pub stream: Stream,
    pub seq: u64,
    /// The place in the log of the whole site, from the cursor.
    pub position: u64,
    pub at: u64,
    pub digest: u64,
}

/// The place of a send in its stream, from the server's answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    pub seq: u64,
    pub position: u64,
    pub at: u64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The server acknowledged the send.
    Ok(Answer),
    /// The server has acknowledged that it will send this at its time.
    Planned,
    /// The send may have been stored or not: the connection broke, and the writer gave up.
    Unknown,
    /// Nothing was stored: the send was refused or never sent.
    Failed,
}

/// One send, with all its tries.
#[derive(Clone, Debug)]
pub struct Send {
    pub stream: Stream,
    pub key: String,
    pub digest: u64,
    pub outcome: Outcome,
    /// The address that answered, and when.
    pub answered: Option<(SocketAddrV4, Instant)>,
}

/// A recall of a message by its writer.
#[derive(Clone, Debug)]
pub struct Recall {
    pub stream: Stream,
    pub seq: u64,
    /// The digest of the message.
    pub message: u64,
    /// The digest of what is left of it.
    pub erased: u64,
    /// A piece of the text that stands nowhere else.
    pub secret: String,
    /// Whether the server acknowledged it. If not, it may have recalled the message or not.
    pub acknowledged: bool,
}

/// The journal of a writer.
#[derive(Default)]
pub struct Writing {
    pub sends: Vec<Send>,
    pub recalls: Vec<Recall>,
    /// The number of sends that were acknowledged on a later try, after one without an answer.
    pub retried: u64,
    /// How many of these were stored by the try without an answer. Only the status of a POST tells that.
    pub retried_stored: u64,
    /// The number of acknowledged keys that were sent once more and got the same answer.
    pub repeated: u64,
    /// Refusals that allowed another try, by code.
    pub refused: BTreeMap<String, u64>,
    pub faults: Vec<String>,
}

/// The journal of a reader.
#[derive(Default)]
pub struct Reading {
    pub name: String,
    /// The newest number of each stream that the reader knew at first. The next one has to be this + 1.
    pub start: HashMap<Stream, u64>,
    /// The streams that the reader has to read to their ends.
    pub expected: Vec<Stream>,
    pub seen: Vec<Seen>,
    /// The time when each event was seen.
    pub moments: Vec<Instant>,
    pub connects: BTreeMap<Transport, u64>,
    pub byes: BTreeMap<String, u64>,
    pub refused: BTreeMap<String, u64>,
    /// The longest time from a start of the server to the first answer on a new connection.
    pub longest_back: Option<(Duration, Transport)>,
    pub faults: Vec<String>,
}
