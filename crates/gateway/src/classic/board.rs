//! A board: a channel of texts that everybody sees. Two protocols share it and differ in their requests and answers.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use encke_engine::number_text::grouped;
use encke_engine::{Code, Entry, Error, NewEvent, Position, StreamId, limits};
use encke_store::Read;
use encke_transport::{ForeignAnswer, ForeignRequest, WaitEnd};
use serde::Serialize;

use super::Classic;
use super::answer::json;
use super::asker::Asker;
use super::hold::{Hold, TOO_MANY};
use super::html::Html;
use super::mark;
use super::number::Scale;

/// The format of the texts on a board.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Holds {
    Text,
    /// HTML from an editor.
    Html,
}

/// A poll of a board that is ready to wait.
pub(super) struct BoardWait {
    pub hold: Hold,
    pub protocol: Board,
}

/// A poll of a board while it waits.
pub(super) struct Board {
    classic: Arc<Classic>,
    holds: Holds,
    scale: Scale,
    /// The newest text that the page has, as the page's own number.
    held: u64,
    /// Whether the page has nothing and gets only the newest texts.
    newest: bool,
    /// Status and body of the answer to a page that is signed out.
    pub revoked: (u16, Bytes),
}

#[derive(Serialize)]
struct Answer<'a> {
    msg: &'a str,
    timestamp: u64,
}

/// An answer without a text. The page goes on from this number.
pub(super) fn nothing(timestamp: u64) -> Bytes {
    json(&Answer { msg: "", timestamp })
}

impl Classic {
    fn board(&self, name: &str) -> Result<StreamId, Error> {
        self.site.store.channels().stream(name)
    }

    /// Puts a text on a board. Returns when it is durable.
    pub(super) async fn put_up(
        &self,
        board: &str,
        holds: Holds,
        asker: &Asker,
        text: &str,
    ) -> Result<(), Error> {
        if text.len() > limits::BODY_BYTES_MAX {
            let what = format!("A text has at most {} bytes.", grouped(limits::BODY_BYTES_MAX));
            return Err(Error::new(Code::TooLarge, what));
        }
        self.take_message(asker, text.len())?;
        let body: Bytes = serde_json::to_vec(text).expect("text is JSON").into();
        if holds == Holds::Html && self.html == Html::Escaped {
            // The text is cleaned before anybody waits for it, so that all waiting pages are answered at once.
            self.editor.clean(body.clone(), text);
        }
        let from = asker.person();
        let stream = self.site.store.channels().stream_to_append(board)?;
        let event =
            NewEvent { stream, from, kind: "data".into(), key: None, body, erases: Vec::new() };
        self.site.store.append(event).await.map(drop)
    }

    /// The number of the present moment on every board.
    pub(super) async fn number_of_now(&self) -> Result<u64, Error> {
        let scale = self.numbers.scale(&self.site).await?;
        Ok(scale.number(self.site.store.position()))
    }

    /// A poll for the texts after a number; 0 for a page without any.
    pub(super) async fn look_at(
        self: &Arc<Self>,
        board: &str,
        holds: Holds,
        held: u64,
        wait_ms: u64,
    ) -> Result<BoardWait, Error> {
        let scale = self.numbers.scale(&self.site).await?;
        let stream = self.board(board)?;
        let classic = self.clone();
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
            let protocol = Board { classic, holds, scale, held, newest, revoked };
            Ok(BoardWait { hold, protocol })
        });
        look.await
    }
}

/// The text of an entry. Programs may put any JSON on a board.
fn text_of(entry: &Entry) -> String {
    let body = &entry.event.body;
    let text = serde_json::from_slice::<String>(body);
    text.unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned())
}

/// The texts of a poll's answer. The answer may be made on another thread.
struct Texts {
    classic: Arc<Classic>,
    holds: Holds,
    scale: Scale,
    entries: Vec<Arc<Entry>>,
}

impl Texts {
    /// Whether the answer can be made at once, without cleaning HTML.
    fn are_ready(&self) -> bool {
        let is_known = |entry: &Arc<Entry>| self.classic.editor.known(&entry.event.body).is_some();
        !self.is_html() || self.entries.iter().all(is_known)
    }

    fn is_html(&self) -> bool {
        self.holds == Holds::Html && self.classic.html == Html::Escaped
    }

    /// The answer with as many texts as fit into one. The page's next poll gets the rest.
    fn answer(&self) -> Bytes {
        let (mut msg, mut last, mut cleaned) = (String::new(), None, 0);
        for entry in &self.entries {
            let text = text_of(entry);
            let body = &entry.event.body;
            let known = self.is_html().then(|| self.classic.editor.known(body));
            let shown = match known {
                None => self.classic.html.of(&text),
                Some(Some(html)) => Cow::Owned(html.to_string()),
                Some(None) if cleaned == limits::CLASSIC_CLEANED_MAX => break,
                Some(None) => {
                    cleaned += 1;
                    Cow::Owned(self.classic.editor.clean(body.clone(), &text).to_string())
                }
            };
            if last.is_some() && msg.len() + shown.len() > limits::REPLAY_BYTES_MAX {
                break;
            }
            if last.is_some() {
                msg.push_str("<br>");
            }
            msg.push_str(&shown);
            last = Some(entry.event.position);
        }
        let timestamp = last.map_or(0, |last| self.scale.number(last));
        json(&Answer { msg: &msg, timestamp })
    }
}

impl ForeignRequest for Board {
    fn on_events(&mut self, entries: &[Arc<Entry>]) -> ForeignAnswer {
        let entries = if self.newest { &entries[entries.len() - 1..] } else { entries };
        if entries.is_empty() {
            return ForeignAnswer::Nothing;
        }
        let (classic, held) = (self.classic.clone(), self.held);
        let (holds, scale, entries) = (self.holds, self.scale, entries.to_vec());
        let texts = Texts { classic, holds, scale, entries };
        if texts.are_ready() {
            return ForeignAnswer::Whole(texts.answer());
        }
        let classic = self.classic.clone();
        ForeignAnswer::Later(Box::new(move |reply| {
            let answer = move |_: &mut Read<'_>| Ok(texts.answer());
            // If too much work waits, the page gets no text and asks again from the same number.
            let said = move |made: Result<Bytes, Error>| made.unwrap_or_else(|_| nothing(held));
            classic
                .site
                .store
                .submit_read(answer, move |made| reply.say(ForeignAnswer::Whole(said(made))));
        }))
    }

    fn on_end(&mut self, why: WaitEnd) -> (u16, Bytes) {
        match why {
            WaitEnd::Revoked => self.revoked.clone(),
            WaitEnd::TooMany => (429, Bytes::from_static(TOO_MANY.as_bytes())),
            WaitEnd::Time | WaitEnd::Drain | WaitEnd::Again => (200, nothing(self.held)),
        }
    }
}
