//! Pictures that stand for something: portraits of people, and emblems of rooms. Every signed-in person may read them.

use encke_engine::number_text::bytes as said;
use encke_engine::{Code, Error, PersonId, people_limits};
use encke_store::{Tx, params};

use crate::file::{State, find};
use crate::file_id::{FileId, not_found};
use crate::media_type;

/// How the addresses of files begin.
const FILES: &str = "/v1/files/";
/// How the address of a small picture of a file ends.
const THUMBNAIL: &str = "/thumbnail";

/// Makes a file the picture of its uploader, in place of an earlier one, which is deleted. Returns the address of a
/// small picture of it.
///
/// # Errors
/// If the file is no picture, is too large, or is not the person's own. One that a message holds has its readers
/// already, and is refused.
pub fn hold_portrait(tx: &mut Tx<'_>, person: PersonId, id: &FileId) -> Result<String, Error> {
    let address = take(tx, person, id, State::Portrait)?;
    forget(tx, person, Some(id))?;
    Ok(address)
}

/// Makes a file the picture of a room. Returns the address of a small picture of it, by which
/// [`let_emblem_go`] knows it again.
///
/// # Errors
/// Those of [`hold_portrait`].
pub fn hold_emblem(tx: &mut Tx<'_>, person: PersonId, id: &FileId) -> Result<String, Error> {
    take(tx, person, id, State::Emblem)
}

/// Deletes the picture of a room, which has this address, with the next turn of housekeeping. Nobody can read it from
/// here on.
pub fn let_emblem_go(tx: &mut Tx<'_>, address: &str) -> Result<(), Error> {
    let id = address.trim_start_matches(FILES).trim_end_matches(THUMBNAIL);
    let now = tx.now_ms();
    tx.execute(
        "UPDATE file SET state = 'gone', name = '', touched_ms = ?2 WHERE id = ?1 AND state = 'emblem'",
        params![id, now],
    )?;
    Ok(())
}

/// Puts a picture that somebody has uploaded into a state in which everybody may read it.
fn take(tx: &mut Tx<'_>, person: PersonId, id: &FileId, state: State) -> Result<String, Error> {
    let row = find(tx, id)?.filter(|row| row.uploader == person);
    let row = row.filter(|row| row.state.is_readable()).ok_or_else(not_found)?;
    if row.state == State::Held {
        let what = "A message holds this file; upload the picture once more.";
        return Err(Error::new(Code::Conflict, what));
    }
    let is_set_again = row.state == State::Portrait && state == State::Portrait;
    if row.state.stands_for_something() && !is_set_again {
        let what = "This file is a picture of something already; upload it once more.";
        return Err(Error::new(Code::Conflict, what));
    }
    // A picture that could not be decoded has another type.
    if !media_type::PICTURES.contains(&row.media_type.as_str()) {
        let what = "Such a picture is a PNG, JPEG, GIF or WebP file.";
        return Err(Error::new(Code::Invalid, what));
    }
    let most = people_limits::PORTRAIT_BYTES_MAX;
    if row.bytes > most {
        let what = format!("Such a picture has at most {}.", said(most));
        return Err(Error::new(Code::TooLarge, what));
    }
    // Others may save it, and its name may tell more than it shows.
    let update = "UPDATE file SET state = ?2, name = 'picture' WHERE id = ?1";
    tx.execute(update, params![id, state.text()])?;
    let part = if row.thumbnail.is_some() { THUMBNAIL } else { "" };
    Ok(format!("{FILES}{id}{part}"))
}

/// Deletes the picture of a person with the next turn of housekeeping. Nobody can read it from here on.
pub fn let_portrait_go(tx: &mut Tx<'_>, person: PersonId) -> Result<(), Error> {
    forget(tx, person, None)
}

fn forget(tx: &mut Tx<'_>, person: PersonId, but: Option<&FileId>) -> Result<(), Error> {
    let now = tx.now_ms();
    let but = but.map(ToString::to_string).unwrap_or_default();
    tx.execute(
        "UPDATE file SET state = 'gone', name = '', touched_ms = ?2
         WHERE uploader = ?1 AND state = 'portrait' AND id <> ?3",
        params![person, now, but],
    )?;
    Ok(())
}
