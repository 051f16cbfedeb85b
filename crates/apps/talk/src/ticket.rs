//! Tickets: conversations of a visitor with the staff of a desk. Which desk, in which state and whose they are is a product's
//! business; here is what any conversation needs to know of them.
//!
//! The visitor is a member as in any conversation. The staff are the members of the desk's room, the ticket's *house*: each may
//! read and write. Those that take part have a row of their own, as followers of a thread have: they get its events and the notes
//! of the staff, and what is new counts as unread. They leave with the room (P7).
//!
//! All sends to a ticket are reserved in the store, and the product that keeps tickets decides on each ([`KeepsTickets`]).

use encke_engine::{Code, ConversationId, Error, PersonId, Seq, StreamId};
use encke_site::{EventBody, Site, bulk, event};
use encke_store::{Appended, Read, Sql, StoreError, Tx, Value, params};
use serde::Serialize;
use utoipa::ToSchema;

use crate::conversation::{
    ConversationRow, MemberRole, admit, begin, find, insert, insert_member, not_member,
};
use crate::kind::Kind;
use crate::member::ConversationRemoved;
use crate::message::ReadMessage;
use crate::onlooker;

/// The product that keeps tickets: it decides who may say something in one, and notes that it was said. Both happen in the
/// write of the message.
pub trait KeepsTickets: Sync {
    /// Refuses somebody that may now do nothing in a ticket that others see: no edit, no reaction, no pin.
    fn may_act(&self, tx: &mut Tx<'_>, ticket: ConversationId, from: PersonId)
    -> Result<(), Error>;

    /// Whether others are told that this person types in a ticket.
    fn may_type(
        &self,
        read: &mut Read<'_>,
        ticket: ConversationId,
        from: PersonId,
    ) -> Result<bool, Error>;

    /// Whether a room is that of the staff of a desk, who read all of its tickets.
    fn is_house(&self, tx: &mut Tx<'_>, room: ConversationId) -> Result<bool, Error>;

    /// The ticket in which this one goes on for its visitor, if it was merged into another one.
    fn goes_on_in(
        &self,
        tx: &mut Tx<'_>,
        ticket: ConversationId,
        from: PersonId,
    ) -> Result<Option<ConversationId>, Error>;

    /// Refuses a message that this person may not send now.
    fn may_say(&self, tx: &mut Tx<'_>, ticket: ConversationId, from: PersonId)
    -> Result<(), Error>;

    /// Notes a message that was appended.
    fn said(
        &self,
        tx: &mut Tx<'_>,
        site: &Site,
        ticket: ConversationId,
        from: PersonId,
        appended: Appended,
    ) -> Result<(), Error>;
}

/// The keeper of the tickets. The product that keeps them adds it to the parts of a site.
#[derive(Clone, Copy)]
pub struct TicketKeeper(pub &'static dyn KeepsTickets);

/// The keeper of a site. Without one, nobody writes in a ticket.
pub(crate) fn keeper(site: &Site) -> Result<&'static dyn KeepsTickets, Error> {
    let nobody = || Error::new(Code::Forbidden, "This site has no desks any more.");
    site.find_part::<TicketKeeper>().map(|TicketKeeper(keeper)| *keeper).ok_or_else(nobody)
}

/// The person that this is told to gets what happens in a ticket from now on, or no longer. It takes part in it, or looks on;
/// that a look ends is not told.
#[derive(Serialize, ToSchema)]
pub(crate) struct TicketFollowed {
    #[schema(value_type = String)]
    ticket: ConversationId,
    on: bool,
}

impl EventBody for TicketFollowed {
    const KIND: &'static str = "ticket_followed";
}

/// Makes a ticket of a visitor at the desk with this room.
pub fn open(
    tx: &mut Tx<'_>,
    site: &Site,
    house: ConversationId,
    visitor: PersonId,
) -> Result<ConversationId, Error> {
    let id = insert(tx, Kind::Ticket, None, false, None)?;
    tx.execute("UPDATE conversation SET house = ?2 WHERE id = ?1", params![id, house])?;
    tx.reserve(StreamId::conversation(id), None)?;
    insert_member(tx, id, visitor, MemberRole::Member, Seq(1), visitor)?;
    begin(tx, site, id, visitor, std::iter::once(visitor))?;
    Ok(id)
}

/// Makes staff take part in a ticket: what comes after `seen` is unread for it. If it takes part already, nothing changes.
pub fn take_part(
    tx: &mut Tx<'_>,
    ticket: ConversationId,
    person: PersonId,
    seen: Seq,
) -> Result<(), Error> {
    let house = find(tx, ticket)?.and_then(|found| found.desk).ok_or_else(not_member)?;
    let now = tx.now_ms();
    let made = tx.execute(
        "INSERT INTO member (conversation, person, role, joined_seq, joined_ms, delivered, read,
             guest, parent, is_ticket)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, 0, ?6, 1) ON CONFLICT (conversation, person) DO NOTHING",
        params![ticket, person, MemberRole::Member.text(), seen, now, house],
    )?;
    if made == 0 {
        return Ok(());
    }
    onlooker::forget(tx, ticket, person)?;
    tx.execute("UPDATE conversation SET members = members + 1 WHERE id = ?1", params![ticket])?;
    tx.subscribe(person, StreamId::conversation(ticket))?;
    tx.subscribe(person, StreamId::notes(ticket))?;
    tell(tx, ticket, person, true)
}

/// Staff that is to take part in a ticket.
#[derive(Clone, Copy)]
pub struct TakesPart {
    /// The ticket.
    pub ticket: ConversationId,
    /// The room of the ticket's desk.
    pub house: ConversationId,
    /// Somebody of the staff.
    pub person: PersonId,
    /// What comes after this is unread for the person.
    pub seen: Seq,
}

/// The same as [`take_part`] for many, each ticket once, with few statements.
pub fn take_part_all(tx: &mut Tx<'_>, all: &[TakesPart]) -> Result<(), Error> {
    let now = tx.now_ms();
    for part in bulk::padded(all) {
        let (values, last) = (bulk::values(part.len(), 4), 4 * part.len() + 1);
        let insert = format!(
            "INSERT INTO member (conversation, person, role, joined_seq, joined_ms, delivered, read, guest, parent, is_ticket)
             SELECT v.column1, v.column2, 'member', v.column4, CAST(?{last} AS BIGINT), 0, 0, 0, v.column3, 1 FROM ({values}) v WHERE true
             ON CONFLICT (conversation, person) DO NOTHING RETURNING conversation, person"
        );
        let row = |t: &TakesPart| -> [Value; 4] {
            [t.ticket.into(), t.person.into(), t.house.into(), t.seen.into()]
        };
        let params: Vec<Value> = part.iter().flat_map(row).chain([now.into()]).collect();
        let made = tx.query(&insert, &params)?;
        let made: Vec<(ConversationId, PersonId)> = made
            .iter()
            .map(|row| Ok((row.get(0)?, row.get(1)?)))
            .collect::<Result<_, StoreError>>()?;
        onlooker::forget_all(tx, &made)?;
        for made in bulk::padded(&made) {
            let values = bulk::values(made.len(), 1);
            let update =
                format!("UPDATE conversation SET members = members + 1 WHERE id IN ({values})");
            let tickets: Vec<Value> = made.iter().map(|(ticket, _)| (*ticket).into()).collect();
            tx.execute(&update, &tickets)?;
        }
        let streams = |(ticket, person): &(ConversationId, PersonId)| {
            [(*person, StreamId::conversation(*ticket)), (*person, StreamId::notes(*ticket))]
        };
        tx.subscribe_all(&made.iter().flat_map(streams).collect::<Vec<_>>())?;
        made.into_iter().try_for_each(|(ticket, person)| tell(tx, ticket, person, true))?;
    }
    Ok(())
}

/// Makes staff take part in a ticket no longer. It may go on reading.
pub fn step_back(tx: &mut Tx<'_>, ticket: ConversationId, person: PersonId) -> Result<(), Error> {
    let delete = "DELETE FROM member WHERE conversation = ?1 AND person = ?2 AND is_ticket = 1";
    if tx.execute(delete, params![ticket, person])? == 0 {
        return Ok(());
    }
    tx.execute("UPDATE conversation SET members = members - 1 WHERE id = ?1", params![ticket])?;
    tell(tx, ticket, person, false)?;
    tx.unsubscribe(person, StreamId::notes(ticket))?;
    Ok(tx.unsubscribe(person, StreamId::conversation(ticket))?)
}

/// Makes a ticket that of another visitor, who turned out to be the same person. The first one has no part in it any more.
pub fn change_visitor(
    tx: &mut Tx<'_>,
    site: &Site,
    ticket: ConversationId,
    from: PersonId,
    to: PersonId,
) -> Result<(), Error> {
    let delete = "DELETE FROM member WHERE conversation = ?1 AND person = ?2 AND is_ticket = 0";
    if tx.execute(delete, params![ticket, from])? > 0 {
        let update = "UPDATE conversation SET members = members - 1 WHERE id = ?1";
        tx.execute(update, params![ticket])?;
    }
    let removed = ConversationRemoved { conversation: ticket };
    tx.append(event(StreamId::person(from), None, &removed))?;
    tx.unsubscribe(from, StreamId::conversation(ticket))?;
    insert_member(tx, ticket, to, MemberRole::Member, Seq(1), to)?;
    admit(tx, site, ticket, to, to).map(drop)
}

/// The staff that takes part in a ticket, in the order in which it came.
pub fn taking_part(
    sql: &mut impl Sql,
    ticket: ConversationId,
) -> Result<Vec<PersonId>, StoreError> {
    let query = "SELECT person FROM member WHERE conversation = ?1 AND is_ticket = 1
                 ORDER BY joined_ms, person";
    sql.query(query, params![ticket])?.iter().map(|row| row.get(0)).collect()
}

pub(crate) fn tell(
    tx: &mut Tx<'_>,
    ticket: ConversationId,
    to: PersonId,
    on: bool,
) -> Result<(), Error> {
    let told = event(StreamId::person(to), None, &TicketFollowed { ticket, on });
    tx.append(told).map(drop)
}

/// A message of a visitor as it is sent: what it writes in a ticket that was merged comes in the one that goes on. A send
/// that was taken before the merge stays where it is (P3).
pub(crate) fn where_it_goes_on(
    tx: &mut Tx<'_>,
    site: &Site,
    from: PersonId,
    message: ReadMessage,
) -> Result<ReadMessage, Error> {
    let Some(TicketKeeper(keeper)) = site.find_part::<TicketKeeper>() else { return Ok(message) };
    let Some(conversation) = keeper.goes_on_in(tx, message.conversation, from)? else {
        return Ok(message);
    };
    let first = message.key.as_deref().map(|key| tx.first_with_key(from, key)).transpose()?;
    let sent_to = first.flatten().map(|first| first.stream);
    if sent_to == Some(StreamId::conversation(message.conversation)) {
        return Ok(message);
    }
    // What it answers is not there.
    Ok(ReadMessage { conversation, reply_to: None, ..message })
}

/// Refuses a message to a ticket that the keeper does not want now.
pub(crate) fn check_may_say(
    tx: &mut Tx<'_>,
    site: &Site,
    found: &ConversationRow,
    from: PersonId,
) -> Result<(), Error> {
    if found.kind != Kind::Ticket {
        return Ok(());
    }
    keeper(site)?.may_say(tx, found.id, from)
}

/// Refuses to let somebody into the room of a desk's staff, unless an owner or supervisor of the desk does it: whoever is in
/// that room reads each ticket.
pub fn check_may_bring(
    tx: &mut Tx<'_>,
    site: &Site,
    room: ConversationId,
    role: MemberRole,
) -> Result<(), Error> {
    if role.moderates() || !is_house(tx, site, room)? {
        return Ok(());
    }
    let what = "Only owners and supervisors of the desk bring people into the room of its staff.";
    Err(Error::new(Code::Forbidden, what))
}

/// Refuses guests in the room of a desk's staff: nobody knows who they are, and whoever is in it reads each ticket.
pub fn check_takes_guests(tx: &mut Tx<'_>, site: &Site, room: ConversationId) -> Result<(), Error> {
    if !is_house(tx, site, room)? {
        return Ok(());
    }
    Err(Error::new(Code::Forbidden, "The room of a desk's staff takes no guests."))
}

/// Whether a room is that of the staff of a desk. Such a room is never open.
pub fn is_house(tx: &mut Tx<'_>, site: &Site, room: ConversationId) -> Result<bool, Error> {
    let keeper = site.find_part::<TicketKeeper>();
    keeper.map_or(Ok(false), |TicketKeeper(keeper)| keeper.is_house(tx, room))
}

/// Tells the keeper of a message that was appended to a ticket.
pub(crate) fn note_said(
    tx: &mut Tx<'_>,
    site: &Site,
    found: &ConversationRow,
    from: PersonId,
    appended: Appended,
) -> Result<(), Error> {
    if found.kind != Kind::Ticket || appended.repeated {
        return Ok(());
    }
    keeper(site)?.said(tx, site, found.id, from, appended)
}
