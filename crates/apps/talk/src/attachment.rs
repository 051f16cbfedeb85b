//! Messages with files.
//!
//! A message that has files takes a write of its own, because the files have to be checked in it, and are held by the
//! message from the same commit on. A message without files takes the short way of [`message`](crate::message).

use std::sync::Arc;

use encke_engine::{ConversationId, Error, PersonId, StreamId};
use encke_files::{FileId, for_message, hold};
use encke_site::product::Reply;
use encke_site::{Site, event};
use encke_store::{Appended, Tx};

use super::member::check_member;
use super::message::Said;

/// A message with files that a person sends.
pub(crate) struct WithFiles {
    pub from: PersonId,
    pub conversation: ConversationId,
    pub text: String,
    pub files: Vec<FileId>,
    pub key: Option<Box<str>>,
}

/// Reads the ids of the files of a message.
pub(crate) fn ids(files: &[String]) -> Result<Vec<FileId>, Error> {
    files.iter().map(|id| id.parse()).collect()
}

/// Submits a message to the store. `reply` gets the result once it is durable (P1); it must not block.
pub(crate) fn submit(site: &Arc<Site>, message: WithFiles, reply: Reply) {
    site.store.submit_write(move |tx| send(tx, message), reply);
}

fn send(tx: &mut Tx<'_>, message: WithFiles) -> Result<Appended, Error> {
    let WithFiles { from, conversation, text, files, key } = message;
    let stream = StreamId::conversation(conversation);
    let checked = check_member(tx, conversation, from);
    let files = match checked.and_then(|()| for_message(tx, from, &files)) {
        Ok(files) => files,
        // A retry gets the first answer, also if its sender has left or a file is gone since (P3).
        Err(e) => {
            let Some(key) = key else { return Err(e) };
            let first = tx.first_with_key(from, &key)?.filter(|first| first.stream == stream);
            return first.map(|first| Appended { repeated: true, ..first.appended }).ok_or(e);
        }
    };
    let said = Said::with_files(text, files)?;
    let mut new = event(stream, Some(from), &said);
    new.key = key;
    let appended = tx.append(new)?;
    if !appended.repeated {
        hold(tx, conversation, appended.seq, &said.files)?;
    }
    Ok(appended)
}
