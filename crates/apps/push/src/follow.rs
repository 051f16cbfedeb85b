//! Follows the log and notes who is to be told of what.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use encke_engine::{ConversationId, Error, PersonId, Position, Seq, StreamId, outgoing_limits};
use encke_site::{Site, bulk};
use encke_store::{Read, Sql, StoreError, Tx, Value, params};
use encke_talk::notice::{self, Said};

use crate::due::{self, NewDue};
use crate::state::State;

/// How far a node has looked through the log.
#[derive(Clone, Copy, Default)]
pub(crate) struct Mark {
    /// The position in the table.
    stored: Position,
    /// Everything up to here was looked at by this node. Nobody is to be told of anything between the two.
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
    /// Whether anybody has a subscription.
    subscribed: bool,
}

/// Looks through what is new in the log. Returns whether anybody has a subscription.
pub(crate) async fn follow(site: &Arc<Site>) -> Result<bool, Error> {
    let state = State::of(site);
    let mut subscribed = false;
    for _ in 0..outgoing_limits::PUSH_PARTS_MAX {
        let mark = *state.seen.lock().expect("not poisoned");
        let now = site.now_ms();
        let part = site.store.read(move |read| part(read, mark, now)).await?;
        let (more, up_to, stored) = (part.more, part.up_to, part.stored);
        subscribed = part.subscribed;
        state.subscribed.store(subscribed, Ordering::Relaxed);
        let silent = part.due.is_empty() && up_to.0.saturating_sub(stored.0) < UNSTORED_EVENTS_MAX;
        let stored = match silent || !subscribed {
            true => stored,
            false => site.store.write(move |tx| store(tx, part)).await?,
        };
        *state.seen.lock().expect("not poisoned") = Mark { stored, seen: up_to.max(stored) };
        if !more {
            break;
        }
    }
    Ok(subscribed)
}

fn stored_mark(sql: &mut impl Sql) -> Result<Position, StoreError> {
    let row = sql.query_one("SELECT position FROM push_mark WHERE id = 0", params![])?;
    row.map_or(Ok(Position(0)), |row| row.get(0))
}

fn part(read: &mut Read<'_>, mark: Mark, now_ms: u64) -> Result<Part, Error> {
    let stored = stored_mark(read)?;
    let head = read.position();
    let any = "SELECT 1 FROM push_subscription LIMIT 1";
    if read.query_one(any, params![])?.is_none() {
        return Ok(Part { stored, up_to: head, due: Vec::new(), more: false, subscribed: false });
    }
    // If another node has moved the mark, what this one has seen counts no more than that.
    let mut after = if stored == mark.stored { mark.seen.max(stored) } else { stored };
    let most = outgoing_limits::PUSH_PART_EVENTS as u64;
    if head.0.saturating_sub(after.0) > most {
        // Nobody is told of what is long ago.
        after =
            after.max(read.position_at(now_ms.saturating_sub(outgoing_limits::PUSH_AGE_MS_MAX))?);
    }
    let up_to = Position((after.0 + most).min(head.0).max(after.0));
    let at: Vec<Position> = (after.0 + 1..=up_to.0).map(Position).collect();
    let mut said: BTreeMap<ConversationId, Vec<Said>> = BTreeMap::new();
    for entry in read.events(&at)? {
        if let Some(one) = notice::said(&entry.event) {
            said.entry(one.conversation).or_default().push(one);
        }
    }
    let mut due = Vec::new();
    for (id, messages) in said {
        let only_mentions = notice::tells_mentions_only(read, id)?;
        for browser in browsers(read, id, &messages, only_mentions)? {
            due.extend(due_of(id, &messages, &browser, only_mentions));
        }
    }
    Ok(Part { stored, up_to, due, more: up_to < head, subscribed: true })
}

/// A browser of a member.
struct Browser {
    id: u64,
    person: PersonId,
    since_ms: u64,
}

/// The browsers that may have to be told of these messages.
fn browsers(
    read: &mut Read<'_>,
    id: ConversationId,
    messages: &[Said],
    only_mentions: bool,
) -> Result<Vec<Browser>, StoreError> {
    let stream = StreamId::conversation(id);
    let most = outgoing_limits::PUSH_SUBSCRIPTIONS_TOLD_MAX;
    let of = |row: &encke_store::Row| -> Result<Browser, StoreError> {
        Ok(Browser { id: row.get(0)?, person: row.get(1)?, since_ms: row.get(2)? })
    };
    // The members of a conversation are exactly the people that follow it.
    let columns = "s.id, s.person, s.created_ms";
    let followed = "follow f ON f.person = s.person AND f.stream =";
    if !only_mentions || messages.iter().any(|said| said.everyone) {
        let query = format!(
            "SELECT {columns} FROM push_subscription s JOIN {followed} ?1 ORDER BY s.id LIMIT ?2"
        );
        return read.query(&query, params![stream, most])?.iter().map(of).collect();
    }
    let mut people: Vec<PersonId> =
        messages.iter().flat_map(|said| &said.mentions).copied().collect();
    people.sort_unstable();
    people.dedup();
    let mut found = Vec::new();
    for part in bulk::parts(&people) {
        let query = format!(
            "WITH v (person) AS ({}) SELECT {columns} FROM v
             JOIN push_subscription s ON s.person = v.person JOIN {followed} ?{}",
            bulk::values(part.len(), 1),
            part.len() + 1
        );
        let params: Vec<Value> = part.iter().map(|p| (*p).into()).chain([stream.into()]).collect();
        for row in read.query(&query, &params)? {
            found.push(of(&row)?);
        }
    }
    Ok(found)
}

/// What a browser is to be told of these messages of a conversation.
fn due_of(
    id: ConversationId,
    messages: &[Said],
    browser: &Browser,
    only_mentions: bool,
) -> Option<NewDue> {
    let counts = |said: &&Said| {
        said.from != Some(browser.person)
            && said.at_ms >= browser.since_ms
            && (!only_mentions || said.mentions(browser.person))
    };
    let mut counting = messages.iter().filter(counts);
    let first = counting.next()?;
    let last_seq: Seq = counting.next_back().unwrap_or(first).seq;
    let (subscription, first_seq, since_ms) = (browser.id, first.seq, first.at_ms);
    Some(NewDue { subscription, conversation: id, first_seq, last_seq, since_ms })
}

/// Stores a part unless another node did. Returns how far the log was looked through.
fn store(tx: &mut Tx<'_>, part: Part) -> Result<Position, Error> {
    let moved = tx.execute(
        "INSERT INTO push_mark (id, position) VALUES (0, ?2)
         ON CONFLICT (id) DO UPDATE SET position = excluded.position WHERE push_mark.position = ?1",
        params![part.stored, part.up_to],
    )?;
    if moved == 0 {
        return Ok(stored_mark(tx)?);
    }
    due::note(tx, &part.due)?;
    Ok(part.up_to)
}
