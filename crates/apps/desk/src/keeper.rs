//! What a message does to its ticket: it begins or ends the visitor's wait, opens the ticket again, and makes its writer take
//! part.

use encke_engine::{Code, ConversationId, Error, PersonId, Seq};
use encke_site::{Role, Site};
use encke_store::{Appended, Read, Sql, Tx, params};
use encke_talk::conversation::not_member;
use encke_talk::ticket::{KeepsTickets, take_part};

use crate::agent::is_there;
use crate::assignment::give;
use crate::automation::happening::{self, Happening};
use crate::automation::voice;
use crate::claim::release;
use crate::desk::DeskRow;
use crate::mail;
use crate::staff;
use crate::ticket::{self, Speaker, Ticket, TicketState};
use crate::visitor::{VisitorRow, check_not_blocked};

/// The number of a ticket's first message: before it, the ticket was made.
pub(crate) const FIRST_MESSAGE: Seq = Seq(2);

/// The keeper of tickets that the desk gives to talk.
pub(crate) struct Keeper;

/// Refuses a blocked visitor, and staff that only reads.
fn check_acts(sql: &mut impl Sql, ticket: &Ticket, from: PersonId) -> Result<(), Error> {
    if from != ticket.visitor {
        return staff::check_acts(sql, ticket.desk, from);
    }
    check_not_blocked(&VisitorRow::find(sql, from)?.ok_or_else(not_member)?)
}

impl KeepsTickets for Keeper {
    fn may_act(&self, tx: &mut Tx<'_>, id: ConversationId, from: PersonId) -> Result<(), Error> {
        let ticket = ticket::find(tx, id)?.ok_or_else(not_member)?;
        check_acts(tx, &ticket, from)
    }

    fn may_type(
        &self,
        read: &mut Read<'_>,
        id: ConversationId,
        from: PersonId,
    ) -> Result<bool, Error> {
        let ticket = ticket::find(read, id)?.ok_or_else(not_member)?;
        match check_acts(read, &ticket, from) {
            Ok(()) => Ok(true),
            Err(e) if matches!(e.code, Code::Blocked | Code::Forbidden) => Ok(false),
            Err(e) => Err(e),
        }
    }

    fn is_house(&self, tx: &mut Tx<'_>, room: ConversationId) -> Result<bool, Error> {
        Ok(DeskRow::find(tx, room)?.is_some())
    }

    fn goes_on_in(
        &self,
        tx: &mut Tx<'_>,
        id: ConversationId,
        from: PersonId,
    ) -> Result<Option<ConversationId>, Error> {
        let query = "SELECT merged_into FROM desk_ticket WHERE conversation = ?1 AND visitor = ?2";
        let row = tx.query_one(query, params![id, from])?;
        Ok(row.map_or(Ok(None), |row| row.get(0))?)
    }

    fn may_say(&self, tx: &mut Tx<'_>, id: ConversationId, from: PersonId) -> Result<(), Error> {
        let ticket = ticket::find(tx, id)?.ok_or_else(not_member)?;
        check_acts(tx, &ticket, from)?;
        if from == ticket.visitor {
            return Ok(());
        }
        ticket.check_goes_on()?;
        if ticket.speaker == Speaker::Person && is_bot(tx, from)? {
            let what =
                "A person answers this visitor; a bot may not until the ticket is handed back.";
            return Err(Error::new(Code::Conflict, what));
        }
        Ok(())
    }

    fn said(
        &self,
        tx: &mut Tx<'_>,
        site: &Site,
        id: ConversationId,
        from: PersonId,
        appended: Appended,
    ) -> Result<(), Error> {
        let before = ticket::find(tx, id)?.ok_or_else(not_member)?;
        let mut after = before.clone();
        if voice::find(tx, before.desk)? == Some(from) {
            // A rule has answered: the visitor waits on for a person, and keeps its place.
            if after.speaker == Speaker::Nobody {
                after.speaker = Speaker::Bot;
            }
            return ticket::change_quietly(tx, site, &before, after, None).map(drop);
        }
        let happening = if from == before.visitor {
            asked(tx, site, &mut after, appended)?;
            if appended.seq == FIRST_MESSAGE { Happening::Asked } else { Happening::Wrote }
        } else {
            answered(tx, &mut after, from, appended)?;
            mail::outbox::answered(tx, site, &before, appended.seq)?;
            Happening::Answered
        };
        let after = ticket::change(tx, site, &before, after, Some(from))?;
        happening::note(tx, &after, happening, appended.position)?;
        if after.is_queued() {
            give(tx, site, after.desk)?;
        }
        Ok(())
    }
}

fn is_bot(tx: &mut Tx<'_>, person: PersonId) -> Result<bool, Error> {
    let row = tx.query_one("SELECT role FROM person WHERE id = ?1", params![person])?;
    let role = row.map(|row| row.get::<String>(0)).transpose()?;
    Ok(role.is_some_and(|role| Role::of(&role) == Role::Bot))
}

/// The visitor has written.
fn asked(
    tx: &mut Tx<'_>,
    site: &Site,
    ticket: &mut Ticket,
    appended: Appended,
) -> Result<(), Error> {
    ticket.begin_to_wait(appended.at_ms);
    if ticket.state == TicketState::Open {
        return Ok(());
    }
    ticket.state = TicketState::Open;
    (ticket.resolved_at, ticket.snoozed_until) = (None, None);
    // It goes on with the same agent if that one is there, and else to the queue, where nobody forgets it.
    let Some(owner) = ticket.owner else { return Ok(()) };
    if is_there(tx, site, ticket.desk, owner)? {
        let before = Seq(appended.seq.0 - 1);
        return take_part(tx, ticket.id, owner, before);
    }
    release(tx, ticket)
}

/// Somebody of the staff has written.
fn answered(
    tx: &mut Tx<'_>,
    ticket: &mut Ticket,
    from: PersonId,
    appended: Appended,
) -> Result<(), Error> {
    ticket.end_to_wait(appended.at_ms);
    if is_bot(tx, from)? {
        ticket.speaker = Speaker::Bot;
        return Ok(());
    }
    ticket.speaker = Speaker::Person;
    ticket.first_answer_at.get_or_insert(appended.at_ms);
    if ticket.state == TicketState::Resolved {
        // Its owner follows it no longer, so it goes on with whoever takes it up again.
        ticket.owner = None;
    }
    ticket.owner.get_or_insert(from);
    ticket.state = TicketState::Open;
    (ticket.resolved_at, ticket.snoozed_until) = (None, None);
    take_part(tx, ticket.id, from, appended.seq)
}
