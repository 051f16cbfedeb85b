//! Messages that are to be sent later: planning, listing, changing and cancelling them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::append::key_reused;
use encke_engine::{Code, ConversationId, Error, NewEvent, PersonId, Seq, StreamId, keep_limits};
use encke_site::{Act, Body, Caller, EventBody, Path, Refusal, Role, Site, event, sent};
use encke_store::{Row, Sql, StoreError, Tx, params};
use encke_talk::member::check_member;
use encke_talk::message::{check_reply_to, check_written};
use encke_talk::parse_conversation;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::due::check_time;
use crate::id::{is_id, new_id};
use crate::page::{Behind, Page, Wanted, WantedPage};
use crate::room::Planned;
use crate::text::{self, TextId, text_in};

/// The letter of their ids.
const LETTER: char = 's';

/// What has become of a message that is to be sent later.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PlanState {
    /// It waits for its time.
    Waiting,
    /// It was sent.
    Sent,
    /// Its writer has cancelled it.
    Cancelled,
    /// It could not be sent, and stays in the list until its writer decides.
    Failed,
}

/// The person that this is told to has planned, changed or cancelled a message, or it was sent, or it could not be.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ScheduledTold {
    /// The id of the planned message.
    pub scheduled: String,
    #[schema(value_type = String)]
    pub conversation: ConversationId,
    /// The time at which it is to be sent, in milliseconds since 1970.
    pub send_at: u64,
    /// What has become of it.
    pub state: PlanState,
    /// The `seq` of the message that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, nullable = false)]
    pub seq: Option<Seq>,
    /// The code of the refusal, if it could not be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub code: Option<String>,
}

impl EventBody for ScheduledTold {
    const KIND: &'static str = "scheduled";
}

/// The refusal of a message that was to be sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct WhyFailed {
    /// The stable code.
    code: String,
    /// A plain sentence for a person.
    message: String,
    /// The time of the try, in milliseconds since 1970.
    at: u64,
}

/// A message that is to be sent later, as its writer sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScheduledMessage {
    /// The id: an `s` and 16 hexadecimal digits.
    pub id: String,
    #[schema(value_type = String)]
    pub conversation: ConversationId,
    pub text: String,
    /// The `seq` of the event of the same conversation that it answers; absent if it answers none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, nullable = false)]
    pub reply_to: Option<Seq>,
    /// The time at which it is to be sent, in milliseconds since 1970.
    pub send_at: u64,
    /// The time at which it was planned, in milliseconds since 1970.
    created_at: u64,
    /// Why it could not be sent; absent as long as it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub failed: Option<WhyFailed>,
    #[serde(skip)]
    number: u64,
    #[serde(skip)]
    pub person: PersonId,
    #[serde(skip)]
    pub place: TextId,
}

/// A statement for planned messages with this condition.
fn select(condition: &str) -> String {
    format!(
        "SELECT s.id, s.conversation, t.bytes, s.reply_to, s.send_at_ms, s.created_ms,
             s.failed_ms, s.failed_code, s.failed_message, s.number, s.person, s.text
         FROM scheduled s JOIN kept_text t ON t.id = s.text WHERE {condition}"
    )
}

impl ScheduledMessage {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let failed = match row.get::<Option<u64>>(6)? {
            Some(at) => Some(WhyFailed { code: row.get(7)?, message: row.get(8)?, at }),
            None => None,
        };
        Ok(ScheduledMessage {
            id: row.get(0)?,
            conversation: row.get(1)?,
            text: text_in(&row.get::<Vec<u8>>(2)?)?,
            reply_to: row.get(3)?,
            send_at: row.get(4)?,
            created_at: row.get(5)?,
            failed,
            number: row.get(9)?,
            person: row.get(10)?,
            place: TextId(row.get(11)?),
        })
    }

    /// The planned message with this id, whoever wrote it.
    pub fn find(sql: &mut impl Sql, id: &str) -> Result<Option<Self>, StoreError> {
        sql.query_one(&select("s.id = ?1"), params![id])?.as_ref().map(Self::of).transpose()
    }

    /// The planned message of a person with this id.
    fn own(tx: &mut Tx<'_>, me: PersonId, id: &str) -> Result<Self, Error> {
        let found = Self::find(tx, id)?.filter(|found| found.person == me);
        found.ok_or_else(none)
    }

    /// Deletes it.
    pub fn forget(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        tx.execute("DELETE FROM scheduled WHERE id = ?1", params![&self.id])?;
        text::clear(tx, self.place)
    }

    /// The words in which the writer's devices are told what has become of it.
    pub fn told(&self, state: PlanState) -> ScheduledTold {
        let (scheduled, conversation, send_at) = (self.id.clone(), self.conversation, self.send_at);
        ScheduledTold { scheduled, conversation, send_at, state, seq: None, code: None }
    }
}

