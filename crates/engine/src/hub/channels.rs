//! The channels that the sessions of a hub follow.

use super::Hub;
use super::session::{Followed, Session};
use crate::ids::PersonId;
use crate::limits;
use crate::stream::StreamId;

impl Hub {
    /// The channels that a session follows, each once.
    pub fn channels_of(&self, session: u32) -> impl Iterator<Item = StreamId> + Clone {
        self.channels(self.sessions.get(session))
    }

    pub(super) fn channels(&self, session: &Session) -> impl Iterator<Item = StreamId> + Clone {
        let stream = |f: &Followed| self.streams.get(f.stream).id;
        session.follows.iter().map(stream).filter(|stream| stream.is_channel())
    }

    /// The part of a quota that the transport took for the channels of a session. The hub only keeps the number, since
    /// a session has a byte to spare and a connection has none.
    pub fn channels_taken(&self, session: u32) -> u8 {
        self.sessions.get(session).channels_taken
    }

    /// Notes what [`channels_taken`](Self::channels_taken) says.
    pub fn note_channels_taken(&mut self, session: u32, taken: u8) {
        self.sessions.get_mut(session).channels_taken = taken;
    }

    /// The oldest connection of a person that follows many channels, once there are more than
    /// [`limits::WIDE_SESSIONS_PER_PERSON_MAX`].
    pub fn one_too_wide(&self, person: PersonId) -> Option<u32> {
        let wide = self.wide.get(&person)?;
        if wide.len() <= limits::WIDE_SESSIONS_PER_PERSON_MAX {
            return None;
        }
        // They stand in the order in which they were opened.
        wide.first().map(|oldest| self.owner(*oldest))
    }
}
