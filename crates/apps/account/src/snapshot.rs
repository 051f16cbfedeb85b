//! The snapshot: the present state of everything that a person sees, and the cursor at which it is true.
//!
//! Each product adds its own part and the ids of the people in it. The people themselves are added here, once for all
//! parts.

use std::sync::Arc;

use axum::extract::State;
use bytes::Bytes;
use encke_engine::{Error, PersonId};
use encke_site::identity::not_signed_in;
use encke_site::{Act, CallerOrVisitor, JsonObject, Refusal, Site};
use encke_store::Read;
use utoipa::ToSchema;

use crate::person::{Me, Person, people};
use crate::settings::settings;

/// The state that a client starts from.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) struct Snapshot {
    /// Cursor from which the feed goes on.
    cursor: String,
    /// The caller.
    me: Me,
    /// All people that the rest mentions.
    people: Vec<Person>,
}

/// Returns the present state of everything that the caller sees.
#[utoipa::path(get, path = "/v1/snapshot", tag = "feed",
    responses((status = 200, body = Snapshot), (status = 429, description = "rate_limited")))]
pub(crate) async fn snapshot(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
) -> Result<JsonObject, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Read)?;
    let held = site.clone();
    let taken = site.store.read(move |read| take(read, &held, caller.0.person));
    Ok(taken.await?)
}

fn take(read: &mut Read<'_>, site: &Site, person: PersonId) -> Result<JsonObject, Error> {
    let encke_site::snapshot::Snapshot { fields, people: mut all } =
        encke_site::snapshot::take(read, site, person)?;
    let is_mentioned = all.contains_key(&person);
    all.entry(person).or_default();
    let unwritten: Vec<PersonId> =
        all.iter().filter(|(_, json)| json.is_none()).map(|(id, _)| *id).collect();
    for person in people(read, site, person, &unwritten)? {
        all.insert(person.id, Some(person.json()));
    }
    let mut me = JsonObject::default();
    me.put_fields(all[&person].as_ref().ok_or_else(not_signed_in)?);
    me.put("site_name", &settings(read)?.site_name);
    if !is_mentioned {
        all.remove(&person);
    }
    let people: Vec<Bytes> = all.into_values().flatten().collect();
    let (me, fields) = (me.into_bytes(), fields.into_bytes());
    let bytes = people.iter().map(|json| json.len() + 1).sum::<usize>();
    let mut whole = JsonObject::with_room(me.len() + bytes + fields.len() + 128);
    whole.put("cursor", &read.cursor().to_string());
    whole.put_json("me", &me);
    whole.put_list("people", people.iter().map(|json| &json[..]));
    whole.put_fields(&fields);
    Ok(whole)
}
