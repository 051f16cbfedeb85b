//! The conversations of a person by pages, the one with the latest activity first.
//!
//! A page looks at all of the person's rows of `member` and at the heads of their streams, which are in memory; it loads
//! only what it shows. Nothing is written for this order when somebody writes a message. A conversation in which
//! something happens between two pages moves before both of them: the feed tells of it, since its new event lies behind
//! the cursor of the first page.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use bytes::Bytes;
use encke_account::{Person, people};
use encke_engine::{Code, ConversationId, Entry, Error, PersonId, Position, Seq, StreamId, limits};
use encke_site::{Act, CallerOrVisitor, JsonList, JsonObject, Refusal, Site, bulk, check_search};
use encke_store::{Head, Read, Sql, StoreError, Value, params};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::amended::{edited_by, newest_edits};
use crate::choices::{self, WantedChoices};
use crate::conversation::{Conversation, Member, MemberRole, MemberRow};
use crate::conversation_facts::{Ends, Facts, ends, facts};
use crate::hidden;
use crate::mention;
use crate::message::is_message;
use crate::receipts::Receipts;

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
    /// Only those in this folder of one's own.
    folder: Option<String>,
    /// Only those that one has put away, or only the others.
    archived: Option<bool>,
    /// Only those that stand above others for one, or only the others.
    pinned: Option<bool>,
    /// Go on behind the page that gave this as `before`.
    before: Option<String>,
    /// Greatest number of conversations in the page; 50 if absent, 50 at most.
    limit: Option<u64>,
}

/// A page of the person's conversations.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) struct ConversationPage {
    /// The conversation with the latest activity first.
    conversations: Vec<Conversation>,
    /// The members that are shown and the writers of the newest events.
    people: Vec<Person>,
    /// The `before` of the next page; null on the last one. A page holds a bounded number of bytes, and a search looks at
    /// a bounded number of conversations for each page. So a page may be short or empty although others follow.
    #[schema(required)]
    before: Option<String>,
}

/// A page as it is sent.
pub struct WrittenPage {
    /// The conversations.
    pub conversations: JsonList,
    /// The people by their ids.
    pub people: BTreeMap<PersonId, Bytes>,
    /// The `before` of the next page.
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
    choices: WantedChoices,
    before: Option<Position>,
    conversations_max: usize,
    bytes_max: usize,
}

/// The place of one conversation in a person's list, and how much of it is unread.
pub(crate) struct Standing {
    pub id: ConversationId,
    pub head: Head,
    pub unread: u64,
    /// Whether it is a thread.
    pub is_thread: bool,
    /// Whether the person has hidden any message, here or elsewhere.
    hides: bool,
}

impl Unread {
    fn of<'a>(standings: impl Iterator<Item = &'a Standing>) -> Self {
        standings.filter(|s| s.unread > 0).fold(Unread::default(), |sum, s| Unread {
            conversations: sum.conversations + 1,
            messages: sum.messages + s.unread,
        })
    }
}

/// The first page of a person's conversations, the sums over all of them, and those over the threads that it follows.
pub fn first_page(
    read: &mut Read<'_>,
    site: &Site,
    person: PersonId,
    bytes_max: usize,
) -> Result<(WrittenPage, Unread, Unread), Error> {
    let all = standings(read, site, person)?;
    let (threads, standings): (Vec<_>, Vec<_>) = all.into_iter().partition(|s| s.is_thread);
    let (unread, in_threads) = (Unread::of(standings.iter()), Unread::of(threads.iter()));
    let wanted = Wanted {
        q: String::new(),
        unread: false,
        choices: WantedChoices::default(),
        before: None,
        conversations_max: limits::CONVERSATIONS_PAGE_MAX,
        bytes_max,
    };
    Ok((page(read, site, person, &standings, &wanted)?, unread, in_threads))
}

