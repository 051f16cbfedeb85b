//! The messages that hold files, and what follows from that: who may read a file, and when nobody may any more.

use encke_engine::number_text::grouped;
use encke_engine::{Code, ConversationId, Error, PersonId, Seq, StreamId, file_limits};
use encke_store::{Sql, Tx, params};

use crate::file::{File, FileRow, State, find};
use crate::file_id::{FileId, not_found};

/// A file that a person may read; `not_found` for any other.
///
/// Before a message holds it, a file belongs to its uploader. From then on it belongs to those who follow the stream of
/// such a message, which are the members of the conversation, and the uploader is one of them or not. The files of a
/// thread belong to those who follow the conversation that the thread is part of.
pub(crate) fn readable(
    sql: &mut impl Sql,
    id: &FileId,
    person: PersonId,
) -> Result<FileRow, Error> {
    let row = find(sql, id)?.filter(|row| row.state.is_readable()).ok_or_else(not_found)?;
    let may = match row.state {
        State::Held => {
            let query = "SELECT 1 FROM file_of_message m
                         JOIN follow f ON f.stream IN (m.readers, m.stream) AND f.person = ?2
                         WHERE m.file = ?1 LIMIT 1";
            sql.query_one(query, params![id, person])?.is_some()
        }
        State::Portrait | State::Emblem => true,
        _ => row.uploader == person,
    };
    if may { Ok(row) } else { Err(not_found()) }
}

/// The files of a message that a person is about to send, as the message shows them: whole ones of its own, and ones of
/// conversations that it is in, which it forwards.
pub fn for_message(
    sql: &mut impl Sql,
    person: PersonId,
    ids: &[FileId],
) -> Result<Vec<File>, Error> {
    if ids.len() > file_limits::FILES_PER_MESSAGE_MAX {
        let most = grouped(file_limits::FILES_PER_MESSAGE_MAX);
        return Err(Error::new(Code::Invalid, format!("A message has at most {most} files.")));
    }
    if ids.iter().enumerate().any(|(at, id)| ids[..at].contains(id)) {
        return Err(Error::new(Code::Invalid, "A message has each file once."));
    }
    let file = |id| {
        // The picture of a person or a room goes when another one takes its place, whatever others have made of it.
        let row = readable(sql, id, person)?;
        let row = Some(row).filter(|row| !row.state.stands_for_something());
        Ok(row.ok_or_else(not_found)?.shown())
    };
    ids.iter().map(file).collect()
}

/// Makes a message hold these files, in the write that appends it. The members of `readers` may read them, if it is
/// named, and otherwise those of the conversation.
pub fn hold(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    seq: Seq,
    files: &[File],
    readers: Option<ConversationId>,
) -> Result<(), Error> {
    let stream = StreamId::conversation(conversation);
    let readers = readers.map(StreamId::conversation);
    for File { id, .. } in files {
        let insert = "INSERT INTO file_of_message (file, stream, seq, readers)
                      VALUES (?1, ?2, ?3, ?4) ON CONFLICT (file, stream, seq) DO NOTHING";
        tx.execute(insert, params![id, stream, seq, readers])?;
        tx.execute(
            "UPDATE file SET state = 'held' WHERE id = ?1 AND state = 'whole'",
            params![id],
        )?;
    }
    Ok(())
}

/// Makes a message hold no file any more, in the write that recalls it. A file that only this message held can't be
/// read from then on, and is deleted with the next turn of housekeeping (P10).
pub fn let_go(tx: &mut Tx<'_>, conversation: ConversationId, seq: Seq) -> Result<(), Error> {
    let stream = StreamId::conversation(conversation);
    let now = tx.now_ms();
    let query = "SELECT file FROM file_of_message WHERE stream = ?1 AND seq = ?2";
    let files = tx.query(query, params![stream, seq])?;
    tx.execute("DELETE FROM file_of_message WHERE stream = ?1 AND seq = ?2", params![stream, seq])?;
    for row in files {
        let id: String = row.get(0)?;
        // The name is what somebody wrote, so it goes at once.
        tx.execute(
            "UPDATE file SET state = 'gone', name = '', touched_ms = ?2 WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM file_of_message m WHERE m.file = file.id)",
            params![id, now],
        )?;
    }
    Ok(())
}
