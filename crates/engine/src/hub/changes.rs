//! The changes between the moment a session was admitted and the moment it is opened.
//!
//! An admission is made elsewhere, because it reads the store. By the time it arrives the hub may have seen a member
//! leave or a credential revoked. The newest changes are kept, and each admission is brought up to date with them.

use std::collections::VecDeque;

use super::{Follow, Open, Stale};
use crate::batch::Step;
use crate::ids::{PersonId, Position};
use crate::limits;
use crate::stream::StreamId;

struct Revocation {
    number: u64,
    person: PersonId,
    credential: Option<u64>,
}

/// The newest changes of subscriptions, and the newest revocations.
pub struct Changes {
    subscriptions: VecDeque<(Position, Step)>,
    /// All changes after this position are kept.
    complete_from: Position,
    revocations: VecDeque<Revocation>,
    /// All revocations after this number are kept.
    revoked_from: u64,
}

impl Changes {
    /// No changes yet, in a log that ends at `head`.
    pub fn new(head: Position) -> Self {
        let (subscriptions, revocations) = Default::default();
        Changes { subscriptions, complete_from: head, revocations, revoked_from: 0 }
    }

    /// Notes a change that takes effect after `head`.
    pub(super) fn note(&mut self, head: Position, step: &Step) {
        if self.subscriptions.len() == limits::HUB_CHANGES_MAX
            && let Some((at, _)) = self.subscriptions.pop_front()
        {
            self.complete_from = Position(at.0 + 1);
        }
        self.subscriptions.push_back((head, step.clone()));
    }

    pub(super) fn revoked(&mut self, number: u64, person: PersonId, credential: Option<u64>) {
        if self.revocations.len() == limits::HUB_CHANGES_MAX
            && let Some(oldest) = self.revocations.pop_front()
        {
            self.revoked_from = oldest.number;
        }
        self.revocations.push_back(Revocation { number, person, credential });
    }

    /// The streams that a session follows now, made from those that it followed when it was admitted.
    pub(super) fn bring_up_to_date(&self, open: &Open) -> Result<Vec<Follow>, Stale> {
        if open.revocations_seen < self.revoked_from || open.as_of < self.complete_from {
            return Err(Stale::Again);
        }
        let since = self.revocations.iter().filter(|r| r.number > open.revocations_seen);
        for revocation in since {
            if revocation.person == PersonId::EVERY_GUEST
                && open.guest
                && open.follows.iter().any(|f| f.stream.is_channel())
            {
                return Err(Stale::Again);
            }
            if revocation.person == open.person
                && revocation.credential.is_none_or(|c| c == open.credential)
            {
                return Err(Stale::Revoked);
            }
        }
        let mut follows = open.follows.clone();
        // The hub does the same: a session that does not follow its person does not follow the person's conversations.
        let own = StreamId::person(open.person);
        let personal = follows.iter().any(|f| f.stream == own);
        let first = self.subscriptions.partition_point(|(at, _)| *at < open.as_of);
        for (_, step) in self.subscriptions.range(first..) {
            match step {
                Step::Subscribe { person, stream, from } if *person == open.person && personal => {
                    follows.retain(|f| f.stream != *stream);
                    follows.push(Follow { stream: *stream, from: *from });
                }
                Step::Unsubscribe { person, stream } if *person == open.person => {
                    follows.retain(|f| f.stream != *stream);
                }
                _ => {}
            }
        }
        Ok(follows)
    }
}
