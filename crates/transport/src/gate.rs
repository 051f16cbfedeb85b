//! The questions that the transports ask the rest of the server: who may connect, what the log holds, what a command
//! does.
//!
//! Calls come on a shard's thread, so they must not block. Work with the store or with a hash goes to another thread,
//! and the answer comes later through the [`Reply`]. A reply that is dropped unanswered (after a panic, or with a lost
//! queue) sends an error by itself, so no connection waits for ever. An answer for a connection that is gone has no
//! effect.

use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;

use bytes::Bytes;
use encke_engine::hub::{Follow, Page, PageRequest};
use encke_engine::{Code, Error, PersonId, Position};

use crate::inbox::{Inbox, Message};
use crate::request::{FeedRequest, Refusal, SendAnswer, SendRequest};
use crate::sealed::Sealed;

/// The person and the client behind an open session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Who {
    /// The person.
    pub person: PersonId,
    /// The number of the credential that authorised the session.
    pub credential: u64,
    /// The person's kind, as the gate numbers it; the transports only carry it.
    pub rank: u8,
    /// The client's own name for its device or tab; empty if it gave none.
    pub client: Box<str>,
}

/// A request that may be served.
#[derive(Clone, Debug)]
pub struct Admission {
    /// The person and the client that send the request.
    pub who: Who,
    /// The streams that the session follows, as they were at `as_of`.
    pub follows: Vec<Follow>,
    /// The position of the log at which `follows` was read.
    pub as_of: Position,
    /// [`Reach::revocations`](encke_engine::reach::Reach::revocations), read before the credential was checked.
    pub revocations_seen: u64,
    /// The newest position that is known to be committed. A cursor up to here is not ahead.
    pub known: Position,
    /// Whether the person is a guest: a setting says which channels guests may follow, and it can change.
    pub guest: bool,
    /// Milliseconds for which a further poll on the same connection, with the same credentials and parameters, needs no
    /// new admission. 0 means that each poll is admitted. (A request with a pass is always admitted anew.)
    pub good_for_ms: u64,
    /// Milliseconds until the session's credential ends, unless it is extended; `u64::MAX` for never.
    pub ends_in_ms: u64,
    /// The origin that may read the answer, if the request comes from another one than the site's own.
    pub allow_origin: Option<Box<str>>,
    /// Whether that origin may send cookies along.
    pub allow_credentials: bool,
}

/// The rest of the server, as the transports see it.
pub trait Gate: Send + Sync {
    /// Decides whether a request may be served, and which streams its session follows.
    fn admit(&self, request: Arc<FeedRequest>, reply: Reply<Admission>);

    /// Reads a page of the log. The error `bad_cursor` says that the page was trimmed meanwhile.
    fn page(&self, request: PageRequest, reply: Reply<Page>);

    /// Runs a command from a WebSocket. `frame` is valid UTF-8; nothing else is checked. Every command needs an answer,
    /// if only `None`, because until then it counts as unanswered.
    fn command(&self, who: &Who, frame: Bytes, reply: Reply<Bytes>);

    /// Appends a send that came over plain HTTP, and answers when it is durable.
    fn send(&self, request: &SendRequest<'_>, reply: Reply<SendAnswer>);

    /// Tells how long the credential of a session is still good. The shard asks at the moment when the session should
    /// end.
    fn left(&self, who: &Who, reply: Reply<CredentialTime>);

    /// Takes an ack: the client has presented a cursor, so it holds everything up to here.
    fn acked(&self, who: &Who, position: Position);

    /// Notes that a session began, for presence.
    fn opened(&self, who: &Who);

    /// Notes that a session ended. A session lasts through the pauses of a kept-alive poll.
    fn closed(&self, who: &Who);
}

/// Takes connections whose requests are not for the feed.
pub trait Handoff: Send + Sync {
    /// Takes a non-blocking socket with its keys if it is under TLS, the bytes already read from it, and the address at
    /// the other end.
    fn http(
        &self,
        stream: TcpStream,
        sealed: Option<Box<Sealed>>,
        already_read: Vec<u8>,
        peer: SocketAddr,
    );

    /// Whether many people come from this address, so limits by address do not apply.
    fn is_proxy(&self, _address: IpAddr) -> bool {
        false
    }
}

/// The key of a connection: its place, and the generation of the connections that have had this place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConnectionKey {
    pub index: u32,
    pub generation: u32,
}

