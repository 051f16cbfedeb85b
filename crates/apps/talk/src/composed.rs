//! Messages that are more than a text: with files, with mentions, or as the answer to another message.
//!
//! Such a message takes a write of its own, because the store has to be asked in it. A message that is only a text takes
//! the short way of [`message`](crate::message).

use encke_engine::event::ERASED;
use encke_engine::{Code, Error, PersonId, StreamId};
use encke_files::{FileId, for_message, hold};
use encke_site::{EventBody, event};
use encke_store::{Appended, Tx};

use crate::kind::Kind;
use crate::member::in_conversation;
use crate::mention::{self, Written};
use crate::message::{ReadMessage, Said, check_reply_to, check_text};
use crate::mute;
use crate::rights::check_may_write;

/// Reads the ids of the files of a message.
pub(crate) fn ids(files: &[String]) -> Result<Vec<FileId>, Error> {
    files.iter().map(|id| id.parse()).collect()
}

/// Appends a message of a member.
pub(crate) fn append(
    tx: &mut Tx<'_>,
    from: PersonId,
    message: ReadMessage,
) -> Result<Appended, Error> {
    if let Some(first) = sent_before(tx, from, &message)? {
        return Ok(first);
    }
    let ReadMessage { conversation, key, text, reply_to, files, .. } = message;
    let stream = StreamId::conversation(conversation);
    let (found, me) = in_conversation(tx, conversation, from)?;
    check_may_write(&found, &me.member, tx.now_ms())?;
    mute::end_if_over(tx, &me)?;
    // The text of a message with files may be empty.
    if !text.is_empty() || files.is_empty() {
        check_text(&text)?;
    }
    check_reply_to(tx, conversation, reply_to)?;
    let Written { people, all } = mention::written(&text)?;
    let mentions = mention::members_among(tx, conversation, people)?;
    let everyone = all && found.kind == Kind::Room && me.member.role.moderates();
    let files = for_message(tx, from, &files)?;
    let everyone_told = everyone.then_some(true);
    let said = Said { text: text.into(), reply_to, mentions, everyone: everyone_told, files };
    let mut new = event(stream, Some(from), &said);
    new.key = key;
    let appended = tx.append(new)?;
    mention::note(tx, (conversation, appended.seq), &said.mentions, everyone)?;
    hold(tx, conversation, appended.seq, &said.files)?;
    Ok(appended)
}

/// The first send with the same key. What it mentions and holds was decided then: a retry is the same send (P3), whoever
/// has come or gone since, and whatever became of the message.
fn sent_before(
    tx: &mut Tx<'_>,
    from: PersonId,
    message: &ReadMessage,
) -> Result<Option<Appended>, Error> {
    let Some(key) = &message.key else { return Ok(None) };
    let Some(first) = tx.first_with_key(from, key)? else { return Ok(None) };
    let is_same = first.stream == StreamId::conversation(message.conversation)
        && (first.kind == ERASED || (first.kind == Said::KIND && says(&first.body, message)));
    if is_same {
        return Ok(Some(Appended { repeated: true, ..first.appended }));
    }
    Err(Error::new(Code::KeyReused, "This idempotency key was used for something else."))
}

/// Whether the body of a message's event says what this message says.
fn says(body: &[u8], message: &ReadMessage) -> bool {
    serde_json::from_slice::<Said<'_>>(body).is_ok_and(|said| {
        said.text == message.text
            && said.reply_to == message.reply_to
            && said.files.iter().map(|file| &file.id).eq(&message.files)
    })
}