/// A page of the caller's conversations, the one with the latest activity first.
#[utoipa::path(get, operation_id = "conversations", path = "/v1/conversations",
    tag = "conversations", params(WantedConversations),
    responses((status = 200, body = ConversationPage), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    wanted: Result<Query<WantedConversations>, QueryRejection>,
) -> Result<JsonObject, Refusal> {
    let me = caller.0.person;
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    check_search(&wanted.q, limits::TITLE_CHARS_MAX)?;
    let most = limits::CONVERSATIONS_PAGE_MAX;
    let wanted = Wanted {
        q: wanted.q.to_lowercase(),
        unread: wanted.unread,
        choices: WantedChoices {
            folder: wanted.folder,
            archived: wanted.archived,
            pinned: wanted.pinned,
        },
        before: wanted.before.as_deref().map(parse_before).transpose()?,
        conversations_max: wanted.limit.map_or(most, |limit| limit.clamp(1, most as u64) as usize),
        bytes_max: limits::CONVERSATIONS_PAGE_BYTES_MAX,
    };
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let page = site.store.read(move |read| {
        let mut standings = standings(read, &held, me)?;
        standings.retain(|s| !s.is_thread);
        let page = page(read, &held, me, &standings, &wanted)?;
        let mut json = JsonObject::default();
        json.put_json("conversations", &page.conversations.into_bytes());
        json.put_list("people", page.people.values().map(|person| &person[..]));
        json.put("before", &page.before);
        Ok(json)
    });
    Ok(page.await?)
}

/// Reads the `before` of a page: the next page begins behind this position.
pub(crate) fn parse_before(before: &str) -> Result<Position, Error> {
    let digits = !before.is_empty() && before.bytes().all(|b| b.is_ascii_digit());
    let position = before.parse().ok().filter(|at| digits && *at <= i64::MAX as u64);
    let refused = || Error::new(Code::BadRequest, "`before` is not the `before` of a page.");
    position.map(Position).ok_or_else(refused)
}

