//! Tickets of one desk, found by what was said in them.

use encke_engine::{ConversationId, Error, Position, limits};
use encke_store::{Engine, Read, Sql, params};

use super::index::Searched;
use super::words::Wanted;
use crate::amended::messages_now;
use crate::message::is_message;

/// Bounds of such a search.
#[derive(Clone, Copy)]
pub struct TicketsFound {
    /// Messages that are looked at, the newest that have the words.
    pub messages_max: usize,
    /// Tickets that are found.
    pub tickets_max: usize,
}

/// Tickets of the desk with this room in which a message has all of these words now, those with the newest one first. Whether
/// the caller may read them it knows itself.
pub fn tickets_with(
    read: &mut Read<'_>,
    house: ConversationId,
    text: &str,
    bounds: TicketsFound,
) -> Result<Vec<ConversationId>, Error> {
    let words = Wanted::of(text);
    if words.is_empty() || text.chars().count() > limits::SEARCH_CHARS_MAX {
        return Ok(Vec::new());
    }
    let found = found(read, house, &words, (false, bounds))?;
    match found.is_empty() && words.may_begin() {
        true => self::found(read, house, &words, (true, bounds)),
        false => Ok(found),
    }
}

fn found(
    read: &mut Read<'_>,
    house: ConversationId,
    words: &Wanted,
    (begins, bounds): (bool, TicketsFound),
) -> Result<Vec<ConversationId>, Error> {
    let query = words.query(read.engine(), &[], begins);
    // The newest are taken out of the index first, whichever conversation they are of, so that the bound holds on a busy site.
    let sql = match read.engine() {
        Engine::Sqlite => {
            "SELECT m.position, m.conversation FROM
                 (SELECT w.rowid AS position FROM index_words w WHERE w.index_words MATCH ?1
                  ORDER BY w.rowid DESC LIMIT ?2) n
             JOIN index_message m ON m.position = n.position
             JOIN conversation c ON c.id = m.conversation AND c.house = ?3
             ORDER BY m.position DESC"
        }
        Engine::Postgres => {
            "SELECT n.position, n.conversation FROM
                 (SELECT position, conversation FROM index_message
                  WHERE words @@ CAST(CAST(?1 AS text) AS tsquery)
                  ORDER BY position DESC LIMIT ?2) n
             JOIN conversation c ON c.id = n.conversation AND c.house = ?3
             ORDER BY n.position DESC"
        }
    };
    if read.engine() == Engine::Postgres {
        // A plan that is made for any words is a bad one.
        read.query("SET LOCAL plan_cache_mode = force_custom_plan", params![])?;
    }
    let rows = read.query(sql, params![query.as_str(), bounds.messages_max as u64, house])?;
    let mut found: Vec<ConversationId> = Vec::new();
    for row in rows {
        let (at, ticket): (Position, ConversationId) = (row.get(0)?, row.get(1)?);
        if !found.contains(&ticket) && says(read, (ticket, at), words, begins)? {
            found.push(ticket);
        }
        if found.len() == bounds.tickets_max {
            break;
        }
    }
    Ok(found)
}

/// Whether a message has these words now. The index may be behind: what was erased is found by nobody from that moment on.
fn says(
    read: &mut Read<'_>,
    at: (ConversationId, Position),
    words: &Wanted,
    begins: bool,
) -> Result<bool, Error> {
    let Some(entry) = messages_now(read, &[at])?.into_iter().flatten().next() else {
        return Ok(false);
    };
    let said = serde_json::from_slice::<Searched<'_>>(&entry.event.body);
    Ok(is_message(&entry.event)
        && said.is_ok_and(|said| {
            let whole = said.whole();
            words.all_in(&whole, begins) && words.is_in(&whole)
        }))
}
