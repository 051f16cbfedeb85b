//! Bodies of events, signals and commands as types, so that the description of the API has them.

use encke_engine::{NewEvent, PersonId, StreamId};
use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The body of a kind of event.
pub trait EventBody: Serialize + ToSchema {
    /// The name of the kind on the wire.
    const KIND: &'static str;
}

/// The body of a kind of signal.
pub trait SignalBody: Serialize + ToSchema {
    /// The name of the kind on the wire.
    const KIND: &'static str;
}

/// An event without an idempotency key.
pub fn event<B: EventBody>(stream: StreamId, from: Option<PersonId>, body: &B) -> NewEvent {
    let body = serde_json::to_vec(body).expect("bodies are plain data");
    NewEvent {
        stream,
        from,
        kind: B::KIND.into(),
        key: None,
        body: body.into(),
        erases: Vec::new(),
    }
}

/// A named schema and the schemas in it.
pub(crate) struct Named {
    pub name: String,
    pub schema: RefOr<Schema>,
    pub others: Vec<(String, RefOr<Schema>)>,
}

impl Named {
    pub fn of<T: ToSchema>() -> Self {
        let mut others = Vec::new();
        T::schemas(&mut others);
        Named { name: T::name().into_owned(), schema: T::schema(), others }
    }
}

/// The kinds that a product adds to a feed.
#[derive(Default)]
pub struct InFeed {
    pub(crate) events: Vec<(&'static str, Named)>,
    pub(crate) signals: Vec<(&'static str, Named)>,
    pub(crate) commands: Vec<Named>,
}

impl InFeed {
    /// Adds a kind of event.
    pub fn event<B: EventBody>(mut self) -> Self {
        self.events.push((B::KIND, Named::of::<B>()));
        self
    }

    /// Adds a kind of signal.
    pub fn signal<B: SignalBody>(mut self) -> Self {
        self.signals.push((B::KIND, Named::of::<B>()));
        self
    }

    /// Adds the commands that the product takes over a WebSocket.
    pub fn commands<C: ToSchema>(mut self) -> Self {
        self.commands.push(Named::of::<C>());
        self
    }
}

/// A placeholder for a union that is complete only when all products are known.
macro_rules! union {
    ($(#[doc = $about:literal] $name:ident)*) => {$(
        #[doc = $about]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                RefOr::T(Schema::Object(Object::new()))
            }
        }

        impl ToSchema for $name {}
    )*};
}

union! {
    /// An entry of the log, of any kind, in the description of the API.
    FeedEvent
    /// A signal of any kind, in the description of the API.
    Signal
    /// A command of any product, in the description of the API.
    Command
}
