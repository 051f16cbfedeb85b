//! A person's own settings of a conversation: when it is noticed, and where it stands in the person's list.
//!
//! Nobody else learns of them. They come to all devices of the person by an event of its own stream.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_engine::{Code, ConversationId, Error, PersonId, StreamId, limits};
use encke_site::{Act, Body, Caller, EventBody, Path, Refusal, Site, bulk, event};
use encke_store::{Row, Sql, StoreError, Tx, Value, params};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::conversation::parse;
use crate::member::check_member;

/// The latest time that a choice may name: the last millisecond of the year 9999.
const TIME_MS_MAX: u64 = 253_402_300_799_999;
/// The number of choices in a page if the request names none.
const CHOICES_DEFAULT: u64 = 200;

/// The events of a conversation of which a person wants to be noticed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Notify {
    /// Every message.
    #[default]
    All,
    /// Messages that mention the person or all.
    Mentions,
    /// None.
    Nothing,
}

impl Notify {
    fn text(self) -> &'static str {
        match self {
            Notify::All => "all",
            Notify::Mentions => "mentions",
            Notify::Nothing => "nothing",
        }
    }

    fn of(text: &str) -> Self {
        match text {
            "mentions" => Notify::Mentions,
            "nothing" => Notify::Nothing,
            _ => Notify::All,
        }
    }
}

/// A person's own settings of a conversation.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, ToSchema)]
pub struct Choices {
    /// The messages of which the person wants to be noticed.
    pub notify: Notify,
    /// The time until which the person wants to notice nothing, in milliseconds since 1970; 0 if it has chosen none.
    pub muted_until: u64,
    /// Whether it stands above others.
    pub pinned: bool,
    /// Whether it is put away.
    pub archived: bool,
    /// The name of the folder that it is in; empty if it is in none.
    pub folder: String,
}

impl Choices {
    const COLUMNS: &'static str = "conversation, notify, muted_until_ms, pinned, archived, folder";

    fn of(row: &Row) -> Result<(ConversationId, Self), StoreError> {
        let notify = Notify::of(&row.get::<String>(1)?);
        let (muted_until, pinned, archived) = (row.get(2)?, row.get(3)?, row.get(4)?);
        let choices = Choices { notify, muted_until, pinned, archived, folder: row.get(5)? };
        Ok((row.get(0)?, choices))
    }
}

/// A person's own settings of a conversation are these from here on.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChoicesChanged {
    #[schema(value_type = String)]
    conversation: ConversationId,
    choices: Choices,
}

impl EventBody for ChoicesChanged {
    const KIND: &'static str = "choices_changed";
}

/// Changes of one's own settings of a conversation; fields that are absent stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewChoices {
    notify: Option<Notify>,
    /// A time in milliseconds since 1970; 0 for none. A later one than the end of the year 9999 counts as that.
    muted_until: Option<u64>,
    pinned: Option<bool>,
    archived: Option<bool>,
    /// The name of a folder; empty for none.
    folder: Option<String>,
}

impl NewChoices {
    fn check(&self) -> Result<(), Error> {
        let most = limits::FOLDER_CHARS_MAX;
        let is_good = |name: &String| {
            name.chars().count() <= most
                && !name.chars().any(char::is_control)
                && (name.is_empty() || !name.trim().is_empty())
        };
        if self.folder.as_ref().is_none_or(is_good) {
            return Ok(());
        }
        let what = format!("The name of a folder has 1 to {most} characters on one line.");
        Err(Error::new(Code::Invalid, what))
    }

    fn over(self, now: &Choices) -> Choices {
        Choices {
            notify: self.notify.unwrap_or(now.notify),
            muted_until: self.muted_until.map_or(now.muted_until, |until| until.min(TIME_MS_MAX)),
            pinned: self.pinned.unwrap_or(now.pinned),
            archived: self.archived.unwrap_or(now.archived),
            folder: self.folder.unwrap_or_else(|| now.folder.clone()),
        }
    }
}

/// Changes one's own settings of a conversation.
#[utoipa::path(patch, operation_id = "choose", path = "/v1/conversations/{id}/choices",
    tag = "conversations", params(("id" = String, Path)), request_body = NewChoices,
    responses((status = 200, body = Choices), (status = 403, description = "not_member"),
        (status = 409, description = "conflict"), (status = 429, description = "rate_limited")))]
