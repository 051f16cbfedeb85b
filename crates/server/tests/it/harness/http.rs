//! A small blocking HTTP/1.1 client: kept-alive connections, and raw bytes where a test wants to misbehave.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Auth, WAIT};

/// One answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        values(&self.head, name).next()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {} {:?}", self.head, self.text()))
    }

    /// The code of a refusal.
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The session that it sets.
    pub fn session(&self) -> String {
        let line = self.header("set-cookie").expect("a cookie");
        let value = line.strip_prefix("encke_session=").expect("the session's cookie");
        value.split(';').next().unwrap().to_owned()
    }

    /// Panics unless it has this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{} {}", self.head, String::from_utf8_lossy(&self.body));
        self
    }
}

/// All values of a header.
pub fn values<'a, 'n>(head: &'a str, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
    head.lines().skip(1).filter_map(move |line| {
        let (n, value) = line.split_once(':')?;
        n.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// A connection, with deadlines.
pub struct Wire {
    reader: BufReader<TcpStream>,
    line: Vec<u8>,
    /// The rest of the current chunk, in a stream that a proxy sends in chunks.
    chunk: Option<u64>,
}

impl Wire {
    pub fn connect(address: SocketAddr) -> Wire {
        Wire::try_connect(address).expect("a connection")
    }

    pub fn try_connect(address: SocketAddr) -> std::io::Result<Wire> {
        let stream = TcpStream::connect_timeout(&address, WAIT)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(WAIT))?;
        let reader = BufReader::with_capacity(64 * 1024, stream);
        Ok(Wire { reader, line: Vec::new(), chunk: None })
    }

    /// Connects from 127.0.0.`last`, with little room for what the server sends.
    pub fn connect_from(last: u8, address: SocketAddr) -> Wire {
        use rustix::net::{
            AddressFamily, SocketFlags, SocketType, bind, connect, socket_with, sockopt,
        };
        let (kind, flags) = (SocketType::STREAM, SocketFlags::CLOEXEC);
        let socket = socket_with(AddressFamily::INET, kind, flags, None).unwrap();
        sockopt::set_socket_recv_buffer_size(&socket, 4 * 1024).unwrap();
        bind(&socket, &SocketAddr::from(([127, 0, 0, last], 0))).unwrap();
        connect(&socket, &address).unwrap();
        let stream = TcpStream::from(socket);
        stream.set_write_timeout(Some(WAIT)).unwrap();
        Wire { reader: BufReader::new(stream), line: Vec::new(), chunk: None }
    }

    pub fn stream(&self) -> &TcpStream {
        self.reader.get_ref()
    }

    /// The socket, and what was read ahead of it.
    pub fn into_parts(self) -> (TcpStream, Vec<u8>) {
        let ahead = self.reader.buffer().to_vec();
        (self.reader.into_inner(), ahead)
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream().write_all(bytes.as_ref()).expect("written");
    }

    /// The same, to somebody who may have hung up.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream().write_all(bytes.as_ref()).is_ok()
    }

    pub fn finish_sending(&self) {
        let _ = self.stream().shutdown(Shutdown::Write);
    }

    fn until(&self, deadline: Instant) {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = left.max(Duration::from_millis(1));
        self.stream().set_read_timeout(Some(left)).unwrap();
    }

    /// Whether a body comes in chunks.
    pub fn is_chunked(head: &str) -> bool {
        values(head, "transfer-encoding").any(|v| v == "chunked")
    }

    /// Reads the lines of a body from here on.
    pub fn body_in_chunks(mut self, chunked: bool) -> Wire {
        self.chunk = chunked.then_some(0);
        self
    }

    /// The next line, without its end; `None` at the end of the connection.
    pub fn line(&mut self, deadline: Instant) -> Option<Vec<u8>> {
        let Some(mut left) = self.chunk.take() else { return self.raw_line(deadline) };
        let mut line = Vec::new();
        while !line.ends_with(b"\n") {
            if left == 0 {
                let size = self.raw_line(deadline)?;
                left = u64::from_str_radix(std::str::from_utf8(&size).unwrap(), 16).unwrap();
                if left == 0 {
                    assert!(line.is_empty(), "cut in a line");
                    return None;
                }
            }
            self.until(deadline);
            let mut part = self.reader.by_ref().take(left);
            left -= part.read_until(b'\n', &mut line).expect("the rest of a chunk") as u64;
            if left == 0 {
                self.take(2)?;
            }
        }
        self.chunk = Some(left);
        line.truncate(line.len() - 1 - usize::from(line.ends_with(b"\r\n")));
        Some(line)
    }

    fn raw_line(&mut self, deadline: Instant) -> Option<Vec<u8>> {
        self.until(deadline);
        match self.reader.read_until(b'\n', &mut self.line) {
            Ok(0) => None,
            Ok(_) if !self.line.ends_with(b"\n") => {
                panic!("cut in a line: {:?}", String::from_utf8_lossy(&self.line))
            }
            Ok(_) => {
                let mut line = std::mem::take(&mut self.line);
                line.truncate(line.len() - 1 - usize::from(line.ends_with(b"\r\n")));
                Some(line)
            }
            Err(e) if is_end(&e) => None,
            Err(e) => panic!("no line in time: {e}"),
        }
    }

    /// Reads exactly this many bytes.
    pub fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        self.until(Instant::now() + WAIT);
        let mut bytes = vec![0; count];
        match self.reader.read_exact(&mut bytes) {
            Ok(()) => Some(bytes),
            Err(e) if is_end(&e) => None,
            Err(e) => panic!("no {count} bytes in time: {e}"),
        }
    }

    /// All that comes until the server ends the connection.
    pub fn rest(&mut self) -> Vec<u8> {
        self.until(Instant::now() + WAIT);
        let mut bytes = Vec::new();
        match self.reader.read_to_end(&mut bytes) {
            Ok(_) => {}
            Err(e) if is_end(&e) => {}
            Err(e) => panic!("the connection did not end in time: {e}"),
        }
        bytes
    }

    /// Whether the server ends the connection by then. Arriving bytes are thrown away.
    pub fn ends_by(&mut self, deadline: Instant) -> bool {
        let mut chunk = [0; 4096];
        loop {
            self.until(deadline);
            match self.reader.read(&mut chunk) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(e) if is_end(&e) => return true,
                Err(_) => return false,
            }
        }
    }

    /// Status line and headers; `None` if the connection ends instead.
    pub fn head(&mut self) -> Option<String> {
        let deadline = Instant::now() + WAIT;
        let mut head = String::new();
        loop {
            let line = self.line(deadline)?;
            if line.is_empty() {
                return Some(head);
            }
            head.push_str(std::str::from_utf8(&line).expect("a head is text"));
            head.push('\n');
        }
    }

    /// A whole answer; `None` if the connection ends instead. Nothing ever answers 500.
    pub fn answer(&mut self) -> Option<Answer> {
        let head = self.head()?;
        self.body_of(head)
    }

    /// The rest of an answer after its head.
    pub fn body_of(&mut self, head: String) -> Option<Answer> {
        let status: u16 = head.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
        let length = values(&head, "content-length").next();
        let chunked = Wire::is_chunked(&head);
        let body = match length {
            _ if matches!(status, 101 | 204 | 304) => Vec::new(),
            Some(length) => self.take(length.parse().unwrap())?,
            None if chunked => self.chunks()?,
            None => self.rest(),
        };
        assert_ne!(status, 500, "{head} {}", String::from_utf8_lossy(&body));
        Some(Answer { status, head, body })
    }

    fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line(Instant::now() + WAIT)?;
            let size = usize::from_str_radix(std::str::from_utf8(&line).unwrap(), 16).unwrap();
            body.extend(self.take(size)?);
            self.take(2)?;
            if size == 0 {
                return Some(body);
            }
        }
    }
}

