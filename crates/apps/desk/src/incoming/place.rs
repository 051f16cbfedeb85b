//! Where a mail goes, in two writes: the first one says whose it is, so that its files can be stored as those of its sender; the
//! second one stores its message.

use encke_engine::{Code, ConversationId, Error, PersonId, limits};
use encke_files::FileId;
use encke_site::Site;
use encke_store::{Sql, Tx, params};
use encke_talk::message::{Message, say_with_files};

use super::known::{self, Known};
use super::mail::IncomingMail;
use super::mailbox::Mailbox;
use super::origin::Origin;
use super::{sender, thread};
use crate::ask::make;
use crate::desk::DeskRow;
use crate::mail::outbox;
use crate::visitor::VisitorRow;

/// What has become of a mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Placed {
    /// It is a new ticket.
    Asked(ConversationId),
    /// It goes on in a ticket.
    Said(ConversationId),
    /// It came before.
    Known(Option<ConversationId>),
    /// It says that a mail of the desk came back.
    Bounced(Option<ConversationId>),
    /// A program answers by itself: nobody has to read it.
    Automatic(Option<ConversationId>),
    /// It is a mail of the desk itself, which came back in a circle.
    Own,
    /// The desk takes nothing from this sender any more.
    Blocked,
}

/// A mail at its desk.
pub(crate) struct Arrival<'a> {
    pub desk: &'a DeskRow,
    pub mailbox: &'a Mailbox,
    pub mail: &'a IncomingMail,
    pub known: &'a Known,
}

impl Arrival<'_> {
    /// Says whose mail it is, or what has become of it already.
    pub fn begin(&self, tx: &mut Tx<'_>) -> Result<Result<PersonId, Placed>, Error> {
        let Arrival { desk, mailbox, mail, known } = self;
        let house = desk.house;
        if let Some(ticket) = known::before(tx, house, known)? {
            return Ok(Err(Placed::Known(ticket)));
        }
        let sender = sender::find(tx, house, &mail.from)?;
        let is_own = mail.from.eq_ignore_ascii_case(&mailbox.address)
            || mail.id.as_ref().is_some_and(|id| thread::own_ticket(&mailbox.secret, id).is_some());
        let is_written = mail.origin == Origin::Written && !is_own;
        known::check_rate(tx, house, sender, !is_written)?;
        if is_own {
            known::note(tx, house, known, None, (None, false))?;
            return Ok(Err(Placed::Own));
        }
        if let Origin::Bounce { of, is_final } = &mail.origin {
            let ticket = self.bounced(tx, of, *is_final)?;
            known::note(tx, house, known, None, (ticket, false))?;
            return Ok(Err(Placed::Bounced(ticket)));
        }
        let ticket = thread::ticket_of(tx, mailbox, house, (mail, known, sender))?;
        if mail.origin == Origin::Answering {
            let ticket = ticket.map(|ticket| ticket.id);
            known::note(tx, house, known, None, (ticket, false))?;
            return Ok(Err(Placed::Automatic(ticket)));
        }
        let person = match ticket {
            Some(ticket) => ticket.visitor,
            None => sender::let_in(tx, desk, mail)?,
        };
        if VisitorRow::find(tx, person)?.is_some_and(|row| row.blocked) {
            known::note(tx, house, known, Some(person), (None, false))?;
            return Ok(Err(Placed::Blocked));
        }
        Ok(Ok(person))
    }

    /// Stores the message of a mail.
    pub fn say(
        &self,
        tx: &mut Tx<'_>,
        site: &Site,
        person: PersonId,
        (text, files): (String, Vec<FileId>),
    ) -> Result<Placed, Error> {
        let Arrival { desk, mailbox, mail, known } = self;
        let house = desk.house;
        if let Some(ticket) = known::before(tx, house, known)? {
            return Ok(Placed::Known(ticket));
        }
        let sender = sender::find(tx, house, &mail.from)?;
        let ticket = thread::ticket_of(tx, mailbox, house, (mail, known, sender))?;
        let ticket = ticket.filter(|ticket| ticket.visitor == person).map(|ticket| ticket.id);
        let ticket = match ticket {
            Some(ticket) => Some(ticket),
            None => last_of_too_many(tx, person)?,
        };
        let message =
            |conversation, text| Message { conversation, key: None, text, reply_to: None };
        let placed = match ticket {
            Some(ticket) => {
                say_with_files(tx, site, person, message(ticket, said(text, &files)), files)?;
                Placed::Said(ticket)
            }
            None => {
                let text = titled(&mail.subject, &text);
                let say = |tx: &mut Tx<'_>, id| {
                    say_with_files(tx, site, person, message(id, said(text, &files)), files)
                        .map(drop)
                };
                Placed::Asked(make(tx, site, (desk, person, "{}"), say)?)
            }
        };
        let (Placed::Asked(ticket) | Placed::Said(ticket)) = placed else { return Ok(placed) };
        known::note(
            tx,
            house,
            known,
            Some(person),
            (Some(ticket), matches!(placed, Placed::Asked(_))),
        )?;
        if sender == Some(person) {
            sender::answer_there(tx, house, person, &mail.from)?;
        }
        Ok(placed)
    }

    /// Notes that a mail of the desk came back. If no further try would help, no more are sent to its address.
    fn bounced(
        &self,
        tx: &mut Tx<'_>,
        of: &[String],
        is_final: bool,
    ) -> Result<Option<ConversationId>, Error> {
        let own = of.iter().find_map(|id| thread::own_ticket(&self.mailbox.secret, id));
        let Some(ticket) = own.filter(|_| is_final) else { return Ok(own) };
        outbox::came_back(tx, ticket)?;
        Ok(own)
    }
}

/// The newest open ticket of a visitor that has as many as it may have: its mails go on there, so that none is lost.
fn last_of_too_many(tx: &mut Tx<'_>, person: PersonId) -> Result<Option<ConversationId>, Error> {
    match crate::ask::check_room(tx, person) {
        Ok(()) => Ok(None),
        Err(e) if e.code == Code::Conflict => {
            let query = "SELECT conversation FROM desk_ticket WHERE visitor = ?1 AND merged_into IS NULL
                         ORDER BY CASE WHEN state = 'resolved' THEN 1 ELSE 0 END, conversation DESC LIMIT 1";
            let row = tx.query_one(query, params![person])?;
            Ok(row.map(|row| row.get(0)).transpose()?)
        }
        Err(e) => Err(e),
    }
}

/// The text of a first message: the subject stands above it.
fn titled(subject: &str, text: &str) -> String {
    match (subject.is_empty(), text.is_empty()) {
        (false, false) => format!("{subject}\n\n{text}"),
        (false, true) => subject.to_owned(),
        (true, _) => text.to_owned(),
    }
}

/// A text that a message may have. One without files says at least something.
fn said(mut text: String, files: &[FileId]) -> String {
    if text.len() > limits::TEXT_BYTES_MAX {
        const MORE: &str = "\n…";
        let end = text.floor_char_boundary(limits::TEXT_BYTES_MAX - MORE.len());
        text.truncate(end);
        text.push_str(MORE);
    }
    if text.is_empty() && files.is_empty() { "—".to_owned() } else { text }
}
