//! Messages that grow while a program writes them.
//!
//! The message is an event like any other, with `growing` in its body. Each piece is an event of the conversation's
//! stream of growth. From time to time a piece comes as the whole text so far, which erases the ones before it, so that
//! few events stand in the log beside each other. The end is an amendment with the whole text, which erases the rest; so
//! the past keeps one message with one text.
//!
//! The table `growing` says how far each one is. Every write that changes it appends its event, too.

pub(crate) mod broken;
mod fold;
pub(crate) mod open;
pub(crate) mod piece;
pub(crate) mod stop;
pub(crate) mod whole;

use encke_engine::{Code, ConversationId, Error, PersonId, Position, Seq};
use encke_store::{Read, Row, Sql, StoreError, Tx, Value, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::amended::query_messages;
use crate::amendment::{Amending, message_at, no_such_message};
use crate::member::in_conversation;
use crate::message::text_of;
use crate::ticket::TicketKeeper;
use crate::view::View;

/// What has become of a growing message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GrowthState {
    /// Its author still writes.
    Growing,
    /// Its author has said that it is whole.
    Done,
    /// Its author has stopped because somebody asked for it.
    Stopped,
    /// Its author was not heard of any more.
    Broken,
}

impl GrowthState {
    fn number(self) -> u64 {
        self as u64
    }

    fn of(number: u64) -> Self {
        match number {
            0 => GrowthState::Growing,
            1 => GrowthState::Done,
            2 => GrowthState::Stopped,
            _ => GrowthState::Broken,
        }
    }
}

/// How far a growing message is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub(crate) struct Growth {
    state: GrowthState,
    /// The pieces that are in its text. The next one has the number after this.
    pieces: u64,
    /// The person who has asked its author to stop; absent if nobody has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    stop_by: Option<PersonId>,
    /// The text so far while it grows; it stands beside this in answers.
    #[serde(skip)]
    pub(crate) text: Option<String>,
}

/// The row of a growing message.
struct GrowingRow {
    position: Position,
    person: PersonId,
    state: GrowthState,
    pieces: u64,
    bytes: u64,
    live: Vec<Position>,
    silence_ms: u64,
    ends_ms: u64,
    stop_by: Option<PersonId>,
}

const COLUMNS: &str =
    "position, person, state, pieces, bytes, live, silence_ms, ends_ms, stop_by, seq, conversation";

impl GrowingRow {
    fn of(row: &Row) -> Result<Self, StoreError> {
        Ok(GrowingRow {
            position: row.get(0)?,
            person: row.get(1)?,
            state: GrowthState::of(row.get(2)?),
            pieces: row.get(3)?,
            bytes: row.get(4)?,
            live: positions_in(&row.get::<String>(5)?),
            silence_ms: row.get(6)?,
            ends_ms: row.get(7)?,
            stop_by: row.get(8)?,
        })
    }

    /// The time at which it is broken off unless a sign of its author comes.
    fn due_ms(&self, now_ms: u64) -> u64 {
        self.ends_ms.min(now_ms.saturating_add(self.silence_ms))
    }

    fn growth(&self, text: Option<String>) -> Growth {
        Growth { state: self.state, pieces: self.pieces, stop_by: self.stop_by, text }
    }

    /// The text so far.
    fn text(&self, view: &mut impl View) -> Result<String, Error> {
        let opening = view.event_at(self.position)?;
        let opening = opening.and_then(|entry| text_of(&entry.event.body)).unwrap_or_default();
        let mut events = Vec::with_capacity(self.live.len());
        for at in &self.live {
            events.extend(view.event_at(*at)?);
        }
        Ok(fold::folded(opening, events.iter().map(|entry| &entry.event)))
    }
}

fn positions_in(live: &str) -> Vec<Position> {
    live.split_ascii_whitespace().filter_map(|at| at.parse().ok().map(Position)).collect()
}

