//! Conversations: creating, looking at and changing them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, ConversationId, Error, NewEvent, PersonId, Seq, StreamId, limits};
use encke_store::{Row, Sql, StoreError, Tx, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::invitation;
pub(crate) use super::kind::Kind;
use super::view::View;
use crate::account::{Person, people};
use crate::body::Body;
use crate::caller::Caller;
use crate::identity::Role;
use crate::path::Path;
use crate::quota::Act;
use crate::reply::Refusal;
use crate::site::Site;

/// What a member may do in a conversation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MemberRole {
    Owner,
    Member,
}

impl MemberRole {
    pub fn text(self) -> &'static str {
        match self {
            MemberRole::Owner => "owner",
            MemberRole::Member => "member",
        }
    }

    pub fn of(text: &str) -> Self {
        if text == "owner" { MemberRole::Owner } else { MemberRole::Member }
    }
}

/// A member with its marks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Member {
    #[schema(value_type = String)]
    pub person: PersonId,
    pub role: MemberRole,
    #[schema(value_type = u64)]
    pub delivered: Seq,
    #[schema(value_type = u64)]
    pub read: Seq,
}

/// A conversation as one of its members sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Conversation {
    #[schema(value_type = String)]
    pub id: ConversationId,
    pub kind: Kind,
    pub title: Option<String>,
    pub open: bool,
    pub role: MemberRole,
    pub members: Vec<Member>,
    #[schema(value_type = u64)]
    pub joined_seq: Seq,
    #[schema(value_type = u64)]
    pub head_seq: Seq,
    #[schema(value_type = u64)]
    pub read_seq: Seq,
    pub unread: u64,
    #[schema(value_type = u64)]
    pub receipts_seq: Seq,
    #[schema(value_type = Option<Object>)]
    pub last: Option<Box<RawValue>>,
}

/// A row of `conversation`.
pub(crate) struct Found {
    pub id: ConversationId,
    pub kind: Kind,
    pub title: Option<String>,
    pub open: bool,
}

impl Found {
    pub const COLUMNS: &'static str = "c.id, c.kind, c.title, c.open";

    pub fn of(row: &Row) -> Result<Self, StoreError> {
        let kind = Kind::of(&row.get::<String>(1)?);
        Ok(Found { id: row.get(0)?, kind, title: row.get(2)?, open: row.get(3)? })
    }
}

/// A row of `member`.
pub(crate) struct MemberRow {
    pub conversation: ConversationId,
    pub member: Member,
    pub joined_seq: Seq,
}

impl MemberRow {
    pub const COLUMNS: &'static str =
        "m.conversation, m.person, m.role, m.delivered, m.read, m.joined_seq";

    pub fn of(row: &Row) -> Result<Self, StoreError> {
        let role = MemberRole::of(&row.get::<String>(2)?);
        let (person, delivered, read) = (row.get(1)?, row.get(3)?, row.get(4)?);
        let member = Member { person, role, delivered, read };
        Ok(MemberRow { conversation: row.get(0)?, member, joined_seq: row.get(5)? })
    }
}

pub(crate) fn not_member() -> Error {
    Error::new(Code::NotMember, "You are not a member of this conversation.")
}

pub(crate) fn find(sql: &mut impl Sql, id: ConversationId) -> Result<Option<Found>, StoreError> {
    let columns = Found::COLUMNS;
    let query = format!("SELECT {columns} FROM conversation c WHERE c.id = ?1");
    sql.query_one(&query, params![id])?.as_ref().map(Found::of).transpose()
}

pub(crate) fn members(
    sql: &mut impl Sql,
    id: ConversationId,
) -> Result<Vec<MemberRow>, StoreError> {
    let columns = MemberRow::COLUMNS;
    let query = format!(
        "SELECT {columns} FROM member m WHERE m.conversation = ?1 ORDER BY m.joined_ms, m.person"
    );
    sql.query(&query, params![id])?.iter().map(MemberRow::of).collect()
}

/// A conversation as `person` sees it; `None` if it is not a member.
pub(crate) fn seen_by(
    view: &mut impl View,
    site: &Site,
    found: Found,
    mut members: Vec<MemberRow>,
    person: PersonId,
) -> Result<Option<Conversation>, Error> {
    let head = view.head_of(StreamId::conversation(found.id))?;
    let receipts = view.head_of(StreamId::receipts(found.id))?;
    let last = view.item(head.position)?;
    // Who wrote a message has read it, and no receipt will tell so: a snapshot must not lag behind that.
    site.receipts.fold_own_into(view, found.id, head, &mut members)?;
    let Some(me) = members.iter().find(|m| m.member.person == person) else { return Ok(None) };
    // The join may still be to be appended, so what is seen may lie beyond the head.
    let seen = me.member.read.max(me.joined_seq);
    let unread = head.seq.0.saturating_sub(seen.0);
    Ok(Some(Conversation {
        id: found.id,
        kind: found.kind,
        title: found.title,
        open: found.open,
        role: me.member.role,
        joined_seq: me.joined_seq,
        read_seq: me.member.read,
        head_seq: head.seq,
        unread,
        receipts_seq: receipts.seq,
        last: last.and_then(|json| serde_json::from_slice(&json).ok()),
        members: members.into_iter().map(|m| m.member).collect(),
    }))
}

