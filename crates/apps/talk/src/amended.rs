//! What amendments have made of messages, as answers with events of a conversation have it beside these.

use std::collections::BTreeMap;
use std::iter;
use std::sync::Arc;

use encke_account::{Person, people};
use encke_engine::{
    ConversationId, Entry, Error, Event, PersonId, Position, Seq, StreamId, limits,
};
use encke_site::{JsonObject, Site, bulk};
use encke_store::{Read, Row, Sql, StoreError, Value, params};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use utoipa::ToSchema;

use crate::growth::{self, Growth};
use crate::member::check_member;
use crate::message;
use crate::poll_result::{self, PollResult};
use crate::preview::{self, LinkPreview};
use crate::reaction::Shown;
use crate::thread::ThreadSummary;

/// What amendments have made of a message. Fields that don't apply are absent.
#[derive(Default, Serialize, ToSchema)]
pub(crate) struct Amended {
    /// The `seq` of the message.
    #[schema(value_type = u64)]
    message: Seq,
    /// The text that it has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    text: Option<String>,
    /// The time of the newest edit, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    edited_at: Option<u64>,
    /// The number of edits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    edits: Option<u64>,
    /// Whether it is pinned; absent if not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pinned: Option<bool>,
    /// The person who pinned it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pinned_by: Option<PersonId>,
    /// The emoji under it, in the order in which they came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    reactions: Vec<Reaction>,
    /// The preview of its first link.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    preview: Option<LinkPreview>,
    /// Its thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    thread: Option<ThreadSummary>,
    /// The result of a poll; absent while nobody has voted and it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    poll: Option<PollResult>,
    /// How far a message that grows, or grew, is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    growth: Option<Growth>,
}

/// An emoji under a message.
#[derive(Serialize, ToSchema)]
struct Reaction {
    emoji: String,
    /// The number of people that have reacted with it.
    count: u64,
    /// Whether the caller is one of them.
    mine: bool,
    /// A bounded number of them: each that came while there was room.
    #[schema(value_type = Vec<String>)]
    people: Vec<PersonId>,
    #[serde(skip)]
    position: Position,
}

impl Amended {
    fn people(&self) -> impl Iterator<Item = PersonId> {
        let reacted = self.reactions.iter().flat_map(|reaction| &reaction.people);
        let answered = self.thread.iter().flat_map(|thread| &thread.people);
        self.pinned_by.into_iter().chain(reacted.copied()).chain(answered.copied())
    }
}

/// The further tables that a page of a conversation has to be looked up in.
pub(crate) struct Marked {
    /// Whether anything in the conversation was ever amended.
    pub amended: bool,
    /// Whether the person has hidden anything in it.
    pub hidden: bool,
}

/// Refuses a person unless it may read the conversation. Returns where else a page of it has to be looked up.
pub(crate) fn check_member_of_marked(
    sql: &mut impl Sql,
    id: ConversationId,
    person: PersonId,
) -> Result<Marked, Error> {
    let query = "SELECT c.amended, EXISTS (
                     SELECT 1 FROM hidden h WHERE h.person = ?2 AND h.conversation = ?1)
                 FROM member m JOIN conversation c ON c.id = m.conversation
                 WHERE m.conversation = ?1 AND m.person = ?2";
    if let Some(row) = sql.query_one(query, params![id, person])? {
        return Ok(Marked { amended: row.get(0)?, hidden: row.get(1)? });
    }
    // It may be a thread that the person doesn't follow.
    check_member(sql, id, person)?;
    Ok(Marked { amended: true, hidden: true })
}

/// Events of what is said in a conversation, with what amendments have made of them.
pub(crate) struct Page {
    seen_by: PersonId,
    entries: Vec<Arc<Entry>>,
    amended: Vec<Amended>,
    amendments: Seq,
}

/// Bytes that a person usually takes in an answer.
const PERSON_BYTES: usize = 160;

impl Page {
    /// Events of a conversation without amendments.
    pub fn plain(seen_by: PersonId, entries: Vec<Arc<Entry>>) -> Self {
        Page { seen_by, entries, amended: Vec::new(), amendments: Seq(0) }
    }

