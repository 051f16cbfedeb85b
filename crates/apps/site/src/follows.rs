//! The streams that a person's sessions follow.

use std::sync::{Arc, Mutex};

use encke_engine::hub::Follow;
use encke_engine::{Error, PersonId, Position, StreamId, limits};
use encke_store::{Read, Sql, params};

use crate::remembered::Remembered;
use crate::site::Site;

/// The streams that a person followed at a position of the log.
#[derive(Clone, Debug)]
pub struct Followed {
    /// The person's own stream and its conversations.
    pub follows: Arc<[Follow]>,
    /// The position of the log at which this was true.
    pub as_of: Position,
}

/// A list of fewer streams counts as this number of them, so that the number of lists has a bound, too. A small bound is
/// enough, because it takes only some 10 µs to read a list.
const STREAMS_MIN: usize = 64;

/// Follows that were read lately. They are never corrected: a hub brings an old list up to date or asks for a new one.
pub(crate) struct Follows(Mutex<Remembered<PersonId, Followed>>);

impl Default for Follows {
    fn default() -> Self {
        let weigh = |followed: &Followed| followed.follows.len().max(STREAMS_MIN);
        Follows(Mutex::new(Remembered::weighing(limits::FOLLOW_LISTS_STREAMS_MAX, weigh)))
    }
}

impl Follows {
    fn remember(&self, person: PersonId, followed: &Followed) {
        self.0.lock().expect("not poisoned").insert(person, followed.clone());
    }
}

impl Site {
    /// The follows of a person, if they are remembered. They may be from some time ago.
    pub fn known_follows(&self, person: PersonId) -> Option<Followed> {
        self.follows.0.lock().expect("not poisoned").get(&person).cloned()
    }

    /// Reads the present follows of a person. `reply` runs on the store's thread, or at once if too much is waiting.
    pub fn submit_follows(
        self: &Arc<Self>,
        person: PersonId,
        reply: impl FnOnce(Result<Followed, Error>) + Send + 'static,
    ) {
        let site = self.clone();
        self.store.submit_read(
            move |read| read_follows(read, person),
            move |found| {
                reply(found.inspect(|followed| site.follows.remember(person, followed)));
            },
        );
    }

    /// Remembers the follows of a person that were read elsewhere.
    pub fn remember_follows(&self, person: PersonId, followed: &Followed) {
        self.follows.remember(person, followed);
    }
}

/// Reads the follows of a person: its own stream and its rows in the table `follow`.
pub fn read_follows(read: &mut Read<'_>, person: PersonId) -> Result<Followed, Error> {
    let rows =
        read.query("SELECT stream, from_position FROM follow WHERE person = ?1", params![person])?;
    let own = Follow { stream: StreamId::person(person), from: Position(0) };
    let mut follows = vec![own];
    for row in rows {
        follows.push(Follow { stream: row.get(0)?, from: row.get(1)? });
    }
    Ok(Followed { follows: follows.into(), as_of: read.position() })
}
