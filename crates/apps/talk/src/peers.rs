//! What the apps of one node tell those of the others, at most once: who is connected, and who tries to sign in.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use encke_engine::presence::Presence;
use encke_engine::{PersonId, limits};
use serde::{Deserialize, Serialize};

use super::elsewhere::Part;
use super::presence;
use crate::account::{DeviceId, Try};
use crate::site::Site;

/// People in one part of a list.
const LIST_PEOPLE_MAX: usize = 10_000;

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Note {
    /// A person's presence at a node, with the number of this telling.
    Presence { node: u64, number: u64, person: PersonId, state: Presence },
    /// A node is alive, and has told so much.
    Alive { node: u64, number: u64 },
    /// A node is to tell of everybody.
    Ask { node: u64 },
    /// Everybody who is connected at a node, in parts.
    List { node: u64, number: u64, part: u32, parts: u32, people: Vec<(PersonId, Presence)> },
    /// Somebody has tried to sign in.
    Tried { name: Option<String>, address: Option<IpAddr>, device: Option<DeviceId> },
}

impl Site {
    pub(super) fn tell_nodes(&self, note: &Note) {
        if self.store.is_shared()
            && let Some(reach) = self.reach()
        {
            let note = serde_json::to_vec(note).expect("notes are plain data");
            reach.note(note.into());
        }
    }

    /// Another node has told something; what is not understood is from another version, and nothing.
    pub fn noted(self: &Arc<Self>, note: &Bytes) {
        let Ok(note) = serde_json::from_slice::<Note>(note) else { return };
        let now = self.now_ms();
        match note {
            Note::Presence { node, number, person, state } => {
                self.elsewhere(|e| e.told(node, number, person, state, now));
                presence::refold(self, &[person]);
            }
            Note::Alive { node, number } => {
                if self.elsewhere(|e| e.alive(node, number, now)) {
                    self.tell_nodes(&Note::Ask { node });
                }
            }
            Note::Ask { node } if node == self.node => self.list_everybody(),
            Note::Ask { .. } => {}
            Note::List { node, number, part, parts, people } => {
                let part = Part { number, part, parts, people };
                let changed = self.elsewhere(|e| e.listed(node, part, now));
                presence::refold(self, &changed);
            }
            Note::Tried { name, address, device } => {
                // It was counted where it was tried; here only the allowance goes down.
                let _ = self.sign_ins.take(Try { name: name.as_deref(), address, device }, now);
            }
        }
    }

    /// Takes one try to sign in from the allowance, on every node.
    pub(crate) fn try_to_sign_in(&self, tried: Try<'_>) -> Result<(), encke_engine::Error> {
        self.sign_ins.take(tried, self.now_ms())?;
        let Try { name, address, device } = tried;
        self.tell_nodes(&Note::Tried { name: name.map(str::to_owned), address, device });
        Ok(())
    }

    /// Says that this node is alive; to be called every [`limits::NODE_ALIVE_MS`].
    pub(super) fn say_alive(&self) {
        let (node, number) = (self.node, self.presence_told.get());
        self.tell_nodes(&Note::Alive { node, number });
    }

    fn list_everybody(&self) {
        if !self.presence_told.may_list(self.now_ms()) {
            return;
        }
        // Under the same lock as a change and its number, so that the list is of that number.
        let (number, people) = {
            let roll = self.presence.lock().expect("not poisoned");
            let mut people = roll.everybody();
            people.truncate(limits::NODE_PEOPLE_MAX);
            (self.presence_told.get(), people)
        };
        let parts = people.len().div_ceil(LIST_PEOPLE_MAX).max(1) as u32;
        for part in 0..parts {
            let from = part as usize * LIST_PEOPLE_MAX;
            let to = people.len().min(from + LIST_PEOPLE_MAX);
            let people = people[from..to].to_vec();
            self.tell_nodes(&Note::List { node: self.node, number, part, parts, people });
        }
    }
}

/// The number of what was told last, and when all was told.
#[derive(Default)]
pub(crate) struct Told {
    number: std::sync::atomic::AtomicU64,
    listed_ms: std::sync::atomic::AtomicU64,
}

impl Told {
    fn get(&self) -> u64 {
        self.number.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// To be called under the lock of the roll.
    pub fn next(&self) -> u64 {
        self.number.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1
    }

    /// Several nodes may ask at once, and all hear the answer.
    fn may_list(&self, now_ms: u64) -> bool {
        use std::sync::atomic::Ordering::Relaxed;
        let last = self.listed_ms.load(Relaxed);
        now_ms.saturating_sub(last) >= limits::NODE_ALIVE_MS / 2
            && self.listed_ms.compare_exchange(last, now_ms, Relaxed, Relaxed).is_ok()
    }
}
