//! Conversations: their rows, how a member sees one, and how somebody gets into one.

use std::sync::Arc;

use encke_engine::{Code, ConversationId, Entry, Error, PersonId, Seq, StreamId, limits};
use encke_store::{Row, Sql, StoreError, Tx, params};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::amended::{edited_by, newest_edits};
use super::choices::{self, Choices};
use super::hidden::is_hidden;
use super::kind::Kind;
use super::member::{role_at_desk, role_in};
pub use super::member_role::MemberRole;
use super::mention;
use super::message::is_message;
use super::receipts::Receipts;
use super::shown_members::shown_members;
use super::view::View;
use encke_account::{Person, people};
use encke_site::Site;
use encke_site::{EventBody, FeedEvent, event};

/// A member with its marks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Member {
    /// The member.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// The role of the person in this conversation.
    pub role: MemberRole,
    /// Everything up to this `seq` has reached a device of the person.
    #[schema(value_type = u64)]
    pub delivered: Seq,
    /// The person has read everything up to this `seq`.
    #[schema(value_type = u64)]
    pub read: Seq,
    /// The time until which the member may only read, in milliseconds since 1970. It may have passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub muted_until: Option<u64>,
}

/// A conversation as one of its members sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Conversation {
    /// Id of the conversation: a number behind a `c`.
    #[schema(value_type = String)]
    pub id: ConversationId,
    /// Direct, a room, a thread, or a ticket.
    pub kind: Kind,
    /// The message that a thread belongs to; absent if this is no thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub parent: Option<Parent>,
    /// Whether the person follows a thread, or takes part in a ticket as staff: it gets its events, and what is new counts
    /// as unread. Absent if this is neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub followed: Option<bool>,
    /// The title of a room; others have none.
    #[schema(required)]
    pub title: Option<String>,
    /// Whether every account may join.
    pub open: bool,
    /// The subject of a room; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub topic: Option<String>,
    /// The address of the picture of a room; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub picture: Option<String>,
    /// Whether only owners and moderators write; absent if not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub announcement: Option<bool>,
    /// The role of the person in this conversation. In a thread it is that in the conversation of its message.
    pub role: MemberRole,
    /// Number of members. The members of a thread are those who follow it.
    pub member_count: u64,
    /// All members of a small conversation. A large one shows the person itself, the owners and those who joined first;
    /// the others come by pages.
    pub members: Vec<Member>,
    /// The `seq` of the event with which the person joined.
    #[schema(value_type = u64)]
    pub joined_seq: Seq,
    /// The `seq` of the newest event.
    #[schema(value_type = u64)]
    pub head_seq: Seq,
    /// The person has read everything up to this `seq`.
    #[schema(value_type = u64)]
    pub read_seq: Seq,
    /// Number of events that are unread for the person.
    pub unread: u64,
    /// The unread messages that mention the person or all, as `seq`: a bounded number of the newest, the oldest first.
    #[schema(value_type = Vec<u64>)]
    pub mentions: Vec<Seq>,
    /// The `seq` of the newest event in the stream of receipts.
    #[schema(value_type = u64)]
    pub receipts_seq: Seq,
    /// The person's own settings; absent if it left all as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub choices: Option<Choices>,
    /// The newest event as it travels in a feed; of an edited message with the new text.
    #[schema(value_type = Option<FeedEvent>, required)]
    pub last: Option<Box<RawValue>>,
    /// Whether the person has hidden the newest event from itself; absent if not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_hidden: Option<bool>,
}

/// The message that a thread belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct Parent {
    /// The conversation of the message.
    #[schema(value_type = String)]
    pub conversation: ConversationId,
    /// The `seq` of the message.
    #[schema(value_type = u64)]
    pub message: Seq,
}

/// A row of `conversation`.
#[derive(Clone)]
pub struct ConversationRow {
    /// Id of the conversation.
    pub id: ConversationId,
    /// Direct, a room, a thread, or a ticket.
    pub kind: Kind,
    /// The title of a room.
    pub title: Option<String>,
    /// Whether every account may join.
    pub open: bool,
    /// Number of members.
    pub members: u64,
    /// The subject of a room.
    pub topic: Option<String>,
    /// The address of the picture of a room.
    pub picture: Option<String>,
    /// Whether only owners and moderators write.
    pub announcement: bool,
    /// Whether one of the two people of a direct conversation has blocked the other.
    pub blocked: bool,
    /// The message that a thread belongs to.
    pub parent: Option<Parent>,
    /// The room of the desk that a ticket asks.
    pub desk: Option<ConversationId>,
}

