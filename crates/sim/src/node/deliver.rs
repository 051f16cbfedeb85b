//! How a stream gets its events: live, or from where it is, a turn at a time, until the hub says that it has everything.

use encke_engine::hub::{Next, Page, PageRequest, State, Took};
use encke_engine::item::Bye;
use encke_engine::{Batch, Entry, Position};
use std::sync::Arc;

use super::gate::{Admission, Gate};
use super::shard::{Message, Phase, Shard};
use crate::agenda::Time;
use crate::scene::{ConnId, Scene};
use crate::store::{Ask, Request};
use crate::variant::Variant;
use crate::wires::Item;

/// Bytes of bodies in one turn: a few events.
pub(super) const TURN_BYTES: usize = 100;

impl Shard {
    /// Hands a commit to everybody who is live.
    pub(super) fn deliver(&mut self, batch: &Batch, scene: &mut Scene) {
        let Shard { hub, conns, node, .. } = self;
        let epoch_at = |position| hub.cursor_at(position).epoch;
        let epoch = epoch_at(Position(0));
        hub.deliver(batch, |owner, entries| {
            let Some(conn) = conns.get_mut(&owner) else { return Took::Rest };
            if conn.kept_since.is_some() && conn.phase == Phase::Stream {
                scene.fail("P6", format!("connection {owner} is full and is handed more"));
            }
            let person = conn.who.expect("who has a session is known");
            for entry in entries {
                scene.handed(*node, person, conn.request.credential, entry);
            }
            let last = entries.last().expect("never none").event.position;
            let cursor = |position| encke_engine::Cursor { epoch, position };
            if conn.phase == Phase::Stream {
                let items = entries.iter().map(|e| item(e, cursor(e.event.position)));
                let room = scene.send_down(owner, items.collect());
                conn.kept_since = if room { None } else { Some(full(scene)) };
                let stays = room || scene.variant == Variant::FullStaysLive;
                return if stays { Took::All } else { Took::Full };
            }
            conn.phase = Phase::Request;
            let answer = entries.iter().map(|e| Arc::clone(e)).collect();
            scene.send_down(owner, vec![Item::Answer(answer, cursor(last))]);
            Took::Rest
        });
    }

    /// Writes what is due to a connection, until it is live, full, or out of turn.
    pub(super) fn catch_up(&mut self, id: ConnId, scene: &mut Scene) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let Some(session) = conn.session.filter(|_| !conn.paging) else { return };
        if conn.phase == Phase::Poll {
            return self.poll(id, scene);
        }
        if conn.phase != Phase::Stream || conn.kept_since.is_some() {
            return;
        }
        if conn.ready && self.hub.state(session) == State::Live {
            return;
        }
        match self.hub.next(session, TURN_BYTES) {
            Next::Live => {
                if !std::mem::replace(&mut conn.ready, true) {
                    let cursor = self.hub.cursor_at(self.hub.position(session));
                    self.put(id, vec![Item::Ready(cursor)], scene);
                }
            }
            Next::Entries(entries) => self.put_events(id, &entries, scene),
            Next::Store(request) => self.page(id, request, scene),
        }
    }

    /// Asks the store for a page; nothing else is done for the connection until it is here.
    pub(super) fn page(&mut self, id: ConnId, request: PageRequest, scene: &mut Scene) {
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.paging = true;
            scene.figures.pages += 1;
            let (epoch, what) = (self.hub.cursor().epoch, Request::Page(id, request));
            scene.ask(Ask { node: self.node, epoch, incarnation: self.incarnation, what });
        }
    }

    /// The store has answered.
    pub(super) fn paged(
        &mut self,
        id: ConnId,
        page: Option<Page>,
        gate: &mut Gate,
        scene: &mut Scene,
    ) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        if !std::mem::take(&mut conn.paging) {
            return;
        }
        let (Some(session), phase) = (conn.session, conn.phase) else { return };
        let Some(page) = page else { return self.end(id, Bye::Slow, gate, scene) };
        let entries = self.hub.replayed(session, page);
        match phase {
            Phase::Poll if entries.is_empty() => self.poll(id, scene),
            Phase::Poll => self.answer_with(id, &entries, scene),
            Phase::Stream => {
                // More than a turn's worth is read again rather than kept for a client that may not take it.
                let fit = fit(&entries);
                if fit < entries.len() {
                    self.hub.resume(session, entries[fit - 1].event.position);
                }
                self.put_events(id, &entries[..fit], scene);
            }
            Phase::Request | Phase::Admitting => {}
        }
    }

    fn put_events(&mut self, id: ConnId, entries: &[Arc<Entry>], scene: &mut Scene) {
        self.handed(id, entries, scene);
        let items = entries.iter().map(|e| item(e, self.hub.cursor_at(e.event.position)));
        let items = items.collect();
        self.put(id, items, scene);
        if self.conns.get(&id).is_some_and(|conn| conn.kept_since.is_none()) {
            self.push(Message::Turn(id), scene);
        }
    }

    pub(super) fn handed(&self, id: ConnId, entries: &[Arc<Entry>], scene: &mut Scene) {
        let Some(conn) = self.conns.get(&id) else { return };
        if let Some(person) = conn.who {
            for entry in entries {
                scene.found(person, entry, self.hub.cursor());
                scene.handed(self.node, person, conn.request.credential, entry);
            }
        }
    }

    fn put(&mut self, id: ConnId, items: Vec<Item>, scene: &mut Scene) {
        let room = items.is_empty() || scene.send_down(id, items);
        let Some(conn) = self.conns.get_mut(&id).filter(|_| !room) else { return };
        conn.kept_since = Some(full(scene));
        if let Some(session) = conn.session {
            self.hub.fall_behind(session);
        }
    }

    /// What the variant does that looks before it registers: it sends what it finds, and then registers from now.
    pub(super) fn send_what_there_was(
        &mut self,
        id: ConnId,
        after: Position,
        admission: &Admission,
        scene: &mut Scene,
    ) -> Position {
        let (follows, seen) = &admission.follows;
        let request = PageRequest { after, until: *seen, follows: follows.to_vec() };
        let page = scene.store.page(&request, usize::MAX);
        let cursor = |e: &Arc<Entry>| self.hub.cursor_at(e.event.position);
        let items: Vec<Item> = page.entries.iter().map(|e| item(e, cursor(e))).collect();
        let poll = self.conns.get(&id).is_some_and(|c| c.request.transport.is_poll());
        if poll || page.up_to >= self.hub.head() {
            return after;
        }
        scene.send_down(id, items);
        self.hub.head()
    }
}

fn item(entry: &Arc<Entry>, cursor: encke_engine::Cursor) -> Item {
    Item::Event(entry.clone(), cursor)
}

fn full(scene: &mut Scene) -> Time {
    scene.figures.full += 1;
    scene.agenda.now()
}

/// How many of these fit into a turn, at least one if there is one.
pub(super) fn fit(entries: &[Arc<Entry>]) -> usize {
    let mut bytes = 0;
    let fits = entries.iter().take_while(|e| {
        let fits = bytes < TURN_BYTES;
        bytes += e.event.body.len();
        fits
    });
    fits.count()
}