pub(crate) async fn change(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(new): Body<NewChoices>,
) -> Result<Json<Choices>, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    new.check()?;
    site.take(me, caller.0.role, Act::Message)?;
    let changed = site.store.write(move |tx| {
        check_member(tx, id, me)?;
        let before = of_one(tx, me, id)?.unwrap_or_default();
        let choices = new.over(&before);
        if choices != before {
            check_bounds(tx, me, &before, &choices)?;
            store(tx, me, id, &choices)?;
            let body = ChoicesChanged { conversation: id, choices: choices.clone() };
            tx.append(event(StreamId::person(me), Some(me), &body))?;
        }
        Ok(choices)
    });
    Ok(Json(changed.await?))
}

/// Refuses a further pinned conversation, or a further folder, if the person has many.
fn check_bounds(
    tx: &mut Tx<'_>,
    me: PersonId,
    before: &Choices,
    new: &Choices,
) -> Result<(), Error> {
    let refused = |what: String| Err(Error::new(Code::Conflict, what));
    let most = limits::CONVERSATIONS_PINNED_MAX;
    if new.pinned && !before.pinned && pinned(tx, me)?.len() >= most {
        return refused(format!("At most {most} conversations stand above the others."));
    }
    let most = limits::FOLDERS_PER_PERSON_MAX;
    if !new.folder.is_empty() && new.folder != before.folder {
        let folders = folders(tx, me)?;
        if folders.len() >= most && !folders.contains(&new.folder) {
            return refused(format!("You have at most {most} folders."));
        }
    }
    Ok(())
}

fn store(
    tx: &mut Tx<'_>,
    me: PersonId,
    id: ConversationId,
    choices: &Choices,
) -> Result<(), StoreError> {
    if *choices == Choices::default() {
        return forget(tx, me, id);
    }
    let Choices { notify, muted_until, pinned, archived, folder } = choices;
    tx.execute(
        "INSERT INTO choice (person, conversation, notify, muted_until_ms, pinned, archived, folder)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (person, conversation) DO UPDATE SET notify = excluded.notify,
             muted_until_ms = excluded.muted_until_ms, pinned = excluded.pinned,
             archived = excluded.archived, folder = excluded.folder",
        params![me, id, notify.text(), *muted_until, *pinned, *archived, folder],
    )
    .map(drop)
}

/// Forgets a person's settings of a conversation that it leaves.
pub(crate) fn forget(
    tx: &mut Tx<'_>,
    person: PersonId,
    id: ConversationId,
) -> Result<(), StoreError> {
    let delete = "DELETE FROM choice WHERE person = ?1 AND conversation = ?2";
    tx.execute(delete, params![person, id]).map(drop)
}

/// A person's settings of a conversation, unless it left all as it was.
pub(crate) fn of_one(
    sql: &mut impl Sql,
    person: PersonId,
    id: ConversationId,
) -> Result<Option<Choices>, StoreError> {
    Ok(of_some(sql, person, &[id])?.remove(&id))
}

/// A person's settings of these conversations. Those in which it left all as it was are missing.
pub(crate) fn of_some(
    sql: &mut impl Sql,
    person: PersonId,
    ids: &[ConversationId],
) -> Result<FxHashMap<ConversationId, Choices>, StoreError> {
    let mut found = FxHashMap::default();
    for part in bulk::parts(ids) {
        let query = format!(
            "WITH v (id) AS ({}) SELECT {} FROM v
             JOIN choice ON choice.person = ?{} AND choice.conversation = v.id",
            bulk::values(part.len(), 1),
            Choices::COLUMNS,
            part.len() + 1
        );
        let params: Vec<Value> =
            part.iter().map(|id| (*id).into()).chain([person.into()]).collect();
        for row in sql.query(&query, &params)? {
            found.extend([Choices::of(&row)?]);
        }
    }
    Ok(found)
}

/// The conversations that stand above a person's others.
pub fn pinned(sql: &mut impl Sql, person: PersonId) -> Result<Vec<ConversationId>, StoreError> {
    let query = "SELECT conversation FROM choice WHERE person = ?1 AND pinned = 1
                 ORDER BY conversation";
    sql.query(query, params![person])?.iter().map(|row| row.get(0)).collect()
}