impl ConversationRow {
    /// The columns that [`ConversationRow::of`] reads, of `conversation c`.
    pub const COLUMNS: &'static str =
        "c.id, c.kind, c.title, c.open, c.members, c.topic, c.announcement, c.blocked,
        c.parent, c.parent_message, c.house, c.picture";

    /// Reads a row of these columns.
    pub fn of(row: &Row) -> Result<Self, StoreError> {
        let kind = Kind::of(&row.get::<String>(1)?);
        let (id, title, open) = (row.get(0)?, row.get(2)?, row.get(3)?);
        let (members, topic, announcement) = (row.get(4)?, row.get(5)?, row.get(6)?);
        let blocked = row.get(7)?;
        let parent = match (row.get(8)?, row.get(9)?) {
            (Some(conversation), Some(message)) => Some(Parent { conversation, message }),
            _ => None,
        };
        let (desk, picture) = (row.get(10)?, row.get(11)?);
        Ok(ConversationRow {
            id,
            kind,
            title,
            open,
            members,
            topic,
            picture,
            announcement,
            blocked,
            parent,
            desk,
        })
    }

    /// The conversation whose members may read and write here: the one of a thread's message, or this one. The staff of a
    /// desk may read and write in its tickets besides.
    pub fn house(&self) -> ConversationId {
        self.parent.map_or(self.id, |parent| parent.conversation)
    }
}

/// A row of `member`.
#[derive(Clone)]
pub struct MemberRow {
    /// The conversation.
    pub conversation: ConversationId,
    /// The member.
    pub member: Member,
    /// The `seq` of the event with which it joined.
    pub joined_seq: Seq,
}

impl MemberRow {
    /// The number of events, up to the head of what is said, that are unread for the member.
    pub(crate) fn unread(&self, head: Seq) -> u64 {
        // The join may still be to be appended, so what is seen may lie beyond the head.
        head.0.saturating_sub(self.member.read.max(self.joined_seq).0)
    }

    /// A person that looks into a thread and doesn't follow it: nothing there is unread for it.
    fn looking_on(id: ConversationId, person: PersonId, role: MemberRole, head: Seq) -> Self {
        let member = Member { person, role, delivered: head, read: head, muted_until: None };
        MemberRow { conversation: id, member, joined_seq: head }
    }

    /// The columns that [`MemberRow::of`] reads, of `member m`.
    pub const COLUMNS: &'static str =
        "m.conversation, m.person, m.role, m.delivered, m.read, m.joined_seq, m.muted_until_ms";

    /// Reads a row of these columns.
    pub fn of(row: &Row) -> Result<Self, StoreError> {
        let role = MemberRole::of(&row.get::<String>(2)?);
        let (person, delivered, read) = (row.get(1)?, row.get(3)?, row.get(4)?);
        let member = Member { person, role, delivered, read, muted_until: row.get(6)? };
        Ok(MemberRow { conversation: row.get(0)?, member, joined_seq: row.get(5)? })
    }
}

/// The refusal of a stranger to a conversation.
pub fn not_member() -> Error {
    Error::new(Code::NotMember, "You are not a member of this conversation.")
}

/// A conversation by its number.
pub fn find(sql: &mut impl Sql, id: ConversationId) -> Result<Option<ConversationRow>, StoreError> {
    let columns = ConversationRow::COLUMNS;
    let query = format!("SELECT {columns} FROM conversation c WHERE c.id = ?1");
    sql.query_one(&query, params![id])?.as_ref().map(ConversationRow::of).transpose()
}

