//! The feed in the description of the API: its parameters, its answers and its items.
//!
//! The engine and the transport write the JSON of the feed by hand, for speed. Tests compare it with the types here.

use encke_site::feed_body::{Command, FeedEvent, Signal};
use serde::Deserialize;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

/// The parameters of the feed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) struct FeedQuery {
    /// Position to go on from; from now if absent or empty. The header `Last-Event-ID` does the same and wins.
    cursor: Option<String>,
    /// Transport of the answer; one answer at once if absent.
    #[param(inline)]
    live: Option<Live>,
    /// Seconds that a long poll may wait; 25 if absent.
    #[param(minimum = 0, maximum = 60)]
    wait: Option<u64>,
    /// Names of channels to follow as well, separated by commas.
    channels: Option<String>,
    /// Leaves out the caller's conversations.
    #[param(inline)]
    conversations: Option<Conversations>,
    /// The client's own name for its device or tab.
    #[param(pattern = "^[A-Za-z0-9_-]{1,64}$")]
    client: Option<String>,
    /// Iframe only: a function of the parent page.
    callback: Option<String>,
    /// Iframe only: the origin of the parent page, if it is another one.
    parent: Option<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "kebab-case")]
#[expect(dead_code, reason = "only its description is used")]
pub(super) enum Live {
    LongPoll,
    Sse,
    Ndjson,
    Iframe,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its description is used")]
pub(super) enum Conversations {
    None,
}

/// Every event that the caller may see after its cursor, in the order of the log, over one of six transports.
///
/// The first four travel as this answer; `Upgrade: websocket` opens a WebSocket, with an item in each frame. See
/// docs/protocol.md.
#[utoipa::path(get, operation_id = "feed", path = "/v1/feed", tag = "feed", params(FeedQuery),
    security(("session" = []), ("token" = []), ("ticket" = [])),
    responses(
        (status = 101, description = "A WebSocket: items down, commands up.", body = Frame),
        (status = 200, description = "A poll's answer, or items for as long as the connection lives.", content(
            (PollAnswer = "application/json"), (String = "text/event-stream"),
            (Item = "application/x-ndjson"), (String = "text/html"))),
        (status = 400, description = "bad_cursor"), (status = 403, description = "forbidden"),
        (status = 429, description = "rate_limited, too_many_channels")))]
#[expect(dead_code, reason = "only its description is used; shards answer these requests")]
pub(super) fn feed() {}

/// The replay is over: from here on it is live.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "most of it is only described")]
pub(super) struct Ready {
    #[schema(inline)]
    r#type: ReadyType,
    cursor: String,
    /// Milliseconds between two heartbeats.
    heartbeat_ms: u64,
}

/// This cursor can't be replayed: the client takes a snapshot and goes on from its cursor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "most of it is only described")]
pub(super) struct Reset {
    #[schema(inline)]
    r#type: ResetType,
    #[schema(value_type = ResetReason)]
    reason: String,
    cursor: String,
}

/// The connection ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "most of it is only described")]
pub(super) struct Bye {
    #[schema(inline)]
    r#type: ByeType,
    #[schema(value_type = ByeReason)]
    reason: String,
    /// Whether to come back.
    retry: bool,
    /// Milliseconds after which to come back.
    #[schema(nullable = false)]
    after_ms: Option<u64>,
}

/// Describes reasons, out of the engine's list of them.
macro_rules! reasons {
    ($(#[doc = $about:literal] $name:ident of $reason:path;)*) => {$(
        #[doc = $about]
        pub(super) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let texts = <$reason>::ALL.iter().map(|reason| reason.name());
                let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(texts));
                RefOr::T(Schema::Object(schema.description(Some($about.trim())).build()))
            }
        }

        impl ToSchema for $name {}
    )*};
}

reasons! {
    /// Why a cursor can't be replayed.
    ResetReason of encke_engine::cursor::Reset;
    /// The reason for the end of a connection.
    ByeReason of encke_engine::item::Bye;
}

/// A command of a WebSocket was done.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "most of it is only described")]
pub(super) struct Ok {
    #[schema(inline)]
    r#type: OkType,
    /// The id of the command.
    id: u64,
    result: serde_json::Value,
}

/// A command of a WebSocket was refused.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) struct CommandError {
    #[schema(inline)]
    r#type: ErrorType,
    /// The id of the command, if it could be read.
    #[schema(nullable = false)]
    id: Option<u64>,
    error: encke_site::reply::RefusedBecause,
}

macro_rules! types {
    ($($name:ident $word:ident)*) => {$(
        #[derive(Deserialize, ToSchema)]
        #[serde(rename_all = "lowercase")]
        #[cfg_attr(not(test), allow(dead_code))]
        pub(super) enum $name {
            $word,
        }
    )*};
}
types! { ReadyType Ready ResetType Reset ByeType Bye OkType Ok ErrorType Error }

/// Any item of a feed.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) enum Item {
    Event(FeedEvent),
    Signal(Signal),
    Ready(Ready),
    Reset(Reset),
    Bye(Bye),
    Ok(Ok),
    Error(CommandError),
}

/// The content of a WebSocket frame.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) enum Frame {
    /// To the client.
    Down(Item),
    /// To the server.
    Up(Command),
}

/// The body of a poll's answer.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) struct PollAnswer {
    events: Vec<FeedEvent>,
    cursor: String,
    /// Whether more events are there than fitted into the answer; absent with a reset.
    #[schema(nullable = false)]
    more: Option<bool>,
    #[schema(nullable = false)]
    signals: Option<Vec<Signal>>,
    #[schema(nullable = false)]
    reset: Option<ResetReason>,
    #[schema(nullable = false)]
    bye: Option<Bye>,
}

#[cfg(test)]
mod tests {
    use encke_engine::cursor;
    use encke_engine::{Cursor, Epoch, Position, item};

    use super::*;

    #[test]
    fn items_are_written_as_they_are_described() {
        let at = Cursor { epoch: Epoch(1), position: Position(2) };
        let Ready { heartbeat_ms, .. } = serde_json::from_slice(&item::ready(at, 25)).unwrap();
        assert_eq!(heartbeat_ms, 25);
        for why in cursor::Reset::ALL {
            let Reset { reason, .. } = serde_json::from_slice(&item::reset(*why, at)).unwrap();
            assert_eq!(reason, why.name());
        }
        for why in item::Bye::ALL {
            let Bye { reason, after_ms, .. } = serde_json::from_slice(&item::bye(*why, 7)).unwrap();
            assert_eq!((&*reason, after_ms), (why.name(), Some(7)));
        }
        let Ok { id, .. } = serde_json::from_slice(&item::ok(3, &at.to_string())).unwrap();
        assert_eq!(id, 3);
    }
}
