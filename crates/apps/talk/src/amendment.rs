//! Amendments: events that change an earlier message. The rules that all of them share.
//!
//! An amendment is an event of the conversation's stream of amendments, and in the same write a row of the tables that
//! say what the message is like now. So pages and the feed never disagree.

use std::sync::Arc;

use encke_engine::event::ERASED;
use encke_engine::{
    Code, ConversationId, Entry, Error, Event, NewEvent, PersonId, Position, Seq, StreamId,
};
use encke_site::{EventBody, Identity, Refusal, Site, event};
use encke_store::{Appended, Read, Sql, StoreError, Tx, params};
use http::StatusCode;

use crate::conversation::{ConversationRow, Member, find, parse};
use crate::kind::Kind;
use crate::member::{check_member, in_conversation};
use crate::mention;
use crate::message::Said;
use crate::rights::{check_may_speak, check_may_write};
use crate::ticket;

/// A message that a member amends, as the write that does it has it.
pub(crate) struct Amending {
    /// The member.
    pub me: PersonId,
    /// The row with the rights of the member. Those in a thread are those in the conversation that it is part of.
    pub member: Member,
    /// The conversation.
    pub conversation: ConversationRow,
    /// The message.
    pub message: Event,
}

impl Amending {
    /// The parameters that name the message in the tables of amendments, as `?1` and `?2`.
    pub fn key(&self) -> (ConversationId, Seq) {
        (self.conversation.id, self.message.seq)
    }

    /// Whether the member keeps order in the conversation: an owner or moderator of a room, also in its threads.
    pub fn moderates(&self) -> bool {
        self.conversation.kind != Kind::Direct && self.member.role.moderates()
    }

    /// Whether the conversation is a room, or a thread in one.
    pub fn is_in_a_room(&self, tx: &mut Tx<'_>) -> Result<bool, StoreError> {
        let house = match self.conversation.parent {
            Some(parent) => find(tx, parent.conversation)?.map(|house| house.kind),
            None => Some(self.conversation.kind),
        };
        Ok(house == Some(Kind::Room))
    }

    /// Refuses a member that may not write messages now.
    pub fn check_may_write(&self, tx: &Tx<'_>) -> Result<(), Error> {
        check_may_write(&self.conversation, &self.member, tx.now_ms())
    }

    /// Refuses a member that may do nothing that others see.
    pub fn check_may_speak(&self, tx: &Tx<'_>) -> Result<(), Error> {
        check_may_speak(&self.conversation, &self.member, tx.now_ms())
    }

    /// Appends an amendment.
    pub fn append<B: EventBody>(&self, tx: &mut Tx<'_>, body: &B) -> Result<Appended, Error> {
        self.append_erasing(tx, body, Vec::new())
    }

    /// Notes that the conversation has amendments, so that pages of it look for them.
    pub fn mark_amended(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let update = "UPDATE conversation SET amended = 1 WHERE id = ?1 AND amended = 0";
        tx.execute(update, params![self.conversation.id]).map(drop)
    }

    /// Appends an amendment with which these events lose their content.
    pub fn append_erasing<B: EventBody>(
        &self,
        tx: &mut Tx<'_>,
        body: &B,
        erases: Vec<Position>,
    ) -> Result<Appended, Error> {
        self.mark_amended(tx)?;
        let amendment = event(StreamId::amendments(self.conversation.id), Some(self.me), body);
        tx.append(NewEvent { erases, ..amendment })
    }
}

