//! Tickets: the row of each, and the one way in which it changes.
//!
//! A change is told to the house in the same write, so every console shows what is stored. What the visitor may know of it is
//! told to the ticket ([`status`](crate::status)).

use encke_engine::{Code, ConversationId, Error, PersonId, Position, StreamId};
use encke_site::{EventBody, Site, event};
use encke_store::{Row, Sql, StoreError, Tx, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::automation::happening;
use crate::day_sums;
use crate::lateness::{self, Due};
use crate::status;

/// The state of a ticket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TicketState {
    /// There is something to do.
    Open,
    /// It was put off until a time.
    Snoozed,
    /// It is done. A message of the visitor opens it again.
    Resolved,
}

impl TicketState {
    pub fn text(self) -> &'static str {
        match self {
            TicketState::Open => "open",
            TicketState::Snoozed => "snoozed",
            TicketState::Resolved => "resolved",
        }
    }

    pub fn of(text: &str) -> Self {
        match text {
            "snoozed" => TicketState::Snoozed,
            "resolved" => TicketState::Resolved,
            _ => TicketState::Open,
        }
    }
}

/// Who answers the visitor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Speaker {
    /// A bot. A person that writes takes over.
    Bot,
    /// A person. A bot is refused.
    Person,
    /// Nobody yet.
    Nobody,
}

impl Speaker {
    pub fn text(self) -> &'static str {
        match self {
            Speaker::Bot => "bot",
            Speaker::Person => "person",
            Speaker::Nobody => "nobody",
        }
    }

    pub fn of(text: &str) -> Self {
        match text {
            "bot" => Speaker::Bot,
            "person" => Speaker::Person,
            _ => Speaker::Nobody,
        }
    }
}

/// The greatest priority.
pub(crate) const PRIORITY_MAX: u8 = 3;

/// A ticket as the staff sees it. Times are in milliseconds since 1970.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = DeskTicket)]
pub(crate) struct Ticket {
    /// The id, which is that of its conversation.
    #[schema(value_type = String)]
    pub id: ConversationId,
    /// The desk.
    #[schema(value_type = String)]
    pub desk: ConversationId,
    /// The visitor that asks.
    #[schema(value_type = String)]
    pub visitor: PersonId,
    pub state: TicketState,
    /// Who answers.
    pub speaker: Speaker,
    /// The agent that has it; null while it is in the queue.
    #[schema(value_type = Option<String>, required)]
    pub owner: Option<PersonId>,
    /// The team that it is for; absent if it is for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub team: Option<String>,
    /// How urgent it is: 0 to 3.
    #[schema(maximum = 3)]
    pub priority: u8,
    pub tags: Vec<String>,
    /// When it was asked.
    pub asked_at: u64,
    /// Since when the visitor waits for an answer; null while it does not.
    #[schema(required)]
    pub waiting_since: Option<u64>,
    /// When a person answered first.
    #[schema(required)]
    pub first_answer_at: Option<u64>,
    /// When it was resolved; null while it is not.
    #[schema(required)]
    pub resolved_at: Option<u64>,
    /// Until when it is put off; null if it is not.
    #[schema(required)]
    pub snoozed_until: Option<u64>,
    /// The stars that the visitor gave, 1 to 5.
    #[schema(required, maximum = 5)]
    pub rating: Option<u8>,
    /// What was promised, and what of it was missed; absent if nothing was.
    #[serde(skip_serializing_if = "Due::is_nothing")]
    #[schema(required = false)]
    pub due: Due,
    /// The ticket that goes on with it, if it was merged into another one; absent if not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub merged_into: Option<ConversationId>,
    /// When it changed last.
    pub changed_at: u64,
    /// Since when the visitor waits or does not: the place in the queue.
    #[serde(skip)]
    pub since_ms: u64,
    /// When the owner got it.
    #[serde(skip)]
    pub owned_ms: u64,
    /// The agent that gave it back or did not answer in time. It is not given the ticket again, but may claim it.
    #[serde(skip)]
    pub passed_by: Option<PersonId>,
}

impl EventBody for Ticket {
    const KIND: &'static str = "ticket";
}

