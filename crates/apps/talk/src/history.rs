//! The past of a conversation, by pages in both directions.

use std::sync::Arc;

use axum::extract::{Query, State};
use encke_engine::{Code, Error, PersonId, Seq, StreamId, limits};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::conversation::parse;
use super::member::check_member;
use encke_account::{Person, people};
use encke_site::Act;
use encke_site::FeedEvent;
use encke_site::JsonObject;
use encke_site::Site;
use encke_site::caller::Caller;
use encke_site::path::Path;
use encke_site::reply::Refusal;

/// The number of events in a page if the request names none.
const PAGE_EVENTS_DEFAULT: usize = 50;

/// Bytes that a person usually takes in an answer.
const PERSON_BYTES: usize = 160;

/// A choice of a page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Events with a lower seq, the newest of them.
    before: Option<u64>,
    /// Events with a higher seq, the oldest of them.
    after: Option<u64>,
    /// Greatest number of events in the page; 50 if absent, 200 at most.
    limit: Option<usize>,
}

/// A page, oldest first.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) struct HistoryPage {
    events: Vec<FeedEvent>,
    /// The authors of these events. Some may have left, so the snapshot lacks them.
    people: Vec<Person>,
    /// Whether there is more in this direction.
    more: bool,
}

/// A page of a conversation's events.
#[utoipa::path(get, operation_id = "history", path = "/v1/conversations/{id}/events",
    tag = "conversations",
    params(("id" = String, Path), Which),
    responses((status = 200, body = HistoryPage), (status = 403, description = "not_member"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn page(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    which: Result<Query<Which>, axum::extract::rejection::QueryRejection>,
) -> Result<JsonObject, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    let bad = |what: String| Refusal(Error::new(Code::BadRequest, what));
    let Query(which) = which.map_err(|e| bad(e.body_text()))?;
    if which.before.is_some() && which.after.is_some() {
        return Err(bad("Either before or after, not both.".into()));
    }
    site.take(caller.0.person, caller.0.role, Act::Read)?;
    let count = which.limit.unwrap_or(PAGE_EVENTS_DEFAULT).clamp(1, limits::PAGE_EVENTS_MAX);
    let site_for_store = site.clone();
    let page = site.store.read(move |read| {
        check_member(read, id, me)?;
        let stream = StreamId::conversation(id);
        let (entries, more) = match which.after {
            Some(after) => read.after(stream, Seq(after), count)?,
            None => read.before(stream, which.before.map(Seq), count)?,
        };
        let mut authors: Vec<PersonId> = entries.iter().filter_map(|e| e.event.from).collect();
        authors.sort_unstable();
        authors.dedup();
        let people = people(read, &site_for_store, &authors)?;
        // The events go out as every feed has them, so their bytes are there already.
        let bytes: usize = entries.iter().map(|entry| entry.json().len() + 1).sum();
        let mut page = JsonObject::with_room(bytes + people.len() * PERSON_BYTES + 64);
        page.put_list("events", entries.iter().map(|entry| &entry.json()[..]));
        page.put("people", &people);
        page.put("more", &more);
        Ok(page)
    });
    Ok(page.await?)
}
