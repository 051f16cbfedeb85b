//! Many sends with one system call, by io_uring: a fifth less CPU than a write(2) for each, from a few dozen sends on.
//!
//! It is optional: where the kernel has no io_uring, or a container forbids it, every send is a write. A call ends only
//! when the kernel is done with each of its sends, so the kernel never looks at memory or a socket that is gone. This
//! is the only unsafe code of the server.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::AsRawFd;

use io_uring::{IoUring, opcode, types};
use rustix::io::Errno;
use rustix::net::SendFlags;

/// The number of sends in one system call.
const BATCH_SENDS: u32 = 1_024;

/// A ring of one thread.
pub struct Ring(IoUring);

impl Ring {
    /// A ring for the calling thread; `None` where io_uring is not available.
    pub fn new() -> Option<Self> {
        // These flags save work for one thread that submits and waits at once; since Linux 6.1.
        let mut builder = IoUring::builder();
        builder.setup_single_issuer().setup_defer_taskrun().setup_coop_taskrun();
        builder.build(BATCH_SENDS).ok().map(Ring)
    }

    /// Sends each piece to its socket and reports how much the socket took, by the place in the list. It does not wait
    /// for sockets that are full.
    pub fn send(
        &mut self,
        sends: &[(&impl AsRawFd, &[u8])],
        mut done: impl FnMut(usize, Result<usize, Errno>),
    ) {
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        for (number, chunk) in sends.chunks(BATCH_SENDS as usize).enumerate() {
            let first = number * BATCH_SENDS as usize;
            for (at, (socket, bytes)) in chunk.iter().enumerate() {
                let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                let fd = types::Fd(socket.as_raw_fd());
                let send = opcode::Send::new(fd, bytes.as_ptr(), length)
                    .flags(flags.bits() as i32)
                    .build()
                    .user_data((first + at) as u64);
                // SAFETY: socket and bytes are borrowed for longer than this call, and `wait_for` does not
                // return before the kernel is done with them.
                unsafe { self.0.submission().push(&send) }.expect("a chunk fits into the ring");
            }
            self.wait_for(chunk.len(), &mut done);
        }
    }

    fn wait_for(&mut self, sends: usize, done: &mut impl FnMut(usize, Result<usize, Errno>)) {
        let mut left = sends;
        while left > 0 {
            match self.0.submit_and_wait(left) {
                Ok(_) => {}
                Err(e) if is_passing(&e) => {}
                Err(e) => {
                    // The kernel may still hold the memory that was lent to it, so nothing may be freed any more.
                    tracing::error!("io_uring failed under way: {e}; the process ends");
                    std::process::abort();
                }
            }
            for entry in self.0.completion() {
                left -= 1;
                let result = entry.result();
                let taken = usize::try_from(result);
                done(
                    entry.user_data() as usize,
                    taken.map_err(|_| Errno::from_raw_os_error(-result)),
                );
            }
        }
    }
}

fn is_passing(e: &io::Error) -> bool {
    let code = e.raw_os_error().map(Errno::from_raw_os_error);
    matches!(code, Some(Errno::INTR | Errno::AGAIN | Errno::BUSY))
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn each_send_is_told_apart() {
        // Without io_uring there is nothing to test.
        let Some(mut ring) = Ring::new() else { return };
        let pairs: Vec<_> = (0..3_000).map(|_| UnixStream::pair().unwrap()).collect();
        let pieces: Vec<Vec<u8>> = (0..pairs.len()).map(|n| n.to_string().into_bytes()).collect();
        let (full, _kept) = UnixStream::pair().unwrap();
        let (broken, _) = UnixStream::pair().unwrap();
        let much = vec![0; 16 << 20];
        let mut sends: Vec<_> = pairs.iter().zip(&pieces).map(|((a, _), p)| (a, &p[..])).collect();
        sends.insert(7, (&full, &much));
        sends.insert(8, (&full, &much));
        sends.insert(9, (&broken, b"x"));
        let mut results = vec![None; sends.len()];
        ring.send(&sends, |at, taken| assert!(results[at].replace(taken).is_none()));
        let taken = results.remove(7).unwrap().unwrap();
        assert!((1..much.len()).contains(&taken), "{taken}");
        assert_eq!(results.remove(7), Some(Err(Errno::AGAIN)));
        assert_eq!(results.remove(7), Some(Err(Errno::PIPE)));
        for (((_, mut there), piece), result) in pairs.into_iter().zip(&pieces).zip(results) {
            assert_eq!(result, Some(Ok(piece.len())));
            let mut got = vec![0; piece.len()];
            there.read_exact(&mut got).unwrap();
            assert_eq!(&got, piece);
        }
    }
}
