//! The audit trail of a room: who did what to whom, and when. It holds no text that anybody wrote.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_account::{Person, people_named};
use encke_engine::{Code, ConversationId, Error, PersonId, Seq, limits};
use encke_site::{Act, Caller, Path, Refusal, Site};
use encke_store::{Row, Sql, StoreError, Tx, params};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::amendment::Amending;
use crate::conversation::{MemberRole, parse};
use crate::rights::moderator_of;

/// The number of entries in a page if the request names none.
const ENTRIES_DEFAULT: u64 = 50;

/// Declares the deeds with their texts.
macro_rules! deeds {
    ($($(#[doc = $about:literal])+ $name:ident = $text:literal;)*) => {
        /// A deed that the trail notes.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Deed {
            $($(#[doc = $about])+ $name),*
        }

        impl Deed {
            /// The deed as it is stored and sent.
            fn text(self) -> &'static str {
                match self { $(Deed::$name => $text),* }
            }

            /// The deed of a stored text.
            fn of(text: &str) -> Option<Self> {
                match text { $($text => Some(Deed::$name),)* _ => None }
            }
        }
    };
}

deeds! {
    /// A member got another role.
    RoleChanged = "role_changed";
    /// A member was removed.
    Removed = "removed";
    /// A person was banned.
    Banned = "banned";
    /// The ban of a person was lifted.
    Unbanned = "unbanned";
    /// A member was muted.
    Muted = "muted";
    /// A muted member may write again.
    Unmuted = "unmuted";
    /// The room got another title.
    Renamed = "renamed";
    /// The room got another topic, or lost it.
    TopicChanged = "topic_changed";
    /// The room got another picture, or lost it.
    PictureChanged = "picture_changed";
    /// Every account may join from here on.
    Opened = "opened";
    /// Nobody joins by itself from here on.
    Closed = "closed";
    /// Only owners and moderators write from here on.
    AnnouncementOn = "announcement_on";
    /// Every member writes from here on.
    AnnouncementOff = "announcement_off";
    /// Somebody else's message was recalled.
    Recalled = "recalled";
    /// Somebody else's poll was closed.
    PollClosed = "poll_closed";
    /// The preview of a link was removed from somebody else's message.
    PreviewRemoved = "preview_removed";
    /// An invite link was made.
    LinkMade = "link_made";
    /// An invite link was revoked.
    LinkRevoked = "link_revoked";
}

/// A deed with what belongs to it.
#[derive(Clone, Copy)]
pub struct AuditNote {
    /// The deed.
    pub deed: Deed,
    /// The person to whom it was done.
    pub person: Option<PersonId>,
    /// The role that the person has since.
    pub role: Option<MemberRole>,
    /// The time until which the person is muted.
    pub until: Option<u64>,
    /// The message that it was done to.
    pub message: Option<Seq>,
}

impl AuditNote {
    /// A deed that was done to the room.
    pub fn of_room(deed: Deed) -> Self {
        let (person, role, until, message) = Default::default();
        AuditNote { deed, person, role, until, message }
    }

    /// A deed that was done to a person.
    pub fn of(deed: Deed, person: PersonId) -> Self {
        AuditNote { person: Some(person), ..AuditNote::of_room(deed) }
    }
}

/// Adds a deed to the trail of a room. The oldest entry goes when there are too many.
pub fn note(
    tx: &mut Tx<'_>,
    id: ConversationId,
    by: PersonId,
    note: AuditNote,
) -> Result<(), Error> {
    let newest = "SELECT number FROM audit WHERE conversation = ?1 ORDER BY number DESC LIMIT 1";
    let newest = tx.query_one(newest, params![id])?;
    let number = newest.map_or(Ok(0), |row| row.get::<u64>(0))? + 1;
    let AuditNote { deed, person, role, until, message } = note;
    tx.execute(
        "INSERT INTO audit
             (conversation, number, at_ms, done_by, deed, person, role, until_ms, message)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            id,
            number,
            tx.now_ms(),
            by,
            deed.text(),
            person,
            role.map(MemberRole::text),
            until,
            message
        ],
    )?;
    if let Some(oldest) = number.checked_sub(limits::AUDIT_ENTRIES_MAX as u64) {
        let delete = "DELETE FROM audit WHERE conversation = ?1 AND number <= ?2";
        tx.execute(delete, params![id, oldest])?;
    }
    Ok(())
}

/// Notes a deed that was done to a message, unless its author has done it.
pub(crate) fn note_of_message(tx: &mut Tx<'_>, it: &Amending, deed: Deed) -> Result<(), Error> {
    let Some(author) = it.message.from.filter(|author| *author != it.me) else { return Ok(()) };
    let (_, seq) = it.key();
    // The trail of a room names the message that a thread belongs to.
    let message = it.conversation.parent.map_or(seq, |parent| parent.message);
    let done = AuditNote { message: Some(message), ..AuditNote::of(deed, author) };
    note(tx, it.conversation.house(), it.me, done)
}

/// A choice of entries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedEntries {
    /// Go on behind the page that gave this as `before`.
    before: Option<u64>,
    /// Greatest number of entries in the page; 50 if absent, 100 at most.
    limit: Option<u64>,
}

