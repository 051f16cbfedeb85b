//! Short poll and long poll: whole answers.

use std::ops::ControlFlow;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use super::{ANSWER_MAX, Ask, End, News, Sink, Transport};
use crate::item::Item;

/// Seconds that a long poll waits. It is short, so that empty answers come, too.
const WAIT_S: u64 = 2;
/// The pause between two short polls.
const PAUSE: Duration = Duration::from_millis(60);

pub fn follow(ask: &Ask, sink: Sink) -> Result<(), End> {
    let mut http = ask.connect()?;
    let mut cursor = ask.cursor.to_owned();
    let live = match ask.transport {
        Transport::LongPoll => format!("live=long-poll&wait={WAIT_S}"),
        _ => "client=short".to_owned(),
    };
    let mut connected = false;
    loop {
        http.request("GET", &ask.path(&live, &cursor), ask.token, &[], "")?;
        ask.expect(&mut http, 200)?;
        let answer = http.rest(200, ANSWER_MAX)?;
        if !std::mem::replace(&mut connected, true) && sink(News::Connected).is_break() {
            return Ok(());
        }
        let json = answer.json().map_err(|e| End::Fault(format!("a poll's answer: {e:#}")))?;
        if items(&json, sink)?.is_break() {
            return Ok(());
        }
        let next = json["cursor"].as_str();
        cursor = next.ok_or_else(|| End::Fault(format!("no cursor in {json}")))?.to_owned();
        if sink(News::Polled { cursor: cursor.clone() }).is_break() {
            return Ok(());
        }
        if http.closes() {
            return Err(End::Lost);
        }
        if ask.transport == Transport::ShortPoll && json["more"] != true {
            sleep(PAUSE);
        }
    }
}

/// Gives the sink the items of an answer.
fn items(json: &Value, sink: Sink) -> Result<ControlFlow<()>, End> {
    if let Some(reason) = json["reset"].as_str() {
        let cursor = json["cursor"].as_str().unwrap_or_default();
        let reset = Item::Reset { reason: reason.to_owned(), cursor: cursor.to_owned() };
        return Ok(sink(News::Item(reset)));
    }
    let events = json["events"].as_array();
    let events = events.ok_or_else(|| End::Fault(format!("no events in {json}")))?;
    for item in events.iter().chain(json.get("bye")) {
        let item = Item::of(item).map_err(|e| End::Fault(format!("{e:#}")))?;
        if sink(News::Item(item)).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}
