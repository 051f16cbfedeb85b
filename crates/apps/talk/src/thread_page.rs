//! The threads that a person follows by pages, the one with the newest answer first.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_account::{Person, people_named};
use encke_engine::{Code, Entry, Error, PersonId, Position, StreamId, limits};
use encke_site::{Act, Caller, FeedEvent, Refusal, Site};
use encke_store::Read;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::amended::messages_now;
use crate::amendment::find_event;
use crate::conversation::{Conversation, Parent, load, not_member};
use crate::conversation_page::{parse_before, standings};

/// A choice of threads.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedThreads {
    /// Only those in which something is unread.
    #[serde(default)]
    unread: bool,
    /// Go on behind the page that gave this as `before`.
    before: Option<String>,
    /// Greatest number of threads in the page; 20 if absent, 20 at most.
    limit: Option<u64>,
}

/// A thread with the message that it belongs to.
#[derive(Serialize, ToSchema)]
pub(crate) struct FollowedThread {
    conversation: Conversation,
    /// The message with the text that it has now; of a recalled one, what is left of it. Null if it is too old.
    #[schema(value_type = Option<FeedEvent>, required)]
    parent: Option<Box<RawValue>>,
}

/// A page of threads.
#[derive(Serialize, ToSchema)]
pub(crate) struct ThreadPage {
    /// The thread with the newest answer first.
    threads: Vec<FollowedThread>,
    /// The followers that are shown, and the writers of the messages and the newest answers.
    people: Vec<Person>,
    /// The `before` of the next page; null on the last one.
    #[schema(required)]
    before: Option<String>,
}

/// A page of the threads that the caller follows.
#[utoipa::path(get, operation_id = "threads", path = "/v1/threads", tag = "conversations",
    params(WantedThreads),
    responses((status = 200, body = ThreadPage), (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    wanted: Result<Query<WantedThreads>, QueryRejection>,
) -> Result<Json<ThreadPage>, Refusal> {
    let me = caller.0.person;
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    let before = wanted.before.as_deref().map(parse_before).transpose()?;
    let most = limits::THREADS_PAGE_MAX;
    let limit = wanted.limit.map_or(most, |limit| limit.clamp(1, most as u64) as usize);
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let page = site.store.read(move |read| page(read, &held, me, wanted.unread, before, limit));
    Ok(Json(page.await?))
}

fn page(
    read: &mut Read<'_>,
    site: &Site,
    me: PersonId,
    unread: bool,
    before: Option<Position>,
    limit: usize,
) -> Result<ThreadPage, Error> {
    let mut all = standings(read, site, me)?;
    all.retain(|s| s.is_thread && (!unread || s.unread > 0));
    all.retain(|s| before.is_none_or(|before| s.head.position < before));
    let more = all.len() > limit;
    all.truncate(limit);
    let streams: Vec<_> = all.iter().map(|s| StreamId::conversation(s.id)).collect();
    read.expect_newest(&streams)?;
    let (mut threads, mut ids) = (Vec::with_capacity(all.len()), Vec::new());
    for standing in &all {
        let conversation = load(read, site, standing.id, me)?;
        let message = message_of(read, conversation.parent.ok_or_else(not_member)?)?;
        let newest = read.event(standing.head.position)?;
        ids.extend(conversation.members.iter().map(|member| member.person));
        ids.extend([&message, &newest].into_iter().flatten().filter_map(|entry| entry.event.from));
        let parent = message.and_then(|entry| serde_json::from_slice(entry.json()).ok());
        threads.push(FollowedThread { conversation, parent });
    }
    let before = all.last().filter(|_| more).map(|last| last.head.position.0.to_string());
    Ok(ThreadPage { threads, people: people_named(read, site, me, ids)?, before })
}

/// The message that a thread belongs to, with the text that it has now; `None` if the log no longer has it.
fn message_of(read: &mut Read<'_>, parent: Parent) -> Result<Option<Arc<Entry>>, Error> {
    let position = match find_event(read, parent.conversation, parent.message) {
        Ok(entry) => entry.event.position,
        Err(e) if e.code == Code::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    Ok(messages_now(read, &[(parent.conversation, position)])?.pop().flatten())
}
