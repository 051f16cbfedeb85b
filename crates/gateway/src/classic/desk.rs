//! What a customer-service page is given: each message once, to one window, and noted only when its connection took it.
//!
//! Whoever is to be given a message claims it first; all windows of a person share the claims. A claim that is dropped
//! before the connection took the message is free again, and the other windows look once more.

use std::sync::{Arc, Mutex, Weak};

use encke_engine::{Entry, Error, PersonId, Position, StreamId};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::Classic;
use super::mark::{self, Has, Reader};

/// Direct conversations that a waiting request knows, and learns of while it waits.
pub(super) struct Directs {
    streams: FxHashSet<StreamId>,
    /// Only those with this person, if it is given.
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
    /// Those that are known.
    pub fn new(streams: impl IntoIterator<Item = StreamId>, with: Option<PersonId>) -> Self {
        Directs { streams: streams.into_iter().collect(), with }
    }

    /// Whether an event is of one of them; one that tells the person of a new conversation is learned from.
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
    /// On the way to a window.
    claimed: FxHashSet<Position>,
    /// Taken by one; the store has it, or is about to.
    taken: FxHashSet<Position>,
}

/// One person's claims, as long as a window waits or a note is under way.
pub(super) struct Desk {
    reader: Reader,
    classic: Weak<Classic>,
    given: Mutex<Given>,
}

/// All that are in use.
#[derive(Default)]
pub(super) struct Desks(Mutex<FxHashMap<PersonId, Weak<Desk>>>);

/// Entries of the list above which those not in use are dropped.
const SWEPT_FROM: usize = 1_024;

impl Desks {
    /// A person's desk. To be had before the store is read: what is noted after that, the desk knows.
    pub fn of(&self, classic: &Arc<Classic>, person: PersonId) -> Arc<Desk> {
        let mut desks = self.0.lock().expect("not poisoned");
        if let Some(desk) = desks.get(&person).and_then(Weak::upgrade) {
            return desk;
        }
        if desks.len() >= SWEPT_FROM && desks.len().is_power_of_two() {
            desks.retain(|_, desk| desk.strong_count() > 0);
        }
        let reader = Reader { person, stream: StreamId::person(person) };
        let classic = Arc::downgrade(classic);
        let desk = Arc::new(Desk { reader, classic, given: Mutex::default() });
        desks.insert(person, Arc::downgrade(&desk));
        desk
    }
}

impl Desk {
    /// Whose it is.
    pub fn reader(&self) -> Reader {
        self.reader
    }

    /// Takes over what the store knows.
    pub fn learn(&self, has: &Has) {
        let mut given = self.given.lock().expect("not poisoned");
        given.taken.retain(|position| *position > has.up_to());
        given.taken.extend(&has.taken);
    }

    /// Claims a message, unless somebody else has.
    pub fn claim(self: &Arc<Self>, position: Position) -> Option<Claim> {
        let mut given = self.given.lock().expect("not poisoned");
        let free = !given.taken.contains(&position) && given.claimed.insert(position);
        free.then(|| Claim { desk: self.clone(), position, kept: false })
    }
}

/// A message on its way to a window.
pub(super) struct Claim {
    desk: Arc<Desk>,
    position: Position,
    kept: bool,
}

impl Claim {
    /// The window's connection took it: nobody else gets it.
    pub fn keep(mut self) {
        self.kept = true;
        let mut given = self.desk.given.lock().expect("not poisoned");
        given.claimed.remove(&self.position);
        given.taken.insert(self.position);
        drop(given);
        let Some(classic) = self.desk.classic.upgrade() else { return };
        let (desk, reader, position) = (self.desk.clone(), self.desk.reader, self.position);
        let noted = move |result: Result<(), Error>| {
            if let Err(e) = result {
                // It was given, so it stays taken here; after a restart it comes a second time.
                tracing::warn!("a message that was delivered was not noted: {e}");
            }
            drop(desk);
        };
        classic.site.store.submit_write(move |tx| Ok(mark::take(tx, reader, position)?), noted);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        self.desk.given.lock().expect("not poisoned").claimed.remove(&self.position);
        // Nobody else waits if this is the last that knows of the desk.
        if Arc::strong_count(&self.desk) > 1
            && let Some(classic) = self.desk.classic.upgrade()
            && let Some(shards) = classic.shards.get()
        {
            shards.look_again(self.desk.reader.person, Position(self.position.0 - 1));
        }
    }
}
