//! The doors that this node has read lately. A flood at a door is answered out of memory.
//!
//! A door is read anew after a second, and at once when this node learns of a commit that changes any desk.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use encke_engine::{Batch, Step, desk_limits};
use encke_site::EventBody;
use encke_site::remembered::Remembered;

use crate::agent::AgentChanged;
use crate::ticket::Ticket;

/// A door as it was read.
struct Kept {
    json: Bytes,
    at_ms: u64,
    /// The number of changes before it was read.
    changes: u64,
}

/// The doors by the keys of their desks.
pub(crate) struct KeptDoors {
    doors: Mutex<Remembered<String, Kept>>,
    changes: AtomicU64,
}

impl Default for KeptDoors {
    fn default() -> Self {
        let doors = Remembered::new(desk_limits::DOORS_KEPT_MAX / 2);
        KeptDoors { doors: Mutex::new(doors), changes: AtomicU64::new(0) }
    }
}

impl KeptDoors {
    /// The number of changes of desks that this node knows of. To be asked before a door is read.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Notes that a desk has changed.
    pub fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// Notes whether a commit changes a desk: its queue, or who is there.
    pub fn committed(&self, batch: &Batch) {
        let is_of_desk = |step: &Step| match step {
            Step::Event(entry) => {
                let kind = &*entry.event.kind;
                kind == Ticket::KIND || kind == AgentChanged::KIND
            }
            _ => false,
        };
        if batch.steps.iter().any(is_of_desk) {
            self.changed();
        }
    }

    /// The door of a desk as JSON, if it was read lately and no desk has changed since.
    pub fn find(&self, key: &str, now_ms: u64) -> Option<Bytes> {
        let doors = self.doors.lock().expect("not poisoned");
        let kept = doors.get(&key.to_owned())?;
        let is_young = now_ms.saturating_sub(kept.at_ms) < desk_limits::DOOR_KEPT_MS;
        (is_young && kept.changes == self.changes()).then(|| kept.json.clone())
    }

    /// Keeps a door that was read after this number of changes.
    pub fn keep(&self, key: String, json: Bytes, at_ms: u64, changes: u64) {
        let kept = Kept { json, at_ms, changes };
        self.doors.lock().expect("not poisoned").insert(key, kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_kept_for_a_second_and_until_a_desk_changes() {
        let (doors, json) = (KeptDoors::default(), Bytes::from_static(b"{}"));
        doors.keep("a".into(), json.clone(), 1_000, doors.changes());
        assert_eq!(doors.find("a", 1_500), Some(json.clone()));
        assert_eq!(doors.find("b", 1_500), None);
        assert_eq!(doors.find("a", 1_000 + desk_limits::DOOR_KEPT_MS), None);
        let before = doors.changes();
        doors.changed();
        assert_eq!(doors.find("a", 1_500), None);
        doors.keep("a".into(), json, 1_500, before);
        assert_eq!(doors.find("a", 1_500), None, "it was read before the change");
    }
}
