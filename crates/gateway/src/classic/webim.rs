//! `/classic/webim/`: two people by their numbers. Every poll repeats the unconfirmed messages.
//!
//! A number is the account with this name, otherwise the person with this number (`p12` is 12). Where claims are
//! believed, a guest is made for any other number. The messages of the two are in their direct conversation.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use encke_chat::gateway_conversations;
use encke_engine::{Code, ConversationId, Entry, Error, PersonId, Position, Seq, StreamId};
use encke_site::Role;
use encke_store::{Read, Tx};
use encke_talk::message;
use encke_transport::{ForeignAnswer, ForeignRequest, WaitEnd};
use rustc_hash::FxHashSet;
use serde::Serialize;

use super::answer::{self, HTML, Refused, html, json};
use super::asker::Asker;
use super::form::{Form, number};
use super::handout::Directs;
use super::hold::{Hold, Style, TOO_MANY};
use super::mark::{self, Has, Reader};
use super::{Claims, Classic, Html, name};

/// How long a poll waits.
const WAIT_MS: u64 = 30_000;
/// Ids in one confirmation: as many as there are messages in an answer.
const CONFIRMED_MAX: usize = 1_000;

pub(super) fn router() -> Router<Arc<Classic>> {
    Router::new()
        .route("/SendMessage.php", post(send).fallback(answer::wrong_method))
        .route("/GetMessage.php", post(get).fallback(answer::wrong_method))
}

#[derive(Serialize)]
struct Sent {
    status: u8,
    info: u64,
}

const NOT_SENT: &str = r#"{"status":0,"info":""}"#;

async fn send(State(classic): State<Arc<Classic>>, request: Request) -> Response {
    answer::of(classic.webim_send(request).await)
}

async fn get(State(classic): State<Arc<Classic>>, request: Request) -> Response {
    answer::of(classic.webim_get(request).await)
}

fn uid(text: &str) -> Result<u64, Refused> {
    number(text).ok_or(Refused::bad("This is not a number of somebody."))
}

/// Two people: the sender of the request and the other one.
#[derive(Clone, Copy)]
struct Pair {
    me: PersonId,
    other: Option<PersonId>,
}

impl Classic {
    async fn webim_send(self: &Arc<Self>, request: Request) -> Result<Response, Refused> {
        let (parts, form) = Form::of_body(request).await?;
        let text = form.need_text("message")?.to_owned();
        let (receiver, sender) = (uid(form.need("reciver_uid")?)?, uid(form.need("sender_uid")?)?);
        let asker = self.asker(&parts).await?;
        if self.take_message(&asker, text.len()).is_err() {
            return Ok(html(NOT_SENT));
        }
        let this = self.clone();
        let sent = self.site.store.write(move |tx| {
            let me = this.own_number(tx, sender, &asker)?;
            let other = this.number_in(tx, receiver)?.ok_or_else(nobody)?;
            if me == other {
                return Err(nobody());
            }
            let guest = asker.identity.is_some_and(|i| i.role == Role::Guest);
            if guest && !gateway_conversations::may_guest_begin(tx, me, other)? {
                return Err(nobody());
            }
            let conversation = gateway_conversations::direct(tx, &this.site, me, other)?;
            message::say(tx, &this.site, me, conversation, &text)
        });
        match sent.await {
            Ok(sent) => Ok(html(json(&Sent { status: 1, info: sent.position.0 }))),
            // Other errors count as temporary: a page with a refused send never lets its user try again.
            Err(e) if !matches!(e.code, Code::Forbidden | Code::TooLarge | Code::Invalid) => {
                Ok(html(NOT_SENT))
            }
            Err(e) => Err(e.into()),
        }
    }

    /// The person of a number. Where claims are believed, a guest is made if there is none.
    fn number_in(&self, tx: &mut Tx<'_>, uid: u64) -> Result<Option<PersonId>, Error> {
        match name::find_number(tx, uid, self.claims)? {
            None if self.claims == Claims::Trust => {
                name::find_or_make(tx, &uid.to_string()).map(Some)
            }
            found => Ok(found),
        }
    }

    /// The sender's person by its number.
    fn own_number(&self, tx: &mut Tx<'_>, uid: u64, asker: &Asker) -> Result<PersonId, Error> {
        let claimed = self.number_in(tx, uid)?.ok_or_else(not_you)?;
        if asker.person().is_some_and(|person| person != claimed) {
            return Err(not_you());
        }
        Ok(claimed)
    }

