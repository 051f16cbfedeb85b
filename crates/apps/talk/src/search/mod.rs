//! Search in the messages of all conversations that a person is in.
//!
//! The index gives candidates, the newest first; for starred and pinned messages other tables do. Each is looked at before it is shown: whether the person may see it,
//! whether it still holds a message, and whether characters without spaces between them stand together.

mod index;
mod marked;
mod tickets;
mod words;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_account::{Person, people_named};
use encke_engine::{
    Code, ConversationId, Entry, Error, Owner, PersonId, Position, limits, talk_limits,
};
use encke_site::{Act, Caller, FeedEvent, JsonObject, Refusal, Site, bulk, check_search};
use encke_store::{Engine, Read, Sql, StoreError, Value, params};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::amended::{edited_by, newest_edits};
use crate::conversation::{Parent, find};
use crate::hidden;
use crate::member::check_member;
use crate::message::is_message;
use index::{FILE, LINK, Searched, mark_of_conversation, mark_of_person};
pub(crate) use index::{Followed, follow};
pub use marked::{Between, Candidate, StarsOf};
use marked::{Is, Marked};
pub use tickets::{TicketsFound, tickets_with};
use words::Wanted;

/// The number of messages in a page if the request names none.
const PAGE_DEFAULT: usize = 20;
/// Candidates that are asked for first, and then at once.
const CANDIDATES: (u64, u64) = (64, 1_024);

/// A choice of messages.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedMessages {
    /// Words that the message has, each of them. Chinese words need no spaces between them.
    #[serde(default)]
    q: String,
    /// Only messages of this conversation.
    #[param(value_type = Option<String>)]
    conversation: Option<ConversationId>,
    /// Only messages of this person.
    #[param(value_type = Option<String>)]
    from: Option<PersonId>,
    /// Only messages with a link, or with a file.
    #[param(inline)]
    has: Option<Has>,
    /// Only messages that the caller has starred, or that are pinned in their conversations.
    #[param(inline)]
    is: Option<Is>,
    /// Only messages up to this time, in milliseconds since 1970.
    before: Option<u64>,
    /// Only messages after this time, in milliseconds since 1970.
    after: Option<u64>,
    /// Go on behind the page that gave this as `next`.
    next: Option<String>,
    /// Greatest number of messages in the page; 20 if absent, 50 at most.
    limit: Option<usize>,
}

/// What a message has beside its text.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Has {
    /// A link.
    Link,
    /// A file.
    File,
}

/// Messages that were found, the newest first.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) struct FoundMessages {
    /// The messages as in the feed, with the texts that edits have given them. The stream of each names its conversation.
    events: Vec<FeedEvent>,
    /// Their authors.
    people: Vec<Person>,
    /// The threads among their streams.
    threads: Vec<FoundThread>,
    /// The `next` of the page behind this one; null on the last one. A page looks at a bounded number of messages, so it
    /// may be short or empty although another follows.
    #[schema(required)]
    next: Option<String>,
}

/// A thread in which something was found.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundThread {
    #[schema(value_type = String)]
    thread: ConversationId,
    /// The message that it belongs to.
    parent: Parent,
}