    /// Events of a conversation, with what amendments have made of them for a person.
    pub fn of(
        read: &mut Read<'_>,
        id: ConversationId,
        person: PersonId,
        entries: Vec<Arc<Entry>>,
    ) -> Result<Self, Error> {
        // The thread of a message that was recalled stays.
        let was_message =
            |entry: &&Arc<Entry>| message::is_message(&entry.event) || entry.event.is_erased();
        let seqs: Vec<Seq> = entries.iter().filter(was_message).map(|e| e.event.seq).collect();
        let amendments = read.head(StreamId::amendments(id))?.seq;
        let amended = amended(read, id, person, &seqs)?;
        Ok(Page { seen_by: person, amended, amendments, entries })
    }

    /// The answer with the events, what has been made of them, and the people that they name.
    pub fn json(&self, read: &mut Read<'_>, site: &Site) -> Result<JsonObject, Error> {
        // The events go out as every feed has them, so their bytes are there already.
        let bytes: usize = self.entries.iter().map(|entry| entry.json().len() + 1).sum();
        let people = people(read, site, self.seen_by, &self.people())?;
        let mut json = JsonObject::with_room(bytes + people.len() * PERSON_BYTES + 128);
        json.put_list("events", self.entries.iter().map(|entry| &entry.json()[..]));
        self.put_rest(&mut json, &people);
        Ok(json)
    }

    /// The answer with the only event of the page.
    pub fn json_of_one(&self, read: &mut Read<'_>, site: &Site) -> Result<JsonObject, Error> {
        let people = people(read, site, self.seen_by, &self.people())?;
        let mut json = JsonObject::default();
        if let [entry] = &self.entries[..] {
            json.put_json("event", entry.json());
        }
        self.put_rest(&mut json, &people);
        Ok(json)
    }

    fn put_rest(&self, json: &mut JsonObject, people: &[Person]) {
        json.put("amended", &self.amended);
        json.put("amendments_seq", &self.amendments);
        json.put("people", &people);
    }

    /// The authors of the events, and a bounded number of the people that amendments name.
    fn people(&self) -> Vec<PersonId> {
        let mut people: Vec<_> = self.entries.iter().filter_map(|e| e.event.from).collect();
        people.sort_unstable();
        people.dedup();
        if !self.amended.is_empty() {
            let authors: FxHashSet<_> = people.iter().copied().collect();
            let others = self.amended.iter().flat_map(Amended::people);
            let mut once = FxHashSet::default();
            let others = others.filter(|id| !authors.contains(id) && once.insert(*id));
            people.extend(others.take(limits::AMENDING_PEOPLE_MAX));
        }
        people
    }
}

/// The greatest number of messages in one statement.
const MESSAGES_MAX: usize = 128;

/// A statement for each part of some rows. Parts are filled up with `filler`, so that few texts are prepared.
pub(crate) fn query_parts<T: Copy, const N: usize>(
    sql: &mut impl Sql,
    rows: &[T],
    params_of: impl Fn(T) -> [Value; N],
    filler: [Value; N],
    more: &[Value],
    statement: impl Fn(&str, usize) -> String,
) -> Result<Vec<Row>, StoreError> {
    let mut found = Vec::new();
    for part in rows.chunks(MESSAGES_MAX) {
        let count = part.len().next_power_of_two();
        let mut params: Vec<Value> = part.iter().flat_map(|row| params_of(*row)).collect();
        for _ in part.len()..count {
            params.extend(filler.iter().cloned());
        }
        params.extend(more.iter().cloned());
        let text = statement(&bulk::values(count, N), count * N);
        found.extend(sql.query(&text, &params)?);
    }
    Ok(found)
}

/// A statement for each part of some messages of one conversation. It has their numbers as the table `v (seq)`, and after
/// them as its parameters the conversation and what else it asks about. The number of the conversation's parameter is
/// handed to `statement`.
pub(crate) fn query_messages(
    sql: &mut impl Sql,
    id: ConversationId,
    messages: &[Seq],
    more: &[Value],
    statement: impl Fn(usize) -> String,
) -> Result<Vec<Row>, StoreError> {
    let more: Vec<Value> = iter::once(id.into()).chain(more.iter().cloned()).collect();
    let (filler, params_of) = ([Seq(0).into()], |seq: Seq| [seq.into()]);
    query_parts(sql, messages, params_of, filler, &more, |v, given| {
        format!("WITH v (seq) AS ({v}) {}", statement(given + 1))
    })
}

