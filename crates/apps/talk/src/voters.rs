//! The people that have voted for an option of a poll, by pages.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_account::{Person, people};
use encke_engine::{Code, Error, PersonId, talk_limits};
use encke_site::{Act, Caller, Path, Refusal, Site};
use encke_store::{Sql, StoreError, params};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::amendment::{find_message, no_such_message, parse_seq};
use crate::conversation::parse;
use crate::hidden;
use crate::member::check_member;
use crate::poll::poll_of;

/// The number of people in a page if the request names none.
const PAGE_DEFAULT: usize = 20;

/// A choice of people.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedVoters {
    /// The option that they have voted for; the first one is 0.
    option: u64,
    /// Go on behind the page that gave this as `next`.
    #[param(value_type = Option<String>)]
    after: Option<PersonId>,
    /// Greatest number of people in the page; 20 if absent, 50 at most.
    limit: Option<usize>,
}

/// A page of the people that have voted for an option.
#[derive(Serialize, ToSchema)]
pub(crate) struct Voters {
    people: Vec<Person>,
    /// The `after` of the next page; null on the last one.
    #[schema(value_type = Option<String>, required)]
    next: Option<PersonId>,
}

/// The people that have voted for an option of a poll. Of an anonymous poll nobody is told.
#[utoipa::path(get, operation_id = "voters",
    path = "/v1/conversations/{id}/messages/{seq}/voters", tag = "conversations",
    params(("id" = String, Path), ("seq" = String, Path), WantedVoters),
    responses((status = 200, body = Voters),
        (status = 403, description = "forbidden, not_member"),
        (status = 404, description = "not_found"), (status = 410, description = "erased"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, seq)): Path<(String, String)>,
    wanted: Result<Query<WantedVoters>, QueryRejection>,
) -> Result<Json<Voters>, Refusal> {
    let (id, seq, me) = (parse(&id)?, parse_seq(&seq)?, caller.0.person);
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    site.take(me, caller.0.role, Act::Read)?;
    let limit = wanted.limit.unwrap_or(PAGE_DEFAULT).clamp(1, talk_limits::POLL_VOTERS_PAGE_MAX);
    let after = wanted.after.unwrap_or(PersonId(0));
    let held = site.clone();
    let found = site.store.read(move |read| {
        check_member(read, id, me)?;
        let message = find_message(read, id, seq)?;
        if hidden::is_hidden(read, me, (id, seq))? {
            return Err(no_such_message());
        }
        let poll = poll_of(&message.event)?;
        if poll.anonymous {
            let what = "This poll is anonymous: nobody is told who has voted.";
            return Err(Error::new(Code::Forbidden, what));
        }
        if wanted.option >= poll.options.len() as u64 {
            return Err(Error::new(Code::Invalid, "The poll has no such option."));
        }
        let query = "SELECT person FROM poll_vote
                     WHERE conversation = ?1 AND seq = ?2 AND choice = ?3 AND person > ?4
                     ORDER BY person LIMIT ?5";
        let rows = read.query(query, params![id, seq, wanted.option, after, limit as u64 + 1])?;
        let ids = rows.iter().map(|row| row.get(0)).collect::<Result<Vec<PersonId>, StoreError>>();
        let mut ids = ids?;
        let more = ids.len() > limit;
        ids.truncate(limit);
        let next = ids.last().copied().filter(|_| more);
        Ok(Voters { people: people(read, &held, me, &ids)?, next })
    });
    Ok(Json(found.await?))
}
