//! What was said in a conversation, for somebody who reads it elsewhere: in a mail.

use std::ops::RangeInclusive;

use encke_account::people_named;
use encke_engine::{ConversationId, Error, PersonId, Seq, StreamId};
use encke_site::Site;
use encke_store::Read;
use serde::Deserialize;

use crate::amended::messages_now;
use crate::mention;
use crate::message::{is_message, text_of};

/// A message as it is now.
pub struct Told {
    /// The number of the message.
    pub seq: Seq,
    /// Its time, in milliseconds since 1970.
    pub at_ms: u64,
    /// The writer.
    pub from: Option<PersonId>,
    /// The name of the writer.
    pub name: String,
    /// The text, with names in place of mentions.
    pub text: String,
    /// The number of its files.
    pub files: usize,
}

#[derive(Deserialize)]
struct Files {
    #[serde(default)]
    files: Vec<serde::de::IgnoredAny>,
}

/// The newest of these messages, at most so many, the oldest of them first. Recalled ones are left out. Whether the reader may
/// read them its caller knows.
pub fn told(
    read: &mut Read<'_>,
    site: &Site,
    id: ConversationId,
    reader: PersonId,
    messages: RangeInclusive<Seq>,
    most: usize,
) -> Result<Vec<Told>, Error> {
    let before = Some(Seq(messages.end().0 + 1));
    let (entries, _) = read.before(StreamId::conversation(id), before, most)?;
    let wanted = entries.iter().filter(|e| e.event.seq >= *messages.start());
    let at: Vec<_> = wanted.map(|entry| (id, entry.event.position)).collect();
    let now = messages_now(read, &at)?;
    let now: Vec<_> = now.into_iter().flatten().filter(|e| is_message(&e.event)).collect();
    let writers: Vec<PersonId> = now.iter().filter_map(|entry| entry.event.from).collect();
    let writers = people_named(read, site, reader, writers)?;
    let mut all = Vec::with_capacity(now.len());
    for entry in now {
        let event = &entry.event;
        let text = text_of(&event.body).unwrap_or_default();
        let name = writers.iter().find(|person| Some(person.id) == event.from);
        all.push(Told {
            seq: event.seq,
            at_ms: event.at_ms,
            from: event.from,
            name: name.map(|person| person.display_name.clone()).unwrap_or_default(),
            text: mention::with_names(read, site, reader, &text)?,
            files: serde_json::from_slice(&event.body).map_or(0, |f: Files| f.files.len()),
        });
    }
    all.sort_by_key(|told| told.seq);
    Ok(all)
}