/// What amendments have made of these messages for a person; of those alone that have any. In the order of the messages.
fn amended(
    read: &mut Read<'_>,
    id: ConversationId,
    person: PersonId,
    messages: &[Seq],
) -> Result<Vec<Amended>, Error> {
    let mut all = edited_and_pinned(read, id, messages)?;
    for (message, reaction) in reactions(read, id, person, messages)? {
        let fresh = || Amended { message, ..Amended::default() };
        all.entry(message).or_insert_with(fresh).reactions.push(reaction);
    }
    for (message, thread) in threads(read, id, messages)? {
        let fresh = || Amended { message, ..Amended::default() };
        all.entry(message).or_insert_with(fresh).thread = Some(thread);
    }
    for (message, result) in poll_result::of_messages(read, id, person, messages)? {
        let fresh = || Amended { message, ..Amended::default() };
        all.entry(message).or_insert_with(fresh).poll = Some(result);
    }
    for (message, found) in preview::of_messages(read, id, messages)? {
        let fresh = || Amended { message, ..Amended::default() };
        all.entry(message).or_insert_with(fresh).preview = Some(found);
    }
    for (message, mut growth) in growth::of_messages(read, id, messages)? {
        let one = all.entry(message).or_insert_with(|| Amended { message, ..Amended::default() });
        one.text = growth.text.take().or(one.text.take());
        one.growth = Some(growth);
    }
    let mut all: Vec<Amended> = all.into_values().collect();
    for one in &mut all {
        one.reactions.sort_unstable_by_key(|reaction| reaction.position);
    }
    Ok(all)
}

fn edited_and_pinned(
    read: &mut Read<'_>,
    id: ConversationId,
    messages: &[Seq],
) -> Result<BTreeMap<Seq, Amended>, Error> {
    let rows = query_messages(read, id, messages, &[], |conversation| {
        format!(
            "SELECT a.seq, a.edited_position, a.edits, a.pinned_position, a.pinned_by FROM v
             JOIN amended a ON a.conversation = ?{conversation} AND a.seq = v.seq"
        )
    })?;
    let edited = rows.iter().map(|row| row.get(1)).collect::<Result<Vec<_>, _>>()?;
    read.expect_events(&edited.iter().copied().flatten().collect::<Vec<Position>>())?;
    let mut all = BTreeMap::new();
    for (row, edited) in rows.iter().zip(edited) {
        let message = row.get(0)?;
        let mut one = Amended { message, ..Amended::default() };
        if let Some(position) = edited
            && let Some(entry) = read.event(position)?
        {
            one.text = message::text_of(&entry.event.body);
            // The text of a message that grew comes with its end, which is no edit.
            let edits = Some(row.get(2)?).filter(|edits: &u64| *edits > 0);
            (one.edits, one.edited_at) = (edits, edits.map(|_| entry.event.at_ms));
        }
        if row.get::<Option<Position>>(3)?.is_some() {
            (one.pinned, one.pinned_by) = (Some(true), row.get(4)?);
        }
        if one.text.is_some() || one.pinned.is_some() {
            all.insert(message, one);
        }
    }
    Ok(all)
}

/// The threads of these messages, by their messages.
fn threads(
    sql: &mut impl Sql,
    id: ConversationId,
    messages: &[Seq],
) -> Result<Vec<(Seq, ThreadSummary)>, StoreError> {
    let rows = query_messages(sql, id, messages, &[], |conversation| {
        let columns = ThreadSummary::COLUMNS;
        format!(
            "SELECT {columns}, t.parent_message FROM v
             JOIN conversation t ON t.parent = ?{conversation} AND t.parent_message = v.seq"
        )
    })?;
    rows.iter().map(|row| Ok((row.get(4)?, ThreadSummary::of(row)?))).collect()
}