    async fn webim_get(self: &Arc<Self>, request: Request) -> Result<Response, Refused> {
        let (parts, form) = Form::of_body(request).await?;
        let (receiver, sender) = (uid(form.need("reciver_uid")?)?, uid(form.need("sender_uid")?)?);
        let confirmed = match form.need("request_type")? {
            "get_message" => Vec::new(),
            "comfrim_read" => confirmed_ids(&form)?,
            _ => return Err(Refused::bad("There is no such request.")),
        };
        let asker = self.asker(&parts).await?;
        let pair = self.pair(receiver, sender, &asker).await?;
        if !confirmed.is_empty() {
            self.confirm(pair, confirmed.clone()).await?;
        }
        self.unconfirmed(pair, [receiver, sender], !confirmed.is_empty(), &asker).await
    }

    /// The two people. This writes only if one of them is new.
    async fn pair(
        self: &Arc<Self>,
        receiver: u64,
        sender: u64,
        asker: &Asker,
    ) -> Result<Pair, Refused> {
        let claims = self.claims;
        let known = self.site.store.read(move |read| {
            let me = name::find_number(read, receiver, claims)?;
            Ok((me, name::find_number(read, sender, claims)?))
        });
        let (me, other) = known.await?;
        let known = me.is_some() && (other.is_some() || claims == Claims::Session);
        let pair = match me {
            Some(me) if known => Pair { me, other },
            _ => {
                let (this, asker) = (self.clone(), asker.clone());
                let made = self.site.store.write(move |tx| {
                    let me = this.own_number(tx, receiver, &asker)?;
                    Ok(Pair { me, other: this.number_in(tx, sender)? })
                });
                made.await?
            }
        };
        if asker.person().is_some_and(|person| person != pair.me) {
            return Err(Refused::another());
        }
        Ok(pair)
    }

    /// Notes those of these messages that the other person has sent to the sender of the request.
    async fn confirm(&self, pair: Pair, ids: Vec<Position>) -> Result<(), Refused> {
        let Pair { me, other: Some(other) } = pair else { return Ok(()) };
        let done = self.site.store.write(move |tx| {
            let Some(conversation) = gateway_conversations::direct_of(tx, me, other)? else {
                return Ok(());
            };
            let reader = reader(me, conversation);
            let has = Has::of(tx, reader)?;
            for id in ids {
                let Some(entry) = tx.event(id)? else { continue };
                let event = &entry.event;
                let theirs = event.stream == reader.stream && event.from == Some(other);
                if theirs && &*event.kind == "message" && id > has.up_to() {
                    mark::take(tx, reader, id)?;
                }
            }
            Ok(())
        });
        Ok(done.await?)
    }

    /// Answers with the unconfirmed messages, or waits for one.
    async fn unconfirmed(
        self: &Arc<Self>,
        pair: Pair,
        uids: [u64; 2],
        confirmed: bool,
        asker: &Asker,
    ) -> Result<Response, Refused> {
        let found = self.site.store.read(move |read| direct_progress(read, pair)).await?;
        let DirectProgress { conversation, has, at, seq, as_of } = found;
        let mut streams = Vec::new();
        match conversation {
            Some(conversation) => {
                let reader = reader(pair.me, conversation);
                streams.push(reader.stream);
                self.tidy(reader, &has, at);
                if confirmed {
                    // For the other person this means "read".
                    encke_talk::hold_up_to(&self.site, conversation, pair.me, seq);
                }
            }
            None if pair.other.is_some() => streams.push(StreamId::person(pair.me)),
            None => {}
        }
        let [receiver, sender] = uids;
        let directs = Directs::new(conversation.map(StreamId::conversation), pair.other);
        let (from, taken, html) = (pair.other, has.taken, self.html);
        let protocol = Poll { directs, from, taken, receiver, sender, html };
        let hold = Hold { person: Some(pair.me), streams, as_of, at, wait_ms: Some(WAIT_MS) };
        Ok(self.hold(asker, hold, Style::Answer(HTML), protocol))
    }
}

fn nobody() -> Error {
    Error::new(Code::NotFound, "There is nobody of this number.")
}

fn not_you() -> Error {
    Error::new(Code::Forbidden, "This is not your number.")
}

fn reader(person: PersonId, conversation: ConversationId) -> Reader {
    Reader { person, stream: StreamId::conversation(conversation) }
}