impl Ticket {
    /// The columns that [`Ticket::of`] reads, of `desk_ticket t`.
    pub const COLUMNS: &'static str = "t.conversation, t.house, t.visitor, t.state, t.speaker, t.owner, t.team,
        t.lowness, t.tags, t.asked_ms, t.waiting, t.since_ms, t.first_answer_ms, t.resolved_ms, t.snoozed_until_ms,
        t.stars, t.changed_ms, t.owned_ms, t.passed_by,
        t.first_due_ms, t.answer_due_ms, t.resolution_due_ms, t.late, t.merged_into";
    /// The number of these columns.
    pub const COLUMN_COUNT: usize = 24;

    /// Reads a row of these columns.
    pub fn of(row: &Row) -> Result<Self, StoreError> {
        let tags = serde_json::from_str(&row.get::<String>(8)?)
            .map_err(|_| StoreError::Damaged("the tags of a ticket are damaged".into()))?;
        let (waiting, since_ms) = (row.get::<bool>(10)?, row.get(11)?);
        Ok(Ticket {
            id: row.get(0)?,
            desk: row.get(1)?,
            visitor: row.get(2)?,
            state: TicketState::of(&row.get::<String>(3)?),
            speaker: Speaker::of(&row.get::<String>(4)?),
            owner: row.get(5)?,
            team: row.get(6)?,
            priority: PRIORITY_MAX.saturating_sub(row.get::<u64>(7)? as u8),
            tags,
            asked_at: row.get(9)?,
            waiting_since: waiting.then_some(since_ms),
            first_answer_at: row.get(12)?,
            resolved_at: row.get(13)?,
            snoozed_until: row.get(14)?,
            rating: row.get::<Option<u64>>(15)?.map(|stars| stars as u8),
            changed_at: row.get(16)?,
            since_ms,
            owned_ms: row.get(17)?,
            passed_by: row.get(18)?,
            due: Due::of(row, 19)?,
            merged_into: row.get(23)?,
        })
    }

    /// A ticket that was just asked.
    pub fn new(id: ConversationId, desk: ConversationId, visitor: PersonId, now_ms: u64) -> Self {
        Ticket {
            id,
            desk,
            visitor,
            state: TicketState::Open,
            speaker: Speaker::Nobody,
            owner: None,
            team: None,
            priority: 0,
            tags: Vec::new(),
            asked_at: now_ms,
            waiting_since: Some(now_ms),
            first_answer_at: None,
            resolved_at: None,
            snoozed_until: None,
            rating: None,
            changed_at: now_ms,
            since_ms: now_ms,
            owned_ms: 0,
            passed_by: None,
            due: Due::default(),
            merged_into: None,
        }
    }

    /// Its place in the order of the queue.
    pub fn lowness(&self) -> u64 {
        u64::from(PRIORITY_MAX - self.priority)
    }

    /// Whether it is in the queue.
    pub fn is_queued(&self) -> bool {
        self.state == TicketState::Open && self.owner.is_none()
    }

    /// Refuses to work on a ticket that goes on in another one.
    pub fn check_goes_on(&self) -> Result<(), Error> {
        let Some(into) = self.merged_into else { return Ok(()) };
        let what = format!("This ticket was merged: it goes on in {into}.");
        Err(Error::new(Code::Conflict, what))
    }

    /// Notes that the visitor waits for an answer from this time on.
    pub fn begin_to_wait(&mut self, at_ms: u64) {
        if self.waiting_since.is_none() {
            (self.waiting_since, self.since_ms) = (Some(at_ms), at_ms);
        }
    }

    /// Notes that the visitor waits no longer.
    pub fn end_to_wait(&mut self, at_ms: u64) {
        if self.waiting_since.take().is_some() {
            self.since_ms = at_ms;
        }
    }
}

/// A ticket by the number of its conversation.
pub(crate) fn find(sql: &mut impl Sql, id: ConversationId) -> Result<Option<Ticket>, StoreError> {
    let query = format!("SELECT {} FROM desk_ticket t WHERE t.conversation = ?1", Ticket::COLUMNS);
    sql.query_one(&query, params![id])?.as_ref().map(Ticket::of).transpose()
}

/// Tickets with this condition and order.
pub(crate) fn select(
    sql: &mut impl Sql,
    condition: &str,
    params: &[encke_store::Value],
) -> Result<Vec<Ticket>, StoreError> {
    let query = format!("SELECT {} FROM desk_ticket t WHERE {condition}", Ticket::COLUMNS);
    sql.query(&query, params)?.iter().map(Ticket::of).collect()
}

