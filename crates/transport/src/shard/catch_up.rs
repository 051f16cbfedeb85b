//! The way of a stream from behind to live: it reads from the tail, or from the store, in bounded turns, until the hub
//! says that it has everything.

use bytes::Bytes;
use encke_engine::connection::{Paged, Phase, Written};
use encke_engine::hub::{Next, Page};
use encke_engine::item::{self, Bye};
use encke_engine::{Code, Cursor, Error, limits};

use super::Shard;
use crate::framing;
use crate::gate::{ConnectionKey, Reply};

impl Shard {
    /// Writes the next events to a stream, after `pieces`, until it is live, full, or its turn is over.
    pub(super) fn catch_up(&mut self, to: ConnectionKey, mut pieces: Vec<Bytes>) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        let (Some(session), transport) = (conn.state.session, conn.state.transport) else { return };
        if !conn.state.catches_up(self.hub.state(session)) {
            self.put_all(to, &pieces);
            return;
        }
        match self.hub.next(session, limits::TURN_BYTES_MAX) {
            Next::Live => {
                if conn.state.turned_live() {
                    let cursor = self.hub.cursor_at(self.hub.position(session));
                    let ready = item::ready(cursor, self.timing.beats_every_ms(transport));
                    pieces.push(framing::item(transport, &ready, Some(cursor)));
                }
                self.put_all(to, &pieces);
                self.schedule(to);
            }
            Next::Entries(entries) => {
                let epoch = self.epoch;
                pieces.extend(entries.iter().map(|e| framing::event(transport, e, epoch).clone()));
                self.stats.replayed += entries.len() as u64;
                if self.put_all(to, &pieces) == Written::All {
                    self.enqueue(to);
                }
            }
            Next::Store(request) => {
                if pieces.is_empty() || self.put_all(to, &pieces) == Written::All {
                    let Some(conn) = self.conns.get_mut(to) else { return };
                    conn.state.paging = true;
                    self.shared.gate.page(request, Reply::new(to, self.inbox.clone()));
                }
            }
        }
    }

    fn put_all(&mut self, to: ConnectionKey, pieces: &[Bytes]) -> Written {
        let pieces: Vec<&Bytes> = pieces.iter().collect();
        self.put(to, &pieces)
    }

    /// Takes the store's page.
    pub(super) fn paged(&mut self, to: ConnectionKey, page: Result<Page, Error>) {
        let Some(conn) = self.conns.get_mut(to) else { return };
        let paged = conn.state.paged();
        let (Some(session), transport) = (conn.state.session, conn.state.transport) else { return };
        if paged == Paged::Late {
            return;
        }
        let page = match page {
            Ok(page) => page,
            Err(error) => return self.no_page(to, error),
        };
        let entries = self.hub.replayed(session, page);
        match paged {
            Paged::Late => {}
            Paged::Foreign => self.wait_told(to, &entries),
            Paged::Poll if entries.is_empty() => self.poll(to),
            Paged::Poll => self.answer_with(to, &entries),
            Paged::Stream => {
                // Only one turn's worth is used. The rest is read again later. Keeping it would be a waste if the
                // client reads no further.
                let mut bytes = 0;
                let fits = entries.iter().take_while(|e| {
                    let fits = bytes < limits::TURN_BYTES_MAX;
                    bytes += e.event.body.len();
                    fits
                });
                let fit = fits.count();
                if fit < entries.len() {
                    self.hub.resume(session, entries[fit - 1].event.position);
                }
                let epoch = self.epoch;
                let framed =
                    entries[..fit].iter().map(|e| framing::event(transport, e, epoch).clone());
                let pieces: Vec<Bytes> = framed.collect();
                self.stats.replayed += fit as u64;
                if self.put_all(to, &pieces) == Written::All {
                    self.enqueue(to);
                }
            }
        }
    }

    /// Ends a session after an error of the store. The client comes back with its cursor.
    fn no_page(&mut self, to: ConnectionKey, error: Error) {
        let Some(conn) = self.conns.get(to) else { return };
        if conn.state.phase == Phase::Foreign {
            return self.wait_over(to, crate::wait::WaitEnd::Again);
        }
        if error.code == Code::BadCursor {
            return self.reset(to, encke_engine::cursor::Reset::Trimmed);
        }
        if conn.state.phase == Phase::Poll {
            return self.refuse(to, &error.into());
        }
        self.end(to, Bye::Slow);
    }

    /// The cursor at the position of a session.
    pub(super) fn cursor_of(&self, session: u32) -> Cursor {
        self.hub.cursor_at(self.hub.position(session))
    }
}
