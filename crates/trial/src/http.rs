//! A blocking HTTP client, just large enough for the trials.

use std::io::{Error, ErrorKind, Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use encke_bench::http::{Piece, Reader};
use memchr::memmem;
use serde_json::Value;

/// A read without bytes ends after this time, so that the thread can look whether it is to end.
const TURN: Duration = Duration::from_millis(100);
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// An answer to a send that takes longer counts as none.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// A connection, with the bytes that were read ahead.
pub struct Socket {
    stream: TcpStream,
    pub held: Vec<u8>,
    /// Whether it reads little at a time, with pauses.
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

    /// Reads more bytes. Returns false if there were none for a while. The end of the connection is an error.
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

/// The beginning of a proxy's refusal.
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

    /// The code and `retry` of a refusal; `None` if the answer is no refusal.
    pub fn refusal(&self) -> Option<(String, bool)> {
        if self.status < 400 {
            return None;
        }
        let json = self.json().unwrap_or_default();
        // nginx wrote this answer itself, so it is not known what happened to the request behind it.
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

    /// Waits for the head of the answer and returns its status.
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

    /// Reads the next part of the body.
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

    /// Reads the rest of the answer.
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

    /// Sends a request and reads its whole answer.
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

    /// Whether the server takes no further request on this connection.
    pub fn closes(&self) -> bool {
        self.reader.closes()
    }
}