/// Stores a new ticket. [`tell`] tells of it once its first message is there.
pub(crate) fn insert(tx: &mut Tx<'_>, new: &Ticket, form: &str) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO desk_ticket (conversation, house, visitor, state, speaker, owner, team, lowness, tags, asked_ms,
             waiting, since_ms, owned_ms, first_answer_ms, resolved_ms, snoozed_until_ms, stars, comment, form, changed_ms,
             first_due_ms, resolution_due_ms, watched_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, NULL, NULL, ?6, '[]', ?7, 1, ?7, 0, NULL, NULL, NULL, NULL, NULL, ?8, ?7, ?9, ?10, ?11)",
        params![
            new.id,
            new.desk,
            new.visitor,
            new.state.text(),
            new.speaker.text(),
            new.lowness(),
            new.asked_at,
            form,
            new.due.first,
            new.due.resolution,
            new.watched_ms()
        ],
    )?;
    Ok(day_sums::forget_day_of(tx, new)?)
}

/// Tells the house what a ticket is like now.
pub(crate) fn tell(
    tx: &mut Tx<'_>,
    ticket: &Ticket,
    by: Option<PersonId>,
) -> Result<Position, Error> {
    Ok(tx.append(event(StreamId::amendments(ticket.desk), by, ticket))?.position)
}

/// Stores a change of a ticket, tells of it, and notes it for the rules. If nothing changed, nothing happens.
pub(crate) fn change(
    tx: &mut Tx<'_>,
    site: &Site,
    before: &Ticket,
    after: Ticket,
    by: Option<PersonId>,
) -> Result<Ticket, Error> {
    let (after, told) = store(tx, site, before, after, by)?;
    if let Some(position) = told {
        happening::note_change(tx, before, &after, position)?;
        lateness::note_for_rules(tx, before, &after, position)?;
    }
    Ok(after)
}

/// The same for what a rule does: no rule follows it.
pub(crate) fn change_quietly(
    tx: &mut Tx<'_>,
    site: &Site,
    before: &Ticket,
    after: Ticket,
    by: Option<PersonId>,
) -> Result<Ticket, Error> {
    Ok(store(tx, site, before, after, by)?.0)
}

fn store(
    tx: &mut Tx<'_>,
    site: &Site,
    before: &Ticket,
    mut after: Ticket,
    by: Option<PersonId>,
) -> Result<(Ticket, Option<Position>), Error> {
    if *before == after {
        return Ok((after, None));
    }
    let now = tx.now_ms();
    lateness::settle(tx, before, &mut after)?;
    after.changed_at = now;
    if after.owner != before.owner {
        after.owned_ms = if after.owner.is_some() { now } else { 0 };
    }
    let tags = serde_json::to_string(&after.tags).expect("tags are plain data");
    tx.execute(
        "UPDATE desk_ticket SET state = ?2, speaker = ?3, owner = ?4, team = ?5, lowness = ?6, tags = ?7, waiting = ?8,
             since_ms = ?9, owned_ms = ?10, first_answer_ms = ?11, resolved_ms = ?12, snoozed_until_ms = ?13,
             stars = ?14, changed_ms = ?15, passed_by = ?16, first_due_ms = ?17, answer_due_ms = ?18,
             resolution_due_ms = ?19, late = ?20, watched_ms = ?21,
             merged_into = ?22
         WHERE conversation = ?1",
        params![
            after.id,
            after.state.text(),
            after.speaker.text(),
            after.owner,
            after.team.as_ref(),
            after.lowness(),
            tags,
            after.waiting_since.is_some(),
            after.since_ms,
            after.owned_ms,
            after.first_answer_at,
            after.resolved_at,
            after.snoozed_until,
            after.rating.map(u64::from),
            after.changed_at,
            after.passed_by,
            after.due.first,
            after.due.answer,
            after.due.resolution,
            after.due.bits(),
            after.watched_ms(),
            after.merged_into
        ],
    )?;
    day_sums::forget(tx, before, &after)?;
    let told = tell(tx, &after, by)?;
    if status::differs(before, &after) {
        status::tell(tx, site, &after, by)?;
    }
    Ok((after, Some(told)))
}
