//! Messages that are more than a text: with files, with mentions, in a thread, as a poll, or as the answer to another
//! message.
//!
//! Such a message takes a write of its own, because the store has to be asked in it. A message that is only a text takes
//! the short way of [`message`](crate::message).

use encke_engine::append::{FirstAppend, key_reused};
use encke_engine::event::ERASED;
use encke_engine::{ConversationId, Error, NewEvent, PersonId, StreamId};
use encke_files::{FileId, for_message, hold};
use encke_site::{EventBody, Site, event};
use encke_store::{Appended, Tx};

use crate::conversation::ConversationRow;
use crate::kind::Kind;
use crate::member::in_conversation;
use crate::mention::{self, Written};
use crate::message::{ReadMessage, Said, check_reply_to, check_text};
use crate::mute;
use crate::rights::check_may_write;
use crate::{thread, ticket};

/// Reads the ids of the files of a message.
pub(crate) fn ids(files: &[String]) -> Result<Vec<FileId>, Error> {
    files.iter().map(|id| id.parse()).collect()
}

/// Appends a message of a member.
pub(crate) fn append(
    tx: &mut Tx<'_>,
    site: &Site,
    from: PersonId,
    message: ReadMessage,
) -> Result<Appended, Error> {
    let message = ticket::where_it_goes_on(tx, site, from, message)?;
    let is_same = |_: &mut Tx<'_>, first: &FirstAppend| {
        Ok(first.kind == Said::KIND && says(&first.body, &message))
    };
    let key = message.key.as_deref();
    if let Some(first) = sent_before(tx, from, message.conversation, key, is_same)? {
        return Ok(first);
    }
    let ReadMessage { conversation, key, text, reply_to, files, poll, card, .. } = message;
    let stream = StreamId::conversation(conversation);
    let (found, me) = in_conversation(tx, conversation, from)?;
    check_may_write(&found, &me.member, tx.now_ms())?;
    ticket::check_may_say(tx, site, &found, from)?;
    mute::end_if_over(tx, &me)?;
    // The text of a message with files may be empty.
    if !text.is_empty() || files.is_empty() {
        check_text(&text)?;
    }
    check_reply_to(tx, conversation, reply_to)?;
    if let Some(poll) = &poll {
        poll.check_end(tx.now_ms())?;
    }
    // What a card shows is what a page says, which calls nobody.
    let Written { people, all } =
        if card.is_none() { mention::written(&text)? } else { Written::default() };
    let mentions = mention::members_among(tx, found.house(), people)?;
    let everyone = all && found.kind != Kind::Direct && me.member.role.moderates();
    let files = for_message(tx, from, &files)?;
    let said = Said {
        text: text.into(),
        reply_to,
        mentions,
        everyone: everyone.then_some(true),
        files,
        forwarded: None,
        poll,
        card,
        growing: None,
    };
    let mut new = event(stream, Some(from), &said);
    new.key = key;
    let appended = append_said(tx, site, &found, from, new, &said)?;
    mention::note(tx, (conversation, appended.seq), &said.mentions, everyone)?;
    Ok(appended)
}

/// Appends a message with its files; in a thread with what its followers and the message above it are told.
pub(crate) fn append_said(
    tx: &mut Tx<'_>,
    site: &Site,
    found: &ConversationRow,
    from: PersonId,
    new: NewEvent,
    said: &Said<'_>,
) -> Result<Appended, Error> {
    if let Some(parent) = found.parent {
        // Before the append, so that the answer is the first event that new followers get.
        thread::take_part(tx, found.id, parent, from, &said.mentions)?;
    }
    let appended = tx.append(new)?;
    let readers = found.parent.map(|parent| parent.conversation).or(found.desk);
    hold(tx, found.id, appended.seq, &said.files, readers)?;
    ticket::note_said(tx, site, found, from, appended)?;
    if let Some(parent) = found.parent {
        thread::answered(tx, found.id, parent, from, appended.at_ms)?;
    }
    Ok(appended)
}

/// The first send with the same key, if it said the same as this one. What it mentions and holds was decided then: a retry
/// is the same send (P3), whoever has come or gone since, and whatever became of the message.
pub(crate) fn sent_before(
    tx: &mut Tx<'_>,
    from: PersonId,
    to: ConversationId,
    key: Option<&str>,
    is_same: impl FnOnce(&mut Tx<'_>, &FirstAppend) -> Result<bool, Error>,
) -> Result<Option<Appended>, Error> {
    let Some(key) = key else { return Ok(None) };
    let Some(first) = tx.first_with_key(from, key)? else { return Ok(None) };
    if first.stream != StreamId::conversation(to) || !(first.kind == ERASED || is_same(tx, &first)?)
    {
        return Err(key_reused());
    }
    Ok(Some(Appended { repeated: true, ..first.appended }))
}

/// Whether the body of a message's event says what this message says.
fn says(body: &[u8], message: &ReadMessage) -> bool {
    serde_json::from_slice::<Said<'_>>(body).is_ok_and(|said| {
        said.forwarded.is_none()
            && said.growing.is_none()
            && said.text == message.text
            && said.reply_to == message.reply_to
            && said.poll == message.poll
            && said.card == message.card
            && said.files.iter().map(|file| &file.id).eq(&message.files)
    })
}
