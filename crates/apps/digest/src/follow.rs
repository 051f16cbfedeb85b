//! Follows the log and notes who may have missed what.

use std::collections::BTreeMap;
use std::sync::Arc;

use encke_engine::{ConversationId, Error, PersonId, Position, Seq, StreamId, outgoing_limits};
use encke_site::{Site, bulk};
use encke_store::{Read, Row, Sql, StoreError, Tx, Value, params};
use encke_talk::notice::{self, Said};

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

/// The messages of a conversation that a person may miss.
struct NewWaiting {
    person: PersonId,
    conversation: ConversationId,
    first_seq: Seq,
    last_seq: Seq,
    since_ms: u64,
}

/// The next events of the log.
struct Part {
    stored: Position,
    up_to: Position,
    waiting: Vec<NewWaiting>,
    /// Whether the log goes on behind them.
    more: bool,
    /// Whether anybody wants mails.
    wanted: bool,
}

/// Looks through what is new in the log. Returns whether anybody wants mails.
pub(crate) async fn follow(site: &Arc<Site>) -> Result<bool, Error> {
    let state = State::of(site);
    let mut wanted = false;
    for _ in 0..outgoing_limits::MAIL_PARTS_MAX {
        let mark = *state.seen.lock().expect("not poisoned");
        let now = site.now_ms();
        let part = site.store.read(move |read| part(read, mark, now)).await?;
        let (more, up_to, stored) = (part.more, part.up_to, part.stored);
        wanted = part.wanted;
        let silent =
            part.waiting.is_empty() && up_to.0.saturating_sub(stored.0) < UNSTORED_EVENTS_MAX;
        let stored = match silent || !wanted {
            true => stored,
            false => site.store.write(move |tx| store(tx, part)).await?,
        };
        *state.seen.lock().expect("not poisoned") = Mark { stored, seen: up_to.max(stored) };
        if !more {
            break;
        }
    }
    Ok(wanted)
}

fn stored_mark(sql: &mut impl Sql) -> Result<Position, StoreError> {
    let row = sql.query_one("SELECT position FROM digest_mark WHERE id = 0", params![])?;
    row.map_or(Ok(Position(0)), |row| row.get(0))
}

fn part(read: &mut Read<'_>, mark: Mark, now_ms: u64) -> Result<Part, Error> {
    let stored = stored_mark(read)?;
    let head = read.position();
    if read.query_one("SELECT 1 FROM digest_person LIMIT 1", params![])?.is_none() {
        return Ok(Part { stored, up_to: head, waiting: Vec::new(), more: false, wanted: false });
    }
    let any = "SELECT 1 FROM digest_person WHERE confirmed = 1 LIMIT 1";
    if read.query_one(any, params![])?.is_none() {
        let waiting = Vec::new();
        return Ok(Part { stored, up_to: head, waiting, more: false, wanted: true });
    }
    // If another node has moved the mark, what this one has seen counts no more than that.
    let mut after = if stored == mark.stored { mark.seen.max(stored) } else { stored };
    let most = outgoing_limits::MAIL_PART_EVENTS as u64;
    if head.0.saturating_sub(after.0) > most {
        // Nobody is told of what is long ago.
        let oldest = now_ms.saturating_sub(outgoing_limits::MAIL_AGE_MS_MAX);
        after = after.max(read.position_at(oldest)?);
    }
    let up_to = Position((after.0 + most).min(head.0).max(after.0));
    let at: Vec<Position> = (after.0 + 1..=up_to.0).map(Position).collect();
    let mut said: BTreeMap<ConversationId, Vec<Said>> = BTreeMap::new();
    for entry in read.events(&at)? {
        if let Some(one) = notice::said(&entry.event) {
            said.entry(one.conversation).or_default().push(one);
        }
    }
    let mut waiting = Vec::new();
    for (id, messages) in said {
        let is_direct = notice::is_direct(read, id)?;
        for (person, since_ms) in people(read, id, &messages, is_direct)? {
            waiting.extend(waiting_of(id, &messages, (person, since_ms), is_direct));
        }
    }
    Ok(Part { stored, up_to, waiting, more: up_to < head, wanted: true })
}