/// The same by number: `not_found` if there is none, `not_member` if the person is not in it.
pub(crate) fn load(
    view: &mut impl View,
    site: &Site,
    id: ConversationId,
    person: PersonId,
) -> Result<Conversation, Error> {
    let found = find(view, id)?;
    // Who is not a member does not learn whether it exists.
    let found = found.ok_or_else(not_member)?;
    let members = members(view, id)?;
    seen_by(view, site, found, members, person)?.ok_or_else(not_member)
}

/// The body of an event that tells a person of a conversation it is in from now on.
#[derive(Serialize)]
struct Added<'a> {
    conversation: &'a Conversation,
    people: Vec<Person>,
}

/// An event without an idempotency key.
pub(crate) fn event(
    stream: StreamId,
    from: Option<PersonId>,
    kind: &'static str,
    body: &impl Serialize,
) -> NewEvent {
    let body = serde_json::to_vec(body).expect("bodies are plain data");
    NewEvent { stream, from, kind: kind.into(), key: None, body: body.into() }
}

/// Tells a person, whose row in `member` is there already, and lets its sessions follow from here on.
pub(crate) fn admit(
    tx: &mut Tx<'_>,
    site: &Site,
    id: ConversationId,
    person: PersonId,
    by: PersonId,
) -> Result<(), Error> {
    let conversation = load(tx, site, id, person)?;
    let ids: Vec<_> = conversation.members.iter().map(|m| m.person).collect();
    let people = people(tx, site, &ids)?;
    let added = Added { conversation: &conversation, people };
    tx.append(event(StreamId::person(person), Some(by), "conversation_added", &added))?;
    Ok(tx.subscribe(person, StreamId::conversation(id))?)
}

pub(crate) fn insert_member(
    tx: &mut Tx<'_>,
    id: ConversationId,
    person: PersonId,
    role: MemberRole,
    joined: Seq,
    by: PersonId,
) -> Result<(), Error> {
    let count = tx.query_one("SELECT count(*) FROM member WHERE person = ?1", params![person])?;
    let count: u64 = count.map_or(Ok(0), |row| row.get(0))?;
    if count >= limits::CONVERSATIONS_PER_PERSON_MAX as u64 {
        return Err(Error::new(Code::Conflict, "This person is in too many conversations."));
    }
    let now = tx.now_ms();
    tx.execute(
        "INSERT INTO member
             (conversation, person, role, joined_seq, joined_ms, delivered, read, invited_by)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, ?6)",
        params![id, person, role.text(), joined, now, (by != person).then_some(by)],
    )?;
    Ok(())
}

/// People who may be talked to: accounts that are not disabled.
pub(crate) fn check_present(tx: &mut Tx<'_>, person: PersonId) -> Result<(), Error> {
    let query = "SELECT 1 FROM person WHERE id = ?1 AND disabled_ms IS NULL";
    match tx.query_one(query, params![person])? {
        Some(_) => Ok(()),
        None => Err(Error::new(Code::NotFound, "There is no such person.")),
    }
}

pub(crate) fn check_title(title: &str) -> Result<(), Error> {
    let good = (1..=limits::TITLE_CHARS_MAX).contains(&title.chars().count())
        && !title.trim().is_empty()
        && !title.chars().any(char::is_control);
    if good {
        return Ok(());
    }
    Err(Error::new(Code::Invalid, "A title has 1 to 100 characters on one line."))
}

/// A direct conversation or a room to be.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum New {
    /// With one other person; if it is there already, it is the one.
    Direct {
        #[schema(value_type = String)]
        person: PersonId,
    },
    /// A room, with whom to invite.
    Room {
        title: String,
        #[serde(default)]
        #[schema(value_type = Vec<String>)]
        members: Vec<PersonId>,
        #[serde(default)]
        open: bool,
    },
}

/// Starts a conversation.
#[utoipa::path(post, path = "/v1/conversations", tag = "conversations", request_body = New,
    responses((status = 201, body = Conversation), (status = 200, body = Conversation)))]
