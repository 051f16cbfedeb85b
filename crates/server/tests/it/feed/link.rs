//! One connection of a feed: asking, and reading what comes.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use serde_json::{Value, json};

use super::Transport;
use super::parse::{Lines, Parser};
use super::ws::Socket;
use crate::harness::{Answer, Auth, Wire, line_of};

pub enum Link {
    /// The flag tells whether the poll was sent.
    Poll(Wire, bool),
    Stream(Wire, Lines),
    Socket(Box<Socket>),
    Closed(Option<u16>),
    Ended,
}

pub enum More {
    Items,
    Polled { cursor: String, more: bool },
    Ended,
}

/// Asks for the feed on a connection.
pub fn ask(wire: &mut Wire, address: SocketAddr, auth: &Auth, path: &str) -> bool {
    wire.try_send(line_of("GET", path, address, &auth.lines(address), None))
}

/// A refusal as an item.
fn refused(answer: &Answer) -> Value {
    let error = answer.json()["error"].clone();
    json!({"type": "refused", "status": answer.status, "error": error})
}

impl Link {
    pub fn open(
        address: SocketAddr,
        transport: Transport,
        auth: &Auth,
        path: &str,
        items: &mut VecDeque<Value>,
    ) -> Link {
        let Ok(mut wire) = Wire::try_connect(address) else { return Link::Ended };
        match transport {
            // The first poll is sent when an item is wanted.
            Transport::ShortPoll | Transport::LongPoll => Link::Poll(wire, false),
            Transport::WebSocket => match Socket::open(wire, address, auth, path) {
                Ok(socket) => Link::Socket(Box::new(socket)),
                Err(answer) => {
                    items.push_back(refused(&answer));
                    Link::Ended
                }
            },
            _ => {
                ask(&mut wire, address, auth, path);
                let head = wire.head().expect("a stream begins with a head");
                if !head.starts_with("HTTP/1.1 200 ") {
                    let answer = wire.body_of(head).expect("a refusal");
                    items.push_back(refused(&answer));
                    return Link::Ended;
                }
                let lines = Lines::new(transport, &head);
                Link::Stream(wire.body_in_chunks(Wire::is_chunked(&head)), lines)
            }
        }
    }

    /// Reads until there is something to tell.
    pub fn more(
        &mut self,
        address: SocketAddr,
        auth: &Auth,
        path: &str,
        deadline: Instant,
        items: &mut VecDeque<Value>,
    ) -> More {
        match self {
            Link::Closed(_) | Link::Ended => More::Ended,
            Link::Poll(wire, asked) => {
                let asked = std::mem::take(asked) || ask(wire, address, auth, path);
                let answer = if asked { wire.answer() } else { None };
                let Some(answer) = answer else {
                    *self = Link::Ended;
                    return More::Ended;
                };
                let more = polled(&answer, items);
                if matches!(more, More::Ended) {
                    *self = Link::Ended;
                }
                more
            }
            Link::Stream(wire, parser) => {
                while items.is_empty() {
                    let Some(line) = wire.line(deadline) else {
                        parser.ended();
                        *self = Link::Ended;
                        return More::Ended;
                    };
                    items.extend(parser.line(&line));
                }
                More::Items
            }
            Link::Socket(socket) => match socket.item(deadline) {
                Some(item) => {
                    items.push_back(item);
                    More::Items
                }
                None => {
                    *self = Link::Closed(socket.closed);
                    More::Ended
                }
            },
        }
    }

    pub fn command(&mut self, command: &Value) {
        let Link::Socket(socket) = self else { panic!("only a WebSocket takes commands") };
        socket.say(&command.to_string());
    }

    pub fn close_code(&self) -> Option<u16> {
        if let Link::Closed(code) = self { *code } else { None }
    }
}

/// Turns a poll's answer into the items that a stream would have brought.
fn polled(answer: &Answer, items: &mut VecDeque<Value>) -> More {
    if answer.status != 200 {
        items.push_back(refused(answer));
        return More::Ended;
    }
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let body = answer.json();
    let cursor = body["cursor"].as_str().expect("a poll's answer has a cursor").to_owned();
    if let Some(reason) = body["reset"].as_str() {
        items.push_back(json!({"type": "reset", "reason": reason, "cursor": cursor}));
        return More::Ended;
    }
    for list in ["events", "signals"] {
        items.extend(body[list].as_array().into_iter().flatten().cloned());
    }
    if body["bye"].is_object() {
        items.push_back(body["bye"].clone());
        return More::Ended;
    }
    More::Polled { cursor, more: body["more"].as_bool().expect("`more` is there") }
}
