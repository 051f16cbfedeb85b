//! The hub of one shard: which session follows which stream, and what each session gets next.
//!
//! A session offers four calls, and each transport makes them: [`open`](Hub::open) at a cursor, [`next`](Hub::next)
//! batch, commands (which go past the hub, to the products), [`close`](Hub::close).
//!
//! A session is in one of three states:
//! - *behind*: it reads from its position, out of the tail or, further back, out of the store. It will come to new
//!   events by reading.
//! - *live*: it has everything up to the hub's head; [`deliver`](Hub::deliver) hands it each new event.
//! - *resting*: it is registered, but nobody waits (a long poll between two requests).
//!
//! A session starts behind, after it was registered, and turns live only in the same step in which it reaches the head.
//! One thread owns the hub, so there is no gap between the two. Falling behind costs nothing but a number: no queue.

mod changes;
mod channels;
mod erased;
mod session;
mod streams;

use std::sync::Arc;

use rustc_hash::FxHashMap;

pub use changes::Changes;
pub use session::{Follow, Open, State};

use crate::batch::{Batch, Step};
use crate::cursor::{Cursor, Standing};
use crate::entry::Entry;
use crate::ids::{Epoch, PersonId, Position};
use crate::limits;
use crate::stream::StreamId;
use crate::tail::Tail;
use erased::ErasedLately;
use session::{Followed, Session, Sessions};
use streams::Streams;

/// The next thing that a session gets.
#[derive(Debug)]
pub enum Next {
    /// The session has everything and is live from now on.
    Live,
    /// The session gets these entries, in order; then ask again.
    Entries(Vec<Arc<Entry>>),
    /// The next events are older than the tail: ask the store for this page and hand it to [`Hub::replayed`].
    Store(PageRequest),
}

/// A page that only the store can give.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PageRequest {
    /// The page has events after this position.
    pub after: Position,
    /// The page has events up to this position.
    pub until: Position,
    /// The page has events of the streams that route to these, each from its own position on.
    pub follows: Vec<Follow>,
}

/// The store's answer: the events that it found, and how far it looked.
#[derive(Debug)]
pub struct Page {
    /// The events between `after` and `up_to`, in order.
    pub entries: Vec<Arc<Entry>>,
    /// The page is complete up to this position.
    pub up_to: Position,
}

/// The fate of events that were handed to a live session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SinkOutcome {
    /// The events are written, or certain to be: the session stays live.
    All,
    /// The events are kept to be finished, and the connection can't take more: the session falls behind them.
    Full,
    /// The events ended the wait of a long poll: the session rests behind them.
    Rest,
}

/// The reason why a session could not be opened as it was admitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stale {
    /// The admission is too old to be brought up to date: admit again.
    Again,
    /// The credential was revoked meanwhile.
    Revoked,
}

/// The sessions of one shard and the tail that they read from.
pub struct Hub {
    epoch: Epoch,
    /// The events before this position were trimmed.
    trimmed: Position,
    tail: Tail,
    streams: Streams,
    sessions: Sessions,
    /// Sessions of a person that follow many channels. Most people have none.
    wide: FxHashMap<PersonId, Vec<u32>>,
    changes: Changes,
    erased: ErasedLately,
    due: Vec<(u32, u32)>,
}

impl Hub {
    /// A hub for a log of this epoch; `tail` holds its newest events.
    pub fn new(epoch: Epoch, trimmed: Position, tail: Tail) -> Self {
        let changes = Changes::new(tail.head());
        let (streams, sessions, wide, erased, due) = Default::default();
        Hub { epoch, trimmed, tail, streams, sessions, wide, changes, erased, due }
    }

    /// The position of the newest event that this hub has seen.
    pub fn head(&self) -> Position {
        self.tail.head()
    }

    /// The cursor at the head.
    pub fn cursor(&self) -> Cursor {
        self.cursor_at(self.head())
    }

    /// The cursor at a position.
    pub fn cursor_at(&self, position: Position) -> Cursor {
        Cursor { epoch: self.epoch, position }
    }

