//! What a person says of itself for a time: an emoji, a few words, and when they end.
//!
//! The words lie in a place of one size, which is overwritten by the next ones, and once they have ended (P10). No event has a copy of them.

use std::sync::Arc;

use encke_engine::limits::EMOJI_BYTES_MAX;
use encke_engine::people_limits::{STATUS_AHEAD_MS_MAX, STATUS_CHARS_MAX, STATUSES_ENDED_MAX};
use encke_engine::{Code, Error, PersonId};
use encke_site::Site;
use encke_store::{Row, Sql, StoreError, Tx, params};
use serde::Serialize;
use utoipa::ToSchema;

use crate::display_name::{has_hidden, one_line};

/// What a person says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, ToSchema)]
pub struct Status {
    /// One emoji.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub emoji: Option<String>,
    /// A few words; empty if the emoji says it all.
    pub text: String,
    /// The time at which it ends by itself, in milliseconds since 1970; absent if only the person ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub until: Option<u64>,
}

/// Bytes of the longest text.
const TEXT_BYTES_MAX: usize = STATUS_CHARS_MAX * 4;
/// Bytes of the time, and of the two lengths, before the emoji and the text.
const HEAD_BYTES: usize = 8 + 1 + 2;
/// Bytes of a place.
const PLACE_BYTES: usize = HEAD_BYTES + EMOJI_BYTES_MAX + TEXT_BYTES_MAX;

impl Status {
    /// A status as it is stored: one line without invisible characters, of a bounded length, that ends in the future.
    ///
    /// The caller has looked at the emoji.
    pub fn checked(
        emoji: Option<String>,
        text: &str,
        until: Option<u64>,
        now_ms: u64,
    ) -> Result<Self, Error> {
        let refused = |what: String| Err(Error::new(Code::Invalid, what));
        if text.chars().any(char::is_control) || has_hidden(text) {
            let what = "A status is one line without invisible characters, and without any that \
                        turn the text around them.";
            return refused(what.into());
        }
        let text = one_line(text);
        if text.chars().count() > STATUS_CHARS_MAX {
            return refused(format!("A status has at most {STATUS_CHARS_MAX} characters."));
        }
        if text.is_empty() && emoji.is_none() {
            return refused("A status has a text or an emoji.".into());
        }
        let most = now_ms.saturating_add(STATUS_AHEAD_MS_MAX);
        if until.is_some_and(|at| at <= now_ms || at > most) {
            let days = STATUS_AHEAD_MS_MAX / (24 * 60 * 60 * 1_000);
            return refused(format!("A status ends in the future, at most {days} days ahead."));
        }
        Ok(Status { emoji, text, until })
    }

    /// The bytes of a place with this status.
    fn place(&self) -> Vec<u8> {
        let emoji = self.emoji.as_deref().unwrap_or_default();
        let mut place = Vec::with_capacity(PLACE_BYTES);
        place.extend(self.until.unwrap_or_default().to_be_bytes());
        place.push(emoji.len() as u8);
        place.extend((self.text.len() as u16).to_be_bytes());
        place.extend(emoji.as_bytes());
        place.extend(self.text.as_bytes());
        place.resize(PLACE_BYTES, 0);
        place
    }

    /// The status in a place, unless it is empty or the status has ended.
    pub(crate) fn in_place(place: &[u8], now_ms: u64) -> Result<Option<Self>, StoreError> {
        let damaged = || StoreError::Other("a status is damaged".into());
        let (until, rest) = place.split_first_chunk().ok_or_else(damaged)?;
        let ([emoji, high, low], rest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let text_bytes = usize::from(u16::from_be_bytes([*high, *low]));
        let (emoji, rest) = rest.split_at_checked(usize::from(*emoji)).ok_or_else(damaged)?;
        let text = rest.get(..text_bytes).ok_or_else(damaged)?;
        let read = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| damaged());
        let (emoji, text) = (read(emoji)?, read(text)?);
        let until = Some(u64::from_be_bytes(*until)).filter(|at| *at > 0);
        if (emoji.is_empty() && text.is_empty()) || until.is_some_and(|at| at <= now_ms) {
            return Ok(None);
        }
        Ok(Some(Status { emoji: Some(emoji).filter(|e| !e.is_empty()), text, until }))
    }
}

/// Sets a person's status, or takes it away. Returns whether this changed anything.
pub fn set_status(
    tx: &mut Tx<'_>,
    person: PersonId,
    status: Option<&Status>,
) -> Result<bool, StoreError> {
    let place = status.map_or_else(|| vec![0; PLACE_BYTES], Status::place);
    let known = tx.query_one("SELECT place FROM status WHERE person = ?1", params![person])?;
    let query = match known {
        Some(row) if row.get::<Vec<u8>>(0)? == place => return Ok(false),
        None if status.is_none() => return Ok(false),
        Some(_) => "UPDATE status SET place = ?2, ends_ms = ?3 WHERE person = ?1",
        None => "INSERT INTO status (person, place, ends_ms) VALUES (?1, ?2, ?3)",
    };
    let ends_ms = status.and_then(|status| status.until).unwrap_or_default();
    tx.execute(query, params![person, place, ends_ms])?;
    Ok(true)
}

