//! The news of a conversation for a member who has no page open: which messages count, and what is told of them.

use std::ops::RangeInclusive;
use std::sync::Arc;

use encke_account::people;
use encke_engine::{
    ConversationId, Entry, Error, Event, Owner, PersonId, Seq, StreamId, outgoing_limits,
};
use encke_site::Site;
use encke_store::{Read, Sql, params};
use serde::Deserialize;

use crate::amended::{edited_by, newest_edits};
use crate::conversation::{self, ConversationRow};
use crate::mention;
use crate::message::{self, is_message};

/// A message, as far as it decides who is told of it.
pub struct Said {
    /// The conversation.
    pub conversation: ConversationId,
    /// The number of the message.
    pub seq: Seq,
    /// The time of the message, in milliseconds since 1970.
    pub at_ms: u64,
    /// The writer.
    pub from: Option<PersonId>,
    /// The members that it mentions.
    pub mentions: Vec<PersonId>,
    /// Whether it mentions all members.
    pub everyone: bool,
}

impl Said {
    /// Whether the message mentions a person.
    pub fn mentions(&self, person: PersonId) -> bool {
        self.everyone || self.mentions.contains(&person)
    }
}

/// The parts of a message's body that decide.
#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    mentions: Vec<PersonId>,
    #[serde(default)]
    everyone: bool,
    #[serde(default)]
    files: Vec<serde::de::IgnoredAny>,
}

/// Reads an event; `None` if it is not a message whose content is there.
pub fn said(event: &Event) -> Option<Said> {
    let Owner::Conversation(conversation) = event.stream.owner() else { return None };
    if !is_message(event) {
        return None;
    }
    let Named { mentions, everyone, .. } = serde_json::from_slice(&event.body).ok()?;
    let Event { seq, at_ms, from, .. } = *event;
    Some(Said { conversation, seq, at_ms, from, mentions, everyone })
}

/// Whether members are told of mentions only, because so many people write in the conversation.
pub fn tells_mentions_only(read: &mut Read<'_>, id: ConversationId) -> Result<bool, Error> {
    Ok(conversation::find(read, id)?.is_some_and(|found| is_large(&found)))
}

fn is_large(conversation: &ConversationRow) -> bool {
    conversation.members > outgoing_limits::PUSH_MEMBERS_MAX
}

/// The news of a conversation for one member.
pub struct News {
    /// The title of a room; a direct conversation has none.
    pub title: Option<String>,
    /// The name of the writer of the newest message.
    pub from: String,
    /// The number of the newest message.
    pub seq: Seq,
    /// The text that it has now, with names in place of mentions.
    pub text: String,
    /// The number of its files.
    pub files: usize,
    /// The number of messages.
    pub count: usize,
    /// Whether one of them mentions the member.
    pub mentions: bool,
}

/// The news in these messages for a person; `None` if the person has read them or is no member, or if they are gone.
pub fn news(
    read: &mut Read<'_>,
    site: &Site,
    id: ConversationId,
    person: PersonId,
    messages: RangeInclusive<Seq>,
) -> Result<Option<News>, Error> {
    let query = "SELECT read, joined_seq FROM member WHERE conversation = ?1 AND person = ?2";
    let Some(row) = read.query_one(query, params![id, person])? else { return Ok(None) };
    let Some(conversation) = conversation::find(read, id)? else { return Ok(None) };
    let seen = row.get::<Seq>(0)?.max(row.get(1)?);
    let only_mentions = is_large(&conversation);
    let most = outgoing_limits::PUSH_MESSAGES_COUNTED_MAX;
    let before = Some(Seq(messages.end().0 + 1));
    let (entries, _) = read.before(StreamId::conversation(id), before, most)?;
    let first = Seq(seen.0 + 1).max(*messages.start());
    let (mut count, mut mentions, mut newest) = (0, false, None);
    for entry in entries.iter().filter(|entry| entry.event.seq >= first) {
        let Some(said) = said(&entry.event).filter(|said| said.from != Some(person)) else {
            continue;
        };
        let mentioned = said.mentions(person);
        if only_mentions && !mentioned {
            continue;
        }
        count += 1;
        mentions |= mentioned;
        newest = Some(entry.clone());
    }
    let Some(newest) = newest else { return Ok(None) };
    let newest = as_edited(read, id, &newest)?;
    let event = &newest.event;
    let text = message::text_of(&event.body).unwrap_or_default();
    let text = with_names(read, site, text)?;
    let files = serde_json::from_slice(&event.body).map_or(0, |named: Named| named.files.len());
    let from: Vec<PersonId> = event.from.into_iter().collect();
    let writer = people(read, site, &from)?.into_iter().next();
    let from = writer.map(|writer| writer.display_name).unwrap_or_default();
    let (title, seq) = (conversation.title, event.seq);
    Ok(Some(News { title, from, seq, text, files, count, mentions }))
}

/// A message with the text that it has now.
fn as_edited(
    read: &mut Read<'_>,
    id: ConversationId,
    entry: &Arc<Entry>,
) -> Result<Arc<Entry>, Error> {
    let at = newest_edits(read, &[(id, entry.event.seq)])?.remove(&id);
    let edit = at.map(|at| read.event(at)).transpose()?.flatten();
    Ok(edit.map_or_else(|| entry.clone(), |edit| edited_by(entry, &edit)))
}

/// A text with names in place of its mentions.
fn with_names(read: &mut Read<'_>, site: &Site, text: String) -> Result<String, Error> {
    if !mention::may_mention(&text) {
        return Ok(text);
    }
    let mentioned = mention::written(&text).map(|written| written.people).unwrap_or_default();
    let mut named = text.replace("<@all>", "@all");
    for person in people(read, site, &mentioned)? {
        named = named.replace(&format!("<@{}>", person.id), &format!("@{}", person.display_name));
    }
    Ok(named)
}
