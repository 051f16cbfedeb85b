//! Messages that are delivered once, to one of a person's windows. A message is noted as delivered only when the
//! connection took it.
//!
//! A window reserves a message before it gets it; all windows of a person share the reservations. If the reservation is
//! dropped before the connection took the message, the message is free again and the other windows look again.

use std::sync::{Arc, Mutex, Weak};

use encke_engine::{Entry, Error, PersonId, Position, StreamId};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::Classic;
use super::mark::{self, Has, Reader};

/// The direct conversations that a waiting request knows. It learns of further ones while it waits.
pub(super) struct Directs {
    streams: FxHashSet<StreamId>,
    /// The other person, if only the conversation with that person counts.
    with: Option<PersonId>,
}

#[derive(Deserialize)]
struct Added {
    conversation: AddedConversation,
}

#[derive(Deserialize)]
struct AddedConversation {
    id: encke_engine::ConversationId,
    kind: String,
    members: Vec<AddedMember>,
}

#[derive(Deserialize)]
struct AddedMember {
    person: PersonId,
}

impl Directs {
    /// Begins with the known conversations.
    pub fn new(streams: impl IntoIterator<Item = StreamId>, with: Option<PersonId>) -> Self {
        Directs { streams: streams.into_iter().collect(), with }
    }

    /// Whether an event belongs to one of the conversations. Learns from events that add the person to one.
    pub fn has(&mut self, entry: &Entry) -> bool {
        let event = &entry.event;
        if &*event.kind == "conversation_added" {
            self.learn(&event.body);
        }
        self.streams.contains(&event.stream)
    }

    fn learn(&mut self, body: &[u8]) {
        let Ok(Added { conversation }) = serde_json::from_slice(body) else { return };
        let among = |person| conversation.members.iter().any(|m| m.person == person);
        if conversation.kind == "direct" && self.with.is_none_or(among) {
            self.streams.insert(StreamId::conversation(conversation.id));
        }
    }
}

#[derive(Default)]
struct Given {
    /// Messages that a window has reserved.
    reserved: FxHashSet<Position>,
    /// Messages that a window has taken. The store has noted them or is about to.
    taken: FxHashSet<Position>,
}

/// The deliveries to one person. It exists while a window waits or a note is being stored.
pub(super) struct Handout {
    reader: Reader,
    classic: Weak<Classic>,
    given: Mutex<Given>,
}

/// The deliveries in use, by person.
#[derive(Default)]
pub(super) struct Handouts(Mutex<FxHashMap<PersonId, Weak<Handout>>>);

/// When the list has this many entries, unused ones are dropped.
const SWEPT_FROM: usize = 1_024;

impl Handouts {
    /// The deliveries to a person. Call this before the store is read, because they know everything that the store
    /// notes after that.
    pub fn of(&self, classic: &Arc<Classic>, person: PersonId) -> Arc<Handout> {
        let mut handouts = self.0.lock().expect("not poisoned");
        if let Some(handout) = handouts.get(&person).and_then(Weak::upgrade) {
            return handout;
        }
        if handouts.len() >= SWEPT_FROM && handouts.len().is_power_of_two() {
            handouts.retain(|_, handout| handout.strong_count() > 0);
        }
        let reader = Reader { person, stream: StreamId::person(person) };
        let classic = Arc::downgrade(classic);
        let handout = Arc::new(Handout { reader, classic, given: Mutex::default() });
        handouts.insert(person, Arc::downgrade(&handout));
        handout
    }
}

impl Handout {
    /// The person, and the stream that its marks belong to.
    pub fn reader(&self) -> Reader {
        self.reader
    }

    /// Learns what the store has noted.
    pub fn learn(&self, has: &Has) {
        let mut given = self.given.lock().expect("not poisoned");
        given.taken.retain(|position| *position > has.up_to());
        given.taken.extend(&has.taken);
    }

    /// Reserves a message; `None` if another window has it.
    pub fn reserve(self: &Arc<Self>, position: Position) -> Option<Reserved> {
        let mut given = self.given.lock().expect("not poisoned");
        let free = !given.taken.contains(&position) && given.reserved.insert(position);
        free.then(|| Reserved { handout: self.clone(), position, kept: false })
    }
}

/// A message that is reserved for a window.
pub(super) struct Reserved {
    handout: Arc<Handout>,
    position: Position,
    kept: bool,
}

impl Reserved {
    /// Notes that the window's connection took the message. No other window gets it.
    pub fn keep(mut self) {
        self.kept = true;
        let mut given = self.handout.given.lock().expect("not poisoned");
        given.reserved.remove(&self.position);
        given.taken.insert(self.position);
        drop(given);
        let Some(classic) = self.handout.classic.upgrade() else { return };
        let (handout, reader, position) =
            (self.handout.clone(), self.handout.reader, self.position);
        let noted = move |result: Result<(), Error>| {
            if let Err(e) = result {
                // The message was delivered, so it stays taken here. After a restart it is delivered a second time.
                tracing::warn!("a message that was delivered was not noted: {e}");
            }
            drop(handout);
        };
        classic.site.store.submit_write(move |tx| Ok(mark::take(tx, reader, position)?), noted);
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        self.handout.given.lock().expect("not poisoned").reserved.remove(&self.position);
        // If this is the last window, no other one waits.
        if Arc::strong_count(&self.handout) > 1
            && let Some(classic) = self.handout.classic.upgrade()
            && let Some(shards) = classic.shards.get()
        {
            shards.look_again(self.handout.reader.person, Position(self.position.0 - 1));
        }
    }
}
