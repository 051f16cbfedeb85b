//! Pictures of people: files that stand for their uploaders. Every signed-in person may read them.

use encke_engine::number_text::bytes as said;
use encke_engine::{Code, Error, PersonId, people_limits};
use encke_store::{Tx, params};

use crate::file::{State, find};
use crate::file_id::{FileId, not_found};
use crate::media_type;

/// Makes a file the picture of its uploader, in place of an earlier one, which is deleted. Returns the address of a
/// small picture of it.
///
/// # Errors
/// If the file is no picture, is too large, or is not the person's own. One that a message holds has its readers
/// already, and is refused.
pub fn hold_portrait(tx: &mut Tx<'_>, person: PersonId, id: &FileId) -> Result<String, Error> {
    let row = find(tx, id)?.filter(|row| row.uploader == person);
    let row = row.filter(|row| row.state.is_readable()).ok_or_else(not_found)?;
    if row.state == State::Held {
        let what = "A message holds this file; upload the picture once more.";
        return Err(Error::new(Code::Conflict, what));
    }
    // A picture that could not be decoded has another type.
    if !media_type::PICTURES.contains(&row.media_type.as_str()) {
        let what = "The picture of a person is a PNG, JPEG, GIF or WebP file.";
        return Err(Error::new(Code::Invalid, what));
    }
    let most = people_limits::PORTRAIT_BYTES_MAX;
    if row.bytes > most {
        let what = format!("The picture of a person has at most {}.", said(most));
        return Err(Error::new(Code::TooLarge, what));
    }
    // Others may save it, and its name may tell more than it shows.
    let update = "UPDATE file SET state = 'portrait', name = 'picture' WHERE id = ?1";
    tx.execute(update, params![id])?;
    forget(tx, person, Some(id))?;
    let part = if row.thumbnail.is_some() { "/thumbnail" } else { "" };
    Ok(format!("/v1/files/{id}{part}"))
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