/// The people with an address that may have to be told of these messages, and since when each wants to be.
fn people(
    read: &mut Read<'_>,
    id: ConversationId,
    messages: &[Said],
    is_direct: bool,
) -> Result<Vec<(PersonId, u64)>, StoreError> {
    let stream = StreamId::conversation(id);
    let wants = "s.confirmed = 1 AND s.every_ms > 0";
    // The members of a conversation are exactly the people that follow it.
    let followed = "follow f ON f.person = s.person AND f.stream =";
    let of = |row: &Row| -> Result<_, StoreError> { Ok((row.get(0)?, row.get(1)?)) };
    if is_direct || messages.iter().any(|said| said.everyone) {
        let query = format!(
            "SELECT s.person, s.since_ms FROM digest_person s JOIN {followed} ?1
             WHERE {wants} ORDER BY s.person LIMIT ?2"
        );
        let most = outgoing_limits::MAIL_PEOPLE_TOLD_MAX;
        return read.query(&query, params![stream, most])?.iter().map(of).collect();
    }
    let mut mentioned: Vec<PersonId> =
        messages.iter().flat_map(|said| &said.mentions).copied().collect();
    mentioned.sort_unstable();
    mentioned.dedup();
    let mut found = Vec::new();
    for part in bulk::parts(&mentioned) {
        let query = format!(
            "WITH v (person) AS ({}) SELECT s.person, s.since_ms FROM v
             JOIN digest_person s ON s.person = v.person JOIN {followed} ?{} WHERE {wants}",
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

fn waiting_of(
    conversation: ConversationId,
    messages: &[Said],
    (person, since_ms): (PersonId, u64),
    is_direct: bool,
) -> Option<NewWaiting> {
    let counts = |said: &&Said| {
        said.from != Some(person) && said.at_ms >= since_ms && (is_direct || said.mentions(person))
    };
    let mut counting = messages.iter().filter(counts);
    let first = counting.next()?;
    let last_seq = counting.next_back().unwrap_or(first).seq;
    let (first_seq, since_ms) = (first.seq, first.at_ms);
    Some(NewWaiting { person, conversation, first_seq, last_seq, since_ms })
}

/// Stores a part unless another node did. Returns how far the log was looked through.
fn store(tx: &mut Tx<'_>, part: Part) -> Result<Position, Error> {
    let moved = tx.execute(
        "INSERT INTO digest_mark (id, position) VALUES (0, ?2)
         ON CONFLICT (id) DO UPDATE SET position = excluded.position WHERE digest_mark.position = ?1",
        params![part.stored, part.up_to],
    )?;
    if moved == 0 {
        return Ok(stored_mark(tx)?);
    }
    let most = outgoing_limits::MAIL_CONVERSATIONS_MAX;
    for one in &part.waiting {
        tx.execute(
            "INSERT INTO digest_waiting (person, conversation, first_seq, last_seq)
             SELECT person, CAST(?2 AS BIGINT), CAST(?3 AS BIGINT), CAST(?4 AS BIGINT)
             FROM digest_person WHERE person = ?1
                 AND (SELECT count(*) FROM digest_waiting w WHERE w.person = ?1) < ?5
             ON CONFLICT (person, conversation) DO UPDATE SET last_seq = excluded.last_seq
                 WHERE digest_waiting.last_seq < excluded.last_seq",
            params![one.person, one.conversation, one.first_seq, one.last_seq, most],
        )?;
        tx.execute(
            "UPDATE digest_person SET due_ms = every_ms + ?2, tries = 0
             WHERE person = ?1 AND due_ms IS NULL AND confirmed = 1 AND every_ms > 0",
            params![one.person, one.since_ms],
        )?;
    }
    Ok(part.up_to)
}