/// Searches the messages of all conversations that the caller is in.
#[utoipa::path(get, operation_id = "search", path = "/v1/search", tag = "conversations",
    params(WantedMessages),
    responses((status = 200, body = FoundMessages), (status = 403, description = "not_member"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn search(
    State(site): State<Arc<Site>>,
    caller: Caller,
    wanted: Result<Query<WantedMessages>, QueryRejection>,
) -> Result<JsonObject, Refusal> {
    let Query(wanted) = wanted.map_err(|e| Refusal(Error::new(Code::BadRequest, e.body_text())))?;
    check_search(&wanted.q, limits::SEARCH_CHARS_MAX)?;
    let (me, search) = (caller.0.person, Search::of(&site, &wanted)?);
    site.take(caller.0.person, caller.0.role, Act::Read)?;
    let limit = wanted.limit.unwrap_or(PAGE_DEFAULT).clamp(1, limits::SEARCH_PAGE_MAX);
    let held = site.clone();
    let page = site.store.read(move |read| {
        let found = search.run(read, me, limit)?;
        let authors = found.entries.iter().filter_map(|entry| entry.event.from);
        let mut page = JsonObject::default();
        page.put_list("events", found.entries.iter().map(|entry| &entry.json()[..]));
        page.put("people", &people_named(read, &held, me, authors)?);
        page.put("threads", &threads_of(read, &found.entries)?);
        page.put("next", &found.next.map(|behind| behind.to_string()));
        Ok(page)
    });
    Ok(page.await?)
}

/// A search, as the caller asks for it.
struct Search {
    words: Wanted,
    conversation: Option<ConversationId>,
    /// Only messages of this person.
    from: Option<PersonId>,
    has: Option<Has>,
    /// Where the candidates are, if not in the index.
    marked: Option<Marked>,
    before_ms: Option<u64>,
    after_ms: Option<u64>,
    /// Go on behind another page.
    behind: Option<Behind>,
}

/// The end of a page, as the next one gets it.
#[derive(Clone, Copy)]
struct Behind {
    /// Only messages below this position are left.
    below: Position,
    /// The last word is taken for the beginning of one.
    begins: bool,
}

/// The sign for [`Behind::begins`] in the `next` of a page.
const BEGINS: char = '~';

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.below.0)?;
        if self.begins { write!(f, "{BEGINS}") } else { Ok(()) }
    }
}

impl FromStr for Behind {
    type Err = Error;

    fn from_str(next: &str) -> Result<Self, Error> {
        let position = next.strip_suffix(BEGINS);
        let below = position.unwrap_or(next).parse().map(Position);
        let wrong = |_| Error::new(Code::BadRequest, "`next` is not the `next` of a page.");
        Ok(Behind { below: below.map_err(wrong)?, begins: position.is_some() })
    }
}

/// The messages of a page.
struct Found {
    entries: Vec<Arc<Entry>>,
    /// The beginning of the next page.
    next: Option<Behind>,
}

/// The conversations that a person may search.
enum Scope {
    /// The index is asked for these only.
    Named(Vec<ConversationId>),
    /// The index is asked for all; the others are left out afterwards.
    Among(FxHashSet<ConversationId>),
}

impl Search {
    fn of(site: &Site, wanted: &WantedMessages) -> Result<Self, Error> {
        let words = Wanted::of(&wanted.q);
        let WantedMessages { from, has, is, .. } = *wanted;
        let is_filtered = from.is_some() || has.is_some() || is.is_some();
        if words.is_empty() && (!is_filtered || !wanted.q.trim().is_empty()) {
            let what = "Search for a word, or for messages of a person, with a link or a file, starred or pinned.";
            return Err(Error::new(Code::Invalid, what));
        }
        let marked = match is {
            Some(Is::Starred) => Some(Marked::Starred(stars_of(site)?)),
            Some(Is::Pinned) => Some(Marked::Pinned),
            None => None,
        };
        let behind = wanted.next.as_deref().map(Behind::from_str).transpose()?;
        Ok(Search {
            words,
            conversation: wanted.conversation,
            from,
            has,
            marked,
            before_ms: wanted.before,
            after_ms: wanted.after,
            behind,
        })
    }

    fn run(&self, read: &mut Read<'_>, me: PersonId, limit: usize) -> Result<Found, Error> {
        let scope = self.scope(read, me)?;
        if read.engine() == Engine::Postgres {
            // Which index serves depends on how common the words are, so a plan that is made for any words is a bad one.
            read.query("SET LOCAL plan_cache_mode = force_custom_plan", params![])?;
        }
        let above = self.after_ms.map_or(Ok(Position(0)), |ms| read.position_at(ms))?;
        let mut end = Position(read.position().0 + 1);
        if let Some(ms) = self.before_ms {
            end = end.min(Position(read.position_at(ms)?.0 + 1));
        }
        if let Some(behind) = self.behind {
            return self.page(read, (me, &scope), above, behind, limit);
        }
        let first = Behind { below: end, begins: false };
        let found = self.page(read, (me, &scope), above, first, limit)?;
        let is_none = found.entries.is_empty() && found.next.is_none();
        let whole = Between { above, below: end, count: 1 };
        if is_none && self.words.may_begin() && self.rest_fits(read, &scope, whole)? {
            return self.page(read, (me, &scope), above, Behind { begins: true, ..first }, limit);
        }
        Ok(found)
    }