/// The time for which the credential of a session is still good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CredentialTime {
    /// The number of the credential, and the milliseconds for which it is still good; 0 if it has ended.
    Ms(u64, u64),
    /// The gate does not know at the moment.
    Unknown,
}

/// The kinds of answers that a [`Reply`] takes: [`Admission`], [`Page`], [`Bytes`] for a command, [`SendAnswer`],
/// [`ForeignAnswer`](crate::ForeignAnswer), [`CredentialTime`].
pub trait Answer: Sized {
    /// The message that says that there will be no answer.
    #[doc(hidden)]
    fn lost(to: ConnectionKey) -> Message;
}

impl Answer for Admission {
    fn lost(to: ConnectionKey) -> Message {
        Message::Admitted(to, Err(Box::new(internal().into())))
    }
}

impl Answer for Page {
    fn lost(to: ConnectionKey) -> Message {
        Message::Paged(to, Err(internal()))
    }
}

impl Answer for Bytes {
    fn lost(to: ConnectionKey) -> Message {
        Message::Answered(to, Some(encke_engine::item::error(None, &internal())))
    }
}

impl Answer for CredentialTime {
    fn lost(to: ConnectionKey) -> Message {
        Message::CredentialTime(to, CredentialTime::Unknown)
    }
}

impl Answer for SendAnswer {
    fn lost(to: ConnectionKey) -> Message {
        Message::Sent(to, Box::new(internal().into()))
    }
}

fn internal() -> Error {
    Error::new(Code::Internal, "Something failed on the server; it has been logged.")
}

/// The way back to a connection. Answer once, now or later, from any thread.
#[must_use = "a reply that is dropped answers with an error"]
pub struct Reply<T: Answer> {
    to: ConnectionKey,
    way: Option<Way>,
    kind: PhantomData<fn(T)>,
}

/// The receiver of an answer.
enum Way {
    Shard(Arc<Inbox>),
    Call(Box<dyn FnOnce(Message) + Send>),
}

impl Way {
    fn take(self, message: Message) {
        match self {
            Way::Shard(inbox) => inbox.push(message),
            Way::Call(call) => call(message),
        }
    }
}

impl<T: Answer> Reply<T> {
    pub(crate) fn new(to: ConnectionKey, inbox: Arc<Inbox>) -> Self {
        Reply { to, way: Some(Way::Shard(inbox)), kind: PhantomData }
    }

    pub(crate) fn to(&self) -> ConnectionKey {
        self.to
    }

    pub(crate) fn send(mut self, message: Message) {
        if let Some(way) = self.way.take() {
            way.take(message);
        }
    }
}

impl Reply<Admission> {
    /// A reply for a request before it reaches a shard: `call` gets the answer.
    pub(crate) fn to_call(
        call: impl FnOnce(Result<Box<Admission>, Box<Refusal>>) + Send + 'static,
    ) -> Self {
        let call = move |message| match message {
            Message::Admitted(_, answer) => call(answer),
            _ => unreachable!("only admissions answer a request"),
        };
        let nobody = ConnectionKey { index: 0, generation: 0 };
        Reply { to: nobody, way: Some(Way::Call(Box::new(call))), kind: PhantomData }
    }

    /// Lets the request in or refuses it. An [`Error`] becomes a [`Refusal`] by `into`.
    pub fn admit(self, answer: Result<Admission, Refusal>) {
        let message = Message::Admitted(self.to, answer.map(Box::new).map_err(Box::new));
        self.send(message);
    }
}

impl Reply<Page> {
    /// Gives the page, or the reason why there is none.
    pub fn page(self, answer: Result<Page, Error>) {
        let message = Message::Paged(self.to, answer);
        self.send(message);
    }
}

impl Reply<Bytes> {
    /// Gives the answer to a command as one item of JSON, or `None` if there is none.
    pub fn answer(self, item: Option<Bytes>) {
        let message = Message::Answered(self.to, item);
        self.send(message);
    }
}

impl Reply<SendAnswer> {
    /// Gives the outcome of the send.
    pub fn sent(self, answer: SendAnswer) {
        let message = Message::Sent(self.to, Box::new(answer));
        self.send(message);
    }
}

impl Reply<CredentialTime> {
    /// Gives the time that is left.
    pub fn left(self, left: CredentialTime) {
        let message = Message::CredentialTime(self.to, left);
        self.send(message);
    }
}

impl<T: Answer> Drop for Reply<T> {
    fn drop(&mut self) {
        if let Some(way) = self.way.take() {
            way.take(T::lost(self.to));
        }
    }
}