/// Amends a message: `rule` decides and writes. The names are those in the path of the request.
pub(crate) async fn amend(
    site: &Arc<Site>,
    caller: Identity,
    (id, seq): (&str, &str),
    rule: impl FnOnce(&mut Tx<'_>, &Amending) -> Result<(), Error> + Send + 'static,
) -> Result<StatusCode, Refusal> {
    let (conversation, me, held) = (parse(id)?, caller.person, site.clone());
    let may = move |read: &mut Read<'_>| ticket::check_may_act(read, &held, conversation, me);
    site.store.read(may).await?;
    take_away(site, caller, (id, seq), rule).await
}

/// The same for what only takes something away, which also those do who only read now.
pub(crate) async fn take_away(
    site: &Arc<Site>,
    caller: Identity,
    (id, seq): (&str, &str),
    rule: impl FnOnce(&mut Tx<'_>, &Amending) -> Result<(), Error> + Send + 'static,
) -> Result<StatusCode, Refusal> {
    let (conversation, me) = (parse(id)?, caller.person);
    let seq = parse_seq(seq)?;
    let found = site.store.read(move |read| {
        check_member(read, conversation, me)?;
        Ok(find_message(read, conversation, seq)?.event.position)
    });
    // A message never moves. What may change until the write has its turn is looked at again there.
    let position = found.await?;
    let amended = site.store.write(move |tx| {
        let (conversation, row) = in_conversation(tx, conversation, me)?;
        let message = message_at(tx, position)?.event.clone();
        rule(tx, &Amending { me, member: row.member, conversation, message })
    });
    amended.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads the number of a message from a path.
pub fn parse_seq(seq: &str) -> Result<Seq, Error> {
    seq.parse().map(Seq).map_err(|_| no_such_message())
}

/// The refusal of a number that is not a message's.
pub(crate) fn no_such_message() -> Error {
    Error::new(Code::NotFound, "There is no such message in this conversation.")
}

/// The event with this number in what is said in a conversation.
pub(crate) fn find_event(
    read: &mut Read<'_>,
    id: ConversationId,
    seq: Seq,
) -> Result<Arc<Entry>, Error> {
    let before = seq.0.checked_sub(1).map(Seq).ok_or_else(no_such_message)?;
    let (found, _) = read.after(StreamId::conversation(id), before, 1)?;
    found.into_iter().find(|entry| entry.event.seq == seq).ok_or_else(no_such_message)
}

/// The message with this number in a conversation. One that was erased is refused.
pub fn find_message(
    read: &mut Read<'_>,
    id: ConversationId,
    seq: Seq,
) -> Result<Arc<Entry>, Error> {
    let entry = find_event(read, id, seq)?;
    check_is_message(&entry.event)?;
    Ok(entry)
}

/// The message at a position, as a write finds it. One that was erased is refused.
pub fn message_at(tx: &mut Tx<'_>, position: Position) -> Result<Arc<Entry>, Error> {
    let entry = tx.event(position)?.ok_or_else(no_such_message)?;
    check_is_message(&entry.event)?;
    Ok(entry)
}

fn check_is_message(event: &Event) -> Result<(), Error> {
    match &*event.kind {
        Said::KIND => Ok(()),
        ERASED => Err(Error::new(Code::Erased, "This message was recalled.")),
        _ => Err(no_such_message()),
    }
}

/// The positions of all events that edited a message, the oldest first.
pub(crate) fn edits_of(
    sql: &mut impl Sql,
    (id, seq): (ConversationId, Seq),
) -> Result<Vec<Position>, StoreError> {
    let query = "SELECT position FROM edit WHERE conversation = ?1 AND seq = ?2 ORDER BY number";
    sql.query(query, params![id, seq])?.iter().map(|row| row.get(0)).collect()
}

/// Forgets what edits, reactions, pins and votes have made of a message, and whom it mentions. It is erased in the same write.
pub(crate) fn wipe(tx: &mut Tx<'_>, (id, seq): (ConversationId, Seq)) -> Result<(), StoreError> {
    for table in ["amended", "edit", "reacted", "reaction", "poll", "poll_vote"] {
        let delete = format!("DELETE FROM {table} WHERE conversation = ?1 AND seq = ?2");
        tx.execute(&delete, params![id, seq])?;
    }
    mention::forget(tx, (id, seq))
}
