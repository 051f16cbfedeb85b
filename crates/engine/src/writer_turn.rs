//! The course of a writer's turn: how long it waits for the database, which writes it takes along, and in which order
//! nodes, sessions and senders are told once the fate of the commit is known.
//!
//! The PostgreSQL store drives it with a thread, the simulator with its agenda. Time is an argument: how long ago the
//! node began.

use core::time::Duration;

use crate::limits;
use crate::order::Committed;

const WRITE_PATIENCE: Duration = Duration::from_millis(limits::WRITE_PATIENCE_MS);
const TRY_AGAIN: Duration = Duration::from_millis(limits::WRITE_AGAIN_MS);
const LONG_WAIT: Duration = Duration::from_millis(limits::WRITE_LONG_WAIT_MS);

/// The bounds of a transaction.
#[derive(Clone, Copy, Debug)]
pub struct BatchBounds {
    /// Writes in one commit.
    pub writes_max: usize,
    /// A commit with this many bytes of bodies takes no further append.
    pub bytes_max: usize,
}

impl BatchBounds {
    /// Whether a batch with this many writes and bytes takes another write.
    pub fn has_room(&self, writes: usize, bytes: usize) -> bool {
        writes < self.writes_max && bytes < self.bytes_max
    }
}

/// The way on when a transaction could not begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoTurn {
    /// Try again after this time.
    Again(Duration),
    /// Refuse the writes that wait for it.
    Refuse,
}

/// The fate of a transaction.
#[derive(Debug)]
pub enum CommitFate {
    /// The transaction is committed; `None` if it brought nothing to the log.
    Committed(Option<Committed>),
    /// Nothing of the transaction was stored.
    Failed,
    /// The connection was lost in its commit: it may be stored or not.
    Unknown,
}

/// A thing to do after the fate of a transaction is known.
#[derive(Debug)]
pub enum TurnAction {
    /// Tell the other nodes.
    Announce(Committed),
    /// Hand it on to this node's own sessions.
    HandOn(Committed),
    /// Answer the senders with the outcome of their writes.
    Answer,
    /// Refuse all writes of the transaction.
    Refuse,
    /// Look at the store at once: the log may go on.
    LookSoon,
}

impl CommitFate {
    /// The things to do, in this order: other nodes and own sessions hear of an event before its sender does.
    pub fn actions(self) -> Vec<TurnAction> {
        match self {
            CommitFate::Committed(Some(committed)) => {
                vec![
                    TurnAction::Announce(committed.clone()),
                    TurnAction::HandOn(committed),
                    TurnAction::Answer,
                ]
            }
            CommitFate::Committed(None) => vec![TurnAction::Answer],
            CommitFate::Failed => vec![TurnAction::Refuse],
            CommitFate::Unknown => vec![TurnAction::LookSoon, TurnAction::Refuse],
        }
    }
}

/// The course of a writer's turn; see the top of this file.
#[derive(Debug)]
pub struct WriterTurn {
    /// The time that this transaction may wait for the database.
    patience: Duration,
    since: Duration,
}

impl Default for WriterTurn {
    fn default() -> Self {
        WriterTurn { patience: WRITE_PATIENCE, since: Duration::ZERO }
    }
}

impl WriterTurn {
    /// Notes that a transaction asks for its turn for the first time.
    pub fn begin(&mut self, now: Duration) {
        self.since = now;
    }

    /// Decides the way on when the transaction could not begin; `away` if the database could not be reached.
    pub fn no_turn(&mut self, now: Duration, away: bool) -> NoTurn {
        if away && now < self.since + self.patience {
            return NoTurn::Again(TRY_AGAIN);
        }
        // After a wait in vain writes are refused at once until the database is there again.
        self.patience = Duration::ZERO;
        NoTurn::Refuse
    }

    /// Notes that it is the transaction's turn. Returns whether it waited so long that another round trip is worth it,
    /// to take along the writes that came meanwhile.
    pub fn has_turn(&mut self, now: Duration) -> bool {
        self.patience = WRITE_PATIENCE;
        now.saturating_sub(self.since) > LONG_WAIT
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ids::{Epoch, Position};
    use crate::order::Point;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn writes_wait_for_a_database_that_is_away_once_and_are_then_refused_at_once() {
        let mut turn = WriterTurn::default();
        turn.begin(ms(10));
        assert_eq!(turn.no_turn(ms(11), true), NoTurn::Again(TRY_AGAIN));
        assert_eq!(turn.no_turn(ms(10) + WRITE_PATIENCE, true), NoTurn::Refuse);
        turn.begin(ms(5_000));
        assert_eq!(turn.no_turn(ms(5_000), true), NoTurn::Refuse, "it was away a moment ago");
        turn.begin(ms(6_000));
        turn.has_turn(ms(6_000));
        turn.begin(ms(7_000));
        assert_eq!(turn.no_turn(ms(7_001), true), NoTurn::Again(TRY_AGAIN), "it was there again");
        assert_eq!(turn.no_turn(ms(7_001), false), NoTurn::Refuse, "waiting would not help");
    }

    #[test]
    fn only_a_long_wait_is_worth_another_round_trip() {
        let mut turn = WriterTurn::default();
        turn.begin(ms(10));
        assert!(!turn.has_turn(ms(10) + LONG_WAIT));
        assert!(turn.has_turn(ms(11) + LONG_WAIT));
    }

    #[test]
    fn nobody_is_answered_before_others_and_own_sessions_are_told() {
        let (before, after) = (Point::default(), Point { position: Position(1), change: 0 });
        let part = Committed { epoch: Epoch(1), before, after, mark: 7, batch: Arc::default() };
        let actions = |fate: CommitFate| -> String {
            let name = |action: &TurnAction| match action {
                TurnAction::Announce(_) => 'N',
                TurnAction::HandOn(_) => 'H',
                TurnAction::Answer => 'A',
                TurnAction::Refuse => 'R',
                TurnAction::LookSoon => 'L',
            };
            fate.actions().iter().map(name).collect()
        };
        assert_eq!(actions(CommitFate::Committed(Some(part))), "NHA");
        assert_eq!(actions(CommitFate::Committed(None)), "A");
        assert_eq!(actions(CommitFate::Failed), "R");
        assert_eq!(actions(CommitFate::Unknown), "LR");
    }
}
