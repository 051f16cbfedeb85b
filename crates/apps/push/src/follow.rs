//! Follows the log and notes who is to be told of what.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use encke_engine::{ConversationId, Entry, Error, PersonId, StreamId, outgoing_limits};
use encke_site::following::{Part, Place};
use encke_site::{Site, bulk};
use encke_store::{Read, Row, Sql, StoreError, Tx, Value, params};
use encke_talk::notice::{self, Said};

use crate::due::{self, NewDue};
use crate::state::State;

/// Looks through what is new in the log. Returns whether anybody has a subscription.
pub(crate) async fn follow(site: &Arc<Site>) -> Result<bool, Error> {
    let state = State::of(site);
    let parts = outgoing_limits::PUSH_PARTS_MAX;
    let note = |tx: &mut Tx<'_>, due: Vec<NewDue>| Ok(due::note(tx, &due)?);
    let held = site.clone();
    let look = move |read: &mut Read<'_>, place: Place, now_ms| look(read, &held, place, now_ms);
    let subscribed = state.following.follow(site, parts, look, note).await?;
    state.subscribed.store(subscribed, Ordering::Relaxed);
    Ok(subscribed)
}

fn look(
    read: &mut Read<'_>,
    site: &Site,
    place: Place,
    now_ms: u64,
) -> Result<Option<Part<NewDue>>, Error> {
    let any = "SELECT 1 FROM push_subscription LIMIT 1";
    if read.query_one(any, params![])?.is_none() {
        return Ok(None);
    }
    let oldest_ms = now_ms.saturating_sub(outgoing_limits::PUSH_AGE_MS_MAX);
    let (up_to, entries) =
        notice::events_behind(read, place, outgoing_limits::PUSH_PART_EVENTS, oldest_ms)?;
    let mut found = notices(read, site, &entries)?;
    for (id, messages) in notice::said_in(&entries) {
        let only_mentions = notice::tells_mentions_only(read, id)?;
        for browser in browsers(read, id, &messages, only_mentions)? {
            found.extend(due_of(id, &messages, &browser, only_mentions));
        }
    }
    Ok(Some(Part { up_to, found }))
}

/// The browsers that may have to be told of events besides messages.
fn notices(read: &mut Read<'_>, site: &Site, entries: &[Arc<Entry>]) -> Result<Vec<NewDue>, Error> {
    let products: Vec<_> =
        site.products().iter().filter_map(|product| product.extras().notices).collect();
    let mut found = Vec::new();
    for event in entries.iter().map(|entry| &entry.event) {
        for product in &products {
            let people = product.told_to(read, site, event)?;
            for browser in browsers_of(read, &people)? {
                if event.at_ms >= browser.since_ms {
                    found.push(NewDue {
                        subscription: browser.id,
                        stream: event.stream,
                        first_seq: event.seq,
                        last_seq: event.seq,
                        since_ms: event.at_ms,
                    });
                }
            }
        }
    }
    // A statement that notes them takes each row once.
    found.sort_unstable_by_key(|due: &NewDue| (due.subscription, due.stream, due.first_seq));
    found.dedup_by(|later, first| {
        let is_same = (later.subscription, later.stream) == (first.subscription, first.stream);
        if is_same {
            first.last_seq = later.last_seq;
        }
        is_same
    });
    Ok(found)
}

/// The browsers of people.
fn browsers_of(read: &mut Read<'_>, people: &[PersonId]) -> Result<Vec<Browser>, StoreError> {
    let mut found = Vec::new();
    for part in bulk::parts(people) {
        let query = format!(
            "WITH v (person) AS ({}) SELECT s.id, s.person, s.created_ms FROM v
             JOIN push_subscription s ON s.person = v.person",
            bulk::values(part.len(), 1)
        );
        let params: Vec<Value> = part.iter().map(|person| (*person).into()).collect();
        for row in read.query(&query, &params)? {
            found.push(Browser::of(&row)?);
        }
    }
    Ok(found)
}

/// A browser of a member.
struct Browser {
    id: u64,
    person: PersonId,
    since_ms: u64,
}

impl Browser {
    fn of(row: &Row) -> Result<Self, StoreError> {
        Ok(Browser { id: row.get(0)?, person: row.get(1)?, since_ms: row.get(2)? })
    }
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
    // The members of a conversation are exactly the people that follow it.
    let columns = "s.id, s.person, s.created_ms";
    let followed = "follow f ON f.person = s.person AND f.stream =";
    if !only_mentions || messages.iter().any(|said| said.everyone) {
        let query = format!(
            "SELECT {columns} FROM push_subscription s JOIN {followed} ?1 ORDER BY s.id LIMIT ?2"
        );
        return read.query(&query, params![stream, most])?.iter().map(Browser::of).collect();
    }
    let people = notice::mentioned_in(messages);
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
            found.push(Browser::of(&row)?);
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
    let (first, last) = notice::first_and_last(messages, |said| {
        said.from != Some(browser.person)
            && said.at_ms >= browser.since_ms
            && (!only_mentions || said.mentions(browser.person))
    })?;
    let (subscription, since_ms) = (browser.id, first.at_ms);
    let (first_seq, last_seq) = (first.seq, last.seq);
    let stream = StreamId::conversation(id);
    Some(NewDue { subscription, stream, first_seq, last_seq, since_ms })
}
