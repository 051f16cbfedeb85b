//! Receipts: how far each member was delivered to and has read.
//!
//! Acks and marks move numbers in memory at once. A few times a second all moves go to the store in one write, with one
//! event for each conversation. A crash may lose the last of them; the clients' next cursors tell them again.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use encke_engine::marks::{Marks, MarksMoved};
use encke_engine::{
    Batch, Code, ConversationId, Cursor, Error, Event, Owner, PersonId, Position, Seq, Step,
    StreamId, limits,
};
use encke_store::{Head, Tx};
use http::StatusCode;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conversation::{MemberRow, parse};
use super::delivered::{Held, delivered};
use super::marks::{self, Pair, Stored};
use super::member::check_member;
use super::view::View;
use encke_site::Act;
use encke_site::Site;
use encke_site::body::Body;
use encke_site::caller::CallerOrVisitor;
use encke_site::path::Path;
use encke_site::remembered::Remembered;
use encke_site::reply::Refusal;
use encke_site::{EventBody, event};

struct Folded {
    /// Moves that the other members are to be told of.
    told: MarksMoved,
    /// Moves by people's own messages. The writer has read its message, which everybody can see.
    own: MarksMoved,
    /// The moves of `own` that are being stored, and until the next turn those of the turn before: a view may be older.
    own_under_way: MarksMoved,
    /// Own messages up to this position are in `own`, or have been.
    noted: Position,
    /// The newest cursor that each person has presented. One of its clients holds everything up to there.
    acks: FxHashMap<PersonId, Position>,
    /// The last ack, of people with many conversations, that moved their marks in all of them.
    acked: Remembered<PersonId, Position>,
}

impl Default for Folded {
    fn default() -> Self {
        let (told, own, own_under_way, noted, acks) = Default::default();
        let acked = Remembered::new(limits::ACKED_PEOPLE_MAX);
        Folded { told, own, own_under_way, noted, acks, acked }
    }
}

/// More events than can be appended while marks wait to be stored.
const REFOLDED_EVENTS: usize = 10_000;

/// Marks that have moved since they were last stored.
#[derive(Default)]
pub(crate) struct Receipts(Mutex<Folded>);

impl Receipts {
    pub fn of(site: &Site) -> &Self {
        site.part()
    }

    /// Notes the senders of the messages in a commit; to be called before it is published.
    pub fn note_sends(&self, batch: &Batch) {
        self.with(|f| {
            for step in &batch.steps {
                if let Step::Event(entry) = step {
                    f.note(&entry.event);
                }
            }
        });
    }

    fn with<T>(&self, f: impl FnOnce(&mut Folded) -> T) -> T {
        f(&mut self.0.lock().expect("not poisoned"))
    }

    /// Moves the marks of members to their newest own messages, which may be stored later than the messages. No mark moves
    /// beyond the head of the view that the marks come from.
    pub fn fold_own_into(
        &self,
        view: &mut impl View,
        conversation: ConversationId,
        head: Head,
        members: &mut [MemberRow],
    ) -> Result<(), Error> {
        let noted = self.with(|f| {
            if f.own.is_empty() && f.own_under_way.is_empty() {
                return f.noted;
            }
            for row in &mut *members {
                for moved in [&f.own, &f.own_under_way] {
                    row.sent(moved.get(conversation, row.member.person), head.seq);
                }
            }
            f.noted
        });
        // The view may hold what its writer has committed and not told yet: one commit at most.
        let mut at = head.position;
        for _ in 0..limits::COMMIT_WRITES_MAX {
            if at <= noted {
                break;
            }
            let Some(entry) = view.event_at(at)? else { break };
            let event = &entry.event;
            let by = |row: &&mut MemberRow| Some(row.member.person) == event.from;
            if &*event.kind == "message"
                && let Some(row) = members.iter_mut().find(by)
            {
                row.sent(Marks { delivered: event.seq, read: event.seq }, head.seq);
            }
            at = event.earlier().unwrap_or_default();
        }
        Ok(())
    }
}

impl MemberRow {
    /// The member's own message moves its marks.
    fn sent(&mut self, own: Marks, head: Seq) {
        let own = within(own, self.joined_seq, head);
        self.member.delivered = self.member.delivered.max(own.delivered);
        self.member.read = self.member.read.max(own.read);
    }
}

impl Folded {
    fn note(&mut self, event: &Event) {
        if let (Owner::Conversation(id), Some(from), "message") =
            (event.stream.owner(), event.from, &*event.kind)
        {
            self.own.advance(id, from, Marks { delivered: event.seq, read: event.seq });
        }
        self.noted = self.noted.max(event.position);
    }
}

/// Notes that one of a person's clients holds everything up to a position.
pub(crate) fn acked(site: &Site, person: PersonId, position: Position) {
    Receipts::of(site).with(|f| {
        let held = f.acks.entry(person).or_default();
        *held = position.max(*held);
    });
}

