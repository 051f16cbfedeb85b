//! Presence: whether a person is there, folded from all of the person's devices. The caller passes in the time.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};

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

/// The connections of one device.
#[derive(Clone, Copy, Debug)]
struct Connected {
    /// The time when the last connection ended. The device counts until the grace is over, so that a long poll's pause
    /// or a change of transport does not flicker.
    left_ms: u64,
    connections: u32,
    state: Presence,
}

impl Connected {
    fn first() -> Self {
        Connected { left_ms: 0, connections: 1, state: Presence::Online }
    }

    fn counts(&self, now_ms: u64) -> bool {
        self.connections > 0 || !is_over(self.left_ms, now_ms)
    }
}

/// Whether the grace of a device that left is over. A clock that went back ends it early.
fn is_over(left_ms: u64, now_ms: u64) -> bool {
    now_ms.checked_sub(left_ms).is_none_or(|gone_ms| gone_ms >= limits::PRESENCE_GRACE_MS)
}

/// A device by the name that it gave itself.
type NamedDevice = (Box<str>, Connected);

/// The devices of a person. Most people have one, and many give it no name: then these 16 bytes are all.
#[derive(Debug)]
enum Devices {
    Nameless(Connected),
    Named(Box<SmallVec<[NamedDevice; 1]>>),
}

impl Devices {
    fn new(name: &str) -> Self {
        match name {
            "" => Devices::Nameless(Connected::first()),
            name => Devices::Named(Box::new(smallvec![(name.into(), Connected::first())])),
        }
    }

    fn get_mut(&mut self, name: &str) -> Option<&mut Connected> {
        match self {
            Devices::Nameless(device) => name.is_empty().then_some(device),
            Devices::Named(all) => {
                all.iter_mut().find(|(n, _)| **n == *name).map(|(_, device)| device)
            }
        }
    }

    fn opened(&mut self, name: &str) {
        if let Some(device) = self.get_mut(name) {
            device.connections += 1;
            return;
        }
        if let Devices::Nameless(device) = self {
            *self = Devices::Named(Box::new(smallvec![("".into(), *device)]));
        }
        if let Devices::Named(all) = self {
            all.push((name.into(), Connected::first()));
        }
    }

    /// Forgets the devices that left longer ago than the grace. Returns whether there are any others.
    fn expire(&mut self, now_ms: u64) -> bool {
        match self {
            Devices::Nameless(device) => device.counts(now_ms),
            Devices::Named(all) => {
                all.retain(|(_, device)| device.counts(now_ms));
                !all.is_empty()
            }
        }
    }

    fn presence(&self) -> Presence {
        match self {
            Devices::Nameless(device) => device.state,
            Devices::Named(all) => all.iter().map(|(_, d)| d.state).max().unwrap_or_default(),
        }
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
    people: FxHashMap<PersonId, Devices>,
    /// The times when devices lost their last connection, in order. So nobody else is looked at when graces end.
    left: VecDeque<(u64, PersonId)>,
}

impl Roll {
    /// Notes that a connection of a device opened.
    pub fn opened(&mut self, person: PersonId, device: &str) -> Option<Change> {
        match self.people.entry(person) {
            Entry::Occupied(known) => {
                let devices = known.into_mut();
                let before = devices.presence();
                devices.opened(device);
                change(person, before, devices.presence())
            }
            Entry::Vacant(new) => {
                let now = new.insert(Devices::new(device)).presence();
                change(person, Presence::Offline, now)
            }
        }
    }

    /// Notes that a connection of a device ended.
    pub fn closed(&mut self, person: PersonId, device: &str, now_ms: u64) {
        let known = self.people.get_mut(&person);
        if let Some(device) = known.and_then(|devices| devices.get_mut(device)) {
            device.connections = device.connections.saturating_sub(1);
            device.left_ms = now_ms;
            if device.connections == 0 {
                self.left.push_back((now_ms, person));
            }
        }
    }

    /// Notes whether somebody sits before a device, as it says itself. A device without a connection is not believed.
    pub fn says(&mut self, person: PersonId, device: &str, state: Presence) -> Option<Change> {
        let devices = self.people.get_mut(&person)?;
        let before = devices.presence();
        devices.get_mut(device)?.state = state;
        change(person, before, devices.presence())
    }

    /// Forgets the devices that left longer ago than the grace. The caller does this a few times a second.
    pub fn expire(&mut self, now_ms: u64) -> Vec<Change> {
        let mut changes = Vec::new();
        while let Some((_, id)) = self.left.pop_front_if(|(at, _)| is_over(*at, now_ms)) {
            let Some(devices) = self.people.get_mut(&id) else { continue };
            let before = devices.presence();
            let is_there = devices.expire(now_ms);
            let now = if is_there { devices.presence() } else { Presence::Offline };
            changes.extend(change(id, before, now));
            if !is_there {
                self.people.remove(&id);
            }
        }
        changes
    }

    /// All people who are online or away.
    pub fn everybody(&self) -> Vec<(PersonId, Presence)> {
        let all = self.people.iter().map(|(id, devices)| (*id, devices.presence()));
        all.filter(|(_, presence)| *presence != Presence::Offline).collect()
    }

    /// The presence of a person now.
    pub fn of(&self, person: PersonId) -> Presence {
        self.people.get(&person).map_or(Presence::Offline, Devices::presence)
    }
}

fn change(person: PersonId, before: Presence, now: Presence) -> Option<Change> {
    (now != before).then_some(Change { person, now })
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: PersonId = PersonId(1);

    #[test]
    fn a_person_is_small() {
        assert!(size_of::<Devices>() <= 16, "{}", size_of::<Devices>());
    }

    #[test]
    fn a_device_without_a_name_is_one_of_several() {
        let mut roll = Roll::default();
        roll.opened(P, "");
        roll.opened(P, "");
        assert_eq!(roll.opened(P, "desk"), None);
        assert_eq!(roll.says(P, "desk", Presence::Away), None);
        roll.closed(P, "", 0);
        assert_eq!(roll.expire(limits::PRESENCE_GRACE_MS), []);
        roll.closed(P, "", 0);
        let gone = roll.expire(limits::PRESENCE_GRACE_MS);
        assert_eq!(gone, [Change { person: P, now: Presence::Away }]);
        roll.closed(P, "desk", 0);
        let gone = roll.expire(limits::PRESENCE_GRACE_MS);
        assert_eq!(gone, [Change { person: P, now: Presence::Offline }]);
        assert_eq!(roll.opened(P, "").map(|c| c.now), Some(Presence::Online));
        roll.closed(P, "", 0);
        assert_eq!(roll.expire(limits::PRESENCE_GRACE_MS).len(), 1);
        assert_eq!(roll.everybody(), []);
    }

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
    fn nobody_stays_although_the_clock_went_back() {
        let mut roll = Roll::default();
        for (person, left_ms) in [(P, 60_000), (PersonId(2), 1_000)] {
            roll.opened(person, "");
            roll.closed(person, "", left_ms);
        }
        assert_eq!(roll.expire(1_000), [Change { person: P, now: Presence::Offline }]);
        assert_eq!(roll.expire(1_000 + limits::PRESENCE_GRACE_MS).len(), 1);
        assert!(roll.people.is_empty() && roll.left.is_empty());
    }

    #[test]
    fn a_device_that_is_not_connected_is_not_believed() {
        assert_eq!(Roll::default().says(P, "ghost", Presence::Online), None);
    }
}
