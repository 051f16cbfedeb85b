//! One message by its number, for links and quotes.

use std::sync::Arc;

use axum::extract::State;
use encke_account::Person;
use encke_site::{Act, CallerOrVisitor, FeedEvent, JsonObject, Path, Refusal, Site};
use utoipa::ToSchema;

use crate::amended::{Amended, Page};
use crate::amendment::{find_event, no_such_message, parse_seq};
use crate::conversation::parse;
use crate::hidden;
use crate::member::check_member;
use crate::message::is_message;

/// One message.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) struct OneMessage {
    /// The message, with the text that it had at first.
    event: FeedEvent,
    /// What has been made of it; empty if nothing has.
    amended: Vec<Amended>,
    /// The `seq` of the newest amendment that this answer knows of.
    amendments_seq: u64,
    /// The people that it names.
    people: Vec<Person>,
}

/// One message. Of one that was recalled, what is left is shown. One that the caller has hidden is not found.
#[utoipa::path(get, operation_id = "message", path = "/v1/conversations/{id}/messages/{seq}",
    tag = "conversations", params(("id" = String, Path), ("seq" = String, Path)),
    responses((status = 200, body = OneMessage), (status = 403, description = "not_member"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn get(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path((id, seq)): Path<(String, String)>,
) -> Result<JsonObject, Refusal> {
    let (id, seq, me) = (parse(&id)?, parse_seq(&seq)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let found = site.store.read(move |read| {
        check_member(read, id, me)?;
        let entry = find_event(read, id, seq)?;
        if !is_message(&entry.event) && !entry.event.is_erased() {
            return Err(no_such_message());
        }
        if hidden::is_hidden(read, me, (id, seq))? {
            return Err(no_such_message());
        }
        Page::of(read, id, me, vec![entry])?.json_of_one(read, &held)
    });
    Ok(found.await?)
}