/// Takes those that have ended out of the store: nobody sees them any more.
pub(crate) async fn end_those_over(site: &Arc<Site>) {
    let now = site.now_ms();
    let read = site.store.read(move |read| Ok(!over(read, now)?.is_empty()));
    let ended = match read.await {
        Ok(false) => return,
        Ok(true) => site.store.write(move |tx| empty(tx, now)).await,
        Err(e) => Err(e),
    };
    if let Err(e) = ended {
        tracing::warn!("statuses that have ended could not be taken out of the store: {e}");
    }
}

/// The people whose statuses have ended, or whose ends are not known yet, with their places.
fn over(sql: &mut impl Sql, now_ms: u64) -> Result<Vec<Row>, StoreError> {
    let query = "SELECT person, place FROM status WHERE ends_ms <> 0 AND ends_ms <= ?1
                 ORDER BY ends_ms LIMIT ?2";
    sql.query(query, params![now_ms, STATUSES_ENDED_MAX as u64])
}

fn empty(tx: &mut Tx<'_>, now_ms: u64) -> Result<(), Error> {
    for row in over(tx, now_ms)? {
        let person: PersonId = row.get(0)?;
        let (place, ends_ms) = match Status::in_place(&row.get::<Vec<u8>>(1)?, now_ms)? {
            Some(status) => (status.place(), status.until.unwrap_or_default()),
            None => (vec![0; PLACE_BYTES], 0),
        };
        let update = "UPDATE status SET place = ?2, ends_ms = ?3 WHERE person = ?1";
        tx.execute(update, params![person, place, ends_ms])?;
    }
    Ok(())
}

/// Sets the address of a person's picture, or takes it away. Returns whether this changed anything.
pub fn set_picture(
    tx: &mut Tx<'_>,
    person: PersonId,
    picture: Option<&str>,
) -> Result<bool, StoreError> {
    let known = tx.query_one("SELECT picture FROM person WHERE id = ?1", params![person])?;
    let known: Option<String> = known.map_or(Ok(None), |row| row.get(0))?;
    if known.as_deref() == picture {
        return Ok(false);
    }
    tx.execute("UPDATE person SET picture = ?2 WHERE id = ?1", params![person, picture])?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(emoji: Option<&str>, text: &str, until: Option<u64>) -> Result<Status, Error> {
        Status::checked(emoji.map(str::to_owned), text, until, 1_000)
    }

    #[test]
    fn a_status_comes_out_of_its_place_as_it_went_in_until_it_ends() {
        let longest = "\u{1F600}".repeat(STATUS_CHARS_MAX);
        let widest = "x".repeat(EMOJI_BYTES_MAX);
        for (emoji, text, until) in [
            (None, "in a meeting", None),
            (Some("\u{1F334}"), "", Some(1_001)),
            (Some(&widest), &longest, Some(1_000 + STATUS_AHEAD_MS_MAX)),
        ] {
            let status = status(emoji, text, until).unwrap();
            let place = status.place();
            assert_eq!(place.len(), PLACE_BYTES);
            assert_eq!(Status::in_place(&place, 1_000).unwrap(), Some(status));
            let over = until.unwrap_or(u64::MAX);
            assert_eq!(Status::in_place(&place, over).unwrap().is_none(), until.is_some());
        }
        assert_eq!(Status::in_place(&vec![0; PLACE_BYTES], 0).unwrap(), None);
        for damaged in [&[][..], &[0; 10], &[9; 12], &[0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0xFF]] {
            assert!(Status::in_place(damaged, 0).is_err());
        }
    }

    #[test]
    fn a_status_is_one_visible_line_of_a_bounded_length() {
        assert_eq!(status(None, "  in \u{3000} a   meeting ", None).unwrap().text, "in a meeting");
        assert!(status(None, "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467} home", None).is_ok());
        let long = "x".repeat(STATUS_CHARS_MAX + 1);
        for bad in ["", " ", "a\nb", "a\u{202E}b", "a\u{200B}b", "\u{0}", &long] {
            assert_eq!(status(None, bad, None).unwrap_err().code, Code::Invalid, "{bad:?}");
        }
        for until in [0, 999, 1_000, 1_001 + STATUS_AHEAD_MS_MAX, u64::MAX] {
            assert_eq!(status(None, "x", Some(until)).unwrap_err().code, Code::Invalid);
        }
    }
}
