//! The results of polls.
//!
//! The event that tells a result carries it whole and names no voter, so of an anonymous poll everybody gets the counts and
//! nothing else. It erases the one before it: the log holds one result of each poll, which goes when the message is
//! recalled (P10).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use encke_engine::{ConversationId, Error, NewEvent, PersonId, Position, Seq, StreamId};
use encke_site::{EventBody, event};
use encke_store::{Row, Sql, StoreError, Tx, params};
use serde::Serialize;
use utoipa::ToSchema;

use crate::amended::query_messages;
use crate::amendment::Amending;
use crate::poll::Poll;

/// The result of a poll is another one from now on: somebody has voted, or it was closed. No voter is named.
#[derive(Serialize, ToSchema)]
pub(crate) struct Polled {
    #[schema(value_type = u64)]
    message: Seq,
    /// The votes for each option.
    counts: Vec<u64>,
    /// The number of people that have voted.
    voters: u64,
    /// The time at which it was closed, in milliseconds since 1970; absent while it is open, and if its end came by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    closed_at: Option<u64>,
}

impl EventBody for Polled {
    const KIND: &'static str = "polled";
}

/// The result of a poll, with the votes of the caller.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub(crate) struct PollResult {
    /// The votes for each option.
    pub counts: Vec<u64>,
    /// The number of people that have voted.
    pub voters: u64,
    /// The options that the caller has voted for.
    pub mine: Vec<u8>,
    /// The time at which somebody closed it, in milliseconds since 1970; absent while nobody has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub closed_at: Option<u64>,
    #[serde(skip)]
    told: Option<Position>,
}

impl PollResult {
    const COLUMNS: &'static str = "p.counts, p.voters, p.closed_ms, p.told";

    fn of(row: &Row) -> Result<Self, StoreError> {
        let counts: String = row.get(0)?;
        Ok(PollResult {
            counts: counts.split(' ').filter_map(|count| count.parse().ok()).collect(),
            voters: row.get(1)?,
            mine: Vec::new(),
            closed_at: row.get(2)?,
            told: row.get(3)?,
        })
    }

    /// The result of a poll now, with the votes of the member that amends its message.
    pub fn find(tx: &mut Tx<'_>, it: &Amending, poll: &Poll) -> Result<Self, Error> {
        let (id, seq) = it.key();
        let query = format!(
            "SELECT {} FROM poll p WHERE p.conversation = ?1 AND p.seq = ?2",
            Self::COLUMNS
        );
        let Some(row) = tx.query_one(&query, params![id, seq])? else {
            let (counts, mine) = (vec![0; poll.options.len()], Vec::new());
            return Ok(PollResult { counts, voters: 0, mine, closed_at: None, told: None });
        };
        let mut found = Self::of(&row)?;
        let query = "SELECT choice FROM poll_vote
                     WHERE conversation = ?1 AND seq = ?2 AND person = ?3 ORDER BY choice";
        let rows = tx.query(query, params![id, seq, it.me])?;
        found.mine = rows.iter().map(|row| choice_in(row, 0)).collect::<Result<_, _>>()?;
        Ok(found)
    }

    /// Stores the result and tells it, in place of the one before. `by` is named to everybody, so it is nobody who votes.
    pub fn store(self, tx: &mut Tx<'_>, it: &Amending, by: Option<PersonId>) -> Result<(), Error> {
        let (id, seq) = it.key();
        let PollResult { counts, voters, closed_at, told: before, .. } = self;
        let stored = counts.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
        let body = Polled { message: seq, counts, voters, closed_at };
        it.mark_amended(tx)?;
        let told = event(StreamId::amendments(id), by, &body);
        let erases = before.into_iter().collect();
        let told = tx.append(NewEvent { erases, ..told })?;
        tx.execute(
            "INSERT INTO poll (conversation, seq, told, voters, counts, closed_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (conversation, seq) DO UPDATE SET told = excluded.told,
             voters = excluded.voters, counts = excluded.counts, closed_ms = excluded.closed_ms",
            params![id, seq, told.position, voters, stored, closed_at],
        )?;
        Ok(())
    }
}

fn choice_in(row: &Row, column: usize) -> Result<u8, StoreError> {
    Ok(row.get::<u64>(column)? as u8)
}

/// The position of the event that has told the result of a poll last.
pub(crate) fn told_at(
    sql: &mut impl Sql,
    (id, seq): (ConversationId, Seq),
) -> Result<Option<Position>, StoreError> {
    let query = "SELECT told FROM poll WHERE conversation = ?1 AND seq = ?2";
    sql.query_one(query, params![id, seq])?.map(|row| row.get(0)).transpose()
}

/// The results of those of these messages that are polls in which somebody has voted, or that somebody has closed.
pub(crate) fn of_messages(
    sql: &mut impl Sql,
    id: ConversationId,
    person: PersonId,
    messages: &[Seq],
) -> Result<BTreeMap<Seq, PollResult>, StoreError> {
    let rows = query_messages(sql, id, messages, &[person.into()], |conversation| {
        let (person, columns) = (conversation + 1, PollResult::COLUMNS);
        format!(
            "SELECT {columns}, p.seq, m.choice FROM v
             JOIN poll p ON p.conversation = ?{conversation} AND p.seq = v.seq
             LEFT JOIN poll_vote m ON m.conversation = p.conversation AND m.seq = p.seq
                 AND m.person = ?{person}
             ORDER BY p.seq, m.choice"
        )
    })?;
    let mut found = BTreeMap::new();
    for row in &rows {
        let result = match found.entry(row.get(4)?) {
            Entry::Vacant(vacant) => vacant.insert(PollResult::of(row)?),
            Entry::Occupied(found) => found.into_mut(),
        };
        if row.get::<Option<u64>>(5)?.is_some() {
            result.mine.push(choice_in(row, 5)?);
        }
    }
    Ok(found)
}
