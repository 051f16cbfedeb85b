//! Writes by io_uring instead of write(2), to measure what that saves: `rawpush --uring N`.

use std::io;
use std::os::fd::RawFd;

use io_uring::{IoUring, cqueue, opcode, squeue, types};

/// A ring that only sends.
pub struct Ring(IoUring<squeue::Entry, cqueue::Entry>);

impl Ring {
    /// A ring for this many sends with one system call. It sets all flags that save work for one thread that submits
    /// and waits at once.
    pub fn new(batch: u32) -> io::Result<Self> {
        let mut builder = IoUring::builder();
        builder.setup_single_issuer().setup_defer_taskrun().setup_coop_taskrun();
        Ok(Ring(builder.build(batch)?))
    }

    /// Sends a piece to each socket. A piece to a full socket is lost, as with write(2) in rawpush.
    pub fn send(&mut self, pieces: &[(RawFd, &[u8])]) -> io::Result<()> {
        let batch = self.0.params().sq_entries() as usize;
        for chunk in pieces.chunks(batch) {
            for (fd, bytes) in chunk {
                let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
                let send = opcode::Send::new(types::Fd(*fd), bytes.as_ptr(), length)
                    .flags(libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT)
                    .build();
                // The pieces outlive the call below, which waits until all are done.
                unsafe { self.0.submission().push(&send) }.map_err(io::Error::other)?;
            }
            self.0.submit_and_wait(chunk.len())?;
            let done = self.0.completion().count();
            debug_assert_eq!(done, chunk.len());
        }
        Ok(())
    }
}
