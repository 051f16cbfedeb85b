//! What the transports ask of the rest of the server: who may, what the log held, what a command does.
//!
//! Calls come on a shard's thread, so they must not block: what needs the store or a hash goes to another thread
//! and answers through the [`Reply`] later. A reply that is dropped unanswered (a panic, a lost queue) answers
//! with an error by itself, so no connection waits for ever. Answers for a connection that is gone vanish.

use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;

use bytes::Bytes;
use encke_engine::hub::{Follow, Page, PageRequest};
use encke_engine::{Code, Error, PersonId, Position};

use crate::inbox::{Inbox, Message};
use crate::request::{FeedRequest, Refusal, SendAnswer, SendRequest};
use crate::sealed::Sealed;

/// Who is at the other end of an open session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Who {
    /// The person.
    pub person: PersonId,
    /// What it was authorised by.
    pub credential: u64,
    /// What kind of person the gate says it is; the transports only carry it.
    pub rank: u8,
    /// The client's own name for its device or tab; empty if it gave none.
    pub client: Box<str>,
}

/// A request that may be served.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Who it is.
    pub who: Who,
    /// What the session follows,
    pub follows: Vec<Follow>,
    /// as it was at this position of the log.
    pub as_of: Position,
    /// [`Reach::revocations`](encke_engine::reach::Reach::revocations), read before the credential was checked.
    pub revocations_seen: u64,
    /// The newest position that is known to be committed: a cursor up to here is not ahead.
    pub known: Position,
    /// Whether it is a guest: what guests may follow of channels can change.
    pub guest: bool,
    /// For how many milliseconds the next poll on the same connection, with the same credentials and parameters,
    /// needs no new admission. 0: always ask. (A request with a ticket always asks.)
    pub good_for_ms: u64,
    /// Milliseconds until what it was authorised by ends, unless it is extended meanwhile; `u64::MAX` for never.
    pub ends_in_ms: u64,
    /// The origin that may read the answer, if the request comes from another one than the site's own.
    pub allow_origin: Option<Box<str>>,
    /// Whether that origin may send cookies along.
    pub allow_credentials: bool,
}

/// The rest of the server, as the transports see it.
pub trait Gate: Send + Sync {
    /// May this be served, and what does it follow?
    fn admit(&self, request: Arc<FeedRequest>, reply: Reply<Admission>);

    /// Reads a page of the log. An error with code `bad_cursor` says that it was trimmed meanwhile.
    fn page(&self, request: PageRequest, reply: Reply<Page>);

    /// Does what a command on a WebSocket says; `frame` is valid UTF-8, nothing else is checked. Every command
    /// must be answered, if only with `None`: until then it counts as unanswered.
    fn command(&self, who: &Who, frame: Bytes, reply: Reply<Bytes>);

    /// Does a send that came over plain HTTP, and answers when it is durable.
    fn send(&self, request: &SendRequest<'_>, reply: Reply<SendAnswer>);

    /// How long what a session was authorised by is still good: asked when it should have ended.
    fn left(&self, who: &Who, reply: Reply<CredentialTime>);

    /// The client holds everything up to here: it presented a cursor.
    fn acked(&self, who: &Who, position: Position);

    /// A session began; for presence.
    fn opened(&self, who: &Who);

    /// That session ended. Between two turns of a kept-alive poll it goes on.
    fn closed(&self, who: &Who);
}

/// Takes connections that ask for something else than the feed.
pub trait Handoff: Send + Sync {
    /// A non-blocking socket, its keys if it is under TLS, the bytes already read from it, and who is at the other end.
    fn http(
        &self,
        stream: TcpStream,
        sealed: Option<Box<Sealed>>,
        already_read: Vec<u8>,
        peer: SocketAddr,
    );

    /// Whether many people come from this address, so that nothing is limited by it.
    fn is_proxy(&self, _address: IpAddr) -> bool {
        false
    }
}

/// A connection as answers find it: its place, and which of those that had the place it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConnectionKey {
    pub index: u32,
    pub generation: u32,
}

/// What is left of what a session was authorised by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CredentialTime {
    /// The number of the credential, and for how many milliseconds it is still good; 0 if it has ended.
    Ms(u64, u64),
    /// It can't be told now.
    Unknown,
}

/// What kind of answer a [`Reply`] takes: [`Admission`], [`Page`], [`Bytes`] for a command, [`SendAnswer`],
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

/// The way back to a connection; answer once, now or later, from any thread.
#[must_use = "a reply that is dropped answers with an error"]
pub struct Reply<T: Answer> {
    to: ConnectionKey,
    way: Option<Way>,
    kind: PhantomData<fn(T)>,
}

/// Where an answer goes.
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
    /// For a request that no shard has yet.
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

    /// Lets the request in or refuses it; an [`Error`] turns into a [`Refusal`] by `into`.
    pub fn admit(self, answer: Result<Admission, Refusal>) {
        let message = Message::Admitted(self.to, answer.map(Box::new).map_err(Box::new));
        self.send(message);
    }
}

impl Reply<Page> {
    /// Gives the page, or says why there is none.
    pub fn page(self, answer: Result<Page, Error>) {
        let message = Message::Paged(self.to, answer);
        self.send(message);
    }
}

impl Reply<Bytes> {
    /// Gives the answer to a command, one item of JSON, or says that there is none.
    pub fn answer(self, item: Option<Bytes>) {
        let message = Message::Answered(self.to, item);
        self.send(message);
    }
}

impl Reply<SendAnswer> {
    /// Says what became of the send.
    pub fn sent(self, answer: SendAnswer) {
        let message = Message::Sent(self.to, Box::new(answer));
        self.send(message);
    }
}

impl Reply<CredentialTime> {
    /// Says how much is left.
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
