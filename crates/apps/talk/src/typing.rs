//! Typing: a signal, at most once, never stored (P9).

use std::sync::Arc;

use axum::extract::State;
use encke_engine::{ConversationId, Error, Owner, PersonId, StreamId, item, limits};
use encke_store::Read;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conversation::{not_member, parse};
use super::rights::may_type;
use super::ticket::TicketKeeper;
use encke_site::Act;
use encke_site::SignalBody;
use encke_site::Site;
use encke_site::body::Body;
use encke_site::caller::CallerOrVisitor;
use encke_site::path::Path;
use encke_site::reply::Refusal;

/// Whether the person types.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Typing {
    pub on: bool,
}

impl SignalBody for Typing {
    const KIND: &'static str = "typing";
}

/// Whether the others are told that a person types: `not_member` unless it is a member. Of a member that may not write
/// now, nobody is told.
pub(crate) fn check(
    read: &mut Read<'_>,
    id: ConversationId,
    person: PersonId,
    by: (u64, Option<TicketKeeper>),
) -> Result<bool, Error> {
    may_type(read, id, person, by)?.ok_or_else(not_member)
}

/// Tells the other members.
pub(crate) fn tell(site: &Site, conversation: ConversationId, person: PersonId, typing: Typing) {
    let stream = StreamId::conversation(conversation);
    if let Some(reach) = site.reach() {
        reach.signal(stream, item::signal(Typing::KIND, stream, person, &typing));
    }
}

/// A typing signal as it travels between nodes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Heard {
    r#type: SignalType,
    kind: TypingKind,
    stream: String,
    from: PersonId,
    body: Typing,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum SignalType {
    Signal,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum TypingKind {
    Typing,
}

/// Writes a signal of another node anew; `None` if it is not typing in this stream.
pub(crate) fn written_anew(stream: StreamId, item: &[u8]) -> Option<bytes::Bytes> {
    if item.len() > limits::SIGNAL_BYTES_MAX {
        return None;
    }
    let Heard { r#type: SignalType::Signal, kind: TypingKind::Typing, stream: name, from, body } =
        serde_json::from_slice(item).ok()?;
    let Owner::Conversation(conversation) = stream.owner() else { return None };
    (name == conversation.to_string()).then(|| item::signal("typing", stream, from, &body))
}

/// Tells the others in a conversation that the caller types, or stopped.
#[utoipa::path(post, path = "/v1/conversations/{id}/typing", tag = "conversations",
    params(("id" = String, Path)), request_body = Typing,
    responses((status = 204), (status = 403, description = "forbidden, not_member"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn typing(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(id): Path<String>,
    Body(typing): Body<Typing>,
) -> Result<StatusCode, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    site.take(caller.0.person, caller.0.role, Act::Signal)?;
    let by = (site.now_ms(), site.find_part::<TicketKeeper>().copied());
    if site.store.read(move |read| check(read, id, me, by)).await? {
        tell(&site, id, me, typing);
    }
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_of_another_node_is_written_anew_or_is_nothing() {
        let room = StreamId::conversation(ConversationId(12));
        let made = item::signal("typing", room, PersonId(5), &Typing { on: true });
        assert_eq!(written_anew(room, &made), Some(made.clone()));
        let spaced = br#" { "kind":"typing", "type":"signal",
            "stream":"c12", "from":"p5", "body":{ "on" : true } } "#;
        assert_eq!(written_anew(room, spaced), Some(made.clone()));
        let text = String::from_utf8(made.to_vec()).unwrap_or_default();
        let wrong = [
            text.replace("signal", "event"),
            text.replace("signal", "bye"),
            text.replace("typing", "presence"),
            text.replace("c12", "c13"),
            text.replace("\"p5\"", "\"p5\\n\""),
            text.replace("true", "\"</script><script>\""),
            text.replace("true", "true,\"more\":1"),
            text.replace("{\"body", "{\"cursor\":\"1.2\",\"body"),
            format!("{text}\n\nid: 1.2"),
            format!("{}{text}", " ".repeat(limits::SIGNAL_BYTES_MAX)),
            String::new(),
        ];
        for item in wrong {
            assert_ne!(item, text);
            assert_eq!(written_anew(room, item.as_bytes()), None, "{item}");
        }
        assert_eq!(written_anew(StreamId::person(PersonId(12)), &made), None);
    }
}