    /// The verdict on a cursor. Without a cursor the session starts from now.
    ///
    /// `known` is the newest position that the caller knows to be committed: when another shard was quicker, a cursor
    /// may be ahead of this hub without being ahead of the log.
    pub fn standing(&self, cursor: Option<Cursor>, known: Position) -> Standing {
        match cursor {
            None => Standing::Good(self.head()),
            Some(c) => c.standing(self.epoch, self.trimmed, known.max(self.head())),
        }
    }

    /// Keeps the tail within its bound, since replays may have made it grow.
    pub fn settle(&mut self) {
        self.tail.settle();
    }

    /// The number of open sessions.
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether no session is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Registers a session, which starts behind. Everything that comes from now on reaches it by [`next`](Self::next)
    /// or [`deliver`](Self::deliver).
    pub fn open(&mut self, open: Open) -> Result<u32, Stale> {
        let follows = self.changes.bring_up_to_date(&open)?;
        let key = self.sessions.insert(Session::new(&open));
        let channels = follows.iter().filter(|f| f.stream.is_channel()).count();
        // Nobody is not one person: no visitor's session ends another's.
        if channels > limits::CHANNELS_NARROW_MAX && open.person != PersonId::NOBODY {
            self.sessions.get_mut(key).wide = true;
            self.wide.entry(open.person).or_default().push(key);
        }
        for follow in follows {
            self.follow(key, follow);
        }
        Ok(key)
    }

    /// Wakes a resting session at the position that its client now holds.
    pub fn resume(&mut self, session: u32, at: Position) {
        let s = self.sessions.get_mut(session);
        s.at = at;
        s.state = State::Behind;
    }

    /// Ends a session.
    pub fn close(&mut self, session: u32) {
        while let Some(last) = self.sessions.get(session).follows.len().checked_sub(1) {
            self.unfollow_place(session, last);
        }
        let Session { person, wide, .. } = *self.sessions.get(session);
        if wide && let Some(all) = self.wide.get_mut(&person) {
            all.retain(|key| *key != session);
            if all.is_empty() {
                self.wide.remove(&person);
            }
        }
        self.sessions.remove(session);
    }

    /// The connection that a session belongs to, as [`Open::owner`] said.
    pub fn owner(&self, session: u32) -> u32 {
        self.sessions.get(session).owner
    }

    /// The state of a session.
    pub fn state(&self, session: u32) -> State {
        self.sessions.get(session).state
    }

    /// The position up to which everything was handed to the session.
    pub fn position(&self, session: u32) -> Position {
        let s = self.sessions.get(session);
        if s.state == State::Live { self.head().max(s.at) } else { s.at }
    }

    /// The connections of a person, those of one credential or all.
    pub fn owners_of(&self, person: PersonId, credential: Option<u64>) -> Vec<u32> {
        let mine =
            |s: &&Session| s.person == person && credential.is_none_or(|c| c == s.credential);
        self.sessions.iter().filter(mine).map(|s| s.owner).collect()
    }

    /// Notes a revocation and returns the connections that it ends. An admission that was made before it can't slip
    /// through.
    pub fn revoke(&mut self, number: u64, person: PersonId, credential: Option<u64>) -> Vec<u32> {
        self.changes.revoked(number, person, credential);
        if person == PersonId::EVERY_GUEST {
            let all = self.sessions.iter().filter(|s| s.guest && self.channels(s).next().is_some());
            return all.map(|s| s.owner).collect();
        }
        self.owners_of(person, credential)
    }

    /// The oldest connection of a person that follows its own stream, once there are more than
    /// [`limits::CONNECTIONS_PER_PERSON_MAX`].
    pub fn one_too_many(&self, person: PersonId) -> Option<u32> {
        let followers = self.streams.followers(StreamId::person(person));
        if followers.len() <= limits::CONNECTIONS_PER_PERSON_MAX {
            return None;
        }
        let oldest = followers.iter().min_by_key(|(key, _)| self.sessions.get(*key).number)?;
        Some(self.owner(oldest.0))
    }

