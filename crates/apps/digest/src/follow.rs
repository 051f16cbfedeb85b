//! Follows the log and notes who may have missed what.

use std::sync::Arc;

use encke_engine::{ConversationId, Error, PersonId, Seq, StreamId, outgoing_limits};
use encke_site::following::{Part, Place};
use encke_site::{Site, bulk};
use encke_store::{Read, Row, Sql, StoreError, Tx, Value, params};
use encke_talk::notice::{self, Said};

use crate::state::State;

/// The messages of a conversation that a person may miss.
struct NewWaiting {
    person: PersonId,
    conversation: ConversationId,
    first_seq: Seq,
    last_seq: Seq,
    since_ms: u64,
}

/// Looks through what is new in the log. Returns whether anybody wants mails.
pub(crate) async fn follow(site: &Arc<Site>) -> Result<bool, Error> {
    State::of(site).following.follow(site, outgoing_limits::MAIL_PARTS_MAX, look, note).await
}

fn look(read: &mut Read<'_>, place: Place, now_ms: u64) -> Result<Option<Part<NewWaiting>>, Error> {
    if read.query_one("SELECT 1 FROM digest_person LIMIT 1", params![])?.is_none() {
        return Ok(None);
    }
    let any = "SELECT 1 FROM digest_person WHERE confirmed = 1 LIMIT 1";
    if read.query_one(any, params![])?.is_none() {
        return Ok(Some(Part { up_to: read.position(), found: Vec::new() }));
    }
    let oldest_ms = now_ms.saturating_sub(outgoing_limits::MAIL_AGE_MS_MAX);
    let (up_to, entries) =
        notice::events_behind(read, place, outgoing_limits::MAIL_PART_EVENTS, oldest_ms)?;
    let mut found = Vec::new();
    for (id, messages) in notice::said_in(&entries) {
        let is_direct = notice::is_direct(read, id)?;
        for (person, since_ms) in people(read, id, &messages, is_direct)? {
            found.extend(waiting_of(id, &messages, (person, since_ms), is_direct));
        }
    }
    Ok(Some(Part { up_to, found }))
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
    let mentioned = notice::mentioned_in(messages);
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
    let (first, last) = notice::first_and_last(messages, |said| {
        said.from != Some(person) && said.at_ms >= since_ms && (is_direct || said.mentions(person))
    })?;
    let (first_seq, last_seq, since_ms) = (first.seq, last.seq, first.at_ms);
    Some(NewWaiting { person, conversation, first_seq, last_seq, since_ms })
}

/// Notes who may have missed what.
fn note(tx: &mut Tx<'_>, found: Vec<NewWaiting>) -> Result<(), Error> {
    let most = outgoing_limits::MAIL_CONVERSATIONS_MAX;
    for one in &found {
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
    Ok(())
}
