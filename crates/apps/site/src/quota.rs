//! Quotas: how much one person may do in a time, so that nobody floods the others.
//!
//! Each act has an allowance that refills evenly, with a burst in store. The table has one number for each person and
//! act: the time at which the allowance is full again, in nanoseconds (GCRA). It forgets people without recent acts. It
//! never refuses anybody because it is full.
//!
//! Each node counts for itself: with N nodes, a person that uses all of them has N quotas.

use std::sync::Mutex;

use encke_engine::{Code, Error, PersonId, file_limits, growth_limits, limits};

use crate::identity::Role;
use crate::remembered::Remembered;
use crate::site::Site;

/// An act that is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// A message, or an event of a channel.
    Message,
    /// One byte of a message or event.
    Byte,
    /// Typing, presence, a mark: others are told, but nothing is stored.
    Signal,
    /// A pass, which the wire calls a ticket.
    Pass,
    /// A conversation, an invitation, the first event of a channel.
    Creation,
    /// A read that costs the store more than a page of a feed: a snapshot, history, a list, a search.
    Read,
    /// A file whose upload begins.
    File,
    /// A request for a file, a piece of one, or its thumbnail.
    FileRequest,
    /// A piece of a growing message.
    Piece,
}

const ACTS: usize = 9;

impl Act {
    /// How many of this act a member may do in a minute, and how many at once.
    fn of_members(self) -> (u64, u64) {
        match self {
            Act::Message => (limits::MESSAGES_PER_MIN, limits::MESSAGES_AT_ONCE),
            Act::Byte => (limits::MESSAGE_BYTES_PER_MIN, limits::MESSAGE_BYTES_AT_ONCE),
            Act::Signal => (limits::SIGNALS_PER_MIN, limits::SIGNALS_AT_ONCE),
            Act::Pass => (limits::TICKETS_PER_MIN, limits::TICKETS_AT_ONCE),
            Act::Creation => (limits::CREATIONS_PER_MIN, limits::CREATIONS_AT_ONCE),
            Act::Read => (limits::READS_PER_MIN, limits::READS_AT_ONCE),
            Act::File => (file_limits::FILES_PER_MIN, file_limits::FILES_AT_ONCE),
            Act::FileRequest => {
                (file_limits::FILE_REQUESTS_PER_MIN, file_limits::FILE_REQUESTS_AT_ONCE)
            }
            Act::Piece => (growth_limits::PIECES_PER_MIN, growth_limits::PIECES_AT_ONCE),
        }
    }
}

/// The allowance of a role in percent of a member's; `None` for no limit.
pub type Share = Option<u32>;

/// The allowance of each role.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shares {
    /// People with a display name alone.
    pub guest: Share,
    /// People with an account.
    pub member: Share,
    /// Programs.
    pub bot: Share,
    /// People that run the site.
    pub owner: Share,
}

impl Default for Shares {
    fn default() -> Self {
        Shares { guest: Some(30), member: Some(100), bot: Some(100_000), owner: Some(100_000) }
    }
}

impl Shares {
    fn of(&self, role: Role) -> Share {
        match role {
            Role::Guest => self.guest,
            Role::Member => self.member,
            Role::Bot => self.bot,
            Role::Owner => self.owner,
        }
    }
}

const NS_PER_MIN: u64 = 60_000_000_000;

/// The time at which each act's allowance is full again, in nanoseconds since 1970.
type RefilledAt = [u64; ACTS];

/// The number of parts of the table. With several, two people seldom wait for one lock.
const PARTS: usize = 16;

/// The state of all people's quotas.
pub(crate) struct Quotas([Mutex<Remembered<PersonId, RefilledAt>>; PARTS]);

impl Default for Quotas {
    fn default() -> Self {
        let each = limits::QUOTAS_MAX / PARTS / 2;
        Quotas(std::array::from_fn(|_| Mutex::new(Remembered::new(each))))
    }
}

impl Quotas {
    /// Takes all of these acts, or none of them. The error is the number of milliseconds until there are enough.
    fn take(
        &self,
        person: PersonId,
        percent: u32,
        acts: &[(Act, u64)],
        now_ms: u64,
    ) -> Result<(), u64> {
        let now = now_ms.saturating_mul(1_000_000);
        let part = &self.0[person.0 as usize % PARTS];
        let mut part = part.lock().expect("not poisoned");
        let before = part.get(&person).copied().unwrap_or_default();
        let mut taken = before;
        for (act, count) in acts {
            let (per_min, at_once) = act.of_members();
            let ns = |count: u64| count.saturating_mul(NS_PER_MIN / per_min);
            let cost = ns(*count).saturating_mul(100) / u64::from(percent.max(1));
            let refilled = &mut taken[*act as usize];
            *refilled = now.max(*refilled).saturating_add(cost);
            let latest = now.saturating_add(ns(at_once).max(cost));
            if *refilled > latest {
                let wait = *refilled - latest;
                // A person that goes on while refused stays in the table.
                part.insert(person, before);
                return Err(wait.div_ceil(1_000_000));
            }
        }
        part.insert(person, taken);
        Ok(())
    }
}

