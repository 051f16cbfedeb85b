//! What people show of themselves: a name, a picture and a status.
//!
//! A change is told in the conversations of the person with the latest activity, and to the person's own devices. The
//! number of conversations is bounded, so one change writes as little for somebody in 10,000 conversations as for
//! anybody else. Whoever looks at the person from elsewhere reads it anew ([`person`]). The event says who has
//! changed and never how: the log would keep each status (P10).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_account::{Person, Status, one};
use encke_engine::{Code, ConversationId, Error, PersonId, StreamId, people_limits};
use encke_files::{FileId, hold_portrait, let_portrait_go};
use encke_site::{Act, Body, Caller, CallerOrVisitor, EventBody, Path, Refusal, Site, bulk, event};
use encke_store::{Sql, Tx, Value};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::conversation_page::standings;
use crate::emoji::emoji;

/// A person shows another name, picture or status than before. `GET /v1/people/{id}` says which.
#[derive(Serialize, ToSchema)]
pub(crate) struct PersonChanged {
    #[schema(value_type = String)]
    person: PersonId,
}

impl EventBody for PersonChanged {
    const KIND: &'static str = "person_changed";
}

/// A person as the caller sees it. Guests see those alone that share a conversation with them.
#[utoipa::path(get, operation_id = "person", path = "/v1/people/{id}", tag = "people",
    params(("id" = String, Path)),
    responses((status = 200, body = Person), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn person(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(id): Path<String>,
) -> Result<Json<Person>, Refusal> {
    let nobody = || Error::new(Code::NotFound, "There is no such person.");
    let id: PersonId = id.parse().map_err(|_| nobody())?;
    let (me, role) = (caller.0.person, caller.0.role);
    site.take(me, role, Act::Read)?;
    let held = site.clone();
    Ok(Json(site.store.read(move |read| one(read, &held, (me, role), id)).await?))
}

/// The display name that a person gives itself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewName {
    display_name: String,
}

/// Gives the caller another display name. It may not look like the name of somebody else who is no guest. A bot keeps
/// the name that the operator gave it.
#[utoipa::path(put, operation_id = "set_name", path = "/v1/profile/name", tag = "people",
    request_body = NewName,
    responses((status = 200, body = Person), (status = 403, description = "forbidden"),
        (status = 409, description = "name_taken"),
        (status = 422, description = "bad_name, invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn set_name(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(NewName { display_name }): Body<NewName>,
) -> Result<Json<Person>, Refusal> {
    let name = encke_account::display_name(&display_name)?;
    let me = (caller.0.person, caller.0.role);
    let set = move |tx: &mut Tx<'_>| encke_account::set_display_name(tx, me, &name);
    Ok(Json(change(&site, &caller, set).await?))
}

/// A status that a person sets.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewStatus {
    /// One emoji.
    emoji: Option<String>,
    /// A few words on one line. With an emoji they may be empty.
    #[serde(default)]
    text: String,
    /// The time at which the status ends by itself, in milliseconds since 1970; absent if only the person ends it.
    until: Option<u64>,
}

/// Sets the caller's status in place of an earlier one.
#[utoipa::path(put, operation_id = "set_status", path = "/v1/profile/status", tag = "people",
    request_body = NewStatus,
    responses((status = 200, body = Person), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn set_status(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(NewStatus { emoji: picture, text, until }): Body<NewStatus>,
) -> Result<Json<Person>, Refusal> {
    let picture = picture.as_deref().map(status_emoji).transpose()?;
    let status = Status::checked(picture, &text, until, site.now_ms())?;
    let me = caller.0.person;
    let set = move |tx: &mut Tx<'_>| Ok(encke_account::set_status(tx, me, Some(&status))?);
    Ok(Json(change(&site, &caller, set).await?))
}

fn status_emoji(text: &str) -> Result<String, Error> {
    emoji(text).map_err(|_| Error::new(Code::Invalid, "A status has one emoji at most."))
}

/// Ends the caller's status.
#[utoipa::path(delete, operation_id = "end_status", path = "/v1/profile/status", tag = "people",
    responses((status = 200, body = Person), (status = 429, description = "rate_limited")))]
pub(crate) async fn end_status(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Json<Person>, Refusal> {
    let me = caller.0.person;
    let end = move |tx: &mut Tx<'_>| Ok(encke_account::set_status(tx, me, None)?);
    Ok(Json(change(&site, &caller, end).await?))
}

/// The picture that a person sets.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPicture {
    /// Id of a file that the caller has uploaded, and sent to nobody: a PNG, JPEG, GIF or WebP picture.
    file: String,
}

