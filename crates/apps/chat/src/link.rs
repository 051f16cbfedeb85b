//! Invite links: whoever has the secret of one joins its room, until it expires or is used up.
//!
//! The store has only a hash of the secret. A use is counted in the write that makes the member, so a link for some
//! people never lets in one more (P11), however many come at once on however many nodes.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_account::{Person, hash_of_secret, people_named};
use encke_engine::number_text::grouped;
use encke_engine::{Code, ConversationId, Error, PersonId, limits};
use encke_site::{Act, Body, Caller, Path, Refusal, Role, Site, random};
use encke_store::{Row, Sql, StoreError, Tx, params};
use encke_talk::audit::{self, AuditNote, Deed};
use encke_talk::conversation::{Conversation, find, load, parse};
use encke_talk::member::{is_member, member_of};
use encke_talk::rights::moderator_of;
use encke_talk::ticket::check_takes_guests;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::invitation::put_in;

/// Seconds that a link is good if the request does not say: a week.
const SECONDS_DEFAULT: u64 = 7 * 24 * 60 * 60;
/// People whom a link lets in if the request does not say.
const USES_DEFAULT: u64 = 100;
/// Bytes of a secret, at most. Longer ones are not looked up.
const SECRET_BYTES_MAX: usize = 64;

/// An invite link. Its secret is shown once, when it is made.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct InviteLink {
    /// The name of the link in this room; it is no secret.
    id: String,
    /// The owner or moderator who made it. It is good as long as this person is one.
    #[schema(value_type = String)]
    by: PersonId,
    /// Time of its making, in milliseconds since 1970.
    at: u64,
    /// The time until which it is good, in milliseconds since 1970.
    expires: u64,
    /// The number of people whom it lets in.
    uses: u64,
    /// The number of people whom it has let in.
    used: u64,
    /// Whether it lets guests in.
    guests: bool,
}

/// A row of `link`.
struct LinkRow {
    conversation: ConversationId,
    link: InviteLink,
}

impl LinkRow {
    const COLUMNS: &'static str =
        "conversation, id, made_by, made_ms, expires_ms, uses, used, guests";

    fn of(row: &Row) -> Result<Self, StoreError> {
        let link = InviteLink {
            id: row.get(1)?,
            by: row.get(2)?,
            at: row.get(3)?,
            expires: row.get(4)?,
            uses: row.get(5)?,
            used: row.get(6)?,
            guests: row.get(7)?,
        };
        Ok(LinkRow { conversation: row.get(0)?, link })
    }

    /// The link with this secret, whether it is good or not.
    fn with_secret(sql: &mut impl Sql, secret: &str) -> Result<Option<Self>, StoreError> {
        if secret.len() > SECRET_BYTES_MAX {
            return Ok(None);
        }
        let columns = LinkRow::COLUMNS;
        let query = format!("SELECT {columns} FROM link WHERE hash = ?1");
        let row = sql.query_one(&query, params![&hash_of_secret(secret)[..]])?;
        row.as_ref().map(LinkRow::of).transpose()
    }

    /// Refuses a link that has expired, is used up, or whose maker no longer keeps order in the room.
    fn check_good(&self, sql: &mut impl Sql, now_ms: u64) -> Result<(), Error> {
        let LinkRow { conversation, link } = self;
        let maker = member_of(sql, *conversation, link.by)?;
        let may_invite = maker.is_some_and(|maker| maker.member.role.moderates());
        if may_invite && link.expires > now_ms && link.used < link.uses {
            return Ok(());
        }
        Err(gone())
    }
}

/// The refusal of every link that lets nobody in, so that nobody learns why.
fn gone() -> Error {
    Error::new(Code::NotFound, "This link is no longer good. Ask for a new one.")
}

/// An invite link to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLink {
    /// Seconds that it is good: a minute to a leap year; a week if absent.
    #[schema(minimum = 60, maximum = 31_622_400)]
    seconds: Option<u64>,
    /// The number of people whom it lets in; 100 if absent.
    #[schema(minimum = 1, maximum = 10_000)]
    uses: Option<u64>,
    /// Whether it lets guests in; not if absent.
    guests: Option<bool>,
}

/// An invite link that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeLink {
    link: InviteLink,
    /// The secret. It can't be shown again.
    secret: String,
}

/// Makes an invite link of a room, for its owners and moderators.
#[utoipa::path(post, operation_id = "make_link", path = "/v1/conversations/{id}/links",
    tag = "conversations", params(("id" = String, Path)), request_body = NewLink,
    responses((status = 201, body = MadeLink),
        (status = 403, description = "forbidden, not_member"),
        (status = 409, description = "conflict"), (status = 429, description = "rate_limited")))]
