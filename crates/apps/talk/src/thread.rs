//! Threads: the answers to one message, as a conversation of their own.
//!
//! Whoever may read the conversation of the message may read and write in the thread, and the rights are the same, too. The
//! members of the thread are those that follow it: they get its events, and what is new counts as unread for them. Each of
//! them is a member of the conversation, so whoever leaves that leaves its threads in the same write (P7).
//!
//! All sends to a thread are reserved in the store ([`Tx::reserve`](encke_store::Tx::reserve)), because to follow it is
//! neither needed nor enough for an answer. Conversations without threads pay nothing for them.

use encke_engine::{Code, ConversationId, Error, PersonId, Position, Seq, StreamId, limits};
use encke_site::{EventBody, event};
use encke_store::{Row, Sql, StoreError, Tx, params};
use serde::Serialize;
use utoipa::ToSchema;

use crate::amendment::message_at;
use crate::conversation::{ConversationRow, Created, MemberRole, Parent, find};
use crate::kind::Kind;
use crate::member::is_member;
use crate::onlooker;

/// A thread has a further answer, or one less.
#[derive(Serialize, ToSchema)]
pub(crate) struct Answered {
    /// The `seq` of the message that the thread belongs to.
    #[schema(value_type = u64)]
    message: Seq,
    #[schema(value_type = String)]
    thread: ConversationId,
    /// The `seq` of the newest event in the thread.
    #[schema(value_type = u64)]
    head_seq: Seq,
    /// The number of answers that are there.
    answers: u64,
    /// The time of the newest answer, in milliseconds since 1970.
    at: u64,
    /// The people who answered first, a bounded number of them.
    #[schema(value_type = Vec<String>)]
    people: Vec<PersonId>,
}

impl EventBody for Answered {
    const KIND: &'static str = "answered";
}

/// The person that this is told to follows a thread from now on, or no longer.
#[derive(Serialize, ToSchema)]
pub(crate) struct ThreadFollowed {
    #[schema(value_type = String)]
    thread: ConversationId,
    parent: Parent,
    on: bool,
}

impl EventBody for ThreadFollowed {
    const KIND: &'static str = "thread_followed";
}

/// A thread, as the message that it belongs to shows it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ThreadSummary {
    /// Id of the thread, which is a conversation.
    #[schema(value_type = String)]
    id: ConversationId,
    /// The number of answers that are there.
    answers: u64,
    /// The time of the newest answer, in milliseconds since 1970.
    at: u64,
    /// The people who answered first, a bounded number of them.
    #[schema(value_type = Vec<String>)]
    pub people: Vec<PersonId>,
}

impl ThreadSummary {
    /// The columns that [`ThreadSummary::of`] reads, of `conversation t`.
    pub const COLUMNS: &'static str = "t.id, t.answers, t.answered_ms, t.answerers";

    /// Reads a row of these columns.
    pub fn of(row: &Row) -> Result<Self, StoreError> {
        let people = people_of(&row.get::<String>(3)?);
        Ok(ThreadSummary { id: row.get(0)?, answers: row.get(1)?, at: row.get(2)?, people })
    }
}

/// Reads a stored list of people.
fn people_of(stored: &str) -> Vec<PersonId> {
    stored.split(' ').filter_map(|id| id.parse().ok()).map(PersonId).collect()
}

/// The thread of a message, if it has one.
fn find_thread(sql: &mut impl Sql, parent: Parent) -> Result<Option<ConversationId>, StoreError> {
    let query = "SELECT id FROM conversation WHERE parent = ?1 AND parent_message = ?2";
    let row = sql.query_one(query, params![parent.conversation, parent.message])?;
    row.map(|row| row.get(0)).transpose()
}

