//! Presence at the other nodes, as far as they have reported it. The caller passes the time.
//!
//! A node numbers its reports. Its heartbeat has the number of the newest report, so a node that has missed one asks for
//! all. A node that is silent for too long is gone, together with all people that were only there.

use encke_engine::presence::Presence;
use encke_engine::{PersonId, limits};
use rustc_hash::{FxHashMap, FxHashSet};

/// A list that arrives in parts.
struct Coming {
    number: u64,
    parts: u32,
    people: FxHashMap<PersonId, Presence>,
}

#[derive(Default)]
struct Node {
    heard_ms: u64,
    /// The number up to which all reports are known.
    number: Option<u64>,
    people: FxHashMap<PersonId, Presence>,
    coming: Option<Coming>,
}

/// The people that are connected at other nodes.
#[derive(Default)]
pub(crate) struct RemotePresence {
    nodes: FxHashMap<u64, Node>,
    /// The presence that the sessions of this node were told. Offline people are left out.
    shown: FxHashMap<PersonId, Presence>,
}

/// A part of the list of all people at a node.
pub(crate) struct Part {
    pub number: u64,
    pub part: u32,
    pub parts: u32,
    pub people: Vec<(PersonId, Presence)>,
}

impl RemotePresence {
    /// The presence of a person at the other nodes.
    pub fn of(&self, person: PersonId) -> Presence {
        let at = self.nodes.values().filter_map(|node| node.people.get(&person));
        at.copied().max().unwrap_or_default()
    }

    /// Notes the present presence of a person over all nodes. Returns whether it is news to the sessions of this node.
    pub fn show(&mut self, person: PersonId, now: Presence) -> bool {
        let before = if now == Presence::Offline {
            self.shown.remove(&person)
        } else {
            self.shown.insert(person, now)
        };
        before.unwrap_or_default() != now
    }

    /// The number of people of a node that there is room for. Further people are not seen as present (P9).
    fn room_for(&self, id: u64) -> usize {
        let others = self.nodes.iter().filter(|(other, _)| **other != id);
        let others: usize = others.map(|(_, node)| node.people.len()).sum();
        limits::PEOPLE_ELSEWHERE_MAX.saturating_sub(others).min(limits::NODE_PEOPLE_MAX)
    }

    fn node(&mut self, id: u64, now_ms: u64) -> Option<&mut Node> {
        if self.nodes.len() >= limits::NODES_MAX && !self.nodes.contains_key(&id) {
            return None;
        }
        let node = self.nodes.entry(id).or_default();
        node.heard_ms = now_ms;
        Some(node)
    }

    /// Notes a node's report of one person.
    pub fn told(&mut self, id: u64, number: u64, person: PersonId, now: Presence, now_ms: u64) {
        let room = self.room_for(id);
        let Some(node) = self.node(id, now_ms) else { return };
        // After a report out of order, the number is unknown, and all reports are asked for after the next heartbeat.
        node.number = node.number.filter(|known| known + 1 == number).map(|_| number);
        node.set(person, now, room);
    }

    /// Notes that a node is alive and what its newest report is. Returns whether it has to be asked for all.
    pub fn alive(&mut self, id: u64, number: u64, now_ms: u64) -> bool {
        self.node(id, now_ms).is_some_and(|node| node.number != Some(number))
    }

    /// Notes a part of a node's list. Returns the people that may have changed, once the list is whole.
    pub fn listed(&mut self, id: u64, part: Part, now_ms: u64) -> Vec<PersonId> {
        let room = self.room_for(id);
        let Some(node) = self.node(id, now_ms) else { return Vec::new() };
        let Part { number, part, parts, people } = part;
        if part == 0 {
            node.coming = Some(Coming { number, parts: 0, people: FxHashMap::default() });
        }
        let Some(mut coming) = node.coming.take() else { return Vec::new() };
        if coming.number != number || coming.parts != part {
            return Vec::new();
        }
        let left = room.saturating_sub(coming.people.len());
        coming.people.extend(people.into_iter().take(left));
        coming.parts += 1;
        if coming.parts < parts {
            node.coming = Some(coming);
            return Vec::new();
        }
        // Reports that came meanwhile have a later number, and are asked for again.
        node.number = Some(number);
        let before = std::mem::replace(&mut node.people, coming.people);
        let all: FxHashSet<PersonId> = before.keys().chain(node.people.keys()).copied().collect();
        all.into_iter().filter(|p| before.get(p) != node.people.get(p)).collect()
    }

    /// Forgets silent nodes. Returns the people that were there.
    pub fn expire(&mut self, now_ms: u64) -> Vec<PersonId> {
        let mut gone = Vec::new();
        self.nodes.retain(|_, node| {
            let alive = now_ms.saturating_sub(node.heard_ms) < limits::PRESENCE_GRACE_MS;
            if !alive {
                gone.extend(node.people.keys());
            }
            alive
        });
        gone
    }
}