fn is_end(e: &std::io::Error) -> bool {
    matches!(
        e.kind(),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof
    )
}

/// The text of a request.
pub fn line_of(
    method: &str,
    path: &str,
    host: SocketAddr,
    headers: &[(&str, String)],
    body: Option<&[u8]>,
) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = body {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    [text.as_bytes(), body.unwrap_or_default()].concat()
}

/// Asks as somebody, over one connection as long as it holds.
pub struct Client {
    pub address: SocketAddr,
    pub auth: Auth,
    wire: Option<Wire>,
}

impl Clone for Client {
    fn clone(&self) -> Self {
        Client::new(self.address, self.auth.clone())
    }
}

impl Client {
    pub fn new(address: SocketAddr, auth: Auth) -> Client {
        Client { address, auth, wire: None }
    }

    /// Any request; the headers come after those of the credentials.
    pub fn ask(
        &mut self,
        method: &str,
        path: &str,
        more: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        self.try_ask(method, path, more, body).expect("an answer")
    }

    /// The same to a server that may be gone.
    pub fn try_ask(
        &mut self,
        method: &str,
        path: &str,
        more: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Option<Answer> {
        let mut headers: Vec<(&str, String)> = self.auth.lines(self.address);
        headers.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let request = line_of(method, path, self.address, &headers, body);
        // A kept-alive connection may have been closed meanwhile; a fresh one answers.
        if let Some(mut wire) = self.wire.take()
            && wire.try_send(&request)
            && let Some(answer) = wire.answer()
        {
            return Some(self.keep(wire, answer));
        }
        let mut wire = Wire::try_connect(self.address).ok()?;
        if !wire.try_send(&request) {
            return None;
        }
        let answer = wire.answer()?;
        Some(self.keep(wire, answer))
    }

    fn keep(&mut self, wire: Wire, answer: Answer) -> Answer {
        if !values(&answer.head, "connection").any(|v| v.eq_ignore_ascii_case("close")) {
            self.wire = Some(wire);
        }
        answer
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[], None)
    }

    pub fn send(&mut self, method: &str, path: &str, body: &Value) -> Answer {
        let text = body.to_string();
        let kind = [("Content-Type", "application/json")];
        self.ask(method, path, &kind, Some(text.as_bytes()))
    }

    pub fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, body)
    }

    pub fn delete(&mut self, path: &str) -> Answer {
        self.ask("DELETE", path, &[], None)
    }

    /// POST without a body.
    pub fn poke(&mut self, path: &str) -> Answer {
        self.ask("POST", path, &[], Some(b""))
    }
}