pub(crate) async fn create(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(new): Body<New>,
) -> Result<(StatusCode, Json<Conversation>), Refusal> {
    let me = caller.0.person;
    let (title, open, others) = match new {
        New::Direct { person } => return direct(site, caller, person).await,
        New::Room { title, members, open } => (title, open, members),
    };
    if caller.0.role == Role::Guest {
        return Err(Refusal::new(Code::Forbidden, "Guests can't make rooms."));
    }
    check_title(&title)?;
    if others.len() >= limits::ROOM_MEMBERS_MAX {
        return Err(Refusal::new(Code::Invalid, "A room has at most 1,000 members."));
    }
    // Each of the others is invited.
    site.take_some(me, caller.0.role, Act::Creation, 1 + others.len())?;
    let house = site.clone();
    let made = site.store.write(move |tx| {
        let id = insert(tx, Kind::Room, Some(&title), open, None)?;
        insert_member(tx, id, me, MemberRole::Owner, Seq(1), me)?;
        let mut others = others;
        others.sort_unstable();
        others.dedup();
        others.retain(|other| *other != me);
        let mut asked = Vec::new();
        for other in &others {
            check_present(tx, *other)?;
            if invitation::has_enough(tx, *other)? {
                asked.push(*other);
            } else {
                insert_member(tx, id, *other, MemberRole::Member, Seq(1), me)?;
            }
        }
        others.retain(|other| !asked.contains(other));
        begin(tx, &house, id, me, std::iter::once(me).chain(others))?;
        for other in asked {
            invitation::invite(tx, &house, id, other, me)?;
        }
        load(tx, &house, id, me)
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

async fn direct(
    site: Arc<Site>,
    caller: Caller,
    other: PersonId,
) -> Result<(StatusCode, Json<Conversation>), Refusal> {
    let me = caller.0.person;
    if other == me {
        return Err(Refusal::new(Code::Invalid, "A direct conversation is with somebody else."));
    }
    site.take(caller.0.person, caller.0.role, Act::Creation)?;
    let guest = caller.0.role == Role::Guest;
    let house = site.clone();
    let made = site.store.write(move |tx| {
        let pair = (me.min(other), me.max(other));
        let query = "SELECT id FROM conversation WHERE first_person = ?1 AND second_person = ?2";
        if let Some(row) = tx.query_one(query, params![pair.0, pair.1])? {
            return Ok((StatusCode::OK, load(tx, &house, row.get(0)?, me)?));
        }
        check_present(tx, other)?;
        if guest && !share_a_conversation(tx, me, other)? {
            return Err(Error::new(Code::NotFound, "There is no such person."));
        }
        let id = begin_direct(tx, &house, me, other)?;
        Ok((StatusCode::CREATED, load(tx, &house, id, me)?))
    });
    let (status, conversation) = made.await?;
    Ok((status, Json(conversation)))
}

/// Makes the direct conversation of two people who have none.
pub(super) fn begin_direct(
    tx: &mut Tx<'_>,
    site: &Site,
    me: PersonId,
    other: PersonId,
) -> Result<ConversationId, Error> {
    let pair = (me.min(other), me.max(other));
    let id = insert(tx, Kind::Direct, None, false, Some(pair))?;
    for person in [me, other] {
        insert_member(tx, id, person, MemberRole::Member, Seq(1), me)?;
    }
    begin(tx, site, id, me, [me, other].into_iter())?;
    Ok(id)
}

/// Whether two people are in one conversation: all that a guest sees of others.
pub(crate) fn share_a_conversation(
    sql: &mut impl Sql,
    a: PersonId,
    b: PersonId,
) -> Result<bool, StoreError> {
    let query = "SELECT 1 FROM member x JOIN member y ON x.conversation = y.conversation
                 WHERE x.person = ?1 AND y.person = ?2 LIMIT 1";
    Ok(sql.query_one(query, params![a, b])?.is_some())
}

pub(super) fn insert(
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

/// The first event, after everyone in it was told.
fn begin(
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
    let body = serde_json::json!({
        "kind": found.kind, "title": found.title, "open": found.open,
    });
    tx.append(event(StreamId::conversation(id), Some(by), "created", &body)).map(drop)
}

/// One conversation.
#[utoipa::path(get, path = "/v1/conversations/{id}", tag = "conversations",
    params(("id" = String, Path)), responses((status = 200, body = Conversation)))]
pub(crate) async fn get(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Conversation>, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    let house = site.clone();
    Ok(Json(site.store.read(move |read| load(read, &house, id, me)).await?))
}

/// A conversation's number from a path; one that is none can't be a member's.
pub(crate) fn parse(id: &str) -> Result<ConversationId, Error> {
    id.parse().map_err(|_| not_member())
}

/// What an owner changes of a room.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    title: Option<String>,
    open: Option<bool>,
}

/// Renames a room, opens or closes it.
#[utoipa::path(patch, path = "/v1/conversations/{id}", tag = "conversations",
    params(("id" = String, Path)), request_body = Change,
    responses((status = 200, body = Conversation)))]
pub(crate) async fn change(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(change): Body<Change>,
) -> Result<Json<Conversation>, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    if let Some(title) = &change.title {
        check_title(title)?;
    }
    let house = site.clone();
    let changed = site.store.write(move |tx| {
        let now = load(tx, &house, id, me)?;
        super::member::owned_room(&now)?;
        let title = change.title.filter(|t| now.title.as_ref() != Some(t));
        let open = change.open.filter(|o| now.open != *o);
        if title.is_none() && open.is_none() {
            return Ok(now);
        }
        tx.execute(
            "UPDATE conversation SET title = coalesce(?2, title), open = coalesce(?3, open)
             WHERE id = ?1",
            params![id, title.as_ref(), open],
        )?;
        let mut body = serde_json::json!({"by": me});
        if let Some(title) = title {
            body["title"] = title.into();
        }
        if let Some(open) = open {
            body["open"] = open.into();
        }
        tx.append(event(StreamId::conversation(id), Some(me), "changed", &body))?;
        load(tx, &house, id, me)
    });
    Ok(Json(changed.await?))
}