/// All conversations of a person and the threads that it follows, the one with the latest activity first.
pub(crate) fn standings(
    read: &mut Read<'_>,
    site: &Site,
    person: PersonId,
) -> Result<Vec<Standing>, Error> {
    // Tickets that a person answers as staff are in the desk's own list.
    let query = "SELECT conversation, joined_seq, read, parent,
                     EXISTS (SELECT 1 FROM hidden WHERE person = ?1)
                 FROM member WHERE person = ?1 AND is_ticket = 0";
    let rows = read.query(query, params![person])?;
    let ids = rows.iter().map(|row| row.get(0)).collect::<Result<Vec<_>, _>>()?;
    let streams: Vec<_> = ids.iter().map(|id| StreamId::conversation(*id)).collect();
    read.expect(&streams)?;
    let receipts = Receipts::of(site);
    let mut all = Vec::with_capacity(rows.len());
    for ((row, id), stream) in rows.iter().zip(ids).zip(streams) {
        let head = read.head(stream)?;
        let (role, delivered) = (MemberRole::Member, Seq(0));
        let member = Member { person, role, delivered, read: row.get(2)?, muted_until: None };
        let mut mine = [MemberRow { conversation: id, member, joined_seq: row.get(1)? }];
        receipts.fold_own_into(read, id, head, &mut mine)?;
        let is_thread = row.get::<Option<ConversationId>>(3)?.is_some();
        let unread = mine[0].unread(head.seq);
        all.push(Standing { id, head, unread, is_thread, hides: row.get(4)? });
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
) -> Result<WrittenPage, Error> {
    let from = wanted.before.map_or(0, |at| standings.partition_point(|s| s.head.position >= at));
    let sieve = wanted.choices.sieve(read, person)?;
    let candidates = standings[from..].iter().filter(|s| !wanted.unread || s.unread > 0);
    let candidates = candidates.filter(|s| sieve.lets_through(s.id));
    let candidates: Vec<&Standing> = candidates.collect();
    let (chosen, mut before) = if wanted.q.is_empty() {
        let chosen = &candidates[..candidates.len().min(wanted.conversations_max)];
        (chosen.to_vec(), last_of(chosen).filter(|_| chosen.len() < candidates.len()))
    } else {
        named(read, person, &candidates, wanted)?
    };
    let seen = seen(read, site, person, &chosen)?;
    let once: FxHashSet<PersonId> = seen.iter().flat_map(Seen::people).collect();
    let everybody = people(read, site, person, &once.into_iter().collect::<Vec<_>>())?;
    let mut everybody: FxHashMap<_, _> =
        everybody.iter().map(|person| (person.id, person.json())).collect();
    let (mut conversations, mut shown, mut people_bytes) =
        (JsonList::default(), BTreeMap::new(), 0);
    for (at, seen) in seen.into_iter().enumerate() {
        let before_this = conversations.bytes();
        conversations.push_json(&seen.json);
        let more: Vec<_> = seen.people().filter_map(|id| everybody.remove_entry(&id)).collect();
        people_bytes += more.iter().map(|(_, json)| json.len() + 1).sum::<usize>();
        if at > 0 && conversations.bytes() + people_bytes > wanted.bytes_max {
            conversations.cut(before_this);
            before = last_of(&chosen[..at]);
            break;
        }
        shown.extend(more);
    }
    Ok(WrittenPage { conversations, people: shown, before: before.map(|at| at.0.to_string()) })
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

/// A conversation as a person sees it.
struct Seen {
    json: Bytes,
    facts: Arc<Facts>,
    /// The writer of the newest event.
    writer: Option<PersonId>,
}

impl Seen {
    /// The people that the conversation mentions.
    fn people(&self) -> impl Iterator<Item = PersonId> {
        self.facts.people().chain(self.writer)
    }
}

/// These conversations as a person sees them, in the same order.
fn seen(
    read: &mut Read<'_>,
    site: &Site,
    person: PersonId,
    chosen: &[&Standing],
) -> Result<Vec<Seen>, Error> {
    let streams = |stream: fn(ConversationId) -> StreamId| -> Vec<StreamId> {
        chosen.iter().map(|s| stream(s.id)).collect()
    };
    read.expect_newest(&streams(StreamId::conversation))?;
    read.expect(&streams(StreamId::receipts))?;
    let wanted = chosen.iter().map(|s| Ok((s.id, ends(read, s.id, s.head)?)));
    let wanted = wanted.collect::<Result<Vec<_>, Error>>()?;
    let mut newest = newest(read, &wanted)?;
    let unread = chosen.iter().filter(|s| s.unread > 0);
    let seen: Vec<_> = unread.map(|s| (s.id, Seq(s.head.seq.0 - s.unread))).collect();
    let mentions = mention::unseen(read, person, &seen)?;
    let ids: Vec<_> = chosen.iter().map(|s| s.id).collect();
    let choices = choices::of_some(read, person, &ids)?;
    let heads = chosen.iter().filter(|s| s.hides).map(|s| (s.id, s.head.seq));
    let hidden = hidden::among(read, person, &heads.collect::<Vec<_>>())?;
    let mut all = Vec::with_capacity(chosen.len());
    for ((id, ends), facts) in wanted.iter().zip(facts(read, site, person, &wanted)?) {
        let last = newest.remove(id);
        let mentions = mentions.get(id).map_or(&[][..], Vec::as_slice);
        let writer = last.as_ref().and_then(|entry| entry.event.from);
        let last = (last.as_deref(), hidden.contains(&(*id, ends.said.seq)));
        let choices = choices.get(id);
        let json = facts.seen_by(person, *ends, last, mentions, choices).ok_or_else(|| {
            StoreError::Damaged(format!("a member of the conversation {id} is missing"))
        })?;
        all.push(Seen { json: json.into_bytes(), facts, writer });
    }
    Ok(all)
}

/// The newest events of conversations, with the texts that messages have now.
fn newest(
    read: &mut Read<'_>,
    wanted: &[(ConversationId, Ends)],
) -> Result<FxHashMap<ConversationId, Arc<Entry>>, StoreError> {
    let mut newest = FxHashMap::default();
    for (id, ends) in wanted {
        newest.extend(read.event(ends.said.position)?.map(|entry| (*id, entry)));
    }
    let messages = newest.iter().filter(|(_, entry)| is_message(&entry.event));
    let messages: Vec<_> = messages.map(|(id, entry)| (*id, entry.event.seq)).collect();
    for (id, at) in newest_edits(read, &messages)? {
        if let (Some(entry), Some(edit)) = (newest.get_mut(&id), read.event(at)?) {
            *entry = edited_by(entry, &edit);
        }
    }
    Ok(newest)
}