    fn page(
        &self,
        read: &mut Read<'_>,
        (me, scope): (PersonId, &Scope),
        above: Position,
        behind: Behind,
        limit: usize,
    ) -> Result<Found, Error> {
        let query = match self.marked {
            Some(_) => None,
            None => self.query(read.engine(), scope, behind.begins),
        };
        let most = match self.marked {
            Some(_) => talk_limits::SEARCH_MARKED_LOOKED_AT_MAX,
            None => limits::SEARCH_LOOKED_AT_MAX,
        };
        let (mut at, mut entries) = (behind, Vec::new());
        let (mut looked_at, mut batch) = (0, CANDIDATES.0);
        while looked_at < most {
            let part = Between { above, below: at.below, count: batch };
            let candidates = match self.marked {
                Some(marked) => marked.candidates(read, me, scope, part)?,
                None => candidates(read, &query, part)?,
            };
            let is_last = (candidates.len() as u64) < batch;
            looked_at += candidates.len();
            for (position, conversation) in candidates {
                at.below = position;
                entries.extend(self.look_at(read, (me, scope), at, conversation)?);
                if entries.len() == limit {
                    return Ok(Found { entries, next: Some(at) });
                }
            }
            if is_last {
                return Ok(Found { entries, next: None });
            }
            batch = CANDIDATES.1;
        }
        Ok(Found { entries, next: Some(at) })
    }

    fn scope(&self, read: &mut Read<'_>, me: PersonId) -> Result<Scope, Error> {
        if let Some(id) = self.conversation {
            check_member(read, id, me)?;
            return Ok(Scope::Named(vec![id]));
        }
        let rows = read.query(
            // What is said in threads is found under the conversation that they are part of.
            "SELECT conversation FROM member WHERE person = ?1 AND parent IS NULL",
            params![me],
        )?;
        let ids = rows.iter().map(|row| row.get(0));
        match rows.len() <= limits::SEARCH_CONVERSATIONS_MAX {
            true => Ok(Scope::Named(ids.collect::<Result<_, StoreError>>()?)),
            false => Ok(Scope::Among(ids.collect::<Result<_, StoreError>>()?)),
        }
    }

    /// Whether any message of the index has all that is asked for but the last word. Asked before the messages with a
    /// beginning of a word: the index gathers all of those first, which are many, whatever else is asked for.
    fn rest_fits(
        &self,
        read: &mut Read<'_>,
        scope: &Scope,
        whole: Between,
    ) -> Result<bool, StoreError> {
        if self.marked.is_some() {
            return Ok(true);
        }
        let Some(marks) = self.marks(scope) else { return Ok(false) };
        match self.words.query_of_rest(read.engine(), &marks) {
            Some(query) => Ok(!candidates(read, &Some(query), whole)?.is_empty()),
            None => Ok(true),
        }
    }

    /// The query in the language of the engine's index; `None` if nothing can be found.
    fn query(&self, engine: Engine, scope: &Scope, begins: bool) -> Option<String> {
        Some(self.words.query(engine, &self.marks(scope)?, begins))
    }

    /// The marks that a message of the index must have, one of each list; `None` if nothing can be found.
    fn marks(&self, scope: &Scope) -> Option<Vec<Vec<String>>> {
        let has = self.has.map(|has| match has {
            Has::Link => LINK.to_owned(),
            Has::File => FILE.to_owned(),
        });
        let marks = self.from.map(mark_of_person).into_iter().chain(has);
        let mut marks: Vec<Vec<String>> = marks.map(|mark| vec![mark]).collect();
        if let Scope::Named(ids) = scope {
            if ids.is_empty() {
                return None;
            }
            marks.push(ids.iter().map(|id| mark_of_conversation(*id)).collect());
        }
        Some(marks)
    }

