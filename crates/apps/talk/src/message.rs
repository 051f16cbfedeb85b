//! Sending a message.

use std::sync::Arc;

use axum::extract::{Request, State};
use encke_engine::number_text::grouped;
use encke_engine::{Code, ConversationId, Error, Event, NewEvent, PersonId, Seq, StreamId, limits};
use encke_store::{Append, Appended, Guard, Tx};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::card::Card;
use super::composed;
use super::conversation::parse;
use super::forward::Forwarded;
use super::mention;
use super::poll::Poll;
use encke_files::{File, FileId};
use encke_site::EventBody;
use encke_site::Identity;
use encke_site::Site;
use encke_site::body;
use encke_site::caller::CallerOrVisitor;
use encke_site::path::Path;
use encke_site::posted::{self, Posted};
use encke_site::product::Reply;
use encke_site::reply::Refusal;
use encke_site::sent::{self, Sent};

/// A message that a person sends.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Said<'a> {
    /// The text. It mentions people as `<@p12>`, and all members as `<@all>`.
    #[serde(borrow)]
    #[schema(value_type = String)]
    pub(crate) text: std::borrow::Cow<'a, str>,
    /// The `seq` of the event of the same conversation that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, nullable = false)]
    pub(crate) reply_to: Option<Seq>,
    /// The members that it mentions; absent if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, required = false)]
    pub(crate) mentions: Vec<PersonId>,
    /// Whether it mentions all members; absent if not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) everyone: Option<bool>,
    /// Its files, if it has any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<File>,
    /// The first message, if this one was forwarded; absent if not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) forwarded: Option<Forwarded>,
    /// The choice that it offers, if it is a poll; the text is the question then. Absent if not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) poll: Option<Poll>,
    /// What it shows, if it is a card; the text is the title then, and its first file the picture. Absent if not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) card: Option<Card>,
    /// Whether it grew, or still grows, after it was sent; `growth` beside the page's messages says how far it is. Absent
    /// if not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) growing: Option<bool>,
}

impl EventBody for Said<'_> {
    const KIND: &'static str = "message";
}

/// Refuses an empty text, and one that is too long.
pub fn check_text(text: &str) -> Result<(), Error> {
    match text.len() {
        0 => Err(Error::new(Code::Invalid, "A message needs a text.")),
        n if n > limits::TEXT_BYTES_MAX => {
            let most = grouped(limits::TEXT_BYTES_MAX);
            Err(Error::new(Code::TooLarge, format!("A message has at most {most} bytes.")))
        }
        _ => Ok(()),
    }
}

/// Refuses a text that can't be a message's, also one that mentions too many people.
pub fn check_written(text: &str) -> Result<(), Error> {
    check_text(text)?;
    mention::written(text).map(drop)
}

/// Refuses the number of an event that is not in the conversation as the one that is answered.
pub fn check_reply_to(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    reply_to: Option<Seq>,
) -> Result<(), Error> {
    let head = tx.head(StreamId::conversation(conversation))?.seq;
    if reply_to.is_some_and(|seq| seq.0 == 0 || seq > head) {
        let what = "`reply_to` is not the number of an event in this conversation.";
        return Err(Error::new(Code::Invalid, what));
    }
    Ok(())
}