/// Moves the marks of the writers of the newest messages: a crash may have lost them, and a person's own message never
/// counts as unread. To be called once, at the start.
pub(crate) async fn fold_own_sends(site: &Arc<Site>) -> Result<(), Error> {
    let after = Position(site.store.position().0.saturating_sub(REFOLDED_EVENTS as u64));
    let newest = site.store.read(move |read| Ok(read.log_after(after, REFOLDED_EVENTS)?)).await?;
    Receipts::of(site).with(|f| newest.iter().for_each(|event| f.note(event)));
    Ok(())
}

/// Notes how far a person is in a conversation. The store later ignores marks of people outside of it.
pub(crate) fn advance(site: &Site, id: ConversationId, person: PersonId, marks: Marks) {
    Receipts::of(site).with(|f| f.told.advance(id, person, marks));
}

/// Notes that a person has received and read a conversation up to an event. For protocols without a cursor.
pub fn hold_up_to(site: &Site, id: ConversationId, person: PersonId, seq: Seq) {
    advance(site, id, person, Marks { delivered: seq, read: seq });
}

/// The marks of some members have moved.
#[derive(Serialize, ToSchema)]
pub(crate) struct MembersMarked {
    #[schema(value_type = String)]
    conversation: ConversationId,
    marks: Vec<Mark>,
}

impl EventBody for MembersMarked {
    const KIND: &'static str = "receipts";
}

/// The person's own marks have moved in a large room. The other members of a large room are told nothing of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct SelfMarked {
    #[schema(value_type = String)]
    conversation: ConversationId,
    #[schema(value_type = Vec<Mark>)]
    marks: [Mark; 1],
}

impl EventBody for SelfMarked {
    const KIND: &'static str = "marked";
}

/// The marks of a member, as `seq` of the conversation's stream.
#[derive(Serialize, ToSchema)]
struct Mark {
    #[schema(value_type = String)]
    person: PersonId,
    #[schema(value_type = u64)]
    delivered: Seq,
    #[schema(value_type = u64)]
    read: Seq,
}

/// One member's marks, and whether the others are told.
type Move = (ConversationId, PersonId, Marks, bool);

/// Stores all marks that have moved.
pub(crate) async fn flush(site: &Arc<Site>) {
    let (told, own, acks) = Receipts::of(site).with(|f| {
        let own = f.own.take();
        f.own_under_way.take();
        for (id, person, marks) in &own {
            f.own_under_way.advance(*id, *person, *marks);
        }
        let acks = std::mem::take(&mut f.acks).into_iter();
        let held = |(person, position)| {
            let before = f.acked.get(&person).copied();
            Held { person, position, before }
        };
        let acks: Vec<Held> = acks.map(held).collect();
        (f.told.take(), own, acks)
    });
    if told.is_empty() && own.is_empty() && acks.is_empty() {
        return;
    }
    let delivered = if acks.is_empty() {
        Vec::new()
    } else {
        let found = site.store.read(move |read| delivered(read, &acks)).await.unwrap_or_default();
        Receipts::of(site).with(|f| {
            found.with_many.into_iter().for_each(|(person, held)| f.acked.insert(person, held));
        });
        found.marks
    };
    let mut moves: Vec<Move> = told.into_iter().map(|(c, p, m)| (c, p, m, true)).collect();
    moves.extend(own.into_iter().map(|(c, p, m)| (c, p, m, false)));
    moves.extend(delivered.into_iter().map(|((c, p), m)| (c, p, m, true)));
    if moves.is_empty() {
        return;
    }
    moves.sort_unstable_by_key(|(c, p, ..)| (*c, *p));
    let again = moves.clone();
    if let Err(e) = site.store.write(move |tx| store(tx, &moves)).await {
        // Nothing is lost: it is folded in again for the next turn.
        if e.code != Code::Overloaded {
            tracing::warn!("receipts were not stored: {e}");
        }
        Receipts::of(site).with(|f| {
            for (id, person, marks, told) in again {
                let into = if told { &mut f.told } else { &mut f.own };
                into.advance(id, person, marks);
            }
        });
    }
}