/// A conversation as `person` sees it, with the members that are shown, but without its newest event; `None` if the
/// person is not among them.
fn seen_without_last(
    view: &mut impl View,
    site: &Site,
    Rows { conversation: found, mut members, role }: Rows,
    person: PersonId,
) -> Result<Option<Conversation>, Error> {
    let head = view.head_of(StreamId::conversation(found.id))?;
    let receipts = view.head_of(StreamId::receipts(found.id))?;
    // The writer of a message has read it, and no receipt tells so. A snapshot must not lag behind that.
    Receipts::of(site).fold_own_into(view, found.id, head, &mut members)?;
    let mine = members.iter().find(|m| m.member.person == person).cloned();
    let followed = role.map(|_| mine.is_some());
    let me = match (mine, role) {
        (Some(me), None) => me,
        (Some(me), Some(role)) => MemberRow { member: Member { role, ..me.member }, ..me },
        (None, Some(role)) => MemberRow::looking_on(found.id, person, role, head.seq),
        (None, None) => return Ok(None),
    };
    let unread = me.unread(head.seq);
    let mentions = match unread {
        0 => Vec::new(),
        _ => mention::unseen(view, person, &[(found.id, Seq(head.seq.0 - unread))])?
            .remove(&found.id)
            .unwrap_or_default(),
    };
    Ok(Some(Conversation {
        id: found.id,
        kind: found.kind,
        parent: found.parent,
        followed,
        title: found.title,
        open: found.open,
        topic: found.topic,
        picture: found.picture,
        announcement: found.announcement.then_some(true),
        member_count: found.members,
        role: me.member.role,
        joined_seq: me.joined_seq,
        read_seq: me.member.read,
        head_seq: head.seq,
        unread,
        mentions,
        receipts_seq: receipts.seq,
        choices: None,
        last: None,
        last_hidden: None,
        members: members.into_iter().map(|m| m.member).collect(),
    }))
}

/// The newest event of a conversation, with the text that it has now.
fn last(view: &mut impl View, id: ConversationId) -> Result<Option<Arc<Entry>>, Error> {
    let head = view.head_of(StreamId::conversation(id))?;
    let Some(entry) = view.event_at(head.position)? else { return Ok(None) };
    if is_message(&entry.event)
        && let Some(at) = newest_edits(view, &[(id, entry.event.seq)])?.remove(&id)
        && let Some(edit) = view.event_at(at)?
    {
        return Ok(Some(edited_by(&entry, &edit)));
    }
    Ok(Some(entry))
}

/// A conversation by its number, as `person` sees it: `not_member` unless the person is in it.
pub fn load(
    view: &mut impl View,
    site: &Site,
    id: ConversationId,
    person: PersonId,
) -> Result<Conversation, Error> {
    Rows::of(view, id, person)?.seen_by(view, site, person)
}

/// What the tables of talk hold of a conversation that is shown to a person.
#[derive(Clone)]
pub struct Rows {
    conversation: ConversationRow,
    /// The members that are shown.
    members: Vec<MemberRow>,
    /// The person's role in the conversation of a thread's message, or in the room of the desk that a ticket asks; `None` if
    /// this is neither, or if the person is the visitor that asks.
    role: Option<MemberRole>,
}

impl Rows {
    /// The rows as they are shown to a person.
    fn of(view: &mut impl View, id: ConversationId, person: PersonId) -> Result<Self, Error> {
        // Only members learn whether a conversation exists.
        let conversation = find(view, id)?.ok_or_else(not_member)?;
        let role = match conversation.parent {
            Some(parent) => Some(role_in(view, parent.conversation, person)?.1),
            None => role_at_desk(view, &conversation, person)?,
        };
        let shown = shown_members(view, std::slice::from_ref(&conversation), person)?.remove(&id);
        Ok(Rows { conversation, members: shown.unwrap_or_default(), role })
    }

    /// The conversation of these rows with what the log says of it now: `not_member` unless the person is in it.
    pub fn seen_by(
        self,
        view: &mut impl View,
        site: &Site,
        person: PersonId,
    ) -> Result<Conversation, Error> {
        let last = last(view, self.conversation.id)?;
        let mut conversation = self.seen_without_last(view, site, person)?;
        conversation.choices = choices::of_one(view, person, conversation.id)?;
        let head = (conversation.id, conversation.head_seq);
        conversation.last_hidden = is_hidden(view, person, head)?.then_some(true);
        conversation.last = last.and_then(|entry| serde_json::from_slice(entry.json()).ok());
        Ok(conversation)
    }

    fn seen_without_last(
        self,
        view: &mut impl View,
        site: &Site,
        person: PersonId,
    ) -> Result<Conversation, Error> {
        seen_without_last(view, site, self, person)?.ok_or_else(not_member)
    }
}

/// A person is in a conversation from now on.
#[derive(Serialize, ToSchema)]
pub struct ConversationAdded {
    conversation: Conversation,
    /// The members that are shown.
    people: Vec<Person>,
}

impl EventBody for ConversationAdded {
    const KIND: &'static str = "conversation_added";
}

/// A conversation begins: its first event.
#[derive(Serialize, ToSchema)]
pub struct Created {
    /// Direct, a room, a thread, or a ticket.
    pub kind: Kind,
    /// The title of a room; others have none.
    #[schema(required)]
    pub title: Option<String>,
    /// Whether every account may join.
    pub open: bool,
}

impl EventBody for Created {
    const KIND: &'static str = "created";
}

