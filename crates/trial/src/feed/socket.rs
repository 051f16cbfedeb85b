//! WebSocket.

use std::ops::ControlFlow;

use encke_bench::ws;

use super::{Ask, End, News, Sink, Transport, parsed};
use crate::http::Http;
use crate::item::Item;

/// An ack command is sent after this many events.
const ACK_EVERY: u64 = 25;

/// Opens a WebSocket. The server has accepted it when this returns.
pub fn open(ask: &Ask) -> Result<Http, End> {
    debug_assert_eq!(ask.transport, Transport::WebSocket);
    let mut http = ask.connect()?;
    let headers: Vec<&str> = ws::KEY_HEADERS.trim_end().split("\r\n").collect();
    let path = match ask.cursor {
        "" => format!("/v1/feed?channels={}", ask.channels),
        cursor => ask.path("client=socket", cursor),
    };
    http.request("GET", &path, ask.token, &headers, "")?;
    ask.expect(&mut http, 101)?;
    Ok(http)
}

/// Sends one text frame.
pub fn write_text(http: &mut Http, text: &str) -> std::io::Result<()> {
    let mut frame = Vec::new();
    ws::write(ws::TEXT, text.as_bytes(), &mut frame);
    http.socket.send(&frame)
}

pub fn follow(ask: &Ask, sink: Sink) -> Result<(), End> {
    let mut http = open(ask)?;
    if sink(News::Connected).is_break() {
        return Ok(());
    }
    read(&mut http, sink)
}

/// Gives the sink what comes, until the sink or the connection ends.
pub fn read(http: &mut Http, sink: Sink) -> Result<(), End> {
    let mut events = 0u64;
    loop {
        let Some((used, frame)) = ws::read(&http.socket.held) else {
            if !http.socket.more()? && sink(News::Quiet).is_break() {
                return Ok(());
            }
            continue;
        };
        let (opcode, payload) = (frame.opcode, frame.payload.to_vec());
        http.socket.held.drain(..used);
        match opcode {
            ws::TEXT => {
                let item = parsed(&payload)?;
                let cursor = match &item {
                    Item::Event { cursor, .. } => Some(cursor.clone()),
                    _ => None,
                };
                if sink(News::Item(item)) == ControlFlow::Break(()) {
                    return Ok(());
                }
                events += u64::from(cursor.is_some());
                if let Some(cursor) = cursor.filter(|_| events.is_multiple_of(ACK_EVERY)) {
                    write_text(http, &format!(r#"{{"type":"ack","cursor":"{cursor}"}}"#))?;
                }
            }
            ws::PING => {
                let mut pong = Vec::new();
                ws::write(ws::PONG, &payload, &mut pong);
                http.socket.send(&pong)?;
            }
            ws::CLOSE => return closed(&payload),
            _ => {}
        }
    }
}

fn closed(payload: &[u8]) -> Result<(), End> {
    let code = payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
    match code {
        1001 | 1013 => Err(End::Lost),
        code => Err(End::Fault(format!("the WebSocket was closed with {code}"))),
    }
}
