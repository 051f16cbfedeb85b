//! WebSocket: tungstenite for valid frames, bytes by hand for invalid ones.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;
use tungstenite::handshake::client::generate_key;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};

use crate::harness::{Answer, Auth, Wire, line_of};

pub struct Socket {
    socket: WebSocket<TcpStream>,
    /// The code of the close frame.
    pub closed: Option<u16>,
}

/// The header lines of a handshake.
pub fn handshake(auth: &Auth, address: SocketAddr) -> Vec<(&'static str, String)> {
    let mut lines = auth.lines(address);
    lines.push(("Connection", "keep-alive, Upgrade".into()));
    lines.push(("Upgrade", "websocket".into()));
    lines.push(("Sec-WebSocket-Version", "13".into()));
    lines.push(("Sec-WebSocket-Key", generate_key()));
    lines
}

impl Socket {
    /// Opens, or returns the refusal.
    pub fn open(
        mut wire: Wire,
        address: SocketAddr,
        auth: &Auth,
        path: &str,
    ) -> Result<Socket, Answer> {
        let lines = handshake(auth, address);
        wire.try_send(line_of("GET", path, address, &lines, None));
        let answer = wire.answer().expect("the handshake is answered");
        if answer.status != 101 {
            return Err(answer);
        }
        let key = &lines.last().unwrap().1;
        let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
        assert_eq!(answer.header("sec-websocket-accept"), Some(accept.as_str()));
        // Frames may have come right behind the head.
        let (stream, read) = wire.into_parts();
        let config = Some(WebSocketConfig::default());
        let socket = WebSocket::from_partially_read(stream, read, Role::Client, config);
        Ok(Socket { socket, closed: None })
    }

    /// The next item; `None` when it is closed.
    pub fn item(&mut self, deadline: Instant) -> Option<Value> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let left = left.max(Duration::from_millis(1));
            self.socket.get_ref().set_read_timeout(Some(left)).unwrap();
            match self.socket.read() {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(frame)) => self.closed = frame.map(|f| f.code.into()),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(other) => panic!("the server sends text only: {other:?}"),
                Err(Error::Io(e))
                    if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    assert!(Instant::now() < deadline, "nothing came in time: websocket");
                }
                Err(Error::ConnectionClosed | Error::AlreadyClosed | Error::Io(_)) => return None,
                Err(Error::Protocol(
                    tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
                )) => return None,
                Err(e) => panic!("{e}"),
            }
        }
    }

    pub fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text)).expect("a command is taken");
    }
}

/// A frame with a mask, as a client sends it. `first` is the byte with FIN and opcode.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    match payload.len() {
        n @ 0..=125 => out.push(0x80 | n as u8),
        n @ 126..=0xFFFF => {
            out.push(0x80 | 126);
            out.extend((n as u16).to_be_bytes());
        }
        n => {
            out.push(0x80 | 127);
            out.extend((n as u64).to_be_bytes());
        }
    }
    let mask = [7, 11, 13, 17];
    out.extend(mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m));
    out
}
