//! Who looks at a ticket: a signal to the rest of the staff, at most once, never stored (P9). Whoever looks gets the ticket's
//! events in its feed, also without taking part, for as long as it looks ([`onlooker`]).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{ConversationId, Error, Owner, PersonId, StreamId, item, limits};
use encke_site::{Act, Caller, Path, Refusal, SignalBody, Site};
use encke_store::Tx;
use encke_talk::{onlooker, parse_conversation};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::staff;

/// The person looks at a ticket.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Looking {
    #[schema(value_type = String)]
    ticket: ConversationId,
}

impl SignalBody for Looking {
    const KIND: &'static str = "looking";
}

/// What a look has begun.
#[derive(Serialize, ToSchema)]
pub(crate) struct Looked {
    /// Whether the events of the ticket come in the caller's feed from now on, and did not before: what happened until now is
    /// to be read.
    begins: bool,
}

/// Tells the rest of the staff that the caller looks at a ticket, whose events come in its feed. A console says it every 20
/// seconds while the ticket is open.
#[utoipa::path(put, operation_id = "look_at_ticket", path = "/v1/tickets/{id}/looking", tag = "desk",
    params(("id" = String, Path)),
    responses((status = 200, body = Looked), (status = 403, description = "not_member"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn look(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Looked>, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    site.take(me, caller.0.role, Act::Signal)?;
    let now = site.now_ms();
    let looked = site.store.read(move |read| {
        let (ticket, _) = staff::at_ticket(read, id, me)?;
        Ok((ticket, onlooker::is_to_be_noted(read, id, me, now)?))
    });
    let (ticket, is_to_be_noted) = looked.await?;
    let begins = is_to_be_noted && site.store.write(move |tx| begin(tx, id, me)).await?;
    let stream = StreamId::conversation(ticket.desk);
    if let Some(reach) = site.reach() {
        reach.signal(stream, item::signal(Looking::KIND, stream, me, &Looking { ticket: id }));
    }
    Ok(Json(Looked { begins }))
}

fn begin(tx: &mut Tx<'_>, id: ConversationId, me: PersonId) -> Result<bool, Error> {
    // The person may have left the desk since.
    let (ticket, _) = staff::at_ticket(tx, id, me)?;
    onlooker::look_on(tx, id, ticket.desk, me)
}

/// The caller looks at a ticket no longer. Its events come no more, unless the caller takes part.
#[utoipa::path(delete, operation_id = "look_away", path = "/v1/tickets/{id}/looking", tag = "desk",
    params(("id" = String, Path)),
    responses((status = 204), (status = 403, description = "not_member"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn look_away(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    site.take(me, caller.0.role, Act::Signal)?;
    let ended = site.store.write(move |tx| {
        staff::at_ticket(tx, id, me)?;
        Ok(onlooker::look_away(tx, id, me)?)
    });
    ended.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The signal as it travels between nodes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Heard {
    r#type: String,
    kind: String,
    stream: String,
    from: PersonId,
    body: Looking,
}

/// Writes a signal of another node anew; `None` if it is not one of these in this stream.
pub(crate) fn written_anew(stream: StreamId, item: &[u8]) -> Option<bytes::Bytes> {
    if item.len() > limits::SIGNAL_BYTES_MAX {
        return None;
    }
    let Heard { r#type, kind, stream: name, from, body } = serde_json::from_slice(item).ok()?;
    let Owner::Conversation(house) = stream.owner() else { return None };
    let is_one = r#type == "signal" && kind == Looking::KIND && name == house.to_string();
    is_one.then(|| item::signal(Looking::KIND, stream, from, &body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_of_another_node_is_written_anew_or_is_nothing() {
        let house = StreamId::conversation(ConversationId(12));
        let looking = Looking { ticket: ConversationId(13) };
        let made = item::signal("looking", house, PersonId(5), &looking);
        assert_eq!(written_anew(house, &made), Some(made.clone()));
        let text = String::from_utf8(made.to_vec()).unwrap_or_default();
        let wrong = [
            text.replace("signal", "event"),
            text.replace("looking", "typing"),
            text.replace("c12", "c14"),
            text.replace("c13", "</script>"),
            format!("{text}\n\nid: 1.2"),
            String::new(),
        ];
        for item in wrong {
            assert_eq!(written_anew(house, item.as_bytes()), None, "{item}");
        }
    }
}
