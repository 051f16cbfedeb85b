//! What a person's sessions follow.

use std::sync::{Arc, Mutex};

use encke_engine::hub::Follow;
use encke_engine::{Error, PersonId, Position, StreamId};
use encke_store::{Read, Sql, params};
use rustc_hash::FxHashMap;

use crate::site::Site;

/// What a person follows, as it was at a position of the log.
#[derive(Clone, Debug)]
pub struct Followed {
    /// Its own stream and its conversations.
    pub follows: Arc<[Follow]>,
    /// When.
    pub as_of: Position,
}

/// People whose list is remembered; beyond that all are read again.
const PEOPLE_MAX: usize = 200_000;

/// Lists that were read lately. They are never corrected: a hub brings an old list up to date, or asks for a new one.
#[derive(Default)]
pub(crate) struct Follows(Mutex<FxHashMap<PersonId, Followed>>);

impl Site {
    /// What a person follows, if it is remembered; perhaps from some time ago.
    pub fn known_follows(&self, person: PersonId) -> Option<Followed> {
        self.follows.0.lock().expect("not poisoned").get(&person).cloned()
    }

    /// What a person follows now.
    pub async fn follows(&self, person: PersonId) -> Result<Followed, Error> {
        let found = self.store.read(move |read| read_follows(read, person)).await?;
        let mut known = self.follows.0.lock().expect("not poisoned");
        if known.len() >= PEOPLE_MAX {
            known.clear();
        }
        known.insert(person, found.clone());
        Ok(found)
    }
}

fn read_follows(read: &mut Read<'_>, person: PersonId) -> Result<Followed, Error> {
    let rows =
        read.query("SELECT stream, from_position FROM follow WHERE person = ?1", params![person])?;
    let own = Follow { stream: StreamId::person(person), from: Position(0) };
    let mut follows = vec![own];
    for row in rows {
        follows.push(Follow { stream: row.get(0)?, from: row.get(1)? });
    }
    Ok(Followed { follows: follows.into(), as_of: read.position() })
}
