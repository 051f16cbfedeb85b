//! SSE, NDJSON and the forever iframe: answers without an end.

use std::ops::ControlFlow;

use super::{Ask, End, News, Sink, Transport, parsed};
use crate::http::Part;
use crate::item::Item;

pub fn follow(ask: &Ask, sink: Sink) -> Result<(), End> {
    let (live, separator): (_, &[u8]) = match ask.transport {
        Transport::Sse => ("live=sse", b"\n\n"),
        Transport::Iframe => ("live=iframe&callback=enckeShop.inbox", b"\n"),
        _ => ("live=ndjson", b"\n"),
    };
    let mut http = ask.connect()?;
    http.request("GET", &ask.path(live, ask.cursor), ask.token, &[], "")?;
    ask.expect(&mut http, 200)?;
    if sink(News::Connected).is_break() {
        return Ok(());
    }
    let mut held = Vec::new();
    loop {
        match http.part()? {
            Part::End => return Err(End::Lost),
            Part::NothingYet if sink(News::Quiet).is_break() => return Ok(()),
            Part::NothingYet => {}
            Part::Bytes(bytes) => {
                held.extend_from_slice(&bytes);
                if units(&mut held, separator, ask.transport, sink)?.is_break() {
                    return Ok(());
                }
            }
        }
    }
}

/// Gives the sink the whole items, and keeps the rest.
fn units(
    held: &mut Vec<u8>,
    separator: &[u8],
    transport: Transport,
    sink: Sink,
) -> Result<ControlFlow<()>, End> {
    let mut at = 0;
    while let Some(end) = memchr::memmem::find(&held[at..], separator) {
        let unit = &held[at..at + end];
        at += end + separator.len();
        let item = match transport {
            Transport::Sse => sse(unit)?,
            Transport::Iframe => iframe(unit)?,
            _ => ndjson(unit)?,
        };
        if let Some(item) = item
            && sink(News::Item(item)).is_break()
        {
            return Ok(ControlFlow::Break(()));
        }
    }
    held.drain(..at);
    Ok(ControlFlow::Continue(()))
}

fn ndjson(line: &[u8]) -> Result<Option<Item>, End> {
    if line.is_empty() { Ok(None) } else { parsed(line).map(Some) }
}

fn iframe(line: &[u8]) -> Result<Option<Item>, End> {
    let Some(rest) = line.strip_prefix(b"<script>e('") else { return Ok(None) };
    let text = rest.strip_suffix(b"')</script>");
    let text = text.ok_or_else(|| End::Fault("a script of the iframe has no end".into()))?;
    if text == br#"{"type":"beat"}"# {
        return Ok(None);
    }
    let json = unquoted(text);
    parsed(&json.ok_or_else(|| End::Fault("an item in the iframe is not escaped".into()))?)
        .map(Some)
}

/// The value of a JavaScript string between single quotes; `None` if it ends early or could leave its script.
fn unquoted(text: &[u8]) -> Option<Vec<u8>> {
    let mut json = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'\'' | b'<' | b'>' | b'&' => return None,
            b'\\' => {}
            plain => {
                json.push(plain);
                continue;
            }
        }
        let digits = match rest.split_off_first()? {
            b'x' => 2,
            b'u' => 4,
            quoted => {
                json.push(*quoted);
                continue;
            }
        };
        let code = std::str::from_utf8(rest.split_off(..digits)?).ok()?;
        let c = char::from_u32(u32::from_str_radix(code, 16).ok()?)?;
        json.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some(json)
}

/// Reads an SSE event. Its `id` has to be the item's cursor.
fn sse(unit: &[u8]) -> Result<Option<Item>, End> {
    let (mut id, mut item) = (None, None);
    for line in unit.split(|&b| b == b'\n') {
        if let Some(value) = line.strip_prefix(b"id: ").or(line.strip_prefix(b"id:")) {
            id = Some(String::from_utf8_lossy(value).into_owned());
        } else if let Some(data) = line.strip_prefix(b"data: ").or(line.strip_prefix(b"data:")) {
            item = Some(parsed(data)?);
        }
    }
    if item.as_ref().is_some_and(|item| item.cursor() != id.as_deref()) {
        let text = String::from_utf8_lossy(unit);
        return Err(End::Fault(format!("the id is not the item's cursor: {text}")));
    }
    Ok(item)
}