pub(crate) async fn make(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(new): Body<NewLink>,
) -> Result<(StatusCode, Json<MadeLink>), Refusal> {
    let (id, by) = (parse(&id)?, caller.0.person);
    let (seconds, uses) =
        (new.seconds.unwrap_or(SECONDS_DEFAULT), new.uses.unwrap_or(USES_DEFAULT));
    check(seconds, uses)?;
    site.take(by, caller.0.role, Act::Creation)?;
    let secret = random::secret("ekl_")?;
    let hash = hash_of_secret(&secret);
    let guests = new.guests.unwrap_or_default();
    let held = site.clone();
    let made = site.store.write(move |tx| {
        moderator_of(tx, id, by)?;
        if guests {
            check_takes_guests(tx, &held, id)?;
        }
        check_may_have_one_more(tx, id)?;
        let at = tx.now_ms();
        // A part of the hash says nothing about the secret.
        let name = u64::from_be_bytes(std::array::from_fn(|n| hash[n]));
        let (expires, used) = (at + seconds * 1_000, 0);
        let link = InviteLink { id: format!("l{name:016x}"), by, at, expires, uses, used, guests };
        let insert = format!(
            "INSERT INTO link (hash, {}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8)",
            LinkRow::COLUMNS
        );
        let params = params![&hash[..], id, &link.id, by, at, expires, uses, guests];
        tx.execute(&insert, params)?;
        audit::note(tx, id, by, AuditNote::of_room(Deed::LinkMade))?;
        Ok(link)
    });
    Ok((StatusCode::CREATED, Json(MadeLink { link: made.await?, secret })))
}

fn check(seconds: u64, uses: u64) -> Result<(), Error> {
    if !limits::LINK_S.contains(&seconds) {
        let (least, most) = (limits::LINK_S.start(), limits::LINK_S.end());
        let what = format!("A link is good for {least} to {most} seconds.");
        return Err(Error::new(Code::Invalid, what));
    }
    if uses == 0 || uses > limits::LINK_USES_MAX as u64 {
        let what = format!("A link lets in 1 to {} people.", grouped(limits::LINK_USES_MAX));
        return Err(Error::new(Code::Invalid, what));
    }
    Ok(())
}

/// Deletes the links of a room that have expired, and refuses a further one if there are many.
fn check_may_have_one_more(tx: &mut Tx<'_>, id: ConversationId) -> Result<(), Error> {
    let delete = "DELETE FROM link WHERE conversation = ?1 AND expires_ms <= ?2";
    tx.execute(delete, params![id, tx.now_ms()])?;
    let query = "SELECT count(*) FROM link WHERE conversation = ?1";
    let count: u64 = tx.query_one(query, params![id])?.map_or(Ok(0), |row| row.get(0))?;
    let most = limits::LINKS_PER_ROOM_MAX;
    if count < most as u64 {
        return Ok(());
    }
    let what = format!("A room has at most {most} links. Revoke one.");
    Err(Error::new(Code::Conflict, what))
}

/// The invite links of a room.
#[derive(Serialize, ToSchema)]
pub(crate) struct InviteLinks {
    /// The newest first. Expired ones are left out.
    links: Vec<InviteLink>,
    /// The people who made them.
    people: Vec<Person>,
}

