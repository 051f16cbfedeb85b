//! The list of open rooms.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use encke_engine::{Code, ConversationId, Error, limits};
use encke_store::{Sql, params};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use encke_account::pattern;
use encke_site::Act;
use encke_site::Role;
use encke_site::Site;
use encke_site::caller::Caller;
use encke_site::check_search;
use encke_site::reply::Refusal;

/// The number of rooms in an answer if the request names none.
const ROOMS_DEFAULT: u64 = 100;

/// A choice of open rooms.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only those whose title holds this text.
    #[serde(default)]
    q: String,
    /// Go on behind the page that gave this as `next`.
    after: Option<String>,
    /// Greatest number of rooms in the page; 100 if absent, 200 at most.
    limit: Option<u64>,
}

/// An open room.
#[derive(Serialize, ToSchema)]
pub(crate) struct OpenRoom {
    #[schema(value_type = String)]
    id: ConversationId,
    title: String,
    /// The address of its picture; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    picture: Option<String>,
    members: u64,
    joined: bool,
}

/// A page of open rooms.
#[derive(Serialize, ToSchema)]
pub(crate) struct OpenRooms {
    rooms: Vec<OpenRoom>,
    /// The `after` of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<String>,
}

/// The room after which a page begins, from the `next` of the page before: number and title.
fn behind(next: &str) -> Result<(ConversationId, &str), Error> {
    let parts = next.split_once(':');
    let read = parts.and_then(|(id, title)| Some((id.parse().ok()?, title)));
    read.ok_or_else(|| Error::new(Code::BadRequest, "`after` is not the `next` of a page."))
}

/// Rooms that every account may join.
#[utoipa::path(get, operation_id = "open_rooms", path = "/v1/rooms", tag = "conversations",
    params(Wanted),
    responses((status = 200, body = OpenRooms), (status = 403, description = "forbidden"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    wanted: Result<Query<Wanted>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<OpenRooms>, Refusal> {
    let Query(wanted) = wanted.map_err(|e| Refusal(Error::new(Code::BadRequest, e.body_text())))?;
    if caller.0.role == Role::Guest {
        return Err(Refusal::new(Code::Forbidden, "Guests can't list rooms."));
    }
    site.take(caller.0.person, caller.0.role, Act::Read)?;
    let limit = wanted.limit.unwrap_or(ROOMS_DEFAULT).clamp(1, limits::ROOMS_PAGE_MAX as u64);
    check_search(&wanted.q, limits::TITLE_CHARS_MAX)?;
    let me = caller.0.person;
    let page = site.store.read(move |read| {
        let (id, title) = match &wanted.after {
            Some(next) => behind(next)?,
            None => (ConversationId(0), ""),
        };
        let rows = read.query(
            "SELECT c.id, c.title, c.members,
                    (SELECT count(*) FROM member m WHERE m.conversation = c.id AND m.person = ?1),
                    c.picture
             FROM conversation c
             WHERE c.open = 1 AND (c.title, c.id) > (?2, ?3)
               AND (lower(c.title) LIKE ?4 ESCAPE '\\' OR c.title LIKE ?5 ESCAPE '\\')
             ORDER BY c.title, c.id LIMIT ?6",
            // Some engines' lower() knows ASCII only. The text as it was written still matches there.
            params![
                me,
                title,
                id,
                pattern(&wanted.q.to_lowercase()),
                pattern(&wanted.q),
                limit + 1
            ],
        )?;
        let room = |row: &encke_store::Row| {
            Ok::<_, Error>(OpenRoom {
                id: row.get(0)?,
                title: row.get(1)?,
                members: row.get(2)?,
                joined: row.get(3)?,
                picture: row.get(4)?,
            })
        };
        let more = rows.len() as u64 > limit;
        let shown = rows.iter().take(limit as usize);
        let rooms = shown.map(room).collect::<Result<Vec<_>, Error>>()?;
        let last = rooms.last().filter(|_| more);
        let next = last.map(|r| format!("{}:{}", r.id, r.title));
        Ok(OpenRooms { rooms, next })
    });
    Ok(Json(page.await?))
}