    /// The next thing for a session that reads, up to about `bytes_max` bytes of bodies.
    pub fn next(&mut self, session: u32, bytes_max: usize) -> Next {
        let head = self.head();
        let s = self.sessions.get(session);
        if s.at >= head {
            self.sessions.get_mut(session).state = State::Live;
            return Next::Live;
        }
        if s.at < self.tail.floor() {
            let follows = s.follows.iter().map(|f| self.named(f)).collect();
            let after = s.at;
            self.sessions.get_mut(session).asked = after;
            return Next::Store(PageRequest { after, until: head, follows });
        }
        let mut entries = self.in_tail(session);
        let all = entries.len();
        truncate(&mut entries, bytes_max);
        let at = match entries.last() {
            Some(last) if entries.len() < all => last.event.position,
            _ => head,
        };
        self.sessions.get_mut(session).at = at;
        if entries.is_empty() { self.next(session, bytes_max) } else { Next::Entries(entries) }
    }

    /// Takes the store's page for a session and returns the entries that the session still follows. The caller waits
    /// for a page before it asks for the next one of the same session.
    pub fn replayed(&mut self, session: u32, page: Page) -> Vec<Arc<Entry>> {
        let s = self.sessions.get(session);
        if s.at < s.asked {
            // The session was resumed further back meanwhile: going on after this page would leave a hole.
            return Vec::new();
        }
        let mut entries = page.entries;
        entries.retain(|e| {
            let route = self.streams.number(e.event.stream.route());
            e.event.position > s.at
                && s.follows.iter().any(|f| Some(f.stream) == route && f.from <= e.event.position)
        });
        self.erased.take_out_of(&mut entries);
        let s = self.sessions.get_mut(session);
        s.at = s.at.max(page.up_to);
        entries
    }

    /// Whether events were erased since the last call: then the caller drops what it has made of events, too.
    pub fn take_erasure(&mut self) -> bool {
        self.erased.take_news()
    }

    /// Makes a live session read from here on, because its connection can take no more.
    pub fn fall_behind(&mut self, session: u32) {
        let head = self.head();
        let s = self.sessions.get_mut(session);
        if s.state == State::Live {
            s.at = s.at.max(head);
            s.state = State::Behind;
        }
    }

    /// Lets a session rest, because its wait is over without an event.
    pub fn rest(&mut self, session: u32) {
        self.fall_behind(session);
        self.sessions.get_mut(session).state = State::Resting;
    }

    /// Takes a commit and hands each live session the events that are due to it, in one call a session.
    pub fn deliver(
        &mut self,
        batch: &Batch,
        mut sink: impl FnMut(u32, &[&Arc<Entry>]) -> SinkOutcome,
    ) {
        let mut due = std::mem::take(&mut self.due);
        for (number, step) in batch.steps.iter().enumerate() {
            match step {
                Step::Event(entry) => self.take(entry, number as u32, &mut due),
                Step::Subscribe { person, stream, from } => {
                    self.changes.note(self.head(), step);
                    for key in self.sessions_of(*person) {
                        self.follow(key, Follow { stream: *stream, from: *from });
                    }
                }
                Step::Unsubscribe { person, stream } => {
                    self.changes.note(self.head(), step);
                    for key in self.sessions_of(*person) {
                        self.unfollow(key, *stream);
                    }
                }
                // Revocations come by a way of their own: see `revoke`.
                Step::Revoke { .. } => {}
            }
        }
        // A session is due one event at most of a batch of one. The sort is stable, so the events of one session stay in
        // order.
        if batch.steps.len() > 1 {
            due.sort_by_key(|(session, _)| *session);
        }
        let mut entries = Vec::new();
        for run in due.chunk_by(|a, b| a.0 == b.0) {
            entries.clear();
            entries.extend(run.iter().map(|(_, number)| event_of(batch, *number)));
            self.hand_over(run[0].0, &entries, &mut sink);
        }
        due.clear();
        self.due = due;
    }

    /// Hands a signal to every live session that follows the stream.
    pub fn signal(&mut self, stream: StreamId, mut sink: impl FnMut(u32, u32)) {
        for (key, _) in self.streams.followers(stream.route()) {
            let s = self.sessions.get(*key);
            if s.state == State::Live {
                sink(*key, s.owner);
            }
        }
    }

    fn hand_over(
        &mut self,
        session: u32,
        entries: &[&Arc<Entry>],
        sink: &mut impl FnMut(u32, &[&Arc<Entry>]) -> SinkOutcome,
    ) {
        let head = self.head();
        let s = self.sessions.get_mut(session);
        s.state = match sink(s.owner, entries) {
            SinkOutcome::All => return,
            SinkOutcome::Full => State::Behind,
            SinkOutcome::Rest => State::Resting,
        };
        // The session got all of the batch that it follows.
        s.at = s.at.max(head);
    }

