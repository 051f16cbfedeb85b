//! The list of the messages that a person has starred.

use std::sync::Arc;

use axum::extract::State;
use encke_account::{Person, people_named};
use encke_engine::{ConversationId, Entry, Error, PersonId, Position, Seq};
use encke_site::{Act, Caller, FeedEvent, JsonList, JsonObject, Refusal, Site};
use encke_store::{Read, Row, Sql, StoreError, params};
use encke_talk::{Between, Candidate, messages_now};
use utoipa::ToSchema;

use crate::page::{Behind, Page, Wanted, WantedPage};

/// A starred message.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) struct StarredMessage {
    #[schema(value_type = String)]
    conversation: ConversationId,
    /// The `seq` of the message.
    message: u64,
    /// The time at which it was starred, in milliseconds since 1970.
    at: u64,
    /// The message with the text that it has now. Of one that was recalled, what is left is shown.
    event: FeedEvent,
}

/// A page of starred messages.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) struct StarredMessages {
    /// The messages, the one that was starred last first. Those of conversations that the caller has left, and those
    /// that it has hidden from itself, are not among them.
    stars: Vec<StarredMessage>,
    /// The authors of the messages.
    people: Vec<Person>,
    /// The `next` of the page behind this one; null on the last one.
    #[schema(required)]
    next: Option<String>,
}

/// The messages that the caller has starred, in all conversations that it is in.
#[utoipa::path(get, operation_id = "stars", path = "/v1/stars", tag = "keeping",
    params(WantedPage),
    responses((status = 200, body = StarredMessages),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    wanted: Wanted,
) -> Result<JsonObject, Refusal> {
    let (page, me) = (Page::of(wanted)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let found = site.store.read(move |read| {
        let mut rows = rows(read, me, &page)?;
        let next = page.cut(&mut rows, |row| Behind(row.starred.0, 0));
        let at: Vec<_> = rows.iter().map(|row| (row.conversation, row.position)).collect();
        let messages = messages_now(read, &at)?;
        let mut stars = JsonList::default();
        for (row, message) in rows.iter().zip(&messages) {
            if let Some(message) = message {
                stars.push_json(&json(row, message));
            }
        }
        let authors = messages.iter().flatten().filter_map(|m| m.event.from);
        let mut json = JsonObject::default();
        json.put_json("stars", &stars.into_bytes());
        json.put("people", &people_named(read, &held, me, authors)?);
        json.put("next", &next);
        Ok(json)
    });
    Ok(found.await?)
}

/// A row of `star`.
struct StarRow {
    starred: Position,
    conversation: ConversationId,
    seq: Seq,
    position: Position,
    starred_ms: u64,
}

impl StarRow {
    fn of(row: &Row) -> Result<Self, StoreError> {
        Ok(StarRow {
            starred: row.get(0)?,
            conversation: row.get(1)?,
            seq: row.get(2)?,
            position: row.get(3)?,
            starred_ms: row.get(4)?,
        })
    }
}

/// The rows of a page, and one more if there is one.
fn rows(read: &mut Read<'_>, me: PersonId, page: &Page) -> Result<Vec<StarRow>, Error> {
    let Behind(below, _) = page.behind.unwrap_or(Behind(i64::MAX as u64, 0));
    let query = "SELECT s.starred_position, s.conversation, s.seq, s.position, s.starred_ms
                 FROM star s
                 JOIN conversation c ON c.id = s.conversation
                 JOIN member m ON m.conversation = coalesce(c.parent, c.id) AND m.person = s.person
                 WHERE s.person = ?1 AND s.starred_position < ?2
                     AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.person = s.person
                         AND h.conversation = s.conversation AND h.seq = s.seq)
                 ORDER BY s.starred_position DESC LIMIT ?3";
    let rows = read.query(query, params![me, below, page.limit as u64 + 1])?;
    Ok(rows.iter().map(StarRow::of).collect::<Result<_, _>>()?)
}

/// The messages that a person has starred in conversations that it is in, the newest message first, for a search. A
/// person has a bounded number of stars, so all of them are sorted.
pub(crate) fn between(
    read: &mut Read<'_>,
    me: PersonId,
    Between { above, below, count }: Between,
) -> Result<Vec<Candidate>, StoreError> {
    let query = "SELECT s.position, m.conversation FROM star s
                 JOIN conversation c ON c.id = s.conversation
                 JOIN member m ON m.conversation = coalesce(c.parent, c.id) AND m.person = s.person
                 WHERE s.person = ?1 AND s.position > ?2 AND s.position < ?3
                 ORDER BY s.position DESC LIMIT ?4";
    let rows = read.query(query, params![me, above, below, count])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

fn json(row: &StarRow, message: &Entry) -> Vec<u8> {
    let mut json = JsonObject::default();
    json.put("conversation", &row.conversation);
    json.put("message", &row.seq);
    json.put("at", &row.starred_ms);
    json.put_json("event", message.json());
    json.into_bytes().into()
}