/// An entry of the audit trail.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    /// The entries of a room are numbered from 1.
    number: u64,
    /// The time, in milliseconds since 1970.
    at: u64,
    #[schema(value_type = String)]
    by: PersonId,
    act: Deed,
    /// The person to whom it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    person: Option<PersonId>,
    /// The role that the person got.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    role: Option<MemberRole>,
    /// The time until which the person was muted, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    until: Option<u64>,
    /// The `seq` of the message that it was done to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, nullable = false)]
    message: Option<Seq>,
}

/// A page of the audit trail.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditPage {
    /// The newest entry first.
    entries: Vec<AuditEntry>,
    /// The people that the entries name.
    people: Vec<Person>,
    /// The `before` of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    before: Option<u64>,
}

/// The audit trail of a room, for its owners and moderators, the newest entry first.
#[utoipa::path(get, operation_id = "audit", path = "/v1/conversations/{id}/audit", tag = "conversations",
    params(("id" = String, Path), WantedEntries),
    responses((status = 200, body = AuditPage),
        (status = 403, description = "forbidden, not_member"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    wanted: Result<Query<WantedEntries>, QueryRejection>,
) -> Result<Json<AuditPage>, Refusal> {
    let (id, me) = (parse(&id)?, caller.0.person);
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    let before = wanted.before.unwrap_or(u64::MAX).min(i64::MAX as u64);
    let limit = wanted.limit.unwrap_or(ENTRIES_DEFAULT).clamp(1, limits::AUDIT_PAGE_MAX as u64);
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let page = site.store.read(move |read| {
        moderator_of(read, id, me)?;
        let query =
            "SELECT number, at_ms, done_by, deed, person, role, until_ms, message FROM audit
                     WHERE conversation = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3";
        let rows = read.query(query, params![id, before, limit + 1])?;
        let shown = rows.iter().take(limit as usize).map(entry_of);
        let entries = shown.collect::<Result<Vec<_>, StoreError>>()?;
        let more = rows.len() > entries.len();
        let before = entries.last().filter(|_| more).map(|entry| entry.number);
        let named = entries.iter().flat_map(|entry| [Some(entry.by), entry.person]).flatten();
        Ok(AuditPage { people: people_named(read, &held, me, named)?, entries, before })
    });
    Ok(Json(page.await?))
}

fn entry_of(row: &Row) -> Result<AuditEntry, StoreError> {
    let deed: String = row.get(3)?;
    let unknown = || StoreError::Damaged(format!("{deed} is no deed that is known"));
    Ok(AuditEntry {
        number: row.get(0)?,
        at: row.get(1)?,
        by: row.get(2)?,
        act: Deed::of(&deed).ok_or_else(unknown)?,
        person: row.get(4)?,
        role: row.get::<Option<String>>(5)?.map(|role| MemberRole::of(&role)),
        until: row.get(6)?,
        message: row.get(7)?,
    })
}