fn text_with(live: &[Position]) -> String {
    live.iter().map(|at| at.0.to_string()).collect::<Vec<_>>().join(" ")
}

fn row_of(
    sql: &mut impl Sql,
    (id, seq): (ConversationId, Seq),
) -> Result<Option<GrowingRow>, StoreError> {
    let query = format!("SELECT {COLUMNS} FROM growing WHERE conversation = ?1 AND seq = ?2");
    sql.query_one(&query, params![id, seq])?.map(|row| GrowingRow::of(&row)).transpose()
}

/// The growing message that a member writes to, and the member with its rights.
fn amending(
    tx: &mut Tx<'_>,
    keeper: Option<TicketKeeper>,
    me: PersonId,
    (id, seq): (ConversationId, Seq),
) -> Result<(Amending, GrowingRow), Error> {
    let (conversation, member) = in_conversation(tx, id, me)?;
    let growing = row_of(tx, (id, seq))?.ok_or_else(no_such_message)?;
    let message = message_at(tx, growing.position)?.event.clone();
    Ok((Amending { me, member: member.member, conversation, message, keeper }, growing))
}

/// Refuses whoever is not the author of a growing message, or may not write now.
fn check_is_author(tx: &mut Tx<'_>, it: &Amending, growing: &GrowingRow) -> Result<(), Error> {
    if growing.person != it.me {
        return Err(Error::new(Code::NotYours, "Only its author writes on in a growing message."));
    }
    it.check_may_write(tx)
}

/// Refuses a message that still grows.
pub(crate) fn check_is_whole(
    sql: &mut impl Sql,
    (id, seq): (ConversationId, Seq),
) -> Result<(), Error> {
    let query = "SELECT 1 FROM growing WHERE conversation = ?1 AND seq = ?2 AND state = 0";
    match sql.query_one(query, params![id, seq])? {
        Some(_) => Err(Error::new(Code::Conflict, "This message is still being written.")),
        None => Ok(()),
    }
}

/// Forgets that a message grew. Returns the events that have to be erased with it.
pub(crate) fn forget(
    tx: &mut Tx<'_>,
    (id, seq): (ConversationId, Seq),
) -> Result<Vec<Position>, StoreError> {
    let growing = row_of(tx, (id, seq))?;
    tx.execute("DELETE FROM growing WHERE conversation = ?1 AND seq = ?2", params![id, seq])?;
    Ok(growing.map(|growing| growing.live).unwrap_or_default())
}

/// How far those of these messages are that grow or grew, with the text so far of those that still do.
pub(crate) fn of_messages(
    read: &mut Read<'_>,
    id: ConversationId,
    messages: &[Seq],
) -> Result<Vec<(Seq, Growth)>, Error> {
    let rows = query_messages(read, id, messages, &[], |conversation| {
        let columns: Vec<_> = COLUMNS.split(", ").map(|name| format!("g.{name}")).collect();
        let columns = columns.join(", ");
        format!(
            "SELECT {columns} FROM v
             JOIN growing g ON g.conversation = ?{conversation} AND g.seq = v.seq"
        )
    })?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let growing = GrowingRow::of(row)?;
        let grows = growing.state == GrowthState::Growing;
        let text = grows.then(|| growing.text(read)).transpose()?;
        found.push((row.get(9)?, growing.growth(text)));
    }
    Ok(found)
}

/// Counts the growing messages that a person has open, everywhere or in one conversation.
fn count_open(
    sql: &mut impl Sql,
    person: PersonId,
    conversation: Option<ConversationId>,
) -> Result<u64, StoreError> {
    let mut query = "SELECT COUNT(*) FROM growing WHERE person = ?1 AND state = 0".to_owned();
    let mut params: Vec<Value> = vec![person.into()];
    if let Some(id) = conversation {
        query.push_str(" AND conversation = ?2");
        params.push(id.into());
    }
    sql.query_one(&query, &params)?.map_or(Ok(0), |row| row.get(0))
}
