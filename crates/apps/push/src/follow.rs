//! Follows the log and notes who is to be told of what.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use encke_engine::{ConversationId, Error, PersonId, StreamId, outgoing_limits};
use encke_site::following::{Part, Place};
use encke_site::{Site, bulk};
use encke_store::{Read, Sql, StoreError, Tx, Value, params};
use encke_talk::notice::{self, Said};

use crate::due::{self, NewDue};
use crate::state::State;

/// Looks through what is new in the log. Returns whether anybody has a subscription.
pub(crate) async fn follow(site: &Arc<Site>) -> Result<bool, Error> {
    let state = State::of(site);
    let parts = outgoing_limits::PUSH_PARTS_MAX;
    let note = |tx: &mut Tx<'_>, due: Vec<NewDue>| Ok(due::note(tx, &due)?);
    let subscribed = state.following.follow(site, parts, look, note).await?;
    state.subscribed.store(subscribed, Ordering::Relaxed);
    Ok(subscribed)
}

fn look(read: &mut Read<'_>, place: Place, now_ms: u64) -> Result<Option<Part<NewDue>>, Error> {
    let any = "SELECT 1 FROM push_subscription LIMIT 1";
    if read.query_one(any, params![])?.is_none() {
        return Ok(None);
    }
    let oldest_ms = now_ms.saturating_sub(outgoing_limits::PUSH_AGE_MS_MAX);
    let (up_to, said) =
        notice::said_behind(read, place, outgoing_limits::PUSH_PART_EVENTS, oldest_ms)?;
    let mut found = Vec::new();
    for (id, messages) in said {
        let only_mentions = notice::tells_mentions_only(read, id)?;
        for browser in browsers(read, id, &messages, only_mentions)? {
            found.extend(due_of(id, &messages, &browser, only_mentions));
        }
    }
    Ok(Some(Part { up_to, found }))
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
    let (first, last) = notice::first_and_last(messages, |said| {
        said.from != Some(browser.person)
            && said.at_ms >= browser.since_ms
            && (!only_mentions || said.mentions(browser.person))
    })?;
    let (subscription, since_ms) = (browser.id, first.at_ms);
    let (first_seq, last_seq) = (first.seq, last.seq);
    Some(NewDue { subscription, conversation: id, first_seq, last_seq, since_ms })
}
