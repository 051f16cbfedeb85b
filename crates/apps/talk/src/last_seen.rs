//! When people were last seen: noted in the store once the last device has left on every node, many people in one write.
//!
//! Nothing is written while somebody is there. The node that people were at notes it, and of a node that is gone all
//! others do; the latest time stays. A site of one node that is killed forgets the time of those that were there (P9).

use std::sync::{Arc, Mutex};

use encke_account::note_last_seen;
use encke_engine::presence::Presence;
use encke_engine::{PersonId, people_limits};
use encke_site::Site;
use rustc_hash::FxHashMap;

use crate::presence::{Presences, presence_of};

/// People that have left, with the time, until it is stored.
#[derive(Default)]
pub(crate) struct Left(Mutex<FxHashMap<PersonId, u64>>);

impl Left {
    /// Notes that people have left. Beyond the bound, the time of some is not kept.
    fn add(&self, people: impl IntoIterator<Item = (PersonId, u64)>) {
        let mut left = self.0.lock().expect("not poisoned");
        for (person, at_ms) in people {
            if left.len() < people_limits::LAST_SEEN_WAITING_MAX || left.contains_key(&person) {
                left.insert(person, at_ms);
            }
        }
    }

    /// Takes some for one write.
    fn take(&self) -> Vec<(PersonId, u64)> {
        let mut left = self.0.lock().expect("not poisoned");
        let most = people_limits::LAST_SEEN_WRITTEN_MAX;
        let part: Vec<_> = left.iter().take(most).map(|(person, at)| (*person, *at)).collect();
        for (person, _) in &part {
            left.remove(person);
        }
        part
    }
}

/// Notes those of these people who are at no node any more.
pub(crate) fn left(site: &Site, people: &[PersonId], at_ms: u64) {
    let gone = people.iter().filter(|person| presence_of(site, **person) == Presence::Offline);
    site.part::<Left>().add(gone.map(|person| (*person, at_ms)));
}

/// Stores who has left, for as many as go into one write. Returns whether there were any.
pub(crate) async fn store(site: &Arc<Site>) -> bool {
    let part = site.part::<Left>().take();
    if part.is_empty() {
        return false;
    }
    let written = part.clone();
    if let Err(e) = site.store.write(move |tx| Ok(note_last_seen(tx, &written)?)).await {
        tracing::warn!("who has left could not be stored: {e}");
        site.part::<Left>().add(part);
        return false;
    }
    true
}

/// Everybody leaves, because this node goes down. Those that are at another node stay.
pub(crate) async fn settle(site: &Arc<Site>) {
    let here = Presences::of(site).roll.lock().expect("not poisoned").everybody();
    let elsewhere = |person: PersonId| {
        let remote = Presences::of(site).remote(|r| r.of(person));
        site.store.is_shared() && remote != Presence::Offline
    };
    let now = site.now_ms();
    let gone = here.into_iter().map(|(person, _)| person).filter(|person| !elsewhere(*person));
    site.part::<Left>().add(gone.map(|person| (person, now)));
    while store(site).await {}
}
