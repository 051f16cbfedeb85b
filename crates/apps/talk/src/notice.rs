//! The news of a conversation for a member who has no page open: which messages count, and what is told of them.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use encke_account::{has_blocked, people};
use encke_engine::{
    ConversationId, Entry, Error, Event, Owner, PersonId, Position, Seq, StreamId, outgoing_limits,
};
use encke_site::Site;
use encke_site::following::Place;
use encke_store::{Read, Sql, StoreError, params};
use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::amended::{edited_by, newest_edits};
use crate::choices::{self, Notify};
use crate::conversation::{self, ConversationRow};
use crate::hidden;
use crate::kind::Kind;
use crate::mention;
use crate::message::{self, is_message};

/// Which messages of a conversation count for a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Counted {
    /// All of those that the person wants to be told of there.
    All,
    /// Those of them that mention the person.
    Mentions,
}

/// Whether a conversation is a direct one, or a thread in one.
pub fn is_direct(sql: &mut impl Sql, id: ConversationId) -> Result<bool, StoreError> {
    let Some(found) = conversation::find(sql, id)? else { return Ok(false) };
    let house = match found.parent {
        Some(parent) => conversation::find(sql, parent.conversation)?,
        None => Some(found),
    };
    Ok(house.is_some_and(|house| house.kind == Kind::Direct))
}

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

/// The events behind a place in the log, and how far that is. Where more than `most` wait, those before `oldest_ms` are
/// left out, since nobody is told of what is long ago.
pub fn events_behind(
    read: &mut Read<'_>,
    mut place: Place,
    most: usize,
    oldest_ms: u64,
) -> Result<(Position, Vec<Arc<Entry>>), Error> {
    if read.position().0.saturating_sub(place.after.0) > most as u64 {
        place.after = place.after.max(read.position_at(oldest_ms)?);
    }
    place.events(read, most)
}

/// The messages among these events, by conversation.
pub fn said_in(entries: &[Arc<Entry>]) -> BTreeMap<ConversationId, Vec<Said>> {
    let mut all: BTreeMap<ConversationId, Vec<Said>> = BTreeMap::new();
    for one in entries.iter().filter_map(|entry| said(&entry.event)) {
        all.entry(one.conversation).or_default().push(one);
    }
    all
}

/// The people that these messages mention by name, each once.
pub fn mentioned_in(messages: &[Said]) -> Vec<PersonId> {
    let mut people: Vec<PersonId> =
        messages.iter().flat_map(|said| &said.mentions).copied().collect();
    people.sort_unstable();
    people.dedup();
    people
}

/// The first and the last of these messages that count; `None` if none does.
pub fn first_and_last(messages: &[Said], counts: impl Fn(&Said) -> bool) -> Option<(&Said, &Said)> {
    let mut counting = messages.iter().filter(|said| counts(said));
    let first = counting.next()?;
    Some((first, counting.next_back().unwrap_or(first)))
}

/// Whether members are told of mentions only, because so many people write in the conversation.
///
/// A member may have chosen to be told of less. `news` knows that.
pub fn tells_mentions_only(read: &mut Read<'_>, id: ConversationId) -> Result<bool, Error> {
    Ok(conversation::find(read, id)?.is_some_and(|found| is_large(&found)))
}

fn is_large(conversation: &ConversationRow) -> bool {
    conversation.members > outgoing_limits::PUSH_MEMBERS_MAX
}

/// The news of a conversation for one member.
pub struct News {
    /// The desk of a ticket.
    pub desk: Option<ConversationId>,
    /// The title of a room, also for its threads; a direct conversation has none.
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

/// The messages of which a person wants to be told in a conversation now. What is chosen for a conversation holds for its
/// threads, too.
fn wish(
    read: &mut Read<'_>,
    site: &Site,
    conversation: &ConversationRow,
    person: PersonId,
) -> Result<Notify, Error> {
    let choices = choices::of_one(read, person, conversation.house())?.unwrap_or_default();
    Ok(match choices.notify {
        _ if choices.muted_until > site.now_ms() => Notify::Nothing,
        Notify::All if is_large(conversation) => Notify::Mentions,
        chosen => chosen,
    })
}

/// The authors whom a person blocks, as far as they were asked for.
struct Unwanted {
    person: PersonId,
    known: FxHashMap<PersonId, bool>,
}

impl Unwanted {
    fn contains(&mut self, sql: &mut impl Sql, author: PersonId) -> Result<bool, StoreError> {
        if let Some(known) = self.known.get(&author) {
            return Ok(*known);
        }
        let blocked = has_blocked(sql, self.person, author)?;
        self.known.insert(author, blocked);
        Ok(blocked)
    }
}

/// The news in these messages for a person.
///
/// There is none if the person has read them, is no member, blocks their authors or wants to be told of less, or if they
/// are gone.
pub fn news(
    read: &mut Read<'_>,
    site: &Site,
    id: ConversationId,
    person: PersonId,
    messages: RangeInclusive<Seq>,
    counted: Counted,
) -> Result<Option<News>, Error> {
    let query = "SELECT read, joined_seq FROM member WHERE conversation = ?1 AND person = ?2";
    let Some(row) = read.query_one(query, params![id, person])? else { return Ok(None) };
    let Some(conversation) = conversation::find(read, id)? else { return Ok(None) };
    let seen = row.get::<Seq>(0)?.max(row.get(1)?);
    let wish = wish(read, site, &conversation, person)?;
    if wish == Notify::Nothing {
        return Ok(None);
    }
    let mut unwanted = Unwanted { person, known: FxHashMap::default() };
    let most = outgoing_limits::PUSH_MESSAGES_COUNTED_MAX;
    let before = Some(Seq(messages.end().0 + 1));
    let (entries, _) = read.before(StreamId::conversation(id), before, most)?;
    let first = Seq(seen.0 + 1).max(*messages.start());
    let told: Vec<_> = entries.iter().map(|entry| (id, entry.event.seq)).collect();
    let hidden = hidden::among(read, person, &told)?;
    let (mut count, mut mentions, mut newest) = (0, false, None);
    for entry in entries.iter().filter(|entry| entry.event.seq >= first) {
        let Some(said) = said(&entry.event).filter(|said| said.from != Some(person)) else {
            continue;
        };
        let mentioned = said.mentions(person);
        let only_mentions = wish == Notify::Mentions || counted == Counted::Mentions;
        if hidden.contains(&(id, said.seq)) || (only_mentions && !mentioned) {
            continue;
        }
        if said.from.map_or(Ok(false), |author| unwanted.contains(read, author))? {
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
    let text = mention::with_names(read, site, person, &text)?;
    let files = serde_json::from_slice(&event.body).map_or(0, |named: Named| named.files.len());
    let from: Vec<PersonId> = event.from.into_iter().collect();
    let writer = people(read, site, person, &from)?.into_iter().next();
    let from = writer.map(|writer| writer.display_name).unwrap_or_default();
    let desk = conversation.desk;
    let house = match conversation.parent {
        Some(parent) => conversation::find(read, parent.conversation)?,
        None => Some(conversation),
    };
    let (title, seq) = (house.and_then(|house| house.title), event.seq);
    Ok(Some(News { desk, title, from, seq, text, files, count, mentions }))
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
