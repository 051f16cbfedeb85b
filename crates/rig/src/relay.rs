//! A relay before a NATS server. It loses messages and nothing else.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Relays connections to a NATS server on 127.0.0.1. While it drops, every other message from the server to a client is
/// lost as a whole. Lines of the protocol itself always pass.
#[derive(Clone)]
pub struct Relay {
    port: u16,
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    drops: AtomicBool,
    messages: AtomicU64,
    dropped: AtomicU64,
}

impl Relay {
    /// A relay to this port. It listens on this address.
    pub fn to(server: u16, listen: IpAddr) -> Self {
        let listener = TcpListener::bind((listen, 0)).expect("there is a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let relay = Relay { port, inner: Arc::default() };
        let inner = relay.inner.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                inner.clone().carry(client, server);
            }
        });
        relay
    }

    /// The port that the relay listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sets whether every other message is lost from now on.
    pub fn drop_half(&self, drops: bool) {
        self.inner.drops.store(drops, Ordering::Relaxed);
    }

    /// The number of messages that were lost so far.
    pub fn dropped(&self) -> u64 {
        self.inner.dropped.load(Ordering::Relaxed)
    }
}

impl Inner {
    fn carry(self: Arc<Self>, client: TcpStream, server: u16) {
        let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { return };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let (Ok(mut from), Ok(mut to)) = (client.try_clone(), server.try_clone()) else { return };
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
        });
        std::thread::spawn(move || {
            let (mut from, mut to) = (BufReader::new(&server), &client);
            while let Ok(true) = self.frame(&mut from, &mut to) {}
            let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
        });
    }

    /// Copies one line of the protocol and its payload. Returns false at the end.
    fn frame(&self, from: &mut impl BufRead, to: &mut impl Write) -> std::io::Result<bool> {
        let mut frame = Vec::new();
        if from.read_until(b'\n', &mut frame)? == 0 {
            return Ok(false);
        }
        let Some(bytes) = payload_bytes(&frame) else {
            to.write_all(&frame)?;
            return Ok(true);
        };
        // A line break ends the payload, too.
        from.take(bytes + 2).read_to_end(&mut frame)?;
        let number = self.messages.fetch_add(1, Ordering::Relaxed);
        if self.drops.load(Ordering::Relaxed) && number.is_multiple_of(2) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return Ok(true);
        }
        to.write_all(&frame)?;
        Ok(true)
    }
}

/// The length of the payload of a message: the last word of `MSG subject sid [reply] bytes`. `None` for other lines.
fn payload_bytes(line: &[u8]) -> Option<u64> {
    let line = std::str::from_utf8(line).ok()?;
    let mut words = line.split_ascii_whitespace();
    let verb = words.next()?;
    if !verb.eq_ignore_ascii_case("MSG") && !verb.eq_ignore_ascii_case("HMSG") {
        return None;
    }
    words.last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_message_is_lost_as_a_whole_and_all_else_goes_through() {
        let inner = Inner::default();
        let stream = b"INFO {}\r\nMSG a 1 5\r\none\r\n\r\nPING\r\nMSG a 1 r 3\r\ntwo\r\nHMSG a 1 2 5\r\nthree\r\n+OK\r\n";
        let carried = |inner: &Inner| {
            let (mut from, mut to) = (&stream[..], Vec::new());
            while inner.frame(&mut from, &mut to).unwrap() {}
            String::from_utf8(to).unwrap()
        };
        assert_eq!(carried(&inner).as_bytes(), stream);
        inner.drops.store(true, Ordering::Relaxed);
        inner.messages.store(0, Ordering::Relaxed);
        assert_eq!(carried(&inner), "INFO {}\r\nPING\r\nMSG a 1 r 3\r\ntwo\r\n+OK\r\n");
        assert_eq!(inner.dropped.load(Ordering::Relaxed), 2);
    }
}
