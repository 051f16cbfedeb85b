//! Writing, and the bytes that a connection could not take yet.
//!
//! Nothing is copied: the kept pieces are further references to the shared bytes. While something is kept, nothing is
//! written past it, and the session reads from the log instead of being handed events.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::os::fd::OwnedFd;

use bytes::{Buf, Bytes};
use encke_engine::connection::Written;
use rustix::io::Errno;
use smallvec::SmallVec;

/// Slices that the kernel takes in one call.
const SLICES_MAX: usize = 1024;

/// Bytes that wait for the connection. It is never empty.
#[derive(Debug)]
pub struct Out {
    queue: VecDeque<Bytes>,
    /// A part of the first piece was written, so nothing may take its place.
    started: bool,
    /// The tick at which the connection last took something.
    pub moved_at: u32,
    /// The bytes of answers among those kept now or before. They count against a client that leaves its answers unread.
    pub answers: usize,
}

impl Out {
    /// Whether the bytes written so far end with a whole piece.
    pub fn at_boundary(&self) -> bool {
        !self.started
    }
}

/// Writes the pieces after those that are kept, and counts the bytes that the connection took.
pub fn put(
    fd: &OwnedFd,
    out: &mut Option<Box<Out>>,
    pieces: &[&Bytes],
    now: u32,
    written: &mut u64,
) -> Written {
    if let Some(out) = out {
        out.queue.extend(pieces.iter().filter(|p| !p.is_empty()).map(|p| (*p).clone()));
        return Written::Kept;
    }
    for (number, group) in pieces.chunks(SLICES_MAX).enumerate() {
        let wrote = match write(fd, group) {
            Ok(n) => n,
            Err(Errno::AGAIN) => 0,
            Err(_) => return Written::Gone,
        };
        *written += wrote as u64;
        if wrote < group.iter().map(|p| p.len()).sum() {
            *out = Some(Box::new(kept(&pieces[number * SLICES_MAX..], wrote, now)));
            return Written::Kept;
        }
    }
    Written::All
}

fn write(fd: &OwnedFd, pieces: &[&Bytes]) -> Result<usize, Errno> {
    loop {
        let result = match pieces {
            [] => return Ok(0),
            [one] => rustix::io::write(fd, one),
            many => {
                let slices: SmallVec<[IoSlice<'_>; 16]> =
                    many.iter().map(|p| IoSlice::new(p)).collect();
                rustix::io::writev(fd, &slices)
            }
        };
        if result != Err(Errno::INTR) {
            return result;
        }
    }
}

/// The rest of the pieces after the connection took `wrote` bytes.
pub fn kept(pieces: &[&Bytes], wrote: usize, now: u32) -> Out {
    let mut out = Out { queue: VecDeque::new(), started: false, moved_at: now, answers: 0 };
    let mut skip = wrote;
    for piece in pieces {
        if skip >= piece.len() {
            skip -= piece.len();
            continue;
        }
        let mut rest = (*piece).clone();
        rest.advance(skip);
        out.started |= skip > 0;
        skip = 0;
        out.queue.push_back(rest);
    }
    out
}

/// Writes the kept bytes, as far as the connection takes them.
pub fn flush(fd: &OwnedFd, waiting: &mut Option<Box<Out>>, now: u32, written: &mut u64) -> Written {
    let Some(out) = waiting else { return Written::All };
    while !out.queue.is_empty() {
        let pieces: SmallVec<[&Bytes; 16]> = out.queue.iter().take(SLICES_MAX).collect();
        let result = write(fd, &pieces);
        drop(pieces);
        let mut wrote = match result {
            Ok(n) => n,
            Err(Errno::AGAIN) => return Written::Kept,
            Err(_) => return Written::Gone,
        };
        *written += wrote as u64;
        out.moved_at = now;
        while let Some(first) = out.queue.front_mut() {
            if wrote < first.len() {
                first.advance(wrote);
                out.started |= wrote > 0;
                break;
            }
            wrote -= first.len();
            out.started = false;
            out.queue.pop_front();
        }
    }
    *waiting = None;
    Written::All
}
