//! Presence: whether a person is there, folded from all of the person's devices. The caller passes in the time.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::ids::PersonId;
use crate::limits;

/// The presence of a person as others see it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// No device is connected or was connected in the last seconds.
    #[default]
    Offline,
    /// Devices are connected, and nobody sits before any of them.
    Away,
    /// Somebody sits before a device.
    Online,
}

#[derive(Debug)]
struct Device {
    name: Box<str>,
    connections: u32,
    state: Presence,
    /// The time when the last connection ended. The device counts until the grace is over, so that a long
    /// poll's pause or a change of transport does not flicker.
    left_ms: u64,
}

#[derive(Debug, Default)]
struct Person {
    /// Most people have one device.
    devices: SmallVec<[Device; 1]>,
    told: Presence,
}

impl Person {
    fn device(&mut self, name: &str) -> Option<&mut Device> {
        self.devices.iter_mut().find(|d| *d.name == *name)
    }
}

/// A person whose presence changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// The person.
    pub person: PersonId,
    /// The presence from now on.
    pub now: Presence,
}

/// The presence of all people who are connected, or were a moment ago.
#[derive(Debug, Default)]
pub struct Roll {
    people: FxHashMap<PersonId, Person>,
}

impl Roll {
    /// Notes that a connection of a device opened.
    pub fn opened(&mut self, person: PersonId, device: &str) -> Option<Change> {
        let entry = self.people.entry(person).or_default();
        match entry.device(device) {
            Some(known) => known.connections += 1,
            None => entry.devices.push(Device {
                name: device.into(),
                connections: 1,
                state: Presence::Online,
                left_ms: 0,
            }),
        }
        fold(person, entry)
    }

    /// Notes that a connection of a device ended.
    pub fn closed(&mut self, person: PersonId, device: &str, now_ms: u64) {
        if let Some(device) = self.people.get_mut(&person).and_then(|p| p.device(device)) {
            device.connections = device.connections.saturating_sub(1);
            device.left_ms = now_ms;
        }
    }

    /// Notes whether somebody sits before a device, as it says itself. A device without a connection is not believed.
    pub fn says(&mut self, person: PersonId, device: &str, state: Presence) -> Option<Change> {
        let entry = self.people.get_mut(&person)?;
        entry.device(device)?.state = state;
        fold(person, entry)
    }

    /// Forgets the devices that left longer ago than the grace. The caller does this about every second.
    pub fn expire(&mut self, now_ms: u64) -> Vec<Change> {
        let mut changes = Vec::new();
        self.people.retain(|id, person| {
            person.devices.retain(|d| {
                d.connections > 0 || now_ms.saturating_sub(d.left_ms) < limits::PRESENCE_GRACE_MS
            });
            changes.extend(fold(*id, person));
            !person.devices.is_empty()
        });
        changes
    }

    /// All people who are online or away.
    pub fn everybody(&self) -> Vec<(PersonId, Presence)> {
        let there = self.people.iter().filter(|(_, p)| p.told != Presence::Offline);
        there.map(|(id, p)| (*id, p.told)).collect()
    }

    /// The presence of a person now.
    pub fn of(&self, person: PersonId) -> Presence {
        self.people.get(&person).map_or(Presence::Offline, |p| p.told)
    }
}

fn fold(id: PersonId, person: &mut Person) -> Option<Change> {
    let now = person.devices.iter().map(|d| d.state).max().unwrap_or_default();
    if now == person.told {
        return None;
    }
    person.told = now;
    Some(Change { person: id, now })
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: PersonId = PersonId(1);

    #[test]
    fn a_person_is_online_as_long_as_one_device_is() {
        let mut roll = Roll::default();
        assert_eq!(roll.opened(P, "phone").map(|c| c.now), Some(Presence::Online));
        assert_eq!(roll.opened(P, "desk"), None);
        assert_eq!(roll.says(P, "phone", Presence::Away), None);
        assert_eq!(roll.says(P, "desk", Presence::Away).map(|c| c.now), Some(Presence::Away));
        roll.closed(P, "phone", 0);
        roll.closed(P, "desk", 1_000);
        assert_eq!(roll.expire(limits::PRESENCE_GRACE_MS), []);
        let gone = roll.expire(limits::PRESENCE_GRACE_MS + 1_000);
        assert_eq!(gone, [Change { person: P, now: Presence::Offline }]);
        assert_eq!(roll.of(P), Presence::Offline);
    }

    #[test]
    fn a_pause_between_two_polls_does_not_show() {
        let mut roll = Roll::default();
        roll.opened(P, "phone");
        roll.closed(P, "phone", 100);
        assert_eq!(roll.opened(P, "phone"), None);
        assert_eq!(roll.expire(1_000_000), []);
    }

    #[test]
    fn a_device_that_is_not_connected_is_not_believed() {
        assert_eq!(Roll::default().says(P, "ghost", Presence::Online), None);
    }
}
