//! A board: a channel of texts that everybody sees. What two protocols share; they differ in how they ask and answer.

use std::sync::Arc;

use bytes::Bytes;
use encke_engine::{Code, Entry, Error, NewEvent, PersonId, Position, StreamId, limits};
use encke_transport::{Foreign, Over, Told};
use serde::Serialize;

use super::Classic;
use super::answer::json;
use super::hold::Hold;
use super::mark;
use super::number::Scale;

/// Where a page stands on a board.
pub(super) struct Look {
    pub hold: Hold,
    pub protocol: Board,
}

/// A poll of a board that waits.
pub(super) struct Board {
    scale: Scale,
    /// What the page holds, in its own words.
    held: u64,
    /// Only the newest of what is there, because the page holds nothing.
    newest: bool,
    /// Status and body for who was signed out.
    pub revoked: (u16, Bytes),
}

#[derive(Serialize)]
struct Answer<'a> {
    msg: &'a str,
    timestamp: u64,
}

/// An answer that shows nothing, and lets the page go on from a number.
pub(super) fn nothing(timestamp: u64) -> Bytes {
    json(&Answer { msg: "", timestamp })
}

impl Classic {
    fn board(&self, name: &str) -> Result<StreamId, Error> {
        self.site.store.channels().stream(name)
    }

    /// Puts a text on a board; done when it is durable.
    pub(super) async fn put_up(
        &self,
        board: &str,
        from: Option<PersonId>,
        text: &str,
    ) -> Result<(), Error> {
        if text.len() > limits::BODY_BYTES_MAX {
            return Err(Error::new(Code::TooLarge, "A text has at most 65,536 bytes."));
        }
        let body = serde_json::to_vec(text).expect("text is JSON").into();
        let event =
            NewEvent { stream: self.board(board)?, from, kind: "data".into(), key: None, body };
        self.site.store.append(event).await.map(drop)
    }

    /// The number that stands for now on every board.
    pub(super) async fn number_of_now(&self) -> Result<u64, Error> {
        let scale = self.numbers.scale(&self.site).await?;
        Ok(scale.number(self.site.store.position()))
    }

    /// Where a page goes on that holds what came up to a number; 0 for nothing.
    pub(super) async fn look_at(
        &self,
        board: &str,
        held: u64,
        wait_ms: u64,
    ) -> Result<Look, Error> {
        let scale = self.numbers.scale(&self.site).await?;
        let stream = self.board(board)?;
        let look = self.site.store.read(move |read| {
            let head = read.head(stream)?.position;
            let as_of = read.position();
            let newest = held == 0 && head.0 > 0;
            let at = if newest {
                Position(head.0 - 1)
            } else if held == 0 {
                as_of
            } else {
                let after = scale.held(held, read)?;
                let open = mark::first_open(read, stream, after, |_| true)?;
                open.map_or(as_of, |open| Position(open.position.0 - 1))
            };
            let streams = vec![stream];
            let hold = Hold { person: None, streams, as_of, at, wait_ms: Some(wait_ms) };
            let revoked = (401, Bytes::from_static(b"You have been signed out."));
            Ok(Look { hold, protocol: Board { scale, held, newest, revoked } })
        });
        look.await
    }
}

/// The text of an entry: what programs put on a board may be any JSON.
fn text_of(entry: &Entry) -> String {
    let body = &entry.event.body;
    let text = serde_json::from_slice::<String>(body);
    text.unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned())
}

impl Foreign for Board {
    fn told(&mut self, entries: &[Arc<Entry>]) -> Told {
        let entries = if self.newest { &entries[entries.len() - 1..] } else { entries };
        let texts: Vec<String> = entries.iter().map(|entry| text_of(entry)).collect();
        let Some(last) = entries.last() else { return Told::Nothing };
        let timestamp = self.scale.number(last.event.position);
        Told::Whole(json(&Answer { msg: &texts.join("<br>"), timestamp }))
    }

    fn over(&mut self, why: Over) -> (u16, Bytes) {
        match why {
            Over::Revoked => self.revoked.clone(),
            Over::Time | Over::Drain | Over::Again => (200, nothing(self.held)),
        }
    }
}