/// The names of a person's folders.
pub fn folders(sql: &mut impl Sql, person: PersonId) -> Result<Vec<String>, StoreError> {
    let query = "SELECT DISTINCT folder FROM choice WHERE person = ?1 AND folder <> ''
                 ORDER BY folder";
    sql.query(query, params![person])?.iter().map(|row| row.get(0)).collect()
}

/// A condition on one's own settings.
#[derive(Default)]
pub(crate) struct WantedChoices {
    /// Only conversations in this folder.
    pub folder: Option<String>,
    /// Only conversations that are put away, or only others.
    pub archived: Option<bool>,
    /// Only conversations that stand above others, or only others.
    pub pinned: Option<bool>,
}

/// Conversations that are in, or not in, each of some sets.
pub(crate) struct Sieve(Vec<(bool, FxHashSet<ConversationId>)>);

impl Sieve {
    /// Whether a conversation is where it has to be.
    pub fn lets_through(&self, id: ConversationId) -> bool {
        self.0.iter().all(|(is_in, those)| those.contains(&id) == *is_in)
    }
}

impl WantedChoices {
    /// The sets of a person's conversations that these conditions are about.
    pub fn sieve(&self, sql: &mut impl Sql, person: PersonId) -> Result<Sieve, StoreError> {
        let folder = self.folder.as_deref().unwrap_or_default();
        let wanted = [
            (self.archived, "archived = 1 AND CAST(?2 AS TEXT) IS NOT NULL"),
            (self.pinned, "pinned = 1 AND CAST(?2 AS TEXT) IS NOT NULL"),
            (self.folder.as_ref().map(|_| true), "folder = ?2"),
        ];
        let mut sets = Vec::new();
        for (is_in, condition) in wanted {
            let Some(is_in) = is_in else { continue };
            let query =
                format!("SELECT conversation FROM choice WHERE person = ?1 AND {condition}");
            let rows = sql.query(&query, params![person, folder])?;
            let those = rows.iter().map(|row| row.get(0)).collect::<Result<_, StoreError>>()?;
            sets.push((is_in, those));
        }
        Ok(Sieve(sets))
    }
}

/// A choice of a page of one's own settings.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedPage {
    /// Go on behind the page that gave this as `next`.
    after: Option<String>,
    /// Greatest number of conversations in the page; 200 if absent, 500 at most.
    limit: Option<u64>,
}

/// One's own settings of one conversation.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnChoices {
    #[schema(value_type = String)]
    conversation: ConversationId,
    choices: Choices,
}

/// A page of one's own settings.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChoicesPage {
    /// Conversations of which something was chosen.
    choices: Vec<OwnChoices>,
    /// The `after` of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<String>,
}

/// One's own settings of all conversations of which something was chosen.
#[utoipa::path(get, operation_id = "choices", path = "/v1/choices", tag = "conversations",
    params(WantedPage),
    responses((status = 200, body = ChoicesPage), (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    wanted: Result<Query<WantedPage>, QueryRejection>,
) -> Result<Json<ChoicesPage>, Refusal> {
    let me = caller.0.person;
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    let wrong = |_| Error::new(Code::BadRequest, "`after` is not the `next` of a page.");
    let after: ConversationId =
        wanted.after.map_or(Ok(ConversationId(0)), |after| after.parse()).map_err(wrong)?;
    let limit = wanted.limit.unwrap_or(CHOICES_DEFAULT).clamp(1, limits::CHOICES_PAGE_MAX as u64);
    site.take(me, caller.0.role, Act::Read)?;
    let page = site.store.read(move |read| {
        let query = format!(
            "SELECT {} FROM choice WHERE person = ?1 AND conversation > ?2
             ORDER BY conversation LIMIT ?3",
            Choices::COLUMNS
        );
        let rows = read.query(&query, params![me, after, limit + 1])?;
        let shown = rows.iter().take(limit as usize).map(|row| {
            let (conversation, choices) = Choices::of(row)?;
            Ok(OwnChoices { conversation, choices })
        });
        let choices = shown.collect::<Result<Vec<_>, StoreError>>()?;
        let more = rows.len() > choices.len();
        let next = choices.last().filter(|_| more).map(|last| last.conversation.to_string());
        Ok(ChoicesPage { choices, next })
    });
    Ok(Json(page.await?))
}