fn confirmed_ids(form: &Form) -> Result<Vec<Position>, Refused> {
    let ids = form.all("send_data[]").map(|id| number(id).map(Position));
    let ids: Option<Vec<Position>> = ids.take(CONFIRMED_MAX + 1).collect();
    match ids {
        Some(ids) if (1..=CONFIRMED_MAX).contains(&ids.len()) => Ok(ids),
        _ => Err(Refused::bad("These are not ids of messages.")),
    }
}

/// Where one person stands in its direct conversation with another.
struct DirectProgress {
    conversation: Option<ConversationId>,
    has: Has,
    /// Everything up to here was confirmed by the person, or is not for it.
    at: Position,
    /// The number in the conversation of the event at `at`.
    seq: Seq,
    as_of: Position,
}

fn direct_progress(read: &mut Read<'_>, pair: Pair) -> Result<DirectProgress, Error> {
    let as_of = read.position();
    let mut progress =
        DirectProgress { conversation: None, has: Has::default(), at: as_of, seq: Seq(0), as_of };
    let Some(other) = pair.other else { return Ok(progress) };
    progress.conversation = gateway_conversations::direct_of(read, pair.me, other)?;
    let Some(conversation) = progress.conversation else { return Ok(progress) };
    let reader = reader(pair.me, conversation);
    progress.has = Has::of(read, reader)?;
    let open = mark::first_open(read, reader.stream, progress.has.up_to(), |entry| {
        let event = &entry.event;
        event.from == Some(other)
            && &*event.kind == "message"
            && !progress.has.taken.contains(&event.position)
    });
    (progress.at, progress.seq) = match open? {
        Some(open) => (Position(open.position.0 - 1), Seq(open.seq.0 - 1)),
        None => (as_of, read.head(reader.stream)?.seq),
    };
    Ok(progress)
}

/// A poll of a direct conversation while it waits.
struct Poll {
    directs: Directs,
    from: Option<PersonId>,
    taken: FxHashSet<Position>,
    receiver: u64,
    sender: u64,
    html: Html,
}

#[derive(Serialize)]
struct Message {
    id: String,
    reciver_uid: String,
    sender_uid: String,
    content: String,
    create_time: String,
    status: &'static str,
    send_time: String,
}

#[derive(Serialize)]
struct Messages {
    status: u8,
    response_type: &'static str,
    info: Vec<Message>,
}

const CONNECTING: &str = r#"{"status":1,"response_type":"is_connecting","info":""}"#;

impl Poll {
    fn message(&self, entry: &Entry) -> Message {
        let event = &entry.event;
        let since =
            i64::try_from(event.at_ms).ok().and_then(chrono::DateTime::from_timestamp_millis);
        let text = message::text_of(&event.body).unwrap_or_default();
        let local = since.unwrap_or_default().with_timezone(&chrono::Local);
        Message {
            id: event.position.0.to_string(),
            reciver_uid: self.receiver.to_string(),
            sender_uid: self.sender.to_string(),
            content: self.html.of(&text).into_owned(),
            create_time: (event.at_ms / 1_000).to_string(),
            status: "1",
            send_time: local.format("%Y-%m-%d %H:%M:%S").to_string(),
        }
    }
}

impl ForeignRequest for Poll {
    fn on_events(&mut self, entries: &[Arc<Entry>]) -> ForeignAnswer {
        let mut info = Vec::new();
        for entry in entries {
            let event = &entry.event;
            let mine = self.directs.has(entry)
                && event.from == self.from
                && &*event.kind == "message"
                && !self.taken.contains(&event.position);
            if mine {
                info.push(self.message(entry));
            }
        }
        match info.is_empty() {
            true => ForeignAnswer::Nothing,
            false => {
                ForeignAnswer::Whole(json(&Messages { status: 1, response_type: "is_read", info }))
            }
        }
    }

    fn on_end(&mut self, why: WaitEnd) -> (u16, Bytes) {
        match why {
            WaitEnd::Revoked => (403, Bytes::from_static(b"You have been signed out.")),
            WaitEnd::TooMany => (429, Bytes::from_static(TOO_MANY.as_bytes())),
            WaitEnd::Time | WaitEnd::Drain | WaitEnd::Again => {
                (200, Bytes::from_static(CONNECTING.as_bytes()))
            }
        }
    }
}
