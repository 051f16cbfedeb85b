//! The facts of conversations that all members see alike, in memory: members that come back at the same time, and each
//! of their snapshots, ask for the same ones.
//!
//! Each change of a conversation or its members is committed together with an event in one of two streams: that of what
//! is said (joins, leaves, roles, titles), or that of receipts (marks). So facts are right in every view in which both
//! streams end where they ended when the facts were read, and no change has to be told to this table. Marks that move
//! without such an event are no exception: the mark of a person's own message is folded into the facts
//! ([`Receipts::fold_own_into`]), and large conversations are not remembered, because their marks are told to nobody
//! else.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use encke_engine::{ConversationId, Entry, Error, PersonId, Position, Seq, StreamId, limits};
use encke_site::remembered::Remembered;
use encke_site::{JsonObject, Site, bulk};
use encke_store::{Head, Read, Sql, StoreError, Value};
use rustc_hash::FxHashMap;

use crate::choices::Choices;
use crate::conversation::{ConversationRow, Member, MemberRow};
use crate::receipts::Receipts;
use crate::shown_members::shown_members;

const _: () = assert!(limits::MEMBERS_SHOWN_MAX <= limits::RECEIPTS_MEMBERS_MAX);

/// Bytes of a conversation's JSON besides the facts and the newest event.
const OWN_BYTES: usize = 176;

/// The ends of a conversation's two streams.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ends {
    pub said: Head,
    pub receipts: Head,
}

/// The facts of a conversation, with the members that it shows.
pub(crate) struct Facts {
    id: ConversationId,
    member_count: u64,
    members: Vec<MemberRow>,
    /// The fields up to the role of the person that looks, as a JSON object.
    before_role: Bytes,
    /// The fields about all members, as a JSON object.
    of_members: Bytes,
}

impl Facts {
    fn new(row: ConversationRow, members: Vec<MemberRow>) -> Self {
        let mut before_role = JsonObject::default();
        before_role.put("id", &row.id);
        before_role.put("kind", &row.kind);
        before_role.put("title", &row.title);
        before_role.put("open", &row.open);
        if let Some(topic) = &row.topic {
            before_role.put("topic", topic);
        }
        if let Some(picture) = &row.picture {
            before_role.put("picture", picture);
        }
        if row.announcement {
            before_role.put("announcement", &true);
        }
        let shown: Vec<&Member> = members.iter().map(|row| &row.member).collect();
        let mut of_members = JsonObject::default();
        of_members.put("member_count", &row.members);
        of_members.put("members", &shown);
        // The copies are kept for long, so they get no spare capacity.
        let kept = |json: JsonObject| Bytes::copy_from_slice(&json.into_bytes());
        Facts {
            id: row.id,
            member_count: row.members,
            members,
            before_role: kept(before_role),
            of_members: kept(of_members),
        }
    }

    /// The people that are shown.
    pub fn people(&self) -> impl Iterator<Item = PersonId> {
        self.members.iter().map(|row| row.member.person)
    }

    /// The conversation as a person sees it: the JSON of a [`Conversation`](crate::conversation::Conversation). `None`
    /// if the person is not among the members that are shown.
    pub fn seen_by(
        &self,
        person: PersonId,
        ends: Ends,
        (last, last_hidden): (Option<&Entry>, bool),
        mentions: &[Seq],
        choices: Option<&Choices>,
    ) -> Option<JsonObject> {
        let me = self.members.iter().find(|row| row.member.person == person)?;
        let last: &[u8] = last.map_or(b"null", |entry| entry.json());
        let bytes = OWN_BYTES + self.before_role.len() + self.of_members.len() + last.len();
        let mut json = JsonObject::with_room(bytes);
        json.put_fields(&self.before_role);
        json.put("role", &me.member.role);
        json.put_fields(&self.of_members);
        json.put("joined_seq", &me.joined_seq);
        json.put("head_seq", &ends.said.seq);
        json.put("read_seq", &me.member.read);
        json.put("unread", &me.unread(ends.said.seq));
        json.put("mentions", &mentions);
        json.put("receipts_seq", &ends.receipts.seq);
        if let Some(choices) = choices {
            json.put("choices", choices);
        }
        json.put_json("last", last);
        if last_hidden {
            json.put("last_hidden", &true);
        }
        Some(json)
    }

