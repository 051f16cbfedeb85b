//! A client of the HTTP API that asks one thing after another over one connection.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::http::{Piece, Reader};
use crate::seed::token;
use crate::sys;

/// The longest wait for an answer.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// One kept connection to Encke.
pub struct Client {
    addr: SocketAddrV4,
    stream: TcpStream,
    reader: Reader,
    /// Bytes read of an unfinished piece.
    held: Vec<u8>,
}

impl Client {
    pub fn connect(addr: SocketAddrV4) -> Result<Self> {
        let stream = TcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_WAIT))?;
        stream.set_write_timeout(Some(ANSWER_WAIT))?;
        Ok(Client { addr, stream, reader: Reader::default(), held: Vec::new() })
    }

    /// Connects from another address of this machine.
    pub fn connect_from(from: Ipv4Addr, addr: SocketAddrV4) -> Result<Self> {
        let stream = TcpStream::from(sys::connect(from, addr)?);
        // The first write waits until the connection stands.
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(ANSWER_WAIT))?;
        stream.set_write_timeout(Some(ANSWER_WAIT))?;
        Ok(Client { addr, stream, reader: Reader::default(), held: Vec::new() })
    }

    /// The status and the body of any answer to the owner of this token, or to a stranger with an empty one.
    pub fn send(
        &mut self,
        method: &str,
        token: &str,
        path: &str,
        body: &Value,
    ) -> Result<(u16, Vec<u8>)> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let credential = match token {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{credential}Content-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.addr,
            body.len()
        );
        let answered = self.exchange(&request).with_context(|| format!("{method} {path}"))?;
        Ok((self.reader.status, answered))
    }

    /// The JSON of a successful answer to the owner of this token.
    pub fn send_json(
        &mut self,
        method: &str,
        token: &str,
        path: &str,
        body: &Value,
    ) -> Result<Value> {
        let (status, answered) = self.send(method, token, path, body)?;
        if !(200..300).contains(&status) {
            bail!("{method} {path}: {status} {}", String::from_utf8_lossy(&answered));
        }
        Ok(if answered.is_empty() { Value::Null } else { serde_json::from_slice(&answered)? })
    }

    /// The body of the answer to a GET by the person of this number.
    pub fn get(&mut self, person: usize, path: &str) -> Result<Vec<u8>> {
        self.ask("GET", person, path, "")
    }

    /// The answer to a GET, as JSON.
    pub fn get_json(&mut self, person: usize, path: &str) -> Result<Value> {
        Ok(serde_json::from_slice(&self.get(person, path)?)?)
    }

    /// The answer to a POST with a JSON body, as JSON.
    pub fn post(&mut self, person: usize, path: &str, body: &Value) -> Result<Value> {
        Ok(serde_json::from_slice(&self.ask("POST", person, path, &body.to_string())?)?)
    }

    /// Any answer but a success is an error with its body.
    fn ask(&mut self, method: &str, person: usize, path: &str, body: &str) -> Result<Vec<u8>> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.addr,
            token(person),
            body.len()
        );
        let answered = self.exchange(&request).with_context(|| format!("{method} {path}"))?;
        if !(200..300).contains(&self.reader.status) {
            let why = String::from_utf8_lossy(&answered);
            bail!("{method} {path}: {} {why}", self.reader.status);
        }
        Ok(answered)
    }

    fn exchange(&mut self, request: &str) -> Result<Vec<u8>> {
        self.stream.write_all(request.as_bytes())?;
        let (mut body, mut piece_bytes) = (Vec::new(), vec![0; 64 * 1024]);
        loop {
            let (used, ended) = match self.reader.step(&self.held)? {
                (used, Piece::End) => (used, true),
                (used, Piece::Body(bytes)) => {
                    body.extend_from_slice(bytes);
                    (used, false)
                }
                (used, Piece::Head) => (used, false),
                (_, Piece::More) => {
                    let count = self.stream.read(&mut piece_bytes)?;
                    if count == 0 {
                        bail!("the server closed the connection");
                    }
                    self.held.extend_from_slice(&piece_bytes[..count]);
                    continue;
                }
            };
            self.held.drain(..used);
            if ended {
                return Ok(body);
            }
        }
    }
}
