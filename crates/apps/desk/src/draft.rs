//! What a visitor is typing: a signal to the staff that takes part, at most once, never stored (P9, P10). Only of desks that
//! have said so to their visitors.

use std::sync::Arc;

use axum::extract::State;
use bytes::Bytes;
use encke_engine::{ConversationId, Owner, PersonId, StreamId, desk_limits, item, limits};
use encke_site::{Act, Body, CallerOrVisitor, Path, Refusal, SignalBody, Site};
use encke_talk::conversation::not_member;
use encke_talk::parse_conversation;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::desk::DeskRow;
use crate::key::no_such_desk;
use crate::ticket;
use crate::visitor::{VisitorRow, check_not_blocked};

/// The visitor of a ticket types this. It comes in the stream of the staff's notes, which no visitor follows. Forget it when
/// the visitor's next message comes, and after 30 seconds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VisitorDraft {
    #[schema(value_type = String)]
    ticket: ConversationId,
    /// What stands in its field, or the end of it; empty when that is empty.
    text: String,
}

impl SignalBody for VisitorDraft {
    const KIND: &'static str = "visitor_draft";
}

/// What the visitor has typed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Typed {
    text: String,
}

/// Shows the staff what the calling visitor is typing. A desk that does not show that tells nobody.
#[utoipa::path(put, operation_id = "show_draft", path = "/v1/tickets/{id}/visitor-draft", tag = "desk",
    params(("id" = String, Path)), request_body = Typed,
    responses((status = 204), (status = 403, description = "blocked, not_member"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn show(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(id): Path<String>,
    Body(Typed { text }): Body<Typed>,
) -> Result<StatusCode, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    site.take(me, caller.0.role, Act::Signal)?;
    let shows = site.store.read(move |read| {
        let ticket = ticket::find(read, id)?.filter(|t| t.visitor == me).ok_or_else(not_member)?;
        check_not_blocked(&VisitorRow::find(read, me)?.ok_or_else(not_member)?)?;
        let desk = DeskRow::find(read, ticket.desk)?.ok_or_else(no_such_desk)?;
        Ok(desk.settings.draft_preview)
    });
    if shows.await?
        && let Some(reach) = site.reach()
    {
        let stream = StreamId::notes(id);
        let draft = VisitorDraft { ticket: id, text: end_of(&text) };
        reach.signal(stream, item::signal(VisitorDraft::KIND, stream, me, &draft));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The end of a text that a signal has room for, without control characters other than new lines.
fn end_of(text: &str) -> String {
    let most = desk_limits::VISITOR_DRAFT_BYTES_MAX;
    let mut from = text.len();
    let mut bytes = 0;
    for (at, c) in text.char_indices().rev() {
        bytes += c.len_utf8();
        if bytes > most {
            break;
        }
        from = at;
    }
    text[from..].chars().filter(|c| !c.is_control() || *c == '\n').collect()
}

/// The signal as it travels between nodes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Heard {
    r#type: String,
    kind: String,
    stream: String,
    from: PersonId,
    body: VisitorDraft,
}

/// Writes a signal of another node anew; `None` if it is not one of these in this stream.
pub(crate) fn written_anew(stream: StreamId, item: &[u8]) -> Option<Bytes> {
    if item.len() > limits::SIGNAL_BYTES_MAX {
        return None;
    }
    let Heard { r#type, kind, stream: name, from, body } = serde_json::from_slice(item).ok()?;
    let Owner::Notes(ticket) = stream.owner() else { return None };
    let is_one = r#type == "signal"
        && kind == VisitorDraft::KIND
        && name == format!("n{}", ticket.0)
        && body.ticket == ticket
        && body.text == end_of(&body.text);
    is_one.then(|| item::signal(VisitorDraft::KIND, stream, from, &body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_draft_shows_its_end_and_fits_into_a_signal() {
        assert_eq!(end_of("a\u{0}\r\nb"), "a\nb");
        let ticket = ConversationId(u64::MAX >> 12);
        let stream = StreamId::notes(ConversationId(12));
        for letter in ["\"", "\\", "\n", "字", "😀", "x", "</script>"] {
            let text = end_of(&letter.repeat(2_000));
            assert!(text.len() <= desk_limits::VISITOR_DRAFT_BYTES_MAX);
            let draft = VisitorDraft { ticket, text };
            let made = item::signal("visitor_draft", stream, PersonId(u64::MAX >> 12), &draft);
            assert!(made.len() <= limits::SIGNAL_BYTES_MAX, "{letter:?}: {}", made.len());
        }
    }

    #[test]
    fn fuzz_a_draft_of_another_node_is_ours_or_nothing() {
        let notes = StreamId::notes(ConversationId(12));
        let words: &[&[u8]] =
            &[b"\"ticket\":\"c12\"", b"\\u0000", b"\\ud800", b"\"n12\"", b"</script>", b"\n\n"];
        encke_fuzz::run("draft", words, |bytes| {
            let Some(item) = written_anew(notes, bytes) else { return };
            assert!(item.len() <= limits::SIGNAL_BYTES_MAX && !item.contains(&b'\n'));
            assert_eq!(written_anew(notes, &item), Some(item.clone()), "it stays the same");
        });
    }

    #[test]
    fn a_draft_of_another_node_is_written_anew_or_is_nothing() {
        let notes = StreamId::notes(ConversationId(12));
        let draft = VisitorDraft { ticket: ConversationId(12), text: "How \"much\"?".into() };
        let made = item::signal("visitor_draft", notes, PersonId(5), &draft);
        assert_eq!(written_anew(notes, &made), Some(made.clone()));
        // Into a stream that a visitor follows, it never comes.
        let said = StreamId::conversation(ConversationId(12));
        assert_eq!(written_anew(said, &made), None);
        let text = String::from_utf8(made.to_vec()).unwrap_or_default();
        let wrong = [
            text.replace("signal", "event"),
            text.replace("visitor_draft", "typing"),
            text.replace("n12", "c12"),
            text.replace("\"c12\"", "\"c13\""),
            text.replace("How", "\\u0000"),
            text.replace("How", &"x".repeat(desk_limits::VISITOR_DRAFT_BYTES_MAX)),
        ];
        for item in wrong {
            assert_ne!(item, text);
            assert_eq!(written_anew(notes, item.as_bytes()), None, "{item}");
        }
    }
}