impl Node {
    fn set(&mut self, person: PersonId, now: Presence, room: usize) {
        if now == Presence::Offline {
            self.people.remove(&person);
        } else if self.people.len() < room || self.people.contains_key(&person) {
            self.people.insert(person, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: u64 = 1;
    const MEI: PersonId = PersonId(1);
    const TOM: PersonId = PersonId(2);

    fn list(number: u64, part: u32, parts: u32, people: &[(PersonId, Presence)]) -> Part {
        Part { number, part, parts, people: people.to_vec() }
    }

    #[test]
    fn a_node_that_is_new_or_was_not_heard_is_asked_for_all() {
        let mut remote = RemotePresence::default();
        assert!(remote.alive(A, 0, 0));
        assert_eq!(remote.listed(A, list(0, 0, 1, &[]), 0), []);
        assert!(!remote.alive(A, 0, 0));
        remote.told(A, 1, MEI, Presence::Online, 0);
        assert!(!remote.alive(A, 1, 0));
        remote.told(A, 3, TOM, Presence::Away, 0);
        assert!(remote.alive(A, 3, 0), "the second is missing");
        assert_eq!((remote.of(MEI), remote.of(TOM)), (Presence::Online, Presence::Away));
    }

    #[test]
    fn a_list_counts_when_all_its_parts_have_come() {
        let mut remote = RemotePresence::default();
        remote.told(A, 1, MEI, Presence::Online, 0);
        let (first, second) = ([(TOM, Presence::Away)], [(PersonId(3), Presence::Online)]);
        assert_eq!(remote.listed(A, list(7, 1, 2, &second), 0), []);
        assert_eq!(remote.listed(A, list(7, 0, 2, &first), 0), []);
        assert_eq!(remote.of(MEI), Presence::Online);
        let mut changed = remote.listed(A, list(7, 1, 2, &second), 0);
        changed.sort_unstable();
        assert_eq!(changed, [MEI, TOM, PersonId(3)]);
        assert_eq!((remote.of(MEI), remote.of(TOM)), (Presence::Offline, Presence::Away));
        assert!(!remote.alive(A, 7, 0));
    }

    #[test]
    fn people_of_a_node_and_of_all_nodes_are_bounded() {
        let mut remote = RemotePresence::default();
        let most = limits::NODE_PEOPLE_MAX as u64;
        let people: Vec<_> = (1..=most + 10).map(|id| (PersonId(id), Presence::Online)).collect();
        for id in 0..2 * (limits::PEOPLE_ELSEWHERE_MAX as u64 / most) {
            remote.listed(id, list(7, 0, 1, &people), 0);
            assert!(!remote.alive(id, 7, 0), "a list that was cut is not asked for again");
            remote.told(id, 8, PersonId(most + 11), Presence::Online, 0);
            assert!(remote.nodes[&id].people.len() <= limits::NODE_PEOPLE_MAX);
        }
        let all: usize = remote.nodes.values().map(|node| node.people.len()).sum();
        assert_eq!(all, limits::PEOPLE_ELSEWHERE_MAX);
        // A person that is known already may change and go.
        remote.told(0, 9, PersonId(1), Presence::Away, 0);
        assert_eq!(remote.nodes[&0].people[&PersonId(1)], Presence::Away);
        remote.told(0, 10, PersonId(1), Presence::Offline, 0);
        remote.told(0, 11, PersonId(most + 11), Presence::Away, 0);
        assert_eq!(remote.nodes[&0].people[&PersonId(most + 11)], Presence::Away);
    }

    #[test]
    fn a_node_that_is_silent_is_gone_with_all_who_were_there() {
        let mut remote = RemotePresence::default();
        remote.told(A, 1, MEI, Presence::Away, 0);
        remote.told(2, 1, MEI, Presence::Online, 0);
        remote.alive(A, 1, limits::PRESENCE_GRACE_MS - 1);
        assert_eq!(remote.expire(limits::PRESENCE_GRACE_MS - 1), []);
        assert_eq!(remote.of(MEI), Presence::Online);
        assert_eq!(remote.expire(limits::PRESENCE_GRACE_MS), [MEI]);
        assert_eq!(remote.of(MEI), Presence::Away);
    }

    #[test]
    fn what_sessions_know_already_is_not_shown_again() {
        let mut remote = RemotePresence::default();
        assert!(!remote.show(MEI, Presence::Offline));
        assert!(remote.show(MEI, Presence::Online));
        assert!(!remote.show(MEI, Presence::Online));
        assert!(remote.show(MEI, Presence::Offline));
    }
}