/// Tells a person that it is in a conversation, and lets its sessions follow the conversation from here on. The row in
/// `member` must be there already.
pub fn admit(
    tx: &mut Tx<'_>,
    site: &Site,
    id: ConversationId,
    person: PersonId,
    by: PersonId,
) -> Result<Rows, Error> {
    let rows = Rows::of(tx, id, person)?;
    // The event of this write follows. A copy of what somebody wrote would stay when the message is erased (P10).
    let conversation = rows.clone().seen_without_last(tx, site, person)?;
    let ids: Vec<_> = conversation.members.iter().map(|m| m.person).collect();
    let people = people(tx, site, person, &ids)?.into_iter().map(Person::in_event).collect();
    let added = ConversationAdded { conversation, people };
    tx.append(event(StreamId::person(person), Some(by), &added))?;
    tx.subscribe(person, StreamId::conversation(id))?;
    Ok(rows)
}

/// Inserts the row of a new member. [`admit`] tells the person afterwards.
pub fn insert_member(
    tx: &mut Tx<'_>,
    id: ConversationId,
    person: PersonId,
    role: MemberRole,
    joined: Seq,
    by: PersonId,
) -> Result<(), Error> {
    let most = limits::CONVERSATIONS_PER_PERSON_MAX as u64;
    let query = "SELECT 1 FROM member WHERE person = ?1 ORDER BY conversation LIMIT 1 OFFSET ?2";
    if tx.query_one(query, params![person, most - 1])?.is_some() {
        return Err(Error::new(Code::Conflict, "This person is in too many conversations."));
    }
    let now = tx.now_ms();
    tx.execute(
        "INSERT INTO member
             (conversation, person, role, joined_seq, joined_ms, delivered, read, invited_by, guest)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, ?6,
             (SELECT count(*) FROM person WHERE id = ?2 AND role = 'guest'))",
        params![id, person, role.text(), joined, now, (by != person).then_some(by)],
    )?;
    tx.execute("UPDATE conversation SET members = members + 1 WHERE id = ?1", params![id])?;
    Ok(())
}

/// Refuses an unknown person, one with a disabled account, and a visitor of a desk, which is in its tickets alone: nobody may
/// begin to talk to them.
pub fn check_present(tx: &mut Tx<'_>, person: PersonId) -> Result<(), Error> {
    let query = "SELECT 1 FROM person WHERE id = ?1 AND disabled_ms IS NULL AND role <> 'visitor'";
    match tx.query_one(query, params![person])? {
        Some(_) => Ok(()),
        None => Err(Error::new(Code::NotFound, "There is no such person.")),
    }
}

/// Whether two people are in one conversation. A guest sees no other people.
pub fn share_a_conversation(
    sql: &mut impl Sql,
    a: PersonId,
    b: PersonId,
) -> Result<bool, StoreError> {
    let query = "SELECT 1 FROM member x JOIN member y ON x.conversation = y.conversation
                 WHERE x.person = ?1 AND y.person = ?2 LIMIT 1";
    Ok(sql.query_one(query, params![a, b])?.is_some())
}

/// Stores a new conversation without members.
pub fn insert(
    tx: &mut Tx<'_>,
    kind: Kind,
    title: Option<&str>,
    open: bool,
    pair: Option<(PersonId, PersonId)>,
) -> Result<ConversationId, Error> {
    let now = tx.now_ms();
    let row = tx.query_one(
        "INSERT INTO conversation (kind, title, open, first_person, second_person, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id",
        params![kind.text(), title, open, pair.map(|p| p.0), pair.map(|p| p.1), now],
    )?;
    let row = row.ok_or_else(|| StoreError::Other("an insert returned no row".into()))?;
    Ok(row.get(0)?)
}

/// Tells everyone in a new conversation, and then appends its first event.
pub fn begin(
    tx: &mut Tx<'_>,
    site: &Site,
    id: ConversationId,
    by: PersonId,
    everyone: impl Iterator<Item = PersonId>,
) -> Result<(), Error> {
    for person in everyone {
        admit(tx, site, id, person, by)?;
    }
    let found = find(tx, id)?.ok_or_else(not_member)?;
    let body = Created { kind: found.kind, title: found.title, open: found.open };
    tx.append(event(StreamId::conversation(id), Some(by), &body)).map(drop)
}

/// Reads the number of a conversation from a path. An invalid one is refused like a conversation of others.
pub fn parse(id: &str) -> Result<ConversationId, Error> {
    id.parse().map_err(|_| not_member())
}