/// `moves` is in the order of conversations, and in each in that of people.
fn store(tx: &mut Tx<'_>, moves: &[Move]) -> Result<(), Error> {
    let members = moves.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1));
    let pairs: Vec<Pair> = members.map(|of_member| (of_member[0].0, of_member[0].1)).collect();
    let stored = marks::read(tx, &pairs)?;
    let conversations = moves.chunk_by(|a, b| a.0 == b.0);
    let streams = conversations
        .clone()
        .flat_map(|of_one| [StreamId::conversation(of_one[0].0), StreamId::receipts(of_one[0].0)]);
    tx.expect(&streams.collect::<Vec<_>>())?;
    let (mut moved, mut told_all, mut told_oneself) = (Vec::new(), Vec::new(), Vec::new());
    for of_one in conversations {
        let conversation = of_one[0].0;
        let head = tx.head(StreamId::conversation(conversation))?.seq;
        let mut told_here: Vec<Mark> = Vec::new();
        for of_member in of_one.chunk_by(|a, b| a.1 == b.1) {
            let pair = (conversation, of_member[0].1);
            let Some(before) = stored.get(&pair) else { continue };
            let (now, seen_by_all) = merged(*before, of_member, head);
            if now == before.marks {
                continue;
            }
            moved.push((pair, now));
            if now == seen_by_all {
                continue;
            }
            let mark = Mark { person: pair.1, delivered: now.delivered, read: now.read };
            if before.in_large {
                told_oneself.push((pair.1, SelfMarked { conversation, marks: [mark] }));
            } else {
                told_here.push(mark);
            }
        }
        if !told_here.is_empty() {
            told_all.push(MembersMarked { conversation, marks: told_here });
        }
    }
    marks::write(tx, &moved)?;
    let to_all = told_all.iter().map(|body| StreamId::receipts(body.conversation));
    let to_oneself = told_oneself.iter().map(|(person, _)| StreamId::person(*person));
    tx.expect(&to_all.chain(to_oneself).collect::<Vec<_>>())?;
    for body in told_all {
        let stream = StreamId::receipts(body.conversation);
        tx.append(event(stream, None, &body))?;
    }
    for (person, body) in told_oneself {
        tx.append(event(StreamId::person(person), None, &body))?;
    }
    Ok(())
}

/// The part of marks that counts for a member. Marks end at the head. A mark from before the member joined counts as
/// nothing: it may stem from an earlier membership.
fn within(marks: Marks, joined: Seq, head: Seq) -> Marks {
    let one = |seq: Seq| if seq < joined { Seq(0) } else { seq.min(head) };
    Marks { delivered: one(marks.delivered), read: one(marks.read) }
}

/// Merges all moves of one member. Returns its marks now, and those that the others know of without being told. In a
/// large conversation only reading moves marks.
fn merged(stored: Stored, moves: &[Move], head: Seq) -> (Marks, Marks) {
    let before = stored.marks;
    let (mut now, mut seen_by_all) = (before, before);
    for (_, _, marks, told) in moves {
        let mut marks = within(*marks, stored.joined, head);
        if stored.in_large {
            marks.delivered = marks.read;
        }
        now = now.merged(marks);
        if !told {
            seen_by_all = seen_by_all.merged(marks);
        }
    }
    (now, seen_by_all)
}

/// The caller's progress in a conversation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Progress {
    #[serde(default)]
    #[schema(value_type = u64)]
    delivered: Seq,
    #[serde(default)]
    #[schema(value_type = u64)]
    read: Seq,
}

/// Moves the caller's marks forward.
#[utoipa::path(post, operation_id = "mark", path = "/v1/conversations/{id}/receipts",
    tag = "conversations",
    params(("id" = String, Path)), request_body = Progress,
    responses((status = 204), (status = 403, description = "not_member"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn mark(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(id): Path<String>,
    Body(Progress { delivered, read }): Body<Progress>,
) -> Result<StatusCode, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    site.take(caller.0.person, caller.0.role, Act::Signal)?;
    site.store.read(move |read| check_member(read, id, me)).await?;
    advance(&site, id, me, Marks { delivered, read });
    Ok(StatusCode::NO_CONTENT)
}

/// An ack by itself, for transports that only go down.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ack {
    cursor: String,
}

/// Takes a cursor as an ack; `bad_cursor` unless it is one of this log. `reply` may be called later, on the store's
/// thread, because a cursor of another node may be ahead of this one.
pub(crate) fn take_ack(
    site: &Arc<Site>,
    person: PersonId,
    cursor: &str,
    reply: impl FnOnce(Result<(), Error>) + Send + 'static,
) {
    let cursor: Cursor = match cursor.parse() {
        Ok(cursor) => cursor,
        Err(e) => return reply(Err(e)),
    };
    let foreign = || Error::new(Code::BadCursor, "This cursor is not of this log.");
    let head = site.store.position();
    if cursor.epoch != site.store.cursor_at(head).epoch {
        return reply(Err(foreign()));
    }
    if cursor.position <= head {
        acked(site, person, cursor.position);
        return reply(Ok(()));
    }
    if !site.store.is_shared() {
        return reply(Err(foreign()));
    }
    let site_for_reply = site.clone();
    site.store.submit_read(
        |read| Ok(read.position()),
        move |end| {
            reply(end.and_then(|end| {
                if cursor.position > end {
                    return Err(foreign());
                }
                acked(&site_for_reply, person, cursor.position);
                Ok(())
            }));
        },
    );
}

/// Says that the caller holds everything up to a cursor.
#[utoipa::path(post, path = "/v1/acks", tag = "feed", request_body = Ack,
    responses((status = 204), (status = 400, description = "bad_cursor"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn ack(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Body(Ack { cursor }): Body<Ack>,
) -> Result<StatusCode, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Signal)?;
    let (done, taken) = tokio::sync::oneshot::channel();
    take_ack(&site, caller.0.person, &cursor, |result| drop(done.send(result)));
    let lost = |_| Error::new(Code::Overloaded, "The store did not take this; try again.");
    taken.await.map_err(lost)??;
    Ok(StatusCode::NO_CONTENT)
}
