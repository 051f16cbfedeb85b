//! The conversations of a person by pages, the one with the latest activity first.
//!
//! A page looks at all of the person's rows of `member` and at the heads of their streams, which are in memory; it loads
//! only what it shows. Nothing is written for this order when somebody writes a message. A conversation in which
//! something happens between two pages moves before both of them: the feed tells of it, since its new event lies behind
//! the cursor of the first page.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_account::{Person, people};
use encke_engine::{Code, ConversationId, Error, PersonId, Position, Seq, StreamId, limits};
use encke_site::{Act, Caller, Refusal, Site, bulk, check_search, json_bytes};
use encke_store::{Head, Read, Sql, StoreError, Value, params};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::conversation::{Conversation, ConversationRow, Member, MemberRole, MemberRow, seen_by};
use crate::receipts::Receipts;
use crate::shown_members::shown_members;

/// A choice of conversations.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedConversations {
    /// Only rooms whose title holds this text, and direct conversations with a person whose name holds it.
    #[serde(default)]
    q: String,
    /// Only those in which something is unread.
    #[serde(default)]
    unread: bool,
    /// Go on behind the page that gave this as `before`.
    before: Option<String>,
    /// Greatest number of conversations in the page; 50 if absent, 50 at most.
    limit: Option<u64>,
}

/// A page of the person's conversations.
#[derive(Serialize, ToSchema)]
pub struct ConversationPage {
    /// The conversation with the latest activity first.
    pub conversations: Vec<Conversation>,
    /// The members that are shown and the writers of the newest events.
    pub people: Vec<Person>,
    /// The `before` of the next page; null on the last one. A page holds a bounded number of bytes, and a search looks at
    /// a bounded number of conversations for each page. So a page may be short or empty although others follow.
    #[schema(required)]
    pub before: Option<String>,
}

/// Sums over all conversations of the person.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct Unread {
    /// Conversations in which something is unread.
    pub conversations: u64,
    /// Unread events in all of them.
    pub messages: u64,
}

/// The conditions and the bounds of a page.
struct Wanted {
    q: String,
    unread: bool,
    before: Option<Position>,
    conversations_max: usize,
    bytes_max: usize,
}

/// The place of one conversation in a person's list, and how much of it is unread.
struct Standing {
    id: ConversationId,
    head: Head,
    unread: u64,
}

/// The first page of a person's conversations, and the sums over all of them.
pub fn first_page(
    read: &mut Read<'_>,
    site: &Site,
    person: PersonId,
    bytes_max: usize,
) -> Result<(ConversationPage, Unread), Error> {
    let standings = standings(read, site, person)?;
    let unread = standings.iter().filter(|s| s.unread > 0).fold(Unread::default(), |sum, s| {
        Unread { conversations: sum.conversations + 1, messages: sum.messages + s.unread }
    });
    let wanted = Wanted {
        q: String::new(),
        unread: false,
        before: None,
        conversations_max: limits::CONVERSATIONS_PAGE_MAX,
        bytes_max,
    };
    Ok((page(read, site, person, &standings, &wanted)?, unread))
}

/// A page of the caller's conversations, the one with the latest activity first.
#[utoipa::path(get, operation_id = "conversations", path = "/v1/conversations",
    tag = "conversations", params(WantedConversations),
    responses((status = 200, body = ConversationPage), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    wanted: Result<Query<WantedConversations>, QueryRejection>,
) -> Result<Json<ConversationPage>, Refusal> {
    let me = caller.0.person;
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    check_search(&wanted.q, limits::TITLE_CHARS_MAX)?;
    let most = limits::CONVERSATIONS_PAGE_MAX;
    let wanted = Wanted {
        q: wanted.q.to_lowercase(),
        unread: wanted.unread,
        before: wanted.before.as_deref().map(parse_before).transpose()?,
        conversations_max: wanted.limit.map_or(most, |limit| limit.clamp(1, most as u64) as usize),
        bytes_max: limits::CONVERSATIONS_PAGE_BYTES_MAX,
    };
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let page = site.store.read(move |read| {
        let standings = standings(read, &held, me)?;
        page(read, &held, me, &standings, &wanted)
    });
    Ok(Json(page.await?))
}

