//! Sending a message.

use std::sync::Arc;

use axum::extract::{Request, State};
use encke_engine::number_text::grouped;
use encke_engine::{Code, ConversationId, Error, Event, NewEvent, PersonId, StreamId, limits};
use encke_store::{Append, Appended, Guard, Tx};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::attachment::{self, WithFiles};
use super::conversation::parse;
use super::member::check_member;
use encke_files::{File, FileId};
use encke_site::EventBody;
use encke_site::Identity;
use encke_site::Site;
use encke_site::body;
use encke_site::caller::Caller;
use encke_site::path::Path;
use encke_site::posted::{self, Posted};
use encke_site::product::Reply;
use encke_site::reply::Refusal;
use encke_site::sent::{self, Sent};

/// A message that a person sends.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Said<'a> {
    #[serde(borrow)]
    #[schema(value_type = String)]
    text: std::borrow::Cow<'a, str>,
    /// Its files, if it has any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<File>,
}

impl Said<'static> {
    /// A message with files. Its text may be empty.
    pub(crate) fn with_files(text: String, files: Vec<File>) -> Result<Self, Error> {
        if !text.is_empty() {
            check_text(&text)?;
        }
        Ok(Said { text: text.into(), files })
    }
}

impl EventBody for Said<'_> {
    const KIND: &'static str = "message";
}

/// Refuses an empty text, and one that is too long.
pub(crate) fn check_text(text: &str) -> Result<(), Error> {
    match text.len() {
        0 => Err(Error::new(Code::Invalid, "A message needs a text.")),
        n if n > limits::TEXT_BYTES_MAX => {
            let most = grouped(limits::TEXT_BYTES_MAX);
            Err(Error::new(Code::TooLarge, format!("A message has at most {most} bytes.")))
        }
        _ => Ok(()),
    }
}

/// The body of a message's event.
pub(crate) fn body(text: &str) -> Result<bytes::Bytes, Error> {
    check_text(text)?;
    let said = Said { text: text.into(), files: Vec::new() };
    Ok(serde_json::to_vec(&said).expect("text is JSON").into())
}

/// Whether an event is a message whose content is there.
pub(crate) fn is_message(event: &Event) -> bool {
    event.kind == Said::KIND
}

/// The text in the body of a message's event, or of one that edits it.
pub fn text_of(body: &[u8]) -> Option<String> {
    serde_json::from_slice::<Said<'_>>(body).ok().map(|said| said.text.into_owned())
}

/// Appends a message of a member, in the caller's write.
pub fn say(
    tx: &mut Tx<'_>,
    from: PersonId,
    conversation: ConversationId,
    text: &str,
) -> Result<Appended, Error> {
    check_member(tx, conversation, from)?;
    let (stream, body) = (StreamId::conversation(conversation), body(text)?);
    let (from, kind) = (Some(from), Said::KIND.into());
    tx.append(NewEvent { stream, from, kind, key: None, body, erases: Vec::new() })
}

/// Submits a message to the store. `reply` gets the result once it is durable (P1); it must not block.
pub(crate) fn submit(
    site: &Arc<Site>,
    from: PersonId,
    conversation: ConversationId,
    text: &str,
    key: Option<Box<str>>,
    reply: Reply,
) {
    let body = match body(text) {
        Ok(body) => body,
        Err(e) => return reply(Err(e)),
    };
    let event = NewEvent {
        stream: StreamId::conversation(conversation),
        from: Some(from),
        kind: Said::KIND.into(),
        key,
        body,
        erases: Vec::new(),
    };
    // The members of a conversation are exactly the people that follow it, since both change in the same write. So this
    // guard, which the append has anyway, is the rule of `check_member`.
    site.store.submit(Append { event, guard: Guard::Follows(from), reply });
}

/// A message to be sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMessage {
    /// The text; it may be empty if there are files.
    text: String,
    /// Ids of its files: uploaded ones of the sender, or ones of messages that the sender may read.
    #[serde(default)]
    files: Vec<String>,
    /// Idempotency key, for clients that can't set a header.
    key: Option<String>,
}

/// Sends a message.
#[utoipa::path(post, operation_id = "send_message", path = "/v1/conversations/{id}/messages",
    tag = "conversations",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewMessage,
    responses((status = 201, body = Sent), (status = 200, body = Sent),
        (status = 403, description = "not_member"), (status = 404, description = "not_found"),
        (status = 409, description = "key_reused"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn send(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<(StatusCode, axum::Json<Sent>), Refusal> {
    let headers = request.headers().clone();
    let posted = Posted::of(&headers, body::read(request).await?);
    let submit = |reply| post(&site, caller.0, &id, posted, reply);
    let appended = posted::answered(submit).await?;
    Ok(Sent::answer(&site, appended))
}

/// Sends a posted message. `reply` gets the result once it is durable (P1); it must not block.
pub(crate) fn post(
    site: &Arc<Site>,
    identity: Identity,
    id: &str,
    posted: Posted<'_>,
    reply: Reply,
) {
    let counted = read(id, &posted).and_then(|read| {
        site.take_message(identity.person, identity.role, read.text.len())?;
        Ok(read)
    });
    match counted {
        Ok(message) => send_read(site, identity.person, message, reply),
        Err(e) => reply(Err(e)),
    }
}

/// A message as it was read.
pub(crate) struct ReadMessage {
    pub conversation: ConversationId,
    pub key: Option<Box<str>>,
    pub text: String,
    pub files: Vec<FileId>,
}

/// Sends a message that was read. `reply` gets the result once it is durable (P1); it must not block.
pub(crate) fn send_read(site: &Arc<Site>, from: PersonId, message: ReadMessage, reply: Reply) {
    let ReadMessage { conversation, key, text, files } = message;
    if files.is_empty() {
        return submit(site, from, conversation, &text, key, reply);
    }
    attachment::submit(site, WithFiles { from, conversation, text, files, key }, reply);
}

fn read(id: &str, posted: &Posted<'_>) -> Result<ReadMessage, Error> {
    body::check_json(posted.content_type)?;
    let conversation = parse(id)?;
    let NewMessage { text, files, key } = body::parse(&posted.body)?;
    let key = posted.key.or(key.as_deref()).map(sent::check_key).transpose()?;
    Ok(ReadMessage { conversation, key, text, files: attachment::ids(&files)? })
}