    fn held_bytes(&self) -> usize {
        size_of::<Self>()
            + self.before_role.len()
            + self.of_members.len()
            + self.members.len() * size_of::<MemberRow>()
    }
}

/// The ends of two streams, and the facts in every view in which they end there.
type KnownAt = ((Position, Position), Arc<Facts>);

/// The facts of small conversations that were read lately.
pub(crate) struct KnownConversations(Mutex<Remembered<ConversationId, KnownAt>>);

impl Default for KnownConversations {
    fn default() -> Self {
        let weigh = |(_, facts): &KnownAt| facts.held_bytes();
        let bytes_max = limits::CONVERSATION_FACTS_BYTES_MAX;
        KnownConversations(Mutex::new(Remembered::weighing(bytes_max, weigh)))
    }
}

impl Ends {
    fn positions(self) -> (Position, Position) {
        (self.said.position, self.receipts.position)
    }
}

/// The facts of these conversations, in the same order, with the members that they show to a person.
pub(crate) fn facts(
    read: &mut Read<'_>,
    site: &Site,
    person: PersonId,
    wanted: &[(ConversationId, Ends)],
) -> Result<Vec<Arc<Facts>>, Error> {
    let known = &site.part::<KnownConversations>().0;
    let mut found: FxHashMap<ConversationId, Arc<Facts>> = FxHashMap::default();
    {
        let known = known.lock().expect("not poisoned");
        for (id, ends) in wanted {
            if let Some((at, facts)) = known.get(id)
                && *at == ends.positions()
            {
                found.insert(*id, facts.clone());
            }
        }
    }
    let missing = wanted.iter().filter(|(id, _)| !found.contains_key(id));
    let missing: FxHashMap<_, _> = missing.copied().collect();
    for facts in read_facts(read, site, person, &missing)? {
        let (id, facts) = (facts.id, Arc::new(facts));
        if facts.member_count <= limits::MEMBERS_SHOWN_MAX as u64
            && let Some(ends) = missing.get(&id)
        {
            let mut known = known.lock().expect("not poisoned");
            known.insert(id, (ends.positions(), facts.clone()));
        }
        found.insert(id, facts);
    }
    let of = |(id, _): &(ConversationId, Ends)| {
        let lost = || StoreError::Damaged(format!("the conversation {id} of a member is missing"));
        found.remove(id).ok_or_else(|| lost().into())
    };
    wanted.iter().map(of).collect()
}

/// Reads the facts of these conversations.
fn read_facts(
    read: &mut Read<'_>,
    site: &Site,
    person: PersonId,
    wanted: &FxHashMap<ConversationId, Ends>,
) -> Result<Vec<Facts>, Error> {
    let ids: Vec<ConversationId> = wanted.keys().copied().collect();
    let mut rows = Vec::new();
    for part in bulk::parts(&ids) {
        let query = format!(
            "WITH v (id) AS ({}) SELECT {} FROM v JOIN conversation c ON c.id = v.id",
            bulk::values(part.len(), 1),
            ConversationRow::COLUMNS
        );
        let params: Vec<Value> = part.iter().map(|id| (*id).into()).collect();
        for row in read.query(&query, &params)? {
            rows.push(ConversationRow::of(&row)?);
        }
    }
    let mut members = shown_members(read, &rows, person)?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let mut members = members.remove(&row.id).unwrap_or_default();
        // The writer of a message has read it, and no receipt tells so.
        Receipts::of(site).fold_own_into(read, row.id, wanted[&row.id].said, &mut members)?;
        all.push(Facts::new(row, members));
    }
    Ok(all)
}

/// Reads where the two streams of a conversation end. The end of the messages is known already.
pub(crate) fn ends(read: &mut Read<'_>, id: ConversationId, said: Head) -> Result<Ends, Error> {
    Ok(Ends { said, receipts: read.head(StreamId::receipts(id))? })
}