/// The invite links of a room, for its owners and moderators.
#[utoipa::path(get, operation_id = "links", path = "/v1/conversations/{id}/links",
    tag = "conversations", params(("id" = String, Path)),
    responses((status = 200, body = InviteLinks),
        (status = 403, description = "forbidden, not_member"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<InviteLinks>, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let now_ms = site.now_ms();
    let found = site.store.read(move |read| {
        moderator_of(read, id, me)?;
        let query = format!(
            "SELECT {} FROM link WHERE conversation = ?1 AND expires_ms > ?2",
            LinkRow::COLUMNS
        );
        let rows = read.query(&query, params![id, now_ms])?;
        let links = rows.iter().map(|row| Ok(LinkRow::of(row)?.link));
        let mut links = links.collect::<Result<Vec<_>, StoreError>>()?;
        links.sort_unstable_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        let makers = links.iter().map(|link| link.by);
        Ok(InviteLinks { people: people_named(read, &held, me, makers)?, links })
    });
    Ok(Json(found.await?))
}

/// Revokes an invite link: it lets nobody in any more. Who has joined by it stays.
#[utoipa::path(delete, operation_id = "revoke_link", path = "/v1/conversations/{id}/links/{link}",
    tag = "conversations", params(("id" = String, Path), ("link" = String, Path)),
    responses((status = 204), (status = 403, description = "forbidden, not_member"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn revoke(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, link)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    let revoked = site.store.write(move |tx| {
        moderator_of(tx, id, me)?;
        let delete = "DELETE FROM link WHERE conversation = ?1 AND id = ?2";
        if tx.execute(delete, params![id, &link])? == 0 {
            return Err(Error::new(Code::NotFound, "There is no such link in this room."));
        }
        audit::note(tx, id, me, AuditNote::of_room(Deed::LinkRevoked))
    });
    revoked.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The secret of an invite link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkSecret {
    secret: String,
}

/// The room that an invite link leads to.
#[derive(Serialize, ToSchema)]
pub(crate) struct LinkedRoom {
    #[schema(value_type = String)]
    conversation: ConversationId,
    #[schema(required)]
    title: Option<String>,
    /// The subject of the room; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    topic: Option<String>,
    /// The address of its picture; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    picture: Option<String>,
    /// Number of members.
    members: u64,
    /// Whether the caller is one of them.
    joined: bool,
}

/// The room that an invite link leads to. Nothing is used up by looking.
#[utoipa::path(post, operation_id = "look_at_link", path = "/v1/links/look", tag = "conversations",
    request_body = LinkSecret,
    responses((status = 200, body = LinkedRoom), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn look(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(LinkSecret { secret }): Body<LinkSecret>,
) -> Result<Json<LinkedRoom>, Refusal> {
    let me = caller.0.person;
    site.take(me, caller.0.role, Act::Read)?;
    let now_ms = site.now_ms();
    let found = site.store.read(move |read| {
        let row = LinkRow::with_secret(read, &secret)?.ok_or_else(gone)?;
        let id = row.conversation;
        let joined = is_member(read, id, me)?;
        if !joined {
            row.check_good(read, now_ms)?;
        }
        let room = find(read, id)?.ok_or_else(gone)?;
        let (title, topic, picture, members) = (room.title, room.topic, room.picture, room.members);
        Ok(LinkedRoom { conversation: id, title, topic, picture, members, joined })
    });
    Ok(Json(found.await?))
}

/// Joins the room of an invite link. A member that comes again uses nothing up, so a lost answer may be asked for again.
#[utoipa::path(post, operation_id = "join_by_link", path = "/v1/links/join", tag = "conversations",
    request_body = LinkSecret,
    responses((status = 200, body = Conversation),
        (status = 403, description = "banned, forbidden"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn join(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(LinkSecret { secret }): Body<LinkSecret>,
) -> Result<Json<Conversation>, Refusal> {
    let me = caller.0.person;
    site.take(me, caller.0.role, Act::Creation)?;
    let is_guest = caller.0.role == Role::Guest;
    let held = site.clone();
    let joined = site.store.write(move |tx| {
        let row = LinkRow::with_secret(tx, &secret)?.ok_or_else(gone)?;
        let id = row.conversation;
        if is_member(tx, id, me)? {
            return load(tx, &held, id, me);
        }
        row.check_good(tx, tx.now_ms())?;
        if is_guest {
            check_guest(tx, &row)?;
        }
        // If anything below is refused, this is undone with it.
        let count = "UPDATE link SET used = used + 1 WHERE conversation = ?1 AND id = ?2";
        tx.execute(count, params![id, &row.link.id])?;
        put_in(tx, &held, id, me, me)?.seen_by(tx, &held, me)
    });
    Ok(Json(joined.await?))
}

/// Refuses a guest if the link is not for guests, or if the room has many already.
fn check_guest(tx: &mut Tx<'_>, row: &LinkRow) -> Result<(), Error> {
    if !row.link.guests {
        let what = "This link is for people with an account. Sign in, and open it again.";
        return Err(Error::new(Code::Forbidden, what));
    }
    let most = limits::ROOM_GUESTS_MAX;
    let query = "SELECT 1 FROM member WHERE conversation = ?1 AND guest = 1
                 ORDER BY joined_seq, person LIMIT 1 OFFSET ?2";
    if tx.query_one(query, params![row.conversation, most as u64 - 1])?.is_none() {
        return Ok(());
    }
    Err(Error::new(Code::Conflict, format!("The room is full: it has {most} guests.")))
}