impl Site {
    /// Takes one act from a person's quota; `rate_limited` if it is used up.
    pub fn take(&self, person: PersonId, role: Role, act: Act) -> Result<(), Error> {
        self.take_all(person, role, &[(act, 1)])
    }

    /// Takes a message of this many bytes.
    pub fn take_message(&self, person: PersonId, role: Role, bytes: usize) -> Result<(), Error> {
        self.take_all(person, role, &[(Act::Message, 1), (Act::Byte, bytes as u64)])
    }

    /// Takes a piece of a growing message, of this many bytes.
    pub fn take_piece(&self, person: PersonId, role: Role, bytes: usize) -> Result<(), Error> {
        self.take_all(person, role, &[(Act::Piece, 1), (Act::Byte, bytes as u64)])
    }

    /// Takes a number of acts.
    pub fn take_some(
        &self,
        person: PersonId,
        role: Role,
        act: Act,
        count: usize,
    ) -> Result<(), Error> {
        self.take_all(person, role, &[(act, count as u64)])
    }

    fn take_all(&self, person: PersonId, role: Role, acts: &[(Act, u64)]) -> Result<(), Error> {
        let Some(percent) = self.options.shares.of(role) else { return Ok(()) };
        self.quotas.take(person, percent, acts, self.now_ms()).map_err(|wait_ms| {
            let what = "You do this too often; wait a little.";
            Error::new(Code::RateLimited, what).retry_after_ms(wait_ms)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEI: PersonId = PersonId(1);
    const TOM: PersonId = PersonId(17);
    const NOW_MS: u64 = 1_800_000_000_000;

    fn message(quotas: &Quotas, who: PersonId, percent: u32, now_ms: u64) -> Result<(), u64> {
        quotas.take(who, percent, &[(Act::Message, 1), (Act::Byte, 10)], now_ms)
    }

    #[test]
    fn a_burst_runs_out_refills_evenly_and_belongs_to_one_person() {
        let quotas = Quotas::default();
        for _ in 0..limits::MESSAGES_AT_ONCE {
            assert_eq!(message(&quotas, MEI, 100, NOW_MS), Ok(()));
        }
        let wait = message(&quotas, MEI, 100, NOW_MS).unwrap_err();
        assert_eq!(wait, 60_000 / limits::MESSAGES_PER_MIN + 1);
        assert_eq!(message(&quotas, TOM, 100, NOW_MS), Ok(()));
        assert_eq!(message(&quotas, MEI, 100, NOW_MS + wait), Ok(()));
        assert!(message(&quotas, MEI, 100, NOW_MS + wait).is_err());
        // Another act has an allowance of its own.
        assert_eq!(quotas.take(MEI, 100, &[(Act::Signal, 1)], NOW_MS), Ok(()));
    }

    #[test]
    fn bytes_count_beside_messages_and_refused_acts_take_nothing() {
        let quotas = Quotas::default();
        let large = [(Act::Message, 1), (Act::Byte, limits::MESSAGE_BYTES_AT_ONCE)];
        assert_eq!(quotas.take(MEI, 100, &large, NOW_MS), Ok(()));
        for _ in 0..2 * limits::MESSAGES_AT_ONCE {
            assert!(message(&quotas, MEI, 100, NOW_MS).is_err());
        }
        assert_eq!(quotas.take(MEI, 100, &[(Act::Message, 1)], NOW_MS), Ok(()));
    }

    #[test]
    fn a_role_has_its_share() {
        let quotas = Quotas::default();
        let at_once = |who, percent| {
            (0..).take_while(|_| message(&quotas, who, percent, NOW_MS).is_ok()).count() as u64
        };
        assert_eq!(at_once(MEI, 30), limits::MESSAGES_AT_ONCE * 30 / 100);
        assert_eq!(at_once(TOM, 200), limits::MESSAGES_AT_ONCE * 2);
    }

    #[test]
    fn the_table_is_bounded_and_a_flooding_person_stays_in_it() {
        let quotas = Quotas::default();
        while message(&quotas, MEI, 100, NOW_MS).is_ok() {}
        for other in 0..4 * limits::QUOTAS_MAX as u64 {
            assert_eq!(message(&quotas, PersonId(100 + other), 100, NOW_MS), Ok(()));
            if other % 1_000 == 0 {
                assert!(message(&quotas, MEI, 100, NOW_MS).is_err());
            }
        }
        let kept: usize = quotas.0.iter().map(|part| part.lock().unwrap().len()).sum();
        assert!(kept <= limits::QUOTAS_MAX, "{kept}");
    }
}
