//! A session: a person, streams and a position. Only these few words of it outlive its connection.

use smallvec::SmallVec;

use crate::ids::{PersonId, Position};
use crate::stream::StreamId;

/// A stream that a session follows, and the first position that it gets of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Follow {
    /// The stream.
    pub stream: StreamId,
    /// The first position that the session gets. A person who joined later sees the past only on request.
    pub from: Position,
}

/// The facts that a session is opened with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Open {
    /// The person.
    pub person: PersonId,
    /// The number of the credential that authorised the session, so that it can be revoked.
    pub credential: u64,
    /// The transport's number of the connection.
    pub owner: u32,
    /// The client holds everything up to this position.
    pub at: Position,
    /// The streams that the session follows, as they were at `as_of`.
    pub follows: Vec<Follow>,
    /// The position of the log at which `follows` was read. The hub makes up for later changes.
    pub as_of: Position,
    /// The number of the newest revocation that was known when the credential was checked.
    pub revocations_seen: u64,
    /// Whether the person is a guest: a setting says which channels guests may follow.
    pub guest: bool,
}

/// The state of a session; see [`super::Hub`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// The session reads from its position.
    Behind,
    /// The session gets each new event.
    Live,
    /// Nobody waits for the session's next event.
    Resting,
}

/// A stream by its number in the hub, and the session's place among its followers.
pub(super) struct Followed {
    pub stream: u32,
    pub place: u32,
    pub from: Position,
}

pub(super) struct Session {
    pub person: PersonId,
    pub credential: u64,
    pub owner: u32,
    pub state: State,
    /// The session follows more than [`limits::CHANNELS_NARROW_MAX`](crate::limits::CHANNELS_NARROW_MAX) channels.
    pub wide: bool,
    pub guest: bool,
    /// See [`Hub::channels_taken`](super::Hub::channels_taken).
    pub channels_taken: u8,
    /// The session's position. It is not kept up while the session is live: then the hub's head counts.
    pub at: Position,
    /// The position after which the page begins that the store was last asked for.
    pub asked: Position,
    /// A number that rises with every session opened.
    pub number: u64,
    pub follows: SmallVec<[Followed; 2]>,
}

impl Session {
    pub fn new(open: &Open) -> Self {
        let Open { person, credential, owner, at, guest, .. } = *open;
        Session {
            person,
            credential,
            owner,
            state: State::Behind,
            wide: false,
            guest,
            channels_taken: 0,
            at,
            asked: Position(0),
            number: 0,
            follows: SmallVec::new(),
        }
    }
}

/// The sessions of a hub, by number. Numbers are used again.
#[derive(Default)]
pub(super) struct Sessions {
    slots: Vec<Option<Session>>,
    free: Vec<u32>,
    opened: u64,
}

impl Sessions {
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub fn insert(&mut self, mut session: Session) -> u32 {
        self.opened += 1;
        session.number = self.opened;
        match self.free.pop() {
            Some(key) => {
                self.slots[key as usize] = Some(session);
                key
            }
            None => {
                self.slots.push(Some(session));
                self.slots.len() as u32 - 1
            }
        }
    }

    pub fn remove(&mut self, key: u32) {
        self.slots[key as usize] = None;
        self.free.push(key);
    }

    pub fn get(&self, key: u32) -> &Session {
        self.slots[key as usize].as_ref().expect("the session is open")
    }

    pub fn get_mut(&mut self, key: u32) -> &mut Session {
        self.slots[key as usize].as_mut().expect("the session is open")
    }

    pub fn iter(&self) -> impl Iterator<Item = &Session> {
        self.slots.iter().flatten()
    }
}
