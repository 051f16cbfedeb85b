//! A connection: a socket and a few words. Rare parts are boxed, and freed after use.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use bytes::Bytes;
use encke_engine::Connection;
use encke_engine::connection::{Moment, Written};
use smallvec::SmallVec;

use crate::gate::{ConnectionKey, Who};
use crate::out::{self, Out};
use crate::request::{FeedRequest, Repeat};
use crate::sealed::Sealed;
use crate::ws::reader::Partial;

/// One connection of a shard.
pub struct Conn {
    pub fd: OwnedFd,
    /// The phase of the connection, and the decisions that follow from it.
    pub state: Connection,
    /// Whether more bytes may wait than one turn has read.
    pub readable: bool,
    /// The tick at which the wheel looks at it; `u32::MAX` for never.
    pub wake_at: u32,
    /// The head of the last poll.
    pub repeat: Option<Repeat>,
    pub who: Option<Who>,
    address: IpAddr,
    port: u16,
    /// Header lines for a foreign origin.
    #[expect(clippy::box_collection, reason = "it is seldom there, so one word must do")]
    pub cors: Option<Box<String>>,
    /// The keys of the TLS records, for a connection under TLS.
    pub sealed: Option<Box<Sealed>>,
    /// Bytes that wait until the connection can take them.
    pub out: Option<Box<Out>>,
    /// Bytes of an incomplete request, or bytes that came while another request was being answered.
    #[expect(clippy::box_collection, reason = "it is seldom there, so one word must do")]
    pub stash: Option<Box<Vec<u8>>>,
    /// The incomplete part of WebSocket frames, kept between two reads.
    pub partial: Option<Box<Partial>>,
    /// The request, until it is served.
    pub request: Option<Arc<FeedRequest>>,
}

impl Conn {
    /// A new connection, without a request.
    pub fn new(fd: OwnedFd, peer: SocketAddr, now: u32) -> Self {
        Conn {
            fd,
            state: Connection::new(now),
            readable: false,
            wake_at: u32::MAX,
            repeat: None,
            who: None,
            address: peer.ip(),
            port: peer.port(),
            cors: None,
            sealed: None,
            out: None,
            stash: None,
            partial: None,
            request: None,
        }
    }

    /// The address at the other end.
    pub fn peer(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.port)
    }

    /// The number of files that the connection holds; see `ConnectionKind::files`.
    pub fn files(&self) -> usize {
        1 + usize::from(self.state.bridged)
    }

    /// Writes the pieces in order as far as the socket takes them, and keeps the rest.
    pub fn put(&mut self, pieces: &[&Bytes], now: u32, written: &mut u64) -> Written {
        if pieces.is_empty() {
            return Written::All;
        }
        self.state.wrote = now;
        match &mut self.sealed {
            None => out::put(&self.fd, &mut self.out, pieces, now, written),
            Some(sealed) => {
                let pieces: SmallVec<[&[u8]; 16]> = pieces.iter().map(|p| &p[..]).collect();
                let Ok(record) = sealed.seal(&pieces) else { return Written::Gone };
                out::put(&self.fd, &mut self.out, &[&record], now, written)
            }
        }
    }

    /// The facts that decide what happens when the connection's time has come. `early` is as in [`Moment`].
    pub fn moment(&self, now: u32, draining: bool, early: u32) -> Moment {
        let stuck_since = self.out.as_ref().map(|out| out.moved_at);
        Moment { now, draining, stuck_since, stashed: self.stash.is_some(), early }
    }

    /// Whether no other request can follow: the client has ended its side, and all that it sent was used.
    pub fn is_last(&self) -> bool {
        self.state.is_last(self.stash.is_some())
    }

    /// Whether writes to the connection may go to the kernel together with writes to others.
    pub fn can_send_together(&self) -> bool {
        self.sealed.is_none() && self.out.is_none()
    }

    /// Keeps bytes for later. Returns the number of bytes kept so far.
    pub fn keep(&mut self, bytes: &[u8]) -> usize {
        if bytes.is_empty() {
            return self.stash.as_ref().map_or(0, |s| s.len());
        }
        let stash = self.stash.get_or_insert_default();
        stash.extend_from_slice(bytes);
        stash.len()
    }

    /// The header lines for a foreign origin, if any.
    pub fn cors(&self) -> &str {
        self.cors.as_ref().map_or("", |lines| lines)
    }
}

struct Slot {
    generation: u32,
    conn: Option<Conn>,
}

/// The connections of a shard, by place. A place is used again with the next generation.
#[derive(Default)]
pub struct Conns {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

impl Conns {
    /// The number of connections.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Adds a connection.
    pub fn insert(&mut self, conn: Conn) -> ConnectionKey {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                self.slots.push(Slot { generation: 0, conn: None });
                self.slots.len() as u32 - 1
            }
        };
        let slot = &mut self.slots[index as usize];
        slot.conn = Some(conn);
        ConnectionKey { index, generation: slot.generation }
    }

    /// Takes a connection out.
    pub fn remove(&mut self, to: ConnectionKey) -> Option<Conn> {
        let slot = self.slots.get_mut(to.index as usize)?;
        let conn = slot.conn.take_if(|_| slot.generation == to.generation)?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(to.index);
        Some(conn)
    }

    /// The connection of this key, unless it is gone.
    pub fn get_mut(&mut self, to: ConnectionKey) -> Option<&mut Conn> {
        let slot = self.slots.get_mut(to.index as usize)?;
        if slot.generation == to.generation { slot.conn.as_mut() } else { None }
    }

    /// The connection of this key, to read from, unless it is gone.
    pub fn get(&self, to: ConnectionKey) -> Option<&Conn> {
        let slot = self.slots.get(to.index as usize)?;
        if slot.generation == to.generation { slot.conn.as_ref() } else { None }
    }

    /// The connection at this place, which the hub knows as the owner of a session.
    pub fn at(&mut self, index: u32) -> Option<(ConnectionKey, &mut Conn)> {
        let slot = self.slots.get_mut(index as usize)?;
        let to = ConnectionKey { index, generation: slot.generation };
        slot.conn.as_mut().map(|conn| (to, conn))
    }

    /// All connections.
    pub fn iter(&self) -> impl Iterator<Item = (ConnectionKey, &Conn)> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| {
            let to = ConnectionKey { index: index as u32, generation: slot.generation };
            slot.conn.as_ref().map(|conn| (to, conn))
        })
    }

    /// The keys of all connections.
    pub fn all(&self) -> Vec<ConnectionKey> {
        self.iter().map(|(to, _)| to).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_small() {
        assert!(size_of::<Slot>() <= 184, "{}", size_of::<Slot>());
    }
}
