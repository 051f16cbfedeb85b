//! The snapshot: the present state of everything that a person sees, and the cursor at which it is true.
//!
//! Each product adds its own part and the ids of the people in it. The people themselves are added here, once for all
//! parts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Error, PersonId};
use encke_site::snapshot::Fields;
use encke_site::{Act, Caller, Refusal, Site};
use encke_store::Read;
use serde::Serialize;
use utoipa::ToSchema;

use crate::person::{Me, Person, me, people};

/// The state that a client starts from.
#[derive(Serialize, ToSchema)]
pub(crate) struct Snapshot {
    /// Cursor from which the feed goes on.
    cursor: String,
    /// The caller.
    me: Me,
    /// All people that the rest mentions.
    people: Vec<Person>,
    #[serde(flatten)]
    #[schema(ignore)]
    products: Fields,
}

/// Returns the present state of everything that the caller sees.
#[utoipa::path(get, path = "/v1/snapshot", tag = "feed",
    responses((status = 200, body = Snapshot), (status = 429, description = "rate_limited")))]
pub(crate) async fn snapshot(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Json<Snapshot>, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Read)?;
    let held = site.clone();
    let taken = site.store.read(move |read| take(read, &held, caller.0.person));
    Ok(Json(taken.await?))
}

fn take(read: &mut Read<'_>, site: &Site, person: PersonId) -> Result<Snapshot, Error> {
    let parts = encke_site::snapshot::take(read, site, person)?;
    Ok(Snapshot {
        cursor: read.cursor().to_string(),
        me: me(read, site, person)?,
        people: people(read, site, &parts.people)?,
        products: parts.fields,
    })
}
