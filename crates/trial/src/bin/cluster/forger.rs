//! A hostile writer on the bus. It reaches NATS as the nodes do and hears their messages, but has no key. All the time
//! it publishes messages of nodes: altered in one place, cut, with another seal, or unchanged, at once or much later.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use encke_trial::random::Random;

/// The pause between two of its messages.
const PAUSE: Duration = Duration::from_millis(10);
/// The pause between two tries to reach a server that is down.
const AGAIN: Duration = Duration::from_millis(100);
/// The number of messages that it remembers: some minutes' worth.
const REMEMBERED_MAX: usize = 20_000;
/// The length of a seal, which stands behind a message.
const SEAL_BYTES: usize = 32;

/// A message as it was on the bus.
#[derive(Clone)]
struct Heard {
    subject: String,
    payload: Vec<u8>,
}

#[derive(Default)]
struct Inner {
    heard: Mutex<VecDeque<Heard>>,
    ended: AtomicBool,
    forged: AtomicU64,
    replayed: AtomicU64,
}

/// The hostile writer.
pub struct Forger {
    inner: Arc<Inner>,
    thread: Option<JoinHandle<()>>,
}

/// The number of messages that it has published, by kind.
#[derive(Clone, Copy, Default)]
pub struct Published {
    pub forged: u64,
    pub replayed: u64,
}

impl Forger {
    /// Starts a forger on a NATS server on 127.0.0.1.
    pub fn start(port: u16, random: Random) -> Self {
        let inner = Arc::new(Inner::default());
        let forging = inner.clone();
        let thread = std::thread::spawn(move || forging.run(port, random));
        Forger { inner, thread: Some(thread) }
    }

    /// The number of messages that it has published so far.
    pub fn published(&self) -> Published {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        Published { forged: count(&self.inner.forged), replayed: count(&self.inner.replayed) }
    }
}

impl Drop for Forger {
    fn drop(&mut self) {
        self.inner.ended.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Inner {
    fn run(self: Arc<Self>, port: u16, mut random: Random) {
        while !self.ended.load(Ordering::SeqCst) {
            // A killed server ends the connection. The forger comes back.
            let _ = self.forge_at(port, &mut random);
            std::thread::sleep(AGAIN);
        }
    }

    fn forge_at(self: &Arc<Self>, port: u16, random: &mut Random) -> Result<()> {
        let mut to = TcpStream::connect(("127.0.0.1", port))?;
        to.set_nodelay(true)?;
        to.write_all(b"CONNECT {\"verbose\":false,\"echo\":false}\r\nSUB encke.> 1\r\n")?;
        let (listening, from, answers) = (self.clone(), to.try_clone()?, to.try_clone()?);
        let ear = std::thread::spawn(move || listening.listen(BufReader::new(from), answers));
        while !self.ended.load(Ordering::SeqCst) && !ear.is_finished() {
            std::thread::sleep(PAUSE);
            if let Some(Heard { subject, payload }) = self.next(random) {
                let mut frame = format!("PUB {subject} {}\r\n", payload.len()).into_bytes();
                frame.extend_from_slice(&payload);
                frame.extend_from_slice(b"\r\n");
                to.write_all(&frame)?;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Both);
        let _ = ear.join();
        Ok(())
    }

    /// Remembers the messages of nodes until the connection ends.
    fn listen(&self, mut from: impl BufRead, mut answers: TcpStream) -> Result<()> {
        loop {
            let mut line = String::new();
            if from.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("PING") => answers.write_all(b"PONG\r\n")?,
                Some("MSG") => {
                    let subject = words.next().context("a message has a subject")?.to_owned();
                    let bytes: usize = words.last().context("a message has a size")?.parse()?;
                    // A line break ends the payload, too.
                    let mut payload = vec![0; bytes + 2];
                    from.read_exact(&mut payload)?;
                    payload.truncate(bytes);
                    let mut heard = self.heard.lock().expect("not poisoned");
                    heard.push_back(Heard { subject, payload });
                    if heard.len() > REMEMBERED_MAX {
                        heard.pop_front();
                    }
                }
                _ => {}
            }
        }
    }

    /// The message to publish next. Half of the time it is made of the newest one.
    fn next(&self, random: &mut Random) -> Option<Heard> {
        let mut message = {
            let heard = self.heard.lock().expect("not poisoned");
            let back = if random.percent(50) { 4 } else { heard.len() as u64 };
            let back = random.below(back.min(heard.len() as u64)) as usize;
            heard.get(heard.len().checked_sub(back + 1)?)?.clone()
        };
        let payload = &mut message.payload;
        let said = payload.len().saturating_sub(SEAL_BYTES);
        match random.below(6) {
            // Head, epoch and positions come first; events or a signal follow.
            0 => alter(payload, random.below(said.min(48) as u64)),
            1 => alter(payload, random.below(said as u64)),
            2 => payload.truncate(said),
            3 => payload[said..].fill_with(|| random.number() as u8),
            4 => payload.truncate(random.below(said as u64) as usize),
            _ => {
                self.replayed.fetch_add(1, Ordering::Relaxed);
                return Some(message);
            }
        }
        self.forged.fetch_add(1, Ordering::Relaxed);
        Some(message)
    }
}

/// Raises a byte by one, so that a number becomes the next one and a text another text.
fn alter(payload: &mut [u8], at: u64) {
    if let Some(byte) = payload.get_mut(at as usize) {
        *byte = byte.wrapping_add(1);
    }
}
