//! The past of a conversation, by pages in both directions.

use std::sync::Arc;

use axum::extract::{Query, State};
use encke_engine::{Code, Error, Seq, StreamId, limits};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::amended::{Amended, Page, check_member_of_marked};
use super::conversation::parse;
use super::hidden;
use encke_account::Person;
use encke_site::Act;
use encke_site::FeedEvent;
use encke_site::JsonObject;
use encke_site::Site;
use encke_site::caller::CallerOrVisitor;
use encke_site::path::Path;
use encke_site::reply::Refusal;

/// The number of events in a page if the request names none.
const PAGE_EVENTS_DEFAULT: usize = 50;

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
    /// The events, with the texts that messages had at first.
    events: Vec<FeedEvent>,
    /// What amendments have made of the messages among them.
    amended: Vec<Amended>,
    /// The `seq` of the newest amendment that this page knows of; 0 if there was none in the conversation.
    amendments_seq: u64,
    /// The authors of these events, and people that amendments name. Some may have left, so the snapshot lacks them.
    people: Vec<Person>,
    /// The `seq` of those events that the caller has hidden from itself; absent if there are none.
    #[schema(required = false)]
    hidden: Vec<u64>,
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
    caller: CallerOrVisitor,
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
        let marked = check_member_of_marked(read, id, me)?;
        let stream = StreamId::conversation(id);
        let (entries, more) = match which.after {
            Some(after) => read.after(stream, Seq(after), count)?,
            None => read.before(stream, which.before.map(Seq), count)?,
        };
        let hidden = match marked.hidden {
            true => hidden::in_page(read, me, id, &entries)?,
            false => Vec::new(),
        };
        let page = if marked.amended {
            Page::of(read, id, me, entries)?
        } else {
            Page::plain(me, entries)
        };
        let mut json = page.json(read, &site_for_store)?;
        if !hidden.is_empty() {
            json.put("hidden", &hidden);
        }
        json.put("more", &more);
        Ok(json)
    });
    Ok(page.await?)
}