    /// A candidate of the index, if it is to be shown.
    fn look_at(
        &self,
        read: &mut Read<'_>,
        (me, scope): (PersonId, &Scope),
        at: Behind,
        conversation: ConversationId,
    ) -> Result<Option<Arc<Entry>>, Error> {
        if let Scope::Among(mine) = scope
            && !mine.contains(&conversation)
        {
            return Ok(None);
        }
        let Some(entry) = read.event(at.below)? else { return Ok(None) };
        let event = &entry.event;
        // The index may be behind: what was erased is shown to nobody from that moment on.
        let Owner::Conversation(said_in) = event.stream.owner() else { return Ok(None) };
        if !is_message(event) || (said_in != conversation && !is_in(read, said_in, conversation)?) {
            return Ok(None);
        }
        let message = [(said_in, event.seq)];
        let entry = match newest_edits(read, &message)?.get(&said_in) {
            Some(at) => read.event(*at)?.map(|edit| edited_by(&entry, &edit)).unwrap_or(entry),
            None => entry,
        };
        let said = serde_json::from_slice::<Searched<'_>>(&entry.event.body);
        let fits = said.is_ok_and(|said| match self.marked {
            Some(_) => self.fits(&said, &entry, conversation, at.begins),
            None => self.words.is_in(&said.whole()),
        });
        // Asked last, and so of a page's messages alone.
        if !fits || hidden::is_hidden(read, me, message[0])? {
            return Ok(None);
        }
        Ok(Some(entry))
    }
}

/// The stars of people, if this site keeps any.
fn stars_of(site: &Site) -> Result<StarsOf, Error> {
    let what = "This site keeps no stars.";
    site.find_part().copied().ok_or_else(|| Error::new(Code::Invalid, what))
}

impl Search {
    /// Whether a message that no index has looked at is one that is searched for.
    fn fits(
        &self,
        said: &Searched<'_>,
        entry: &Entry,
        house: ConversationId,
        begins: bool,
    ) -> bool {
        let said_in = entry.event.stream.owner();
        let is_there = |id| id == house || said_in == Owner::Conversation(id);
        self.conversation.is_none_or(is_there)
            && self.from.is_none_or(|from| entry.event.from == Some(from))
            && self.has.is_none_or(|has| match has {
                Has::Link => said.has_link(),
                Has::File => said.has_file(),
            })
            && self.words.all_in(&said.whole(), begins)
            && self.words.is_in(&said.whole())
    }
}

/// Whether a conversation is a thread of another one.
fn is_in(
    sql: &mut impl Sql,
    thread: ConversationId,
    conversation: ConversationId,
) -> Result<bool, StoreError> {
    let parent = find(sql, thread)?.and_then(|found| found.parent);
    Ok(parent.is_some_and(|parent| parent.conversation == conversation))
}

/// The threads among the conversations in which these messages were said.
fn threads_of(sql: &mut impl Sql, entries: &[Arc<Entry>]) -> Result<Vec<FoundThread>, StoreError> {
    let said_in = entries.iter().filter_map(|entry| match entry.event.stream.owner() {
        Owner::Conversation(id) => Some(id),
        _ => None,
    });
    let mut ids: Vec<_> = said_in.collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found = Vec::new();
    for part in bulk::parts(&ids) {
        let query = format!(
            "WITH v (id) AS ({}) SELECT t.id, t.parent, t.parent_message FROM v
             JOIN conversation t ON t.id = v.id WHERE t.parent IS NOT NULL",
            bulk::values(part.len(), 1)
        );
        let params: Vec<Value> = part.iter().map(|id| (*id).into()).collect();
        for row in sql.query(&query, &params)? {
            let parent = Parent { conversation: row.get(1)?, message: row.get(2)? };
            found.push(FoundThread { thread: row.get(0)?, parent });
        }
    }
    Ok(found)
}

/// The next messages that the index has for a query, the newest first, with their conversations.
fn candidates(
    read: &mut Read<'_>,
    query: &Option<String>,
    Between { above, below, count }: Between,
) -> Result<Vec<(Position, ConversationId)>, StoreError> {
    let Some(query) = query else { return Ok(Vec::new()) };
    let sql = match read.engine() {
        Engine::Sqlite => {
            "SELECT m.position, m.conversation FROM index_words w
             JOIN index_message m ON m.position = w.rowid
             WHERE w.index_words MATCH ?1 AND w.rowid > ?2 AND w.rowid < ?3
             ORDER BY w.rowid DESC LIMIT ?4"
        }
        Engine::Postgres => {
            "SELECT position, conversation FROM index_message
             WHERE words @@ CAST(CAST(?1 AS text) AS tsquery) AND position > ?2 AND position < ?3
             ORDER BY position DESC LIMIT ?4"
        }
    };
    let rows = read.query(sql, params![query.as_str(), above, below, count])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
