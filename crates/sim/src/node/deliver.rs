//! The way of events to a stream: live, or from its position in bounded turns, until the hub says that it has
//! everything.

use std::sync::Arc;

use encke_engine::connection::{Delivery, Paged, Phase, Written};
use encke_engine::cursor::Reset;
use encke_engine::hub::{Next, Page, PageRequest, SinkOutcome};
use encke_engine::item::Bye;
use encke_engine::{Batch, Code, Cursor, Entry, Position, StreamId};

use super::gate::{Admission, Gate};
use super::shard::{Message, Shard, tick};
use crate::scene::{ConnId, Scene};
use crate::store::{Ask, Request};
use crate::variant::Variant;
use crate::wires::Item;

/// Bytes of bodies in one turn, enough for a few events.
pub(super) const TURN_BYTES: usize = 100;

impl Shard {
    /// Hands a commit to all live sessions.
    pub(super) fn deliver(&mut self, batch: &Batch, gate: &mut Gate, scene: &mut Scene) {
        let Shard { hub, conns, node, .. } = self;
        let epoch = hub.cursor().epoch;
        let cursor = |position| Cursor { epoch, position };
        let now = tick(scene);
        let (mut reads, mut changed) = (Vec::new(), Vec::new());
        hub.deliver(batch, |owner, entries| {
            let Some(conn) = conns.get_mut(&owner) else { return SinkOutcome::Rest };
            let person = conn.who.expect("who has a session is known");
            let how = conn.state.delivery(|| fit_of(entries.iter().copied()) >= entries.len());
            if how == Delivery::Read {
                reads.push((owner, Position(entries[0].event.position.0 - 1)));
                return SinkOutcome::Rest;
            }
            for entry in entries {
                scene.handed(*node, person, conn.request.credential, entry);
            }
            changed.push(owner);
            if how == Delivery::Answer {
                conn.state.answered(now);
                let last = entries.last().expect("never none").event.position;
                let answer = entries.iter().map(|e| Arc::clone(e)).collect();
                scene.send_down(owner, vec![Item::Answer(answer, cursor(last))]);
                return SinkOutcome::Rest;
            }
            if conn.full_since.is_some() {
                scene.fail("P6", format!("connection {owner} is full and is handed more"));
            }
            let items = entries.iter().map(|e| item(e, cursor(e.event.position)));
            let room = scene.send_down(owner, items.collect());
            conn.state.wrote = now;
            let written = if room { Written::All } else { Written::Kept };
            if !room {
                scene.figures.full += 1;
                conn.full_since = Some(now);
            }
            match scene.variant {
                Variant::FullStaysLive => SinkOutcome::All,
                _ => written.of_stream(),
            }
        });
        changed.into_iter().for_each(|id| self.schedule(id, scene));
        for (id, at) in reads {
            if let Some(session) = self.conns.get(&id).and_then(|conn| conn.state.session) {
                self.hub.resume(session, at);
                self.go_on(id, gate, scene);
            }
        }
    }

    /// Hands a signal to all live sessions that follow its stream (P9).
    pub(super) fn signal(&mut self, stream: StreamId, number: u64, scene: &mut Scene) {
        let mut owners: Vec<ConnId> = Vec::new();
        match scene.variant {
            Variant::SignalsToAll => owners.extend(self.conns.keys()),
            _ => self.hub.signal(stream, |_, owner| owners.push(owner)),
        }
        for id in owners {
            let Some(conn) = self.conns.get_mut(&id) else { continue };
            let (Some(session), Some(person)) = (conn.state.session, conn.who) else { continue };
            if !matches!(conn.state.phase, Phase::Poll | Phase::Stream) {
                continue;
            }
            let epoch = self.hub.cursor().epoch;
            scene.signal_handed(self.node, epoch, (id, person), (stream, number));
            if conn.state.transport.is_poll() {
                self.hub.rest(session);
                let cursor = self.hub.cursor_at(self.hub.position(session));
                conn.state.answered(tick(scene));
                scene.send_down(id, vec![Item::Signal(number), Item::Answer(Vec::new(), cursor)]);
                self.schedule(id, scene);
            } else {
                if conn.full_since.is_some() {
                    scene.fail("P6", format!("connection {id} is full and gets a signal"));
                }
                self.put(id, vec![Item::Signal(number)], scene);
            }
        }
    }