/// The thread of a message that lies at a position. It is made if there is none; the write that makes it is alone, so there
/// is never a second one (P11).
pub(crate) fn find_or_make(
    tx: &mut Tx<'_>,
    parent: Parent,
    position: Position,
    by: PersonId,
) -> Result<ConversationId, Error> {
    if let Some(id) = find_thread(tx, parent)? {
        return Ok(id);
    }
    let author = message_at(tx, position)?.event.from;
    let now = tx.now_ms();
    let row = tx.query_one(
        "INSERT INTO conversation (kind, title, open, created_ms, parent, parent_message)
         VALUES (?1, NULL, 0, ?2, ?3, ?4) RETURNING id",
        params![Kind::Thread.text(), now, parent.conversation, parent.message],
    )?;
    let row = row.ok_or_else(|| StoreError::Other("an insert returned no row".into()))?;
    let id = row.get(0)?;
    let stream = StreamId::conversation(id);
    tx.reserve(stream, None)?;
    let body = Created { kind: Kind::Thread, title: None, open: false };
    let created = tx.append(event(stream, Some(by), &body))?;
    if let Some(author) = author
        && is_member(tx, parent.conversation, author)?
    {
        follow(tx, id, parent, author, created.seq)?;
    }
    Ok(id)
}

/// Makes the author of an answer and the people that it mentions follow the thread. The answer is yet to be appended. All of
/// these people are members of the conversation that the thread is part of.
pub(crate) fn take_part(
    tx: &mut Tx<'_>,
    id: ConversationId,
    parent: Parent,
    from: PersonId,
    mentioned: &[PersonId],
) -> Result<(), Error> {
    let head = tx.head(StreamId::conversation(id))?.seq;
    for person in [from].iter().chain(mentioned) {
        follow(tx, id, parent, *person, head)?;
    }
    Ok(())
}

/// Makes a person follow a thread that it may read: what comes after `seen` is unread for it. If it follows the thread
/// already, nothing changes.
pub(crate) fn follow(
    tx: &mut Tx<'_>,
    id: ConversationId,
    parent: Parent,
    person: PersonId,
    seen: Seq,
) -> Result<(), Error> {
    let now = tx.now_ms();
    let made = tx.execute(
        "INSERT INTO member
             (conversation, person, role, joined_seq, joined_ms, delivered, read, guest, parent)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, 0,
             (SELECT count(*) FROM person WHERE id = ?2 AND role = 'guest'), ?6)
         ON CONFLICT (conversation, person) DO NOTHING",
        params![id, person, MemberRole::Member.text(), seen, now, parent.conversation],
    )?;
    if made == 0 {
        return Ok(());
    }
    tx.execute("UPDATE conversation SET members = members + 1 WHERE id = ?1", params![id])?;
    make_room(tx, id, person)?;
    tx.subscribe(person, StreamId::conversation(id))?;
    tell(tx, person, ThreadFollowed { thread: id, parent, on: true })
}

/// Has a person that follows too many threads follow the oldest one no longer. The newest stays.
fn make_room(tx: &mut Tx<'_>, newest: ConversationId, person: PersonId) -> Result<(), Error> {
    let query = "SELECT conversation FROM member
                 WHERE person = ?1 AND parent IS NOT NULL AND is_ticket = 0 AND conversation <> ?2
                 ORDER BY conversation DESC LIMIT 1 OFFSET ?3";
    let most = limits::THREADS_FOLLOWED_MAX as u64;
    if let Some(row) = tx.query_one(query, params![person, newest, most - 1])? {
        unfollow(tx, row.get(0)?, person)?;
    }
    Ok(())
}

/// Makes a person follow a thread no longer.
pub(crate) fn unfollow(tx: &mut Tx<'_>, id: ConversationId, person: PersonId) -> Result<(), Error> {
    let parent = thread_at(tx, id)?;
    let delete = "DELETE FROM member WHERE conversation = ?1 AND person = ?2";
    if tx.execute(delete, params![id, person])? == 0 {
        return Ok(());
    }
    tx.execute("UPDATE conversation SET members = members - 1 WHERE id = ?1", params![id])?;
    tell(tx, person, ThreadFollowed { thread: id, parent, on: false })?;
    Ok(tx.unsubscribe(person, StreamId::conversation(id))?)
}

