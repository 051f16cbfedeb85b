//! A connection: a socket and a few words. What is rarely there is boxed and freed when it is done with.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use bytes::Bytes;
use smallvec::SmallVec;

use crate::gate::{To, Who};
use crate::out::{self, Out, Taken};
use crate::request::{FeedRequest, Repeat, Transport};
use crate::sealed::Sealed;
use crate::ws::reader::Partial;

/// What a connection is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// It waits for a request, or for the rest of one.
    Request,
    /// The gate has its request.
    Admitting,
    /// The gate has its send.
    Sending,
    /// A poll is being answered, or waits for something to be answered with (then its session is live).
    Poll,
    /// A stream: its session is behind or live.
    Stream,
    /// A request of another protocol waits; its session is behind or live.
    Foreign,
    /// It ends as soon as what waits is written. It has no session any more.
    Closing,
    /// Everything is written and our side is shut; the client is to read it and to end.
    Lingering,
}

/// One connection of a shard.
pub struct Conn {
    pub fd: OwnedFd,
    /// The hub's number of the session, if there is one.
    pub session: Option<u32>,
    pub phase: Phase,
    pub transport: Transport,
    /// The next request may come on it.
    pub keep_alive: bool,
    /// One end of a socket pair.
    pub bridged: bool,
    /// It has answered a request before.
    pub served: bool,
    /// The item `ready` was written.
    pub ready: bool,
    /// The store has been asked for a page.
    pub paging: bool,
    /// It stands in the shard's queue for another turn.
    pub queued: bool,
    /// It may have more to read than one turn allowed.
    pub readable: bool,
    /// The client has ended its side: nothing more comes from it.
    pub half_closed: bool,
    /// It ends when its commands are answered: the server goes down.
    pub drained: bool,
    /// Commands that are not answered yet.
    pub unanswered: u8,
    /// How often its request was admitted.
    pub tries: u8,
    /// The tick at which the wheel looks at it; `u32::MAX` for never.
    pub wake_at: u32,
    /// The tick at which its phase began.
    pub since: u32,
    /// The ticks at which something was last written to it and read from it.
    pub wrote: u32,
    pub heard: u32,
    /// How many ticks a long poll waits.
    pub wait: u32,
    /// The tick until which the next poll like the last needs no admission,
    pub good_until: u32,
    /// and what the last was like.
    pub repeat: Option<Repeat>,
    pub who: Option<Who>,
    /// The tick at which what its session was authorised by ends; `u32::MAX` for never, and while the gate is asked.
    pub ends_at: u32,
    address: IpAddr,
    port: u16,
    /// Header lines for a foreign origin.
    #[expect(clippy::box_collection, reason = "it is seldom there, so one word must do")]
    pub cors: Option<Box<String>>,
    /// The keys of its records, if it is under TLS.
    pub sealed: Option<Box<Sealed>>,
    /// What the connection could not take yet.
    pub out: Option<Box<Out>>,
    /// Bytes of a request that is not all here, or that came while another was being answered.
    #[expect(clippy::box_collection, reason = "it is seldom there, so one word must do")]
    pub stash: Option<Box<Vec<u8>>>,
    /// What is kept of WebSocket frames between two reads.
    pub partial: Option<Box<Partial>>,
    /// The request, until it is served.
    pub request: Option<Arc<FeedRequest>>,
}

impl Conn {
    /// A connection that has not asked for anything.
    pub fn new(fd: OwnedFd, peer: SocketAddr, now: u32) -> Self {
        Conn {
            fd,
            session: None,
            phase: Phase::Request,
            transport: Transport::ShortPoll,
            keep_alive: false,
            bridged: false,
            served: false,
            ready: false,
            paging: false,
            queued: false,
            readable: false,
            half_closed: false,
            drained: false,
            unanswered: 0,
            tries: 0,
            wake_at: u32::MAX,
            since: now,
            wrote: now,
            heard: now,
            wait: 0,
            good_until: 0,
            repeat: None,
            who: None,
            ends_at: u32::MAX,
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

    /// Who is at the other end.
    pub fn peer(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.port)
    }

    /// How many files it holds, as `Kind::files` has it.
    pub fn files(&self) -> usize {
        1 + usize::from(self.bridged)
    }

    /// Goes over to another phase.
    pub fn enter(&mut self, phase: Phase, now: u32) {
        self.phase = phase;
        self.since = now;
    }

    /// Writes the pieces in order, or keeps what can't be written yet.
    pub fn put(&mut self, pieces: &[&Bytes], now: u32, written: &mut u64) -> Taken {
        if pieces.is_empty() {
            return Taken::All;
        }
        self.wrote = now;
        match &mut self.sealed {
            None => out::put(&self.fd, &mut self.out, pieces, now, written),
            Some(sealed) => {
                let pieces: SmallVec<[&[u8]; 16]> = pieces.iter().map(|p| &p[..]).collect();
                let Ok(record) = sealed.seal(&pieces) else { return Taken::Gone };
                out::put(&self.fd, &mut self.out, &[&record], now, written)
            }
        }
    }

    /// Whether no other request can follow: the client has ended its side, and nothing that it sent is left.
    pub fn is_last(&self) -> bool {
        self.half_closed && self.stash.is_none()
    }

    /// Whether what is sent to it may be handed to the kernel together with what is sent to others.
    pub fn can_send_together(&self) -> bool {
        self.sealed.is_none() && self.out.is_none()
    }

    /// Keeps bytes for later; returns how many are kept then.
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

/// The connections of a shard, by place; a place is used again with the next generation.
#[derive(Default)]
pub struct Conns {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

impl Conns {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Adds one.
    pub fn insert(&mut self, conn: Conn) -> To {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                self.slots.push(Slot { generation: 0, conn: None });
                self.slots.len() as u32 - 1
            }
        };
        let slot = &mut self.slots[index as usize];
        slot.conn = Some(conn);
        To { index, generation: slot.generation }
    }

    /// Takes one out.
    pub fn remove(&mut self, to: To) -> Option<Conn> {
        let slot = self.slots.get_mut(to.index as usize)?;
        let conn = slot.conn.take_if(|_| slot.generation == to.generation)?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(to.index);
        Some(conn)
    }

    /// One that may be gone.
    pub fn get_mut(&mut self, to: To) -> Option<&mut Conn> {
        let slot = self.slots.get_mut(to.index as usize)?;
        if slot.generation == to.generation { slot.conn.as_mut() } else { None }
    }

    /// The same, to look at.
    pub fn get(&self, to: To) -> Option<&Conn> {
        let slot = self.slots.get(to.index as usize)?;
        if slot.generation == to.generation { slot.conn.as_ref() } else { None }
    }

    /// One that has a session, by the place that the hub knows.
    pub fn at(&mut self, index: u32) -> Option<(To, &mut Conn)> {
        let slot = self.slots.get_mut(index as usize)?;
        let to = To { index, generation: slot.generation };
        slot.conn.as_mut().map(|conn| (to, conn))
    }

    /// All that are there now.
    pub fn iter(&self) -> impl Iterator<Item = (To, &Conn)> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| {
            let to = To { index: index as u32, generation: slot.generation };
            slot.conn.as_ref().map(|conn| (to, conn))
        })
    }

    /// The places of all that are there now.
    pub fn all(&self) -> Vec<To> {
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
