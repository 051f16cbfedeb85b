//! Follows the log and notes which messages have to be looked after.

use std::sync::Arc;

use encke_engine::{Error, Position, outgoing_limits};
use encke_site::Site;
use encke_store::{Read, Sql, StoreError, Tx, params};
use encke_talk::preview;

use crate::due::{self, NewDue};
use crate::release;
use crate::state::State;

/// How far a node has looked through the log.
#[derive(Clone, Copy, Default)]
pub(crate) struct Mark {
    /// The position in the table.
    stored: Position,
    /// Everything up to here was looked at by this node. Nothing between the two has to be looked after.
    seen: Position,
}

/// The most positions that a node looks at without storing how far it is.
const UNSTORED_EVENTS_MAX: u64 = 4_096;

/// The next events of the log.
struct Part {
    stored: Position,
    up_to: Position,
    due: Vec<NewDue>,
    /// Whether the log goes on behind them.
    more: bool,
}

/// Looks through what is new in the log.
pub(crate) async fn follow(site: &Arc<Site>) -> Result<(), Error> {
    let state = State::of(site);
    for _ in 0..outgoing_limits::PREVIEW_PARTS_MAX {
        let mark = *state.seen.lock().expect("not poisoned");
        let now = site.now_ms();
        let part = site.store.read(move |read| part(read, mark, now)).await?;
        let (more, up_to, stored) = (part.more, part.up_to, part.stored);
        let silent = part.due.is_empty() && up_to.0.saturating_sub(stored.0) < UNSTORED_EVENTS_MAX;
        let stored = match silent {
            true => stored,
            false => site.store.write(move |tx| store(tx, part)).await?,
        };
        *state.seen.lock().expect("not poisoned") = Mark { stored, seen: up_to.max(stored) };
        if !more {
            break;
        }
    }
    Ok(())
}

fn stored_mark(sql: &mut impl Sql) -> Result<Option<Position>, StoreError> {
    let row = sql.query_one("SELECT position FROM preview_mark WHERE id = 0", params![])?;
    row.map(|row| row.get(0)).transpose()
}

fn part(read: &mut Read<'_>, mark: Mark, now_ms: u64) -> Result<Part, Error> {
    let head = read.position();
    let oldest_ms = now_ms.saturating_sub(outgoing_limits::PREVIEW_AGE_MS_MAX);
    let stored = stored_mark(read)?;
    let mut after = match stored {
        // If another node has moved the mark, what this one has seen counts no more than that.
        Some(stored) if stored == mark.stored => mark.seen.max(stored),
        Some(stored) => stored,
        // Nothing holds a page yet, so what is older needs no look.
        None => mark.seen.max(read.position_at(oldest_ms)?),
    };
    after = after.min(head);
    let up_to = Position((after.0 + outgoing_limits::PREVIEW_PART_EVENTS as u64).min(head.0));
    let at: Vec<Position> = (after.0 + 1..=up_to.0).map(Position).collect();
    let mut touched = Vec::new();
    for entry in read.events(&at)? {
        let noted = entry.event.position;
        touched.extend(preview::touched(&entry.event).map(|touched| (noted, touched)));
    }
    let keys: Vec<_> = touched.iter().map(|(_, one)| (one.conversation, one.seq)).collect();
    let held = release::held_among(read, &keys)?;
    touched.retain(|(_, one)| {
        (one.has_link && one.at_ms >= oldest_ms) || held.contains(&(one.conversation, one.seq))
    });
    let due = touched.into_iter().map(|(noted, one)| NewDue {
        conversation: one.conversation,
        seq: one.seq,
        since_ms: one.at_ms,
        noted,
    });
    let stored = stored.unwrap_or(Position(0));
    Ok(Part { stored, up_to, due: due.collect(), more: up_to < head })
}

/// Stores a part unless another node did. Returns how far the log was looked through.
fn store(tx: &mut Tx<'_>, part: Part) -> Result<Position, Error> {
    let moved = tx.execute(
        "INSERT INTO preview_mark (id, position) VALUES (0, ?2)
         ON CONFLICT (id) DO UPDATE SET position = excluded.position
             WHERE preview_mark.position = ?1",
        params![part.stored, part.up_to],
    )?;
    if moved == 0 {
        return Ok(stored_mark(tx)?.unwrap_or(Position(0)));
    }
    due::note(tx, &part.due)?;
    Ok(part.up_to)
}