/// The deletion of a person's draft in a conversation, in the write of a message that was made of it. The product that
/// keeps drafts adds this to the parts of a site.
#[derive(Clone, Copy)]
pub struct ClearDraft(pub fn(&mut Tx<'_>, PersonId, ConversationId) -> Result<(), Error>);

/// The body of a message's event.
pub(crate) fn body(text: &str) -> Result<bytes::Bytes, Error> {
    check_text(text)?;
    let (reply_to, mentions, everyone, files, forwarded, poll, card, growing) = Default::default();
    let text = text.into();
    let said = Said { text, reply_to, mentions, everyone, files, forwarded, poll, card, growing };
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
    site: &Site,
    from: PersonId,
    conversation: ConversationId,
    text: &str,
) -> Result<Appended, Error> {
    let (key, reply_to) = Default::default();
    say_message(tx, site, from, Message { conversation, key, text: text.into(), reply_to })
}

/// A message that another product sends for a person.
pub struct Message {
    /// The conversation that it goes to.
    pub conversation: ConversationId,
    /// The idempotency key.
    pub key: Option<Box<str>>,
    /// The text.
    pub text: String,
    /// The event of the same conversation that it answers.
    pub reply_to: Option<Seq>,
}

/// Appends a message of a member, in the caller's write.
pub fn say_message(
    tx: &mut Tx<'_>,
    site: &Site,
    from: PersonId,
    message: Message,
) -> Result<Appended, Error> {
    let Message { conversation, key, text, reply_to } = message;
    let (files, clear_draft, poll, card) = Default::default();
    let message = ReadMessage { conversation, key, text, reply_to, files, clear_draft, poll, card };
    composed::append(tx, site, from, message)
}

/// Appends a message with files of its writer, in the caller's write. With files the text may be empty.
pub fn say_with_files(
    tx: &mut Tx<'_>,
    site: &Site,
    from: PersonId,
    message: Message,
    files: Vec<FileId>,
) -> Result<Appended, Error> {
    let Message { conversation, key, text, reply_to } = message;
    let (clear_draft, poll, card) = Default::default();
    let message = ReadMessage { conversation, key, text, reply_to, files, clear_draft, poll, card };
    composed::append(tx, site, from, message)
}

/// Submits a message that is only a text to the store. `reply` gets the result once it is durable (P1); it must not
/// block.
fn submit(site: &Arc<Site>, from: PersonId, message: ReadMessage, reply: Reply) {
    let body = match body(&message.text) {
        Ok(body) => body,
        Err(e) => return reply(Err(e)),
    };
    let event = NewEvent {
        stream: StreamId::conversation(message.conversation),
        from: Some(from),
        kind: Said::KIND.into(),
        key: message.key.clone(),
        body,
        erases: Vec::new(),
    };
    let site_for_store = site.clone();
    let reply: Reply = Box::new(move |result| match result {
        // The rights of the sender have to be looked at: it is muted, only some write here, or it is a thread, in which
        // also those write who don't follow it yet.
        // Or its key was used in the ticket that goes on for this one.
        Err(e) if matches!(e.code, Code::ReadOnly | Code::NotMember | Code::KeyReused) => {
            submit_composed(&site_for_store, from, message, reply)
        }
        result => reply(result),
    });
    // The members of a conversation are exactly the people that follow it, since both change in the same write. So this
    // guard, which the append has anyway, is the rule of `check_member`.
    site.store.submit(Append { event, guard: Guard::Follows(from), reply });
}

/// Submits a message for which the store has to be asked.
fn submit_composed(site: &Arc<Site>, from: PersonId, message: ReadMessage, reply: Reply) {
    let clear = message.clear_draft.then(|| site.find_part::<ClearDraft>().copied()).flatten();
    let (conversation, held) = (message.conversation, site.clone());
    let write = move |tx: &mut Tx<'_>| {
        let appended = composed::append(tx, &held, from, message)?;
        // A retry must not delete what was begun since.
        if let (Some(ClearDraft(clear)), false) = (clear, appended.repeated) {
            clear(tx, from, conversation)?;
        }
        Ok(appended)
    };
    site.store.submit_write(write, reply);
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
    /// The `seq` of the event of the same conversation that it answers.
    #[schema(value_type = Option<u64>)]
    reply_to: Option<Seq>,
    /// Idempotency key, for clients that can't set a header.
    key: Option<String>,
    /// Whether the sender's draft in this conversation goes with it.
    #[serde(default)]
    clear_draft: bool,
}

/// Sends a message.
#[utoipa::path(post, operation_id = "send_message", path = "/v1/conversations/{id}/messages",
    tag = "conversations",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewMessage,
    responses((status = 201, body = Sent), (status = 200, body = Sent),
        (status = 403, description = "blocked, muted, not_member, read_only"),
        (status = 404, description = "not_found"), (status = 409, description = "key_reused"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn send(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
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
    pub reply_to: Option<Seq>,
    pub files: Vec<FileId>,
    pub clear_draft: bool,
    pub poll: Option<Poll>,
    pub card: Option<Card>,
}

impl ReadMessage {
    /// Whether it is only a text, so that nothing has to be looked up for it.
    fn is_plain(&self) -> bool {
        self.files.is_empty()
            && self.reply_to.is_none()
            && !self.clear_draft
            && self.poll.is_none()
            && self.card.is_none()
            && !mention::may_mention(&self.text)
    }
}

/// Sends a message that was read. `reply` gets the result once it is durable (P1); it must not block.
pub(crate) fn send_read(site: &Arc<Site>, from: PersonId, message: ReadMessage, reply: Reply) {
    if message.is_plain() {
        return submit(site, from, message, reply);
    }
    submit_composed(site, from, message, reply);
}

fn read(id: &str, posted: &Posted<'_>) -> Result<ReadMessage, Error> {
    body::check_json(posted.content_type)?;
    let conversation = parse(id)?;
    let NewMessage { text, files, reply_to, key, clear_draft } = body::parse(&posted.body)?;
    let key = posted.key.or(key.as_deref()).map(sent::check_key).transpose()?;
    let files = composed::ids(&files)?;
    let (poll, card) = Default::default();
    Ok(ReadMessage { conversation, key, text, reply_to, files, clear_draft, poll, card })
}
