//! What a visitor knows of its ticket.

use encke_account::{Person, people};
use encke_engine::{ConversationId, Error, PersonId, StreamId, desk_limits};
use encke_site::{EventBody, Site, event};
use encke_store::{Sql, Tx, params};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ticket::{Speaker, Ticket, TicketState};

/// A ticket as its visitor sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct VisitorTicket {
    /// The id, which is that of its conversation.
    #[schema(value_type = String)]
    pub id: ConversationId,
    pub state: TicketState,
    /// Who answers.
    pub speaker: Speaker,
    /// When it was asked, in milliseconds since 1970.
    pub asked_at: u64,
    /// The place in the queue, from 1; absent if it is not waiting there. Only an answer has it, an event does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub place: Option<u64>,
    /// The agent that has it; absent while nobody has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub agent: Option<Person>,
    /// The stars that the visitor gave; absent if it gave none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, maximum = 5)]
    pub rating: Option<u8>,
    /// The ticket in which it goes on, if the desk has merged the two; absent if not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub merged_into: Option<ConversationId>,
}

/// A ticket of the visitor that this is told to has another state, or another agent.
#[derive(Serialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct TicketStatus(VisitorTicket);

impl EventBody for TicketStatus {
    const KIND: &'static str = "ticket_status";
}

/// A ticket as its visitor sees it, without its place in the queue.
fn shown(sql: &mut impl Sql, site: &Site, ticket: &Ticket) -> Result<VisitorTicket, Error> {
    let agent = match ticket.owner {
        Some(owner) => people(sql, site, ticket.visitor, &[owner])?.pop(),
        None => None,
    };
    Ok(with_agent(ticket, agent))
}

fn with_agent(ticket: &Ticket, agent: Option<Person>) -> VisitorTicket {
    let Ticket { id, state, speaker, asked_at, rating, merged_into, .. } = *ticket;
    VisitorTicket { id, state, speaker, asked_at, place: None, agent, rating, merged_into }
}

/// A ticket as its visitor sees it now.
pub(crate) fn now(
    sql: &mut impl Sql,
    site: &Site,
    ticket: &Ticket,
) -> Result<VisitorTicket, Error> {
    let place = place(sql, ticket)?;
    Ok(VisitorTicket { place, ..shown(sql, site, ticket)? })
}

/// The place of a ticket in the queue, from 1; `None` if it does not wait there.
fn place(sql: &mut impl Sql, ticket: &Ticket) -> Result<Option<u64>, Error> {
    if !ticket.is_queued() || ticket.waiting_since.is_none() {
        return Ok(None);
    }
    let query =
        "SELECT count(*) FROM (SELECT 1 FROM desk_ticket WHERE house = ?1 AND state = 'open'
                     AND owner IS NULL AND waiting = 1
                     AND (lowness, since_ms, conversation) < (?2, ?3, ?4)
                     ORDER BY lowness, since_ms, conversation LIMIT ?5) AS before";
    let most = desk_limits::TICKETS_COUNTED_MAX;
    let params = params![ticket.desk, ticket.lowness(), ticket.since_ms, ticket.id, most];
    let before = sql.query_one(query, params)?.map_or(Ok(0), |row| row.get::<u64>(0))?;
    Ok(Some(before + 1))
}

/// The number of tickets that wait in the queue of a desk, up to a bound.
pub(crate) fn waiting(sql: &mut impl Sql, house: ConversationId) -> Result<u64, Error> {
    let query =
        "SELECT count(*) FROM (SELECT 1 FROM desk_ticket WHERE house = ?1 AND state = 'open'
                     AND owner IS NULL AND waiting = 1
                     ORDER BY lowness, since_ms, conversation LIMIT ?2) AS queue";
    let row = sql.query_one(query, params![house, desk_limits::TICKETS_COUNTED_MAX])?;
    Ok(row.map_or(Ok(0), |row| row.get::<u64>(0))?)
}

/// Whether a visitor is told of a change.
pub(crate) fn differs(before: &Ticket, after: &Ticket) -> bool {
    let of = |t: &Ticket| (t.state, t.speaker, t.owner, t.rating, t.merged_into);
    of(before) != of(after)
}

/// Tells the visitor what its ticket is like now. Staff that takes part gets it, too.
pub(crate) fn tell(
    tx: &mut Tx<'_>,
    site: &Site,
    ticket: &Ticket,
    by: Option<PersonId>,
) -> Result<(), Error> {
    let status = shown(tx, site, ticket)?;
    append(tx, ticket, status, by)
}

/// The same for a ticket whose agent, as the visitor sees it, was read before.
pub(crate) fn tell_of_agent(
    tx: &mut Tx<'_>,
    ticket: &Ticket,
    agent: Option<Person>,
    by: Option<PersonId>,
) -> Result<(), Error> {
    append(tx, ticket, with_agent(ticket, agent), by)
}

fn append(
    tx: &mut Tx<'_>,
    ticket: &Ticket,
    mut status: VisitorTicket,
    by: Option<PersonId>,
) -> Result<(), Error> {
    // What a person shows of itself for a time would stay in the log (P10).
    status.agent = status.agent.map(Person::in_event);
    let told = event(StreamId::amendments(ticket.id), by, &TicketStatus(status));
    tx.append(told).map(drop)
}
