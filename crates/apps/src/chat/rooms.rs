//! The list of open rooms.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, ConversationId, Error};
use encke_store::{Sql, params};
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::identity::Role;
use crate::quota::Act;
use crate::reply::Refusal;
use crate::site::Site;

/// Rooms in one answer.
const ROOMS_MAX: u64 = 500;

/// An open room.
#[derive(Serialize, ToSchema)]
pub(crate) struct OpenRoom {
    #[schema(value_type = String)]
    id: ConversationId,
    title: Option<String>,
    members: u64,
    joined: bool,
}

/// All open rooms.
#[derive(Serialize, ToSchema)]
pub(crate) struct OpenRooms {
    rooms: Vec<OpenRoom>,
}

/// Rooms that every account may join.
#[utoipa::path(get, path = "/v1/rooms", tag = "conversations",
    responses((status = 200, body = OpenRooms)))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Json<OpenRooms>, Refusal> {
    if caller.0.role == Role::Guest {
        return Err(Refusal::new(Code::Forbidden, "Guests can't list rooms."));
    }
    site.take(caller.0.person, caller.0.role, Act::Read)?;
    let me = caller.0.person;
    let rooms = site.store.read(move |read| {
        let rows = read.query(
            "SELECT c.id, c.title, count(m.person),
                    sum(CASE WHEN m.person = ?1 THEN 1 ELSE 0 END)
             FROM conversation c LEFT JOIN member m ON m.conversation = c.id
             WHERE c.open = 1 GROUP BY c.id, c.title ORDER BY c.title, c.id LIMIT ?2",
            params![me, ROOMS_MAX],
        )?;
        let room = |row: &encke_store::Row| {
            Ok::<_, Error>(OpenRoom {
                id: row.get(0)?,
                title: row.get(1)?,
                members: row.get(2)?,
                joined: row.get(3)?,
            })
        };
        rows.iter().map(room).collect::<Result<_, Error>>()
    });
    Ok(Json(OpenRooms { rooms: rooms.await? }))
}
