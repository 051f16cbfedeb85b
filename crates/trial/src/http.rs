//! A blocking HTTP client, as small as this test needs it.

use std::io::{Error, ErrorKind, Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use encke_bench::http::{Piece, Reader};
use memchr::memmem;
use serde_json::Value;

/// A read that brings nothing ends after this, so that the thread can look whether it is to end.
const TURN: Duration = Duration::from_millis(100);
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// An answer to a send that takes longer counts as none.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// A connection with what was read and not used yet.
pub struct Socket {
    stream: TcpStream,
    pub held: Vec<u8>,
    /// Reads little at a time, with pauses.
    slow: bool,
}

impl Socket {
    fn open(addr: SocketAddrV4, slow: bool) -> std::io::Result<Self> {
        let stream = TcpStream::connect_timeout(&addr.into(), CONNECT_MAX)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TURN))?;
        Ok(Socket { stream, held: Vec::new(), slow })
    }

    pub fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Reads more; false if there was nothing for a while. The end is an error.
    pub fn more(&mut self) -> std::io::Result<bool> {
        let mut buffer = [0; 16 * 1024];
        let size = if self.slow { 2048 } else { buffer.len() };
        if self.slow {
            sleep(Duration::from_millis(10));
        }
        match self.stream.read(&mut buffer[..size]) {
            Ok(0) => Err(Error::from(ErrorKind::UnexpectedEof)),
            Ok(n) => {
                self.held.extend_from_slice(&buffer[..n]);
                Ok(true)
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(false),
            Err(e) => Err(e),
        }
    }
}

/// What a refusal by a proxy begins with.
pub const GATEWAY: &str = "gateway";

/// A whole answer.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Result<Value> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// Code and `retry` of a refusal; `None` if it is none.
    pub fn refusal(&self) -> Option<(String, bool)> {
        if self.status < 400 {
            return None;
        }
        let json = self.json().unwrap_or_default();
        // nginx's own words: what became of the request behind it is not known.
        if matches!(self.status, 502 | 504) && memmem::find(&self.body, b"<center>nginx").is_some()
        {
            return Some((format!("{GATEWAY} {}", self.status), true));
        }
        let code = json["error"]["code"].as_str().map_or_else(
            || format!("{} without a code: {}", self.status, String::from_utf8_lossy(&self.body)),
            str::to_owned,
        );
        Some((code, json["error"]["retry"].as_bool().unwrap_or(false)))
    }
}

/// A connection that speaks HTTP.
pub struct Http {
    pub socket: Socket,
    reader: Reader,
    /// How long a send waits for its answer.
    pub patience: Duration,
}

/// A part of a body that streams.
pub enum Part {
    Bytes(Vec<u8>),
    NothingYet,
    End,
}

impl Http {
    pub fn open(addr: SocketAddrV4) -> Result<Self> {
        Ok(Http::over(Socket::open(addr, false)?))
    }

    pub fn open_slow(addr: SocketAddrV4) -> Result<Self> {
        Ok(Http::over(Socket::open(addr, true)?))
    }

    fn over(socket: Socket) -> Self {
        Http { socket, reader: Reader::default(), patience: ANSWER_MAX }
    }

    /// Sends a request; `headers` are whole lines without their ends.
    pub fn request(
        &mut self,
        method: &str,
        path: &str,
        token: &str,
        headers: &[&str],
        body: &str,
    ) -> Result<()> {
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
        if !token.is_empty() {
            text.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        for header in headers {
            text.push_str(header);
            text.push_str("\r\n");
        }
        if method != "GET" {
            text.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        text.push_str("\r\n");
        text.push_str(body);
        Ok(self.socket.send(text.as_bytes())?)
    }

    /// Waits for the head of the answer; returns its status.
    pub fn head(&mut self, patience: Duration) -> Result<u16> {
        let until = Instant::now() + patience;
        loop {
            let (used, piece) = self.reader.step(&self.socket.held)?;
            let is_head = matches!(piece, Piece::Head);
            self.socket.held.drain(..used);
            if is_head {
                return Ok(self.reader.status);
            }
            if !self.socket.more()? && Instant::now() > until {
                bail!("no answer within {patience:?}");
            }
        }
    }

    /// The next part of the body.
    pub fn part(&mut self) -> Result<Part> {
        loop {
            let (used, piece) = self.reader.step(&self.socket.held)?;
            let (part, more) = match piece {
                Piece::Body(bytes) if !bytes.is_empty() => {
                    (Some(Part::Bytes(bytes.to_vec())), false)
                }
                Piece::End => (Some(Part::End), false),
                Piece::More => (None, true),
                Piece::Head | Piece::Body(_) => (None, false),
            };
            self.socket.held.drain(..used);
            if let Some(part) = part {
                return Ok(part);
            }
            if more && !self.socket.more()? {
                return Ok(Part::NothingYet);
            }
        }
    }

    /// The rest of the answer.
    pub fn rest(&mut self, status: u16, patience: Duration) -> Result<Answer> {
        let until = Instant::now() + patience;
        let mut body = Vec::new();
        loop {
            match self.part()? {
                Part::Bytes(bytes) => body.extend(bytes),
                Part::End => return Ok(Answer { status, body }),
                Part::NothingYet if Instant::now() > until => bail!("the answer does not end"),
                Part::NothingYet => {}
            }
        }
    }

    /// A request and its whole answer.
    pub fn call(
        &mut self,
        method: &str,
        path: &str,
        token: &str,
        headers: &[&str],
        body: &str,
        patience: Duration,
    ) -> Result<Answer> {
        self.request(method, path, token, headers, body)?;
        let status = self.head(patience)?;
        self.rest(status, patience)
    }

    /// The value of a header of the last answer.
    pub fn header(&self, name: &str) -> Option<String> {
        self.reader.header(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The server takes no further request on this connection.
    pub fn closes(&self) -> bool {
        self.reader.closes()
    }
}
