//! Sends over a WebSocket, several at a time.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::Instant;

use serde_json::json;

use super::{Attempt, Target, Writer, leaves_open};
use crate::feed::{self, Ask, End, News, Transport};
use crate::http::Http;
use crate::item::{self, Item};
use crate::journal::Outcome;

/// Sends underway at one time; the limit is 16.
const UNDERWAY_MAX: u64 = 8;

pub fn run(writer: &mut Writer) {
    let mut open = Vec::new();
    let mut line = None;
    let mut next_id = 0;
    while !writer.run.is_over() {
        if open.is_empty() {
            if writer.run.writers_are_over() {
                return;
            }
            let count = 1 + writer.random.below(UNDERWAY_MAX);
            open.extend((0..count).map(|_| writer.next()));
            if writer.moves() {
                line = None;
            }
        }
        if line.is_none() {
            line = connect(writer);
        }
        if let Some(http) = &mut line
            && round(writer, http, &mut open, &mut next_id).is_err()
        {
            line = None;
        }
        give_up(writer, &mut open);
        writer.pause(0, 2 * writer.pause_ms_max);
    }
    for attempt in open {
        writer.note(&attempt, attempt.given_up());
    }
}

fn connect(writer: &mut Writer) -> Option<Http> {
    let (addr, token) = (writer.next_door(), writer.token.clone());
    let transport = Transport::WebSocket;
    let ask = Ask { addr, transport, token: &token, cursor: "", channels: "unused", slow: false };
    match feed::open(&ask) {
        Ok(http) => return Some(http),
        Err(End::Lost) => {}
        Err(End::Refused(code)) => writer.refused(code),
        Err(End::Fault(why)) => writer.fault(why),
    }
    None
}

/// Gives up some of the sends that have no answer after a round.
fn give_up(writer: &mut Writer, open: &mut Vec<Attempt>) {
    let (given_up, kept) = std::mem::take(open).into_iter().partition(|a: &Attempt| a.gives_up);
    *open = kept;
    for attempt in given_up {
        writer.note(&attempt, attempt.given_up());
    }
}

/// Sends all open sends and waits for the answers. Sends without an answer stay open.
fn round(
    writer: &mut Writer,
    http: &mut Http,
    open: &mut Vec<Attempt>,
    next_id: &mut u64,
) -> Result<(), End> {
    let mut waiting = HashMap::new();
    let mut frames = Vec::new();
    for attempt in open.drain(..) {
        *next_id += 1;
        let Target::Conversation(id) = &attempt.target else { continue };
        let command = json!({"type": "send", "id": *next_id, "conversation": id,
            "key": attempt.key, "text": attempt.text});
        frames.push(command.to_string());
        waiting.insert(*next_id, attempt);
    }
    let sent = frames.iter().try_for_each(|frame| feed::write_text(http, frame));
    let until = Instant::now() + writer.run.patience;
    let mut refused = Vec::new();
    let read = feed::read(http, &mut |news| {
        if let News::Item(item) = news {
            take(writer, item, &mut waiting, &mut refused);
        }
        if waiting.is_empty() || Instant::now() > until {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    let late = read.is_ok() && !waiting.is_empty();
    open.extend(waiting.into_values().map(|a| Attempt { in_doubt: true, ..a }));
    open.extend(refused);
    if let Err(End::Fault(why)) = &read {
        writer.fault(why.clone());
    }
    if late {
        writer.fault(format!("a WebSocket send had no answer for {:?}", writer.run.patience));
        return Err(End::Lost);
    }
    sent?;
    read
}

fn take(
    writer: &mut Writer,
    item: Item,
    waiting: &mut HashMap<u64, Attempt>,
    refused: &mut Vec<Attempt>,
) {
    match item {
        Item::Ok { id, result } => match (waiting.remove(&id), item::answer(&result)) {
            (Some(attempt), Ok(answer)) => writer.note(&attempt, Outcome::Ok(answer)),
            (Some(attempt), Err(e)) => {
                writer.fault(format!("an answer to {}: {e:#}", attempt.key));
                writer.note(&attempt, Outcome::Unknown);
            }
            (None, _) => writer.fault(format!("an answer to {id}, which was not asked")),
        },
        Item::Refused { id, code, retry } => {
            let attempt = id.and_then(|id| waiting.remove(&id));
            match attempt {
                Some(mut attempt) if retry => {
                    attempt.in_doubt |= leaves_open(&code);
                    writer.refused(code);
                    refused.push(attempt);
                }
                Some(attempt) => {
                    writer.fault(format!("{} was refused: {code}", attempt.key));
                    writer.note(&attempt, attempt.given_up());
                }
                None => writer.fault(format!("an error to nothing that was asked: {code}")),
            }
        }
        Item::Reset { reason, .. } => writer.fault(format!("a writer was reset: {reason}")),
        _ => {}
    }
}
