//! The index of words, made from the log.
//!
//! It follows the log some way behind, in small writes of its own, so that no send waits for it. The tables begin with
//! `index_`: nothing in them is anything but a copy of what the log holds, so a store that moves to another engine
//! begins with empty ones. On SQLite, triggers keep the full-text table equal to `index_message`.

use std::borrow::Cow;
use std::sync::Arc;

use encke_engine::{
    ConversationId, Error, Event, Owner, PersonId, Position, Seq, StreamId, limits,
};
use encke_site::following::{Following, Part, Place};
use encke_site::{EventBody, Site};
use encke_store::{Engine, Read, Sql, StoreError, Tx, params};
use serde::Deserialize;

use super::words::{folded, quoted, words};
use crate::conversation;
use crate::message::Said;
use crate::poll::Poll;

/// How far the index has followed the log.
pub(crate) struct Followed(Following);

impl Default for Followed {
    fn default() -> Self {
        Followed(Following::new("index_mark"))
    }
}

/// A change of the index.
enum Change {
    Put { at: Position, conversation: ConversationId, words: String },
    Forget { at: Position },
}

/// Takes what is new in the log into the index.
pub(crate) async fn follow(site: &Arc<Site>) {
    let Followed(following) = site.part();
    if let Err(e) = following.follow(site, limits::INDEX_PARTS_MAX, look, change_all).await {
        tracing::warn!("the index of words: {e}");
    }
}

fn look(read: &mut Read<'_>, place: Place, _: u64) -> Result<Option<Part<Change>>, Error> {
    let (mut up_to, entries) = place.events(read, limits::INDEX_PART_EVENTS)?;
    let mut found = Vec::new();
    for entry in entries {
        found.extend(change(read, &entry.event)?);
        if found.len() == limits::INDEX_PART_MESSAGES {
            up_to = entry.event.position;
            break;
        }
    }
    Ok(Some(Part { up_to, found }))
}

fn change_all(tx: &mut Tx<'_>, changes: Vec<Change>) -> Result<(), Error> {
    for change in changes {
        match change {
            Change::Put { at, conversation, words } => {
                forget(tx, at)?;
                put(tx, at, conversation, &words)?;
            }
            Change::Forget { at } => forget(tx, at)?,
        }
    }
    Ok(())
}

fn put(
    tx: &mut Tx<'_>,
    at: Position,
    conversation: ConversationId,
    words: &str,
) -> Result<(), StoreError> {
    let (words, sql) = match tx.engine() {
        Engine::Sqlite => (Cow::Borrowed(words), "INSERT INTO index_message VALUES (?1, ?2, ?3)"),
        Engine::Postgres => (
            Cow::Owned(quoted(words)),
            "INSERT INTO index_message VALUES (?1, ?2, CAST(CAST(?3 AS text) AS tsvector))",
        ),
    };
    tx.execute(sql, params![at, conversation, &*words]).map(drop)
}

fn forget(tx: &mut Tx<'_>, at: Position) -> Result<(), StoreError> {
    tx.execute("DELETE FROM index_message WHERE position = ?1", params![at]).map(drop)
}

/// The parts of a message that are searched.
#[derive(Deserialize)]
pub(super) struct Searched<'a> {
    #[serde(borrow)]
    pub text: Cow<'a, str>,
    #[serde(default)]
    files: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    poll: Option<Poll>,
}

impl Searched<'_> {
    /// Whether it has a link.
    pub fn has_link(&self) -> bool {
        ["https://", "http://"].iter().any(|begin| self.whole().contains(begin))
    }

    /// Whether it has a file.
    pub fn has_file(&self) -> bool {
        !self.files.is_empty()
    }

    /// The text with the options of a poll.
    pub fn whole(&self) -> Cow<'_, str> {
        let Some(poll) = &self.poll else { return Cow::Borrowed(&self.text) };
        let mut whole = self.text.clone().into_owned();
        poll.list_in(&mut whole);
        Cow::Owned(whole)
    }
}

/// The mark of a conversation among the words of its messages. No word has the sign.
pub(super) fn mark_of_conversation(id: ConversationId) -> String {
    format!("~{id}")
}

/// The mark of a person among the words of what it writes.
pub(super) fn mark_of_person(id: PersonId) -> String {
    format!("~{id}")
}

/// The mark of a message with a link.
pub(super) const LINK: &str = "~link";
/// The mark of a message with a file.
pub(super) const FILE: &str = "~file";

/// The words and marks of a message. An answer in a thread has the marks of the thread and of the conversation that the
/// thread is part of, so whoever may read that finds it.
fn marked_words(
    conversation: ConversationId,
    house: ConversationId,
    from: Option<PersonId>,
    said: &Searched,
) -> String {
    let mut all = words(&folded(&said.whole()));
    let mut mark = |mark: &str| {
        all.push(' ');
        all.push_str(mark);
    };
    mark(&mark_of_conversation(conversation));
    if house != conversation {
        mark(&mark_of_conversation(house));
    }
    from.iter().for_each(|person| mark(&mark_of_person(*person)));
    if said.has_link() {
        mark(LINK);
    }
    if said.has_file() {
        mark(FILE);
    }
    all
}

/// The conversation whose members may read what is said in this one.
fn house_of(read: &mut Read<'_>, id: ConversationId) -> Result<ConversationId, StoreError> {
    Ok(conversation::find(read, id)?.map_or(id, |found| found.house()))
}

/// What an event changes in the index.
fn change(read: &mut Read<'_>, event: &Event) -> Result<Option<Change>, Error> {
    match event.stream.owner() {
        Owner::Conversation(conversation) if event.kind == Said::KIND => {
            let Ok(said) = serde_json::from_slice::<Searched>(&event.body) else { return Ok(None) };
            let house = house_of(read, conversation)?;
            let words = marked_words(conversation, house, event.from, &said);
            Ok(Some(Change::Put { at: event.position, conversation: house, words }))
        }
        Owner::Amendments(conversation) => amended(read, conversation, event),
        _ => Ok(None),
    }
}

/// The message that an amendment is about, and its new text.
#[derive(Deserialize)]
struct Amended<'a> {
    message: Seq,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
}

fn amended(
    read: &mut Read<'_>,
    conversation: ConversationId,
    event: &Event,
) -> Result<Option<Change>, Error> {
    if !matches!(&*event.kind, "edited" | "recalled" | "whole") {
        return Ok(None);
    }
    let Ok(amended) = serde_json::from_slice::<Amended>(&event.body) else { return Ok(None) };
    let stream = StreamId::conversation(conversation);
    let before = Seq(amended.message.0.saturating_sub(1));
    let Some(message) = read.after(stream, before, 1)?.0.into_iter().next() else {
        return Ok(None);
    };
    let at = message.event.position;
    let said = serde_json::from_slice::<Searched>(&message.event.body).ok();
    Ok(match (amended.text, said) {
        (Some(text), Some(said)) if message.event.kind == Said::KIND => {
            let said = Searched { text, ..said };
            let house = house_of(read, conversation)?;
            let words = marked_words(conversation, house, message.event.from, &said);
            Some(Change::Put { at, conversation: house, words })
        }
        _ => Some(Change::Forget { at }),
    })
}