    fn take(&mut self, entry: &Arc<Entry>, number: u32, due: &mut Vec<(u32, u32)>) {
        self.tail.push(entry.clone());
        if !entry.event.erases.is_empty() {
            self.erased.note(&entry.event.erases);
        }
        let at = entry.event.position;
        for (key, place) in self.streams.followers(entry.event.stream.route()) {
            let s = self.sessions.get(*key);
            // A cursor may be ahead of this hub (see `standing`): events that its client holds must not come again. An
            // admission may be ahead, too: events from before the person joined must not come at all.
            if s.state == State::Live && at > s.at && at >= s.follows[*place as usize].from {
                due.push((*key, number));
            }
        }
    }

    /// The events of the tail after the session's position that the session follows, in order.
    fn in_tail(&self, session: u32) -> Vec<Arc<Entry>> {
        let s = self.sessions.get(session);
        let mut entries = Vec::new();
        for followed in &s.follows {
            let Follow { stream, from } = self.named(followed);
            let companions = stream.companions().filter(|c| self.tail.has_class(c.class()));
            for id in companions.chain([stream]) {
                let newer = self
                    .tail
                    .backwards(id)
                    .take_while(|e| e.event.position > s.at && e.event.position >= from);
                entries.extend(newer.cloned());
            }
        }
        entries.sort_unstable_by_key(|e| e.event.position);
        entries
    }

    fn named(&self, followed: &Followed) -> Follow {
        Follow { stream: self.streams.get(followed.stream).id, from: followed.from }
    }

    fn sessions_of(&self, person: PersonId) -> Vec<u32> {
        self.streams.followers(StreamId::person(person)).iter().map(|(key, _)| *key).collect()
    }

    fn follow(&mut self, session: u32, follow: Follow) {
        let number = self.streams.number_or_new(follow.stream);
        let s = self.sessions.get_mut(session);
        if s.follows.iter().any(|f| f.stream == number) {
            return;
        }
        let followers = &mut self.streams.get_mut(number).followers;
        let place = followers.len() as u32;
        followers.push((session, s.follows.len() as u32));
        s.follows.push(Followed { stream: number, place, from: follow.from });
    }

    fn unfollow(&mut self, session: u32, stream: StreamId) {
        let Some(number) = self.streams.number(stream) else { return };
        let follows = &self.sessions.get(session).follows;
        if let Some(index) = follows.iter().position(|f| f.stream == number) {
            self.unfollow_place(session, index);
        }
    }

    /// Takes one stream out of those that a session follows. Neither list keeps a hole, so the entry that moved into it
    /// is told its new place.
    fn unfollow_place(&mut self, session: u32, index: usize) {
        let s = self.sessions.get_mut(session);
        let gone = s.follows.swap_remove(index);
        if let Some(moved) = s.follows.get(index) {
            self.streams.get_mut(moved.stream).followers[moved.place as usize].1 = index as u32;
        }
        let stream = self.streams.get_mut(gone.stream);
        stream.followers.swap_remove(gone.place as usize);
        if let Some((key, at)) = stream.followers.get(gone.place as usize).copied() {
            self.sessions.get_mut(key).follows[at as usize].place = gone.place;
        } else if stream.followers.is_empty() {
            self.streams.remove(gone.stream);
        }
    }
}

fn event_of(batch: &Batch, number: u32) -> &Arc<Entry> {
    match &batch.steps[number as usize] {
        Step::Event(entry) => entry,
        _ => unreachable!("only events are due"),
    }
}

/// Keeps as many entries as fit into one turn, at least one.
fn truncate(entries: &mut Vec<Arc<Entry>>, bytes_max: usize) {
    let mut bytes = 0;
    let fit = entries.iter().take_while(|e| {
        let fits = bytes < bytes_max;
        bytes += e.event.body.len();
        fits
    });
    let fit = fit.count().clamp(1, limits::REPLAY_EVENTS_MAX);
    entries.truncate(fit);
}
