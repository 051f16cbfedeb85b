//! Notes of presence between nodes. They arrive at most once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encke_engine::presence::Presence;
use encke_engine::{PersonId, limits};
use encke_site::{Product, Site};
use serde::{Deserialize, Serialize};

use crate::presence::{Presences, refold};
use crate::product::Talk;
use crate::remote_presence::Part;

/// The number of people in one part of a list.
const LIST_PEOPLE_MAX: usize = 10_000;

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Note {
    /// The presence of a person at a node, with the number of this report.
    Presence { node: u64, number: u64, person: PersonId, state: Presence },
    /// A node is alive, and this is the number of its newest report.
    Alive { node: u64, number: u64 },
    /// Asks a node to report all people.
    Ask { node: u64 },
    /// A part of the list of all people at a node.
    List { node: u64, number: u64, part: u32, parts: u32, people: Vec<(PersonId, Presence)> },
}

/// Sends a note to the other nodes.
pub(crate) fn tell(site: &Site, note: &Note) {
    site.tell_nodes(Talk.name(), note);
}

/// Takes a note of another node. An unreadable note is of another version and is dropped.
pub(crate) fn noted(site: &Arc<Site>, note: &str) {
    let Ok(note) = serde_json::from_str::<Note>(note) else { return };
    let (now, presences) = (site.now_ms(), Presences::of(site));
    match note {
        Note::Presence { node, number, person, state } => {
            presences.remote(|r| r.told(node, number, person, state, now));
            refold(site, &[person]);
        }
        Note::Alive { node, number } => {
            if presences.remote(|r| r.alive(node, number, now)) {
                tell(site, &Note::Ask { node });
            }
        }
        Note::Ask { node } if node == site.node() => list_everybody(site),
        Note::Ask { .. } => {}
        Note::List { node, number, part, parts, people } => {
            let part = Part { number, part, parts, people };
            let changed = presences.remote(|r| r.listed(node, part, now));
            refold(site, &changed);
        }
    }
}

/// Reports that this node is alive; to be called every [`limits::NODE_ALIVE_MS`].
pub(crate) fn say_alive(site: &Site) {
    let (node, number) = (site.node(), Presences::of(site).told.get());
    tell(site, &Note::Alive { node, number });
}

fn list_everybody(site: &Site) {
    let presences = Presences::of(site);
    if !presences.told.may_list(site.now_ms()) {
        return;
    }
    // A change and its number are made under the same lock, so the list belongs to the number.
    let (number, people) = {
        let roll = presences.roll.lock().expect("not poisoned");
        let mut people = roll.everybody();
        people.truncate(limits::NODE_PEOPLE_MAX);
        (presences.told.get(), people)
    };
    let parts = people.len().div_ceil(LIST_PEOPLE_MAX).max(1) as u32;
    for part in 0..parts {
        let from = part as usize * LIST_PEOPLE_MAX;
        let to = people.len().min(from + LIST_PEOPLE_MAX);
        let people = people[from..to].to_vec();
        tell(site, &Note::List { node: site.node(), number, part, parts, people });
    }
}

/// Counts this node's reports of presence: the number of the newest, and the time of the last list.
#[derive(Default)]
pub(crate) struct PresenceReports {
    number: AtomicU64,
    listed_ms: AtomicU64,
}

impl PresenceReports {
    fn get(&self) -> u64 {
        self.number.load(Ordering::Relaxed)
    }

    /// The number of a further report; to be called under the lock of the roll.
    pub fn next(&self) -> u64 {
        self.number.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether the list may be sent again. Several nodes may ask for it at once, and all get the answer.
    fn may_list(&self, now_ms: u64) -> bool {
        let last = self.listed_ms.load(Ordering::Relaxed);
        now_ms.saturating_sub(last) >= limits::NODE_ALIVE_MS / 2
            && self
                .listed_ms
                .compare_exchange(last, now_ms, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}