    /// Writes the next events to a stream until it is live, full, or its turn is over.
    pub(super) fn catch_up(&mut self, id: ConnId, scene: &mut Scene) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let Some(session) = conn.state.session else { return };
        if !conn.state.catches_up(self.hub.state(session)) {
            return;
        }
        match self.hub.next(session, TURN_BYTES) {
            Next::Live => {
                if conn.state.turned_live() {
                    let cursor = self.hub.cursor_at(self.hub.position(session));
                    self.put(id, vec![Item::Ready(cursor)], scene);
                }
                self.schedule(id, scene);
            }
            Next::Entries(entries) => self.put_events(id, &entries, scene),
            Next::Store(request) => {
                conn.state.paging = true;
                self.page(id, request, scene);
            }
        }
    }

    /// Asks the store for a page. The connection does nothing else until the page is here.
    pub(super) fn page(&mut self, id: ConnId, request: PageRequest, scene: &mut Scene) {
        scene.figures.pages += 1;
        let (epoch, what) = (self.hub.cursor().epoch, Request::Page(id, request));
        scene.ask(Ask { node: self.node, epoch, incarnation: self.incarnation, what });
    }

    /// Takes the store's page.
    pub(super) fn paged(
        &mut self,
        id: ConnId,
        page: Result<Page, Code>,
        gate: &mut Gate,
        scene: &mut Scene,
    ) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let paged = conn.state.paged();
        let Some(session) = conn.state.session.filter(|_| paged != Paged::Late) else { return };
        let page = match page {
            Ok(page) => page,
            Err(Code::BadCursor) => return self.reset(id, Reset::Trimmed, gate, scene),
            Err(code) if paged == Paged::Poll => return self.refuse(id, code, gate, scene),
            Err(_) => return self.end(id, Bye::Slow, gate, scene),
        };
        let entries = self.hub.replayed(session, page);
        match paged {
            Paged::Poll if entries.is_empty() => self.poll(id, scene),
            Paged::Poll => self.answer_with(id, &entries, scene),
            Paged::Stream => {
                // Only one turn's worth is used. The rest is read again later. Keeping it would be a waste if the
                // client reads no further.
                let fit = fit(&entries);
                if fit < entries.len() {
                    self.hub.resume(session, entries[fit - 1].event.position);
                }
                self.put_events(id, &entries[..fit], scene);
            }
            Paged::Foreign | Paged::Late => {}
        }
    }

    fn put_events(&mut self, id: ConnId, entries: &[Arc<Entry>], scene: &mut Scene) {
        self.handed(id, entries, scene);
        let items = entries.iter().map(|e| item(e, self.hub.cursor_at(e.event.position)));
        let items = items.collect();
        self.put(id, items, scene);
        if self.conns.get(&id).is_some_and(|conn| conn.full_since.is_none()) {
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

    /// Writes to a stream. If it can't take all, its session falls behind until it can.
    pub(super) fn put(&mut self, id: ConnId, items: Vec<Item>, scene: &mut Scene) {
        let room = items.is_empty() || scene.send_down(id, items);
        let Some(conn) = self.conns.get_mut(&id) else { return };
        conn.state.wrote = tick(scene);
        if !room {
            scene.figures.full += 1;
            conn.full_since.get_or_insert(tick(scene));
            if let Some(session) = conn.state.falls_behind() {
                self.hub.fall_behind(session);
            }
            self.schedule(id, scene);
        }
    }

    /// Sends the events that are there and only then registers the session. This is the broken variant that looks
    /// before it registers.
    pub(super) fn send_before_register(
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

/// The number of these events that fit into a turn, at least one if there is one.
pub(super) fn fit(entries: &[Arc<Entry>]) -> usize {
    fit_of(entries.iter())
}

fn fit_of<'a>(entries: impl Iterator<Item = &'a Arc<Entry>>) -> usize {
    let mut bytes = 0;
    let fits = entries.take_while(|e| {
        let fits = bytes < TURN_BYTES;
        bytes += e.event.body.len();
        fits
    });
    fits.count()
}