fn reactions(
    sql: &mut impl Sql,
    id: ConversationId,
    person: PersonId,
    messages: &[Seq],
) -> Result<Vec<(Seq, Reaction)>, StoreError> {
    let rows = query_messages(sql, id, messages, &[person.into()], |conversation| {
        let person = conversation + 1;
        format!(
            "SELECT r.seq, r.emoji, r.position, r.people, r.shown, m.person FROM v
             JOIN reacted r ON r.conversation = ?{conversation} AND r.seq = v.seq
             LEFT JOIN reaction m ON m.conversation = r.conversation AND m.seq = r.seq
                 AND m.person = ?{person} AND m.emoji = r.emoji"
        )
    })?;
    let reaction = |row: &Row| -> Result<(Seq, Reaction), StoreError> {
        let reaction = Reaction {
            emoji: row.get(1)?,
            count: row.get(3)?,
            mine: row.get::<Option<PersonId>>(5)?.is_some(),
            people: Shown::of(&row.get::<String>(4)?).people(),
            position: row.get(2)?,
        };
        Ok((row.get(0)?, reaction))
    };
    rows.iter().map(reaction).collect()
}

/// The positions of the newest edits of these messages, one of each conversation. Those that were never edited are left
/// out.
pub(crate) fn newest_edits(
    sql: &mut impl Sql,
    messages: &[(ConversationId, Seq)],
) -> Result<FxHashMap<ConversationId, Position>, StoreError> {
    let edits = edits_by_message(sql, messages)?;
    Ok(edits.into_iter().map(|((id, _), at)| (id, at)).collect())
}

/// The messages at these positions of conversations, as they are now: with the text that the newest edit has given
/// them, and erased ones as what is left of them. `None` where there is no event.
pub fn messages_now(
    read: &mut Read<'_>,
    at: &[(ConversationId, Position)],
) -> Result<Vec<Option<Arc<Entry>>>, Error> {
    read.expect_events(&at.iter().map(|(_, at)| *at).collect::<Vec<_>>())?;
    let mut entries = Vec::with_capacity(at.len());
    for (id, at) in at {
        entries.push(read.event(*at)?.map(|entry| (*id, entry)));
    }
    let messages = entries.iter().flatten().filter(|(_, e)| message::is_message(&e.event));
    let messages: Vec<_> = messages.map(|(id, e)| (*id, e.event.seq)).collect();
    let edits = edits_by_message(read, &messages)?;
    read.expect_events(&edits.values().copied().collect::<Vec<_>>())?;
    let mut now = Vec::with_capacity(entries.len());
    for found in entries {
        let Some((id, entry)) = found else {
            now.push(None);
            continue;
        };
        let edit = edits.get(&(id, entry.event.seq)).map(|at| read.event(*at)).transpose()?;
        now.push(Some(edit.flatten().map_or(entry.clone(), |edit| edited_by(&entry, &edit))));
    }
    Ok(now)
}

/// The positions of the newest edits of these messages. Those that were never edited are left out.
fn edits_by_message(
    sql: &mut impl Sql,
    messages: &[(ConversationId, Seq)],
) -> Result<FxHashMap<(ConversationId, Seq), Position>, StoreError> {
    let (nobody, none) = (ConversationId(0), Seq(0));
    let filler = [nobody.into(), none.into()];
    let params_of = |(id, seq): (ConversationId, Seq)| [id.into(), seq.into()];
    let rows = query_parts(sql, messages, params_of, filler, &[], |v, _| {
        format!(
            "WITH v (conversation, seq) AS ({v})
             SELECT a.conversation, a.seq, a.edited_position FROM v
             JOIN amended a ON a.conversation = v.conversation AND a.seq = v.seq
             WHERE a.edited_position IS NOT NULL"
        )
    })?;
    rows.iter().map(|row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?))).collect()
}

/// A message with the text that an edit has given it.
pub(crate) fn edited_by(message: &Arc<Entry>, edit: &Entry) -> Arc<Entry> {
    let body: Result<serde_json::Map<String, serde_json::Value>, _> =
        serde_json::from_slice(&message.event.body);
    let (Ok(mut body), Some(text)) = (body, message::text_of(&edit.event.body)) else {
        return message.clone();
    };
    body.insert("text".into(), text.into());
    let body = serde_json::to_vec(&body).expect("a map is JSON").into();
    Arc::new(message.shown_as(Event { body, ..message.event.clone() }))
}
