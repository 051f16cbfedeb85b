//! The way of a commit to the sockets: one encoding, one send for each live session, and one system call for all sends
//! where there is io_uring.
//!
//! The loop below has no lock, no clock, no map and no allocation. It notes unusual cases, and they are handled after
//! it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use encke_engine::connection::{Delivery, Phase, Written};
use encke_engine::hub::SinkOutcome;
use encke_engine::{Batch, Entry, Epoch, Position, Step, StreamId};
use smallvec::SmallVec;

use super::Shard;
use crate::conn::Conn;
use crate::framing;
use crate::gate::ConnectionKey;
use crate::poll::{self, Body, LastAnswer};

/// The work that a delivery leaves for a connection until the loop is over.
enum After {
    /// The connection is broken, or its handling panicked.
    Gone,
    /// The connection keeps some bytes: its deadline begins.
    Kept,
    /// The connection has work left for its next turn.
    Turn,
    /// The session reads on from this position: the batch is too large for one answer of a poll, or the session is of
    /// another protocol.
    Read(Position),
}

impl Shard {
    /// Hands a commit to all live sessions.
    pub(super) fn deliver(&mut self, batch: &Batch, published: Instant) {
        let last = batch.steps.iter().rev().find_map(|step| match step {
            Step::Event(entry) => Some(entry.event.position),
            _ => None,
        });
        let cursor = self.hub.cursor_at(last.unwrap_or(self.hub.head()));
        let Shard { hub, conns, stats, answer, now, epoch, ring, sends, .. } = self;
        let together = ring.is_some();
        let mut after: Vec<(ConnectionKey, After)> = Vec::new();
        let mut deliveries = 0;
        hub.deliver(batch, |owner, entries| {
            let Some((to, conn)) = conns.at(owner) else { return SinkOutcome::Rest };
            let written = &mut stats.bytes_out;
            let together = together && conn.can_send_together();
            let fits = || poll::fit(entries.iter().copied()) >= entries.len();
            let one = || match conn.state.delivery(fits) {
                Delivery::Stream if together && entries.len() == 1 => {
                    conn.state.wrote = *now;
                    sends.push((
                        to,
                        framing::event(conn.state.transport, entries[0], *epoch).clone(),
                    ));
                    (SinkOutcome::All, None)
                }
                Delivery::Stream => stream(conn, entries, *epoch, *now, written),
                Delivery::Read => {
                    let before = Position(entries[0].event.position.0 - 1);
                    (SinkOutcome::Rest, Some(After::Read(before)))
                }
                Delivery::Answer if together && conn.state.keep_alive && conn.cors.is_none() => {
                    conn.state.answered(*now);
                    conn.state.wrote = *now;
                    sends.push((to, answer.answer(entries, cursor).clone()));
                    (SinkOutcome::Rest, None)
                }
                Delivery::Answer if conn.state.keep_alive && conn.cors.is_none() => {
                    answered(conn, answer.answer(entries, cursor), *now, written)
                }
                Delivery::Answer => {
                    let body = Body { events: entries, ..Body::default() };
                    let bytes = poll::answer(body, cursor, conn.state.keep_alive, conn.cors());
                    answered(conn, &bytes, *now, written)
                }
            };
            let (took, left) = catch_unwind(AssertUnwindSafe(one)).unwrap_or_else(|_| {
                stats.panics += 1;
                (SinkOutcome::Rest, Some(After::Gone))
            });
            deliveries += entries.len() as u64;
            after.extend(left.map(|left| (to, left)));
            took
        });
        self.send_together();
        if self.hub.take_erasure() {
            // It may hold the content of an event that is gone.
            self.answer = LastAnswer::default();
        }
        if deliveries > 0 {
            self.stats.delivered(deliveries, published.elapsed());
        }
        for (to, left) in after {
            self.guarded(to, |shard| shard.after(to, left));
        }
    }

    fn after(&mut self, to: ConnectionKey, left: After) {
        match left {
            After::Gone => self.destroy(to),
            After::Kept => {
                self.stats.fell_behind += 1;
                self.schedule(to);
            }
            After::Turn => self.enqueue(to),
            After::Read(position) => {
                if let Some(session) = self.conns.get(to).and_then(|conn| conn.state.session) {
                    self.hub.resume(session, position);
                    self.go_on(to);
                }
            }
        }
    }

    /// Hands a signal to all live sessions. A full connection misses it (P9).
    pub(super) fn signal(&mut self, stream: StreamId, item: &Bytes) {
        let mut owners: Vec<u32> = Vec::new();
        self.hub.signal(stream, |_, owner| owners.push(owner));
        let mut framed: [Option<Bytes>; encke_engine::entry::FRAMINGS] = Default::default();
        for owner in owners {
            let Some((to, _)) = self.conns.at(owner) else { continue };
            self.guarded(to, |shard| shard.signal_to(to, item, &mut framed));
        }
    }

    fn signal_to(&mut self, to: ConnectionKey, item: &Bytes, framed: &mut [Option<Bytes>]) {
        let Some(conn) = self.conns.get(to) else { return };
        let Some(session) = conn.state.session else { return };
        let transport = conn.state.transport;
        if conn.state.phase == Phase::Foreign {
            // Other protocols have no signals.
        } else if transport.is_poll() {
            self.hub.rest(session);
            let cursor = self.cursor_of(session);
            let signals = std::slice::from_ref(item);
            self.answer(to, Body { signals, ..Body::default() }, cursor);
        } else {
            let bytes = framed[framing::number(transport)]
                .get_or_insert_with(|| framing::item(transport, item, None));
            self.put(to, &[bytes]);
        }
    }
}

fn stream(
    conn: &mut Conn,
    entries: &[&Arc<Entry>],
    epoch: Epoch,
    now: u32,
    written: &mut u64,
) -> (SinkOutcome, Option<After>) {
    let taken = match entries {
        [one] => conn.put(&[framing::event(conn.state.transport, one, epoch)], now, written),
        many => {
            let framed = many.iter().map(|e| framing::event(conn.state.transport, e, epoch));
            let pieces: SmallVec<[&Bytes; 16]> = framed.collect();
            conn.put(&pieces, now, written)
        }
    };
    let left = match taken {
        Written::All => None,
        Written::Kept => Some(After::Kept),
        Written::Gone => Some(After::Gone),
    };
    (taken.of_stream(), left)
}

fn answered(
    conn: &mut Conn,
    answer: &Bytes,
    now: u32,
    written: &mut u64,
) -> (SinkOutcome, Option<After>) {
    let next = conn.state.answered(now);
    let left = match conn.put(&[answer], now, written) {
        Written::All if next == Phase::Closing || conn.stash.is_some() => Some(After::Turn),
        Written::All => None,
        Written::Kept => Some(After::Kept),
        Written::Gone => Some(After::Gone),
    };
    (SinkOutcome::Rest, left)
}