/// Makes a file the caller's picture. Everybody who is signed in may read it; the earlier picture is deleted.
#[utoipa::path(put, operation_id = "set_picture", path = "/v1/profile/picture", tag = "people",
    request_body = NewPicture,
    responses((status = 200, body = Person), (status = 404, description = "not_found"),
        (status = 409, description = "conflict"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn set_picture(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(NewPicture { file }): Body<NewPicture>,
) -> Result<Json<Person>, Refusal> {
    let (file, me): (FileId, _) = (file.parse()?, caller.0.person);
    let set = move |tx: &mut Tx<'_>| {
        let picture = hold_portrait(tx, me, &file)?;
        Ok(encke_account::set_picture(tx, me, Some(&picture))?)
    };
    Ok(Json(change(&site, &caller, set).await?))
}

/// Takes the caller's picture away. It is deleted.
#[utoipa::path(delete, operation_id = "remove_picture", path = "/v1/profile/picture", tag = "people",
    responses((status = 200, body = Person), (status = 429, description = "rate_limited")))]
pub(crate) async fn remove_picture(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Json<Person>, Refusal> {
    let me = caller.0.person;
    let remove = move |tx: &mut Tx<'_>| {
        let_portrait_go(tx, me)?;
        Ok(encke_account::set_picture(tx, me, None)?)
    };
    Ok(Json(change(&site, &caller, remove).await?))
}

/// Whether a person hides when it was last seen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LastSeenChoice {
    hidden: bool,
}

/// Hides from others when the caller was last seen, and forgets it; or shows it again. Who hides it sees nobody else's.
#[utoipa::path(put, operation_id = "hide_last_seen", path = "/v1/profile/last-seen", tag = "people",
    request_body = LastSeenChoice,
    responses((status = 200, body = Person), (status = 429, description = "rate_limited")))]
pub(crate) async fn hide_last_seen(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(LastSeenChoice { hidden }): Body<LastSeenChoice>,
) -> Result<Json<Person>, Refusal> {
    let me = caller.0.person;
    let hide = move |tx: &mut Tx<'_>| Ok(encke_account::hide_last_seen(tx, me, hidden)?);
    Ok(Json(change(&site, &caller, hide).await?))
}

/// Changes what the caller shows of itself, and tells of it if `set` says that there is anything to tell.
async fn change(
    site: &Arc<Site>,
    caller: &Caller,
    set: impl FnOnce(&mut Tx<'_>) -> Result<bool, Error> + Send + 'static,
) -> Result<Person, Error> {
    let (me, role) = (caller.0.person, caller.0.role);
    // Each change is told in many conversations, so it counts like something that is made, and not like a message.
    site.take(me, role, Act::Creation)?;
    let held = site.clone();
    // To find the latest ones takes longer than a write may.
    let latest = site.store.read(move |read| {
        let mut all = standings(read, &held, me)?;
        all.retain(|standing| !standing.is_thread);
        all.truncate(people_limits::PROFILE_CONVERSATIONS_MAX);
        Ok(all.into_iter().map(|standing| standing.id).collect::<Vec<_>>())
    });
    let latest = latest.await?;
    let held = site.clone();
    let changed = site.store.write(move |tx| {
        if set(tx)? {
            tell(tx, me, &latest)?;
        }
        one(tx, &held, (me, role), me)
    });
    changed.await
}

/// Tells of a change of what a person shows, in those of these conversations that it has not left meanwhile.
pub fn tell(tx: &mut Tx<'_>, me: PersonId, latest: &[ConversationId]) -> Result<(), Error> {
    let body = PersonChanged { person: me };
    tx.append(event(StreamId::person(me), Some(me), &body))?;
    tell_others(tx, me, me, latest)
}

/// Tells those of the conversations in which `member` is. They may have messages of `changed`, whom it once was.
pub fn tell_others(
    tx: &mut Tx<'_>,
    changed: PersonId,
    member: PersonId,
    latest: &[ConversationId],
) -> Result<(), Error> {
    let body = PersonChanged { person: changed };
    for part in bulk::parts(latest) {
        let query = format!(
            "WITH v (id) AS ({})
             SELECT m.conversation FROM v JOIN member m ON m.conversation = v.id AND m.person = ?{}
             ORDER BY m.conversation",
            bulk::values(part.len(), 1),
            part.len() + 1
        );
        let params: Vec<Value> =
            part.iter().map(|id| (*id).into()).chain([member.into()]).collect();
        let rows = tx.query(&query, &params)?;
        let ids = rows.iter().map(|row| row.get(0)).collect::<Result<Vec<ConversationId>, _>>();
        for id in ids? {
            tx.append(event(StreamId::amendments(id), Some(changed), &body))?;
        }
    }
    Ok(())
}