/// The refusal of an id that no planned message of the caller has.
fn none() -> Error {
    let what = "You have no such scheduled message. It may have been sent or cancelled.";
    Error::new(Code::NotFound, what)
}

fn check_id(id: &str) -> Result<(), Error> {
    if is_id(id, LETTER) { Ok(()) } else { Err(none()) }
}

/// Appends an event to the stream of a person.
pub(crate) fn tell(
    tx: &mut Tx<'_>,
    person: PersonId,
    told: &ScheduledTold,
    key: Option<Box<str>>,
) -> Result<u64, Error> {
    let told = event(StreamId::person(person), Some(person), told);
    Ok(tx.append(NewEvent { key, ..told })?.at_ms)
}

/// A message that is to be sent later.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewScheduled {
    text: String,
    /// The `seq` of the event of the same conversation that it answers.
    #[schema(value_type = Option<u64>)]
    reply_to: Option<Seq>,
    /// The time at which it is to be sent, in milliseconds since 1970.
    send_at: u64,
    /// Idempotency key, for clients that can't set a header.
    key: Option<String>,
}

/// Plans a message. It is sent once, by whichever node is there at its time.
#[utoipa::path(post, operation_id = "schedule", path = "/v1/conversations/{id}/scheduled",
    tag = "keeping",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewScheduled,
    responses((status = 201, body = ScheduledMessage), (status = 200, body = ScheduledMessage),
        (status = 403, description = "forbidden, not_member"),
        (status = 409, description = "conflict, key_reused"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn create(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(new): Body<NewScheduled>,
) -> Result<(StatusCode, Json<ScheduledMessage>), Refusal> {
    if caller.0.role == Role::Guest {
        return Err(Refusal::new(Code::Forbidden, "Guests can't send messages later."));
    }
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    let key = sent::key_of(&headers, new.key.as_deref())?;
    check_written(&new.text)?;
    site.take_message(me, caller.0.role, new.text.len())?;
    let number = new_id(LETTER)?;
    let planned = site.store.write(move |tx| plan(tx, me, id, number, new, key)).await?;
    Ok((planned.0, Json(planned.1)))
}

fn plan(
    tx: &mut Tx<'_>,
    me: PersonId,
    conversation: ConversationId,
    id: String,
    new: NewScheduled,
    key: Option<Box<str>>,
) -> Result<(StatusCode, ScheduledMessage), Error> {
    if let Some(key) = &key
        && let Some(first) = planned_before(tx, me, conversation, &new, key)?
    {
        return Ok((StatusCode::OK, first));
    }
    check_member(tx, conversation, me)?;
    check_reply_to(tx, conversation, new.reply_to)?;
    check_time(new.send_at, tx.now_ms())?;
    check_room(tx, me)?;
    let NewScheduled { text, reply_to, send_at, .. } = new;
    let (created_at, place) = (tx.now_ms(), text::put(tx, &text)?);
    tx.execute(
        "INSERT INTO scheduled (id, person, conversation, text, reply_to, send_at_ms, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![&id, me, conversation, place.0, reply_to, send_at, created_at],
    )?;
    let planned = ScheduledMessage {
        id,
        conversation,
        text,
        reply_to,
        send_at,
        created_at,
        failed: None,
        number: 0,
        person: me,
        place,
    };
    tell(tx, me, &planned.told(PlanState::Waiting), key)?;
    Ok((StatusCode::CREATED, planned))
}

/// The same request, if it came before with this key (P3). The message may have been sent since.
fn planned_before(
    tx: &mut Tx<'_>,
    me: PersonId,
    conversation: ConversationId,
    new: &NewScheduled,
    key: &str,
) -> Result<Option<ScheduledMessage>, Error> {
    let Some(first) = tx.first_with_key(me, key)? else { return Ok(None) };
    let is_plan = first.kind == ScheduledTold::KIND && first.stream == StreamId::person(me);
    let told: Option<ScheduledTold> = serde_json::from_slice(&first.body).ok();
    let told = told.filter(|_| is_plan).ok_or_else(key_reused)?;
    if (told.conversation, told.send_at) != (conversation, new.send_at) {
        return Err(key_reused());
    }
    if let Some(row) = ScheduledMessage::find(tx, &told.scheduled)? {
        let is_same = row.text == new.text && row.reply_to == new.reply_to;
        return if is_same { Ok(Some(row)) } else { Err(key_reused()) };
    }
    Ok(Some(ScheduledMessage {
        id: told.scheduled,
        conversation,
        text: new.text.clone(),
        reply_to: new.reply_to,
        send_at: told.send_at,
        created_at: first.appended.at_ms,
        failed: None,
        number: 0,
        person: me,
        place: TextId::default(),
    }))
}

/// The list of a person's own.
const PLANNED: Planned =
    Planned { table: "scheduled", time: "send_at_ms", most: keep_limits::SCHEDULED_PER_PERSON_MAX };

fn check_room(tx: &mut Tx<'_>, person: PersonId) -> Result<(), Error> {
    PLANNED.check_room(tx, person, |most| {
        format!("You have {most} scheduled messages, which is the most.")
    })
}

/// A page of planned messages.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScheduledMessages {
    /// The messages by the time at which they are to be sent, those that failed included.
    scheduled: Vec<ScheduledMessage>,
    /// The `next` of the page behind this one; null on the last one.
    #[schema(required)]
    next: Option<String>,
}

/// The messages that the caller has planned and that were not sent.
#[utoipa::path(get, operation_id = "scheduled", path = "/v1/scheduled", tag = "keeping",
    params(WantedPage),
    responses((status = 200, body = ScheduledMessages),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    wanted: Wanted,
) -> Result<Json<ScheduledMessages>, Refusal> {
    let (page, me) = (Page::of(wanted)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let found = site.store.read(move |read| {
        let Behind(at, number) = page.behind.unwrap_or(Behind(0, 0));
        let query = select(
            "s.person = ?1 AND (s.send_at_ms, s.number) > (?2, ?3)
             ORDER BY s.send_at_ms, s.number LIMIT ?4",
        );
        let rows = read.query(&query, params![me, at, number, page.limit as u64 + 1])?;
        let rows = rows.iter().map(ScheduledMessage::of);
        let mut scheduled = rows.collect::<Result<Vec<_>, _>>()?;
        let next = page.cut(&mut scheduled, |one| Behind(one.send_at, one.number));
        Ok(ScheduledMessages { scheduled, next })
    });
    Ok(Json(found.await?))
}

/// A change of a planned message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduledChange {
    /// Another text.
    text: Option<String>,
    /// Another time, in milliseconds since 1970. One that failed waits again, so it needs one.
    send_at: Option<u64>,
}

/// Changes a planned message.
#[utoipa::path(patch, operation_id = "change_scheduled", path = "/v1/scheduled/{id}",
    tag = "keeping", params(("id" = String, Path)), request_body = ScheduledChange,
    responses((status = 200, body = ScheduledMessage), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn change(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(change): Body<ScheduledChange>,
) -> Result<Json<ScheduledMessage>, Refusal> {
    check_id(&id)?;
    change.text.as_deref().map(check_written).transpose()?;
    let me = caller.0.person;
    site.take_message(me, caller.0.role, change.text.as_ref().map_or(0, String::len))?;
    Ok(Json(site.store.write(move |tx| put(tx, me, &id, change)).await?))
}

fn put(
    tx: &mut Tx<'_>,
    me: PersonId,
    id: &str,
    change: ScheduledChange,
) -> Result<ScheduledMessage, Error> {
    let mut planned = ScheduledMessage::own(tx, me, id)?;
    if let Some(at) = change.send_at {
        check_time(at, tx.now_ms())?;
        planned.send_at = at;
    } else if planned.failed.is_some() {
        let what = "This message could not be sent. Choose another time for it.";
        return Err(Error::new(Code::Invalid, what));
    }
    planned.failed = None;
    if let Some(text) = change.text {
        planned.place = text::replace(tx, planned.place, &text)?;
        planned.text = text;
    }
    tx.execute(
        "UPDATE scheduled SET text = ?2, send_at_ms = ?3,
             failed_ms = NULL, failed_code = NULL, failed_message = NULL WHERE id = ?1",
        params![id, planned.place.0, planned.send_at],
    )?;
    tell(tx, me, &planned.told(PlanState::Waiting), None)?;
    Ok(planned)
}

/// Cancels a planned message, or forgets one that failed.
#[utoipa::path(delete, operation_id = "cancel_scheduled", path = "/v1/scheduled/{id}",
    tag = "keeping", params(("id" = String, Path)),
    responses((status = 204), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn cancel(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    check_id(&id)?;
    let me = caller.0.person;
    site.take(me, caller.0.role, Act::Message)?;
    let cancelled = site.store.write(move |tx| {
        let planned = ScheduledMessage::own(tx, me, &id)?;
        planned.forget(tx)?;
        tell(tx, me, &planned.told(PlanState::Cancelled), None)
    });
    cancelled.await?;
    Ok(StatusCode::NO_CONTENT)
}
