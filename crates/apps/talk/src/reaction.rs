//! Reactions: emoji under a message, also those of the site's own, which are written as `:name:`.

use std::sync::Arc;

use axum::extract::State;
use encke_engine::{Code, Error, PersonId, Seq, limits};
use encke_site::{Act, CallerOrVisitor, EventBody, Path, Refusal, Site};
use encke_store::{Sql, Tx, params};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::amendment::{Amending, amend};
use crate::emoji::reaction;
use crate::site_emoji;

/// A person has reacted to a message with an emoji, or has taken it back.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reacted {
    #[schema(value_type = u64)]
    message: Seq,
    emoji: String,
    on: bool,
}

impl EventBody for Reacted {
    const KIND: &'static str = "reacted";
}

/// Reacts to a message with an emoji. A repeated reaction changes nothing.
#[utoipa::path(put, operation_id = "react",
    path = "/v1/conversations/{id}/messages/{seq}/reactions/{emoji}", tag = "conversations",
    params(("id" = String, Path), ("seq" = String, Path), ("emoji" = String, Path)),
    responses((status = 204), (status = 403, description = "blocked, forbidden, muted, not_member"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 410, description = "erased"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn react(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path((id, seq, text)): Path<(String, String, String)>,
) -> Result<StatusCode, Refusal> {
    let emoji = reaction(&text)?;
    site.take(caller.0.person, caller.0.role, Act::Message)?;
    amend(&site, caller.0, (&id, &seq), move |tx, it| add(tx, it, emoji)).await
}

/// Takes a reaction back. One that is not there changes nothing.
#[utoipa::path(delete, operation_id = "take_reaction_back",
    path = "/v1/conversations/{id}/messages/{seq}/reactions/{emoji}", tag = "conversations",
    params(("id" = String, Path), ("seq" = String, Path), ("emoji" = String, Path)),
    responses((status = 204), (status = 403, description = "not_member"),
        (status = 404, description = "not_found"), (status = 410, description = "erased"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn take_back(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path((id, seq, text)): Path<(String, String, String)>,
) -> Result<StatusCode, Refusal> {
    let emoji = reaction(&text)?;
    site.take(caller.0.person, caller.0.role, Act::Message)?;
    amend(&site, caller.0, (&id, &seq), move |tx, it| remove(tx, it, emoji)).await
}

/// The people that have reacted with an emoji.
struct Reactors {
    count: u64,
    shown: Shown,
}

/// The people that are named with an emoji: each that comes while there is room. When one of them goes, nobody takes the
/// place until the next one comes. So a client can tell them from the events alone.
pub(crate) struct Shown(Vec<PersonId>);

impl Shown {
    /// Reads a stored list.
    pub fn of(stored: &str) -> Self {
        Shown(stored.split(' ').filter_map(|id| id.parse().ok()).map(PersonId).collect())
    }

    fn stored(&self) -> String {
        self.0.iter().map(|id| id.0.to_string()).collect::<Vec<_>>().join(" ")
    }

    fn come(&mut self, person: PersonId) {
        if self.0.len() < limits::REACTION_PEOPLE_SHOWN_MAX {
            self.0.push(person);
        }
    }

    fn go(&mut self, person: PersonId) {
        self.0.retain(|one| *one != person);
    }

    /// The people.
    pub fn people(self) -> Vec<PersonId> {
        self.0
    }
}

fn reactors(tx: &mut Tx<'_>, it: &Amending, emoji: &str) -> Result<Option<Reactors>, Error> {
    let (id, seq) = it.key();
    let query = "SELECT people, shown FROM reacted
                 WHERE conversation = ?1 AND seq = ?2 AND emoji = ?3";
    let Some(row) = tx.query_one(query, params![id, seq, emoji])? else { return Ok(None) };
    let shown = Shown::of(&row.get::<String>(1)?);
    Ok(Some(Reactors { count: row.get(0)?, shown }))
}

fn add(tx: &mut Tx<'_>, it: &Amending, emoji: String) -> Result<(), Error> {
    it.check_may_speak(tx)?;
    let (id, seq) = it.key();
    let query = "SELECT emoji FROM reaction WHERE conversation = ?1 AND seq = ?2 AND person = ?3";
    let mine = tx.query(query, params![id, seq, it.me])?;
    let mine = mine.iter().map(|row| row.get(0)).collect::<Result<Vec<String>, _>>()?;
    if mine.contains(&emoji) {
        return Ok(());
    }
    let refused = |what: String| Err(Error::new(Code::Conflict, what));
    let most = limits::REACTIONS_PER_PERSON_MAX;
    if mine.len() >= most {
        return refused(format!("One person reacts to a message with at most {most} emoji."));
    }
    site_emoji::check_is_there(tx, &emoji)?;
    let before = reactors(tx, it, &emoji)?;
    if before.is_none() {
        let query = "SELECT count(*) FROM reacted WHERE conversation = ?1 AND seq = ?2";
        let kinds = tx.query_one(query, params![id, seq])?.map_or(Ok(0), |row| row.get(0))?;
        let most = limits::REACTIONS_PER_MESSAGE_MAX;
        if kinds >= most as u64 {
            return refused(format!("A message has reactions of at most {most} different emoji."));
        }
    }
    let body = Reacted { message: seq, emoji, on: true };
    let appended = it.append(tx, &body)?;
    let mut now = before.unwrap_or(Reactors { count: 0, shown: Shown(Vec::new()) });
    now.shown.come(it.me);
    tx.execute(
        "INSERT INTO reacted (conversation, seq, emoji, position, people, shown)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (conversation, seq, emoji) DO UPDATE
         SET people = excluded.people, shown = excluded.shown",
        params![id, seq, &body.emoji, appended.position, now.count + 1, now.shown.stored()],
    )?;
    tx.execute(
        "INSERT INTO reaction (conversation, seq, person, emoji) VALUES (?1, ?2, ?3, ?4)",
        params![id, seq, it.me, &body.emoji],
    )?;
    Ok(())
}

fn remove(tx: &mut Tx<'_>, it: &Amending, emoji: String) -> Result<(), Error> {
    let (id, seq) = it.key();
    let delete = "DELETE FROM reaction
                  WHERE conversation = ?1 AND seq = ?2 AND person = ?3 AND emoji = ?4";
    if tx.execute(delete, params![id, seq, it.me, &emoji])? == 0 {
        return Ok(());
    }
    if let Some(mut now) = reactors(tx, it, &emoji)? {
        now.shown.go(it.me);
        tx.execute(
            "UPDATE reacted SET people = ?4, shown = ?5
             WHERE conversation = ?1 AND seq = ?2 AND emoji = ?3",
            params![id, seq, &emoji, now.count.saturating_sub(1), now.shown.stored()],
        )?;
        let unused = "DELETE FROM reacted
                      WHERE conversation = ?1 AND seq = ?2 AND emoji = ?3 AND people = 0";
        tx.execute(unused, params![id, seq, &emoji])?;
    }
    it.append(tx, &Reacted { message: seq, emoji, on: false }).map(drop)
}