/// Reads the `before` of a page: the next page begins behind this position.
fn parse_before(before: &str) -> Result<Position, Error> {
    let digits = !before.is_empty() && before.bytes().all(|b| b.is_ascii_digit());
    let position = before.parse().ok().filter(|at| digits && *at <= i64::MAX as u64);
    let refused = || Error::new(Code::BadRequest, "`before` is not the `before` of a page.");
    position.map(Position).ok_or_else(refused)
}

/// All conversations of a person, the one with the latest activity first.
fn standings(read: &mut Read<'_>, site: &Site, person: PersonId) -> Result<Vec<Standing>, Error> {
    let query = "SELECT conversation, joined_seq, read FROM member WHERE person = ?1";
    let rows = read.query(query, params![person])?;
    let ids = rows.iter().map(|row| row.get(0)).collect::<Result<Vec<_>, _>>()?;
    let streams: Vec<_> = ids.iter().map(|id| StreamId::conversation(*id)).collect();
    read.expect(&streams)?;
    let receipts = Receipts::of(site);
    let mut all = Vec::with_capacity(rows.len());
    for ((row, id), stream) in rows.iter().zip(ids).zip(streams) {
        let head = read.head(stream)?;
        let (role, delivered) = (MemberRole::Member, Seq(0));
        let member = Member { person, role, delivered, read: row.get(2)? };
        let mut mine = [MemberRow { conversation: id, member, joined_seq: row.get(1)? }];
        receipts.fold_own_into(read, id, head, &mut mine)?;
        all.push(Standing { id, head, unread: mine[0].unread(head.seq) });
    }
    all.sort_unstable_by_key(|s| (std::cmp::Reverse(s.head.position), s.id));
    Ok(all)
}

fn page(
    read: &mut Read<'_>,
    site: &Site,
    person: PersonId,
    standings: &[Standing],
    wanted: &Wanted,
) -> Result<ConversationPage, Error> {
    let from = wanted.before.map_or(0, |at| standings.partition_point(|s| s.head.position >= at));
    let candidates = standings[from..].iter().filter(|s| !wanted.unread || s.unread > 0);
    let candidates: Vec<&Standing> = candidates.collect();
    let (chosen, mut before) = if wanted.q.is_empty() {
        let chosen = &candidates[..candidates.len().min(wanted.conversations_max)];
        (chosen.to_vec(), last_of(chosen).filter(|_| chosen.len() < candidates.len()))
    } else {
        named(read, person, &candidates, wanted)?
    };
    let mut conversations = seen(read, site, person, &chosen)?;
    let mut mentioned = Vec::new();
    for (conversation, standing) in conversations.iter().zip(&chosen) {
        let writer = read.event(standing.head.position)?.and_then(|entry| entry.event.from);
        let members = conversation.members.iter().map(|m| m.person);
        mentioned.push(members.chain(writer).collect::<Vec<_>>());
    }
    let once: FxHashSet<PersonId> = mentioned.iter().flatten().copied().collect();
    let everybody = people(read, site, &once.into_iter().collect::<Vec<_>>())?;
    let mut everybody: FxHashMap<_, _> = everybody.into_iter().map(|p| (p.id, p)).collect();
    let (mut bytes, mut shown) = (0, Vec::new());
    for (at, mentioned) in mentioned.into_iter().enumerate() {
        let more: Vec<Person> = mentioned.iter().filter_map(|id| everybody.remove(id)).collect();
        bytes += json_bytes(&conversations[at]) + json_bytes(&more);
        if at > 0 && bytes > wanted.bytes_max {
            conversations.truncate(at);
            before = last_of(&chosen[..at]);
            break;
        }
        shown.extend(more);
    }
    shown.sort_unstable_by_key(|person| person.id);
    Ok(ConversationPage { conversations, people: shown, before: before.map(|at| at.0.to_string()) })
}