fn tell(tx: &mut Tx<'_>, person: PersonId, body: ThreadFollowed) -> Result<(), Error> {
    tx.append(event(StreamId::person(person), None, &body)).map(drop)
}

/// The message that a thread belongs to; `invalid` if this is no thread.
pub(crate) fn thread_at(sql: &mut impl Sql, id: ConversationId) -> Result<Parent, Error> {
    let parent = find(sql, id)?.and_then(|found| found.parent);
    parent.ok_or_else(|| Error::new(Code::Invalid, "This conversation is not a thread."))
}

/// Makes a person that leaves a conversation follow none of its threads, and take part in none of its desk's tickets, in the
/// same write. The event that tells it of the
/// conversation stands for its threads, too.
pub(crate) fn leave_all_of(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    person: PersonId,
) -> Result<(), StoreError> {
    let followed = "SELECT conversation FROM member WHERE person = ?2 AND parent = ?1";
    let both = "SELECT conversation, is_ticket FROM member WHERE person = ?2 AND parent = ?1";
    let rows = tx.query(both, params![conversation, person])?;
    onlooker::leave(tx, conversation, person)?;
    if rows.is_empty() {
        return Ok(());
    }
    let update = format!("UPDATE conversation SET members = members - 1 WHERE id IN ({followed})");
    tx.execute(&update, params![conversation, person])?;
    let delete = "DELETE FROM member WHERE person = ?2 AND parent = ?1";
    tx.execute(delete, params![conversation, person])?;
    for row in rows {
        let id = row.get(0)?;
        tx.unsubscribe(person, StreamId::conversation(id))?;
        if row.get(1)? {
            tx.unsubscribe(person, StreamId::notes(id))?;
        }
    }
    Ok(())
}

/// Counts an answer that was appended, and tells the conversation of the message.
pub(crate) fn answered(
    tx: &mut Tx<'_>,
    id: ConversationId,
    parent: Parent,
    from: PersonId,
    at_ms: u64,
) -> Result<(), Error> {
    let mut now = summary(tx, id)?;
    now.answers += 1;
    now.at = at_ms;
    if now.people.len() < limits::THREAD_PEOPLE_SHOWN_MAX && !now.people.contains(&from) {
        now.people.push(from);
    }
    store(tx, parent, from, now)
}

/// Takes a recalled answer out of the number, if the conversation is a thread.
pub(crate) fn answer_recalled(
    tx: &mut Tx<'_>,
    conversation: &ConversationRow,
    by: PersonId,
) -> Result<(), Error> {
    let Some(parent) = conversation.parent else { return Ok(()) };
    let mut now = summary(tx, conversation.id)?;
    now.answers = now.answers.saturating_sub(1);
    store(tx, parent, by, now)
}

fn summary(tx: &mut Tx<'_>, id: ConversationId) -> Result<ThreadSummary, Error> {
    let query = format!("SELECT {} FROM conversation t WHERE t.id = ?1", ThreadSummary::COLUMNS);
    let row = tx.query_one(&query, params![id])?;
    let row = row.ok_or_else(|| StoreError::Damaged(format!("the thread {id} is missing")))?;
    Ok(ThreadSummary::of(&row)?)
}

fn store(tx: &mut Tx<'_>, parent: Parent, by: PersonId, now: ThreadSummary) -> Result<(), Error> {
    let ThreadSummary { id, answers, at, people } = now;
    let answerers = people.iter().map(|person| person.0.to_string()).collect::<Vec<_>>().join(" ");
    tx.execute(
        "UPDATE conversation SET answers = ?2, answered_ms = ?3, answerers = ?4 WHERE id = ?1",
        params![id, answers, at, answerers],
    )?;
    tx.execute(
        "UPDATE conversation SET amended = 1 WHERE id = ?1 AND amended = 0",
        params![parent.conversation],
    )?;
    let head_seq = tx.head(StreamId::conversation(id))?.seq;
    let body = Answered { message: parent.message, thread: id, head_seq, answers, at, people };
    let stream = StreamId::amendments(parent.conversation);
    tx.append(event(stream, Some(by), &body)).map(drop)
}