fn last_of(chosen: &[&Standing]) -> Option<Position> {
    chosen.last().map(|s| s.head.position)
}

/// The first candidates that a search finds, and where the next page goes on.
fn named<'a>(
    read: &mut Read<'_>,
    person: PersonId,
    candidates: &[&'a Standing],
    wanted: &Wanted,
) -> Result<(Vec<&'a Standing>, Option<Position>), StoreError> {
    let looked_at = &candidates[..candidates.len().min(limits::CONVERSATIONS_SCANNED_MAX)];
    let mut found = Vec::new();
    for part in bulk::parts(looked_at) {
        let names = names(read, person, part)?;
        for standing in part {
            let holds = |name: &String| name.to_lowercase().contains(&wanted.q);
            if names.get(&standing.id).is_some_and(|names| names.iter().any(holds)) {
                found.push(*standing);
                if found.len() == wanted.conversations_max {
                    let last = candidates.last().map(|s| s.head.position);
                    return Ok((
                        found,
                        Some(standing.head.position).filter(|at| last != Some(*at)),
                    ));
                }
            }
        }
    }
    let behind = last_of(looked_at).filter(|_| looked_at.len() < candidates.len());
    Ok((found, behind))
}

/// The names by which these conversations are found: the title, or what the other person is called.
fn names(
    read: &mut Read<'_>,
    person: PersonId,
    standings: &[&Standing],
) -> Result<FxHashMap<ConversationId, Vec<String>>, StoreError> {
    let query = format!(
        "WITH v (id) AS ({})
         SELECT c.id, c.title, p.display_name, p.shown_name FROM v JOIN conversation c ON c.id = v.id
         LEFT JOIN person p
           ON p.id = CASE WHEN c.first_person = ?{} THEN c.second_person ELSE c.first_person END",
        bulk::values(standings.len(), 1),
        standings.len() + 1
    );
    let params: Vec<Value> = standings.iter().map(|s| s.id.into()).chain([person.into()]).collect();
    let mut found = FxHashMap::default();
    for row in read.query(&query, &params)? {
        let names: [Option<String>; 3] = [row.get(1)?, row.get(2)?, row.get(3)?];
        found.insert(row.get(0)?, names.into_iter().flatten().collect());
    }
    Ok(found)
}

/// These conversations as a person sees them, in the same order.
fn seen(
    read: &mut Read<'_>,
    site: &Site,
    person: PersonId,
    chosen: &[&Standing],
) -> Result<Vec<Conversation>, Error> {
    let ids: Vec<ConversationId> = chosen.iter().map(|s| s.id).collect();
    let mut found = Vec::new();
    for part in bulk::parts(&ids) {
        let query = format!(
            "WITH v (id) AS ({}) SELECT {} FROM v JOIN conversation c ON c.id = v.id",
            bulk::values(part.len(), 1),
            ConversationRow::COLUMNS
        );
        let params: Vec<Value> = part.iter().map(|id| (*id).into()).collect();
        for row in read.query(&query, &params)? {
            found.push(ConversationRow::of(&row)?);
        }
    }
    let mut members = shown_members(read, &found, person)?;
    read.expect_newest(&ids.iter().map(|id| StreamId::conversation(*id)).collect::<Vec<_>>())?;
    read.expect(&ids.iter().map(|id| StreamId::receipts(*id)).collect::<Vec<_>>())?;
    let mut found: FxHashMap<_, _> = found.into_iter().map(|found| (found.id, found)).collect();
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        let lost = || StoreError::Damaged(format!("the conversation {id} of a member is missing"));
        let found = found.remove(&id).ok_or_else(lost)?;
        let members = members.remove(&id).unwrap_or_default();
        all.push(seen_by(read, site, found, members, person)?.ok_or_else(lost)?);
    }
    Ok(all)
}
