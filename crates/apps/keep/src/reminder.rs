//! Reminders: of a message, or of whatever a person has noted.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::append::key_reused;
use encke_engine::number_text::grouped;
use encke_engine::{Code, ConversationId, Error, NewEvent, PersonId, Seq, StreamId, keep_limits};
use encke_site::{Act, Body, Caller, EventBody, Path, Refusal, Site, event, sent};
use encke_store::{Row, Sql, StoreError, Tx, params};
use encke_talk::find_message;
use encke_talk::member::check_member;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::due::check_time;
use crate::id::{is_id, new_id};
use crate::page::{Behind, Page, Wanted, WantedPage};
use crate::room::Planned;
use crate::text::{self, TextId, text_in};

/// The letter of their ids.
const LETTER: char = 'n';

/// What has become of a reminder.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ReminderState {
    /// It waits for its time.
    Waiting,
    /// Its time has come. It stays in the list until it is dismissed.
    Due,
    /// It was cancelled or dismissed.
    Gone,
}

/// The person that this is told to has a reminder, or its time has come, or it is gone.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ReminderTold {
    /// The id of the reminder.
    pub reminder: String,
    /// The time of the reminder, in milliseconds since 1970.
    at: u64,
    /// What has become of it.
    pub state: ReminderState,
    /// The conversation of the message that it reminds of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    conversation: Option<ConversationId>,
    /// The `seq` of that message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, nullable = false)]
    message: Option<Seq>,
}

impl EventBody for ReminderTold {
    const KIND: &'static str = "reminder";
}

/// A reminder.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reminder {
    /// The id: an `n` and 16 hexadecimal digits.
    id: String,
    /// The time of the reminder, in milliseconds since 1970.
    at: u64,
    /// The conversation of the message that it reminds of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub conversation: Option<ConversationId>,
    /// The `seq` of that message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, nullable = false)]
    pub message: Option<Seq>,
    /// A note of the person's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub note: Option<String>,
    /// Whether its time has come.
    due: bool,
    #[serde(skip)]
    number: u64,
    #[serde(skip)]
    person: PersonId,
    #[serde(skip)]
    place: Option<TextId>,
}

/// A statement for reminders with this condition.
fn select(condition: &str) -> String {
    format!(
        "SELECT r.id, r.at_ms, r.conversation, r.seq, t.bytes, r.due_ms, r.number, r.person, r.note
         FROM reminder r LEFT JOIN kept_text t ON t.id = r.note WHERE {condition}"
    )
}

impl Reminder {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let note = row.get::<Option<Vec<u8>>>(4)?.map(|bytes| text_in(&bytes)).transpose()?;
        Ok(Reminder {
            id: row.get(0)?,
            at: row.get(1)?,
            conversation: row.get(2)?,
            message: row.get(3)?,
            note,
            due: row.get::<Option<u64>>(5)?.is_some(),
            number: row.get(6)?,
            person: row.get(7)?,
            place: row.get::<Option<u64>>(8)?.map(TextId),
        })
    }

    /// The reminder with this id, whoever has it.
    fn find(tx: &mut Tx<'_>, id: &str) -> Result<Option<Self>, StoreError> {
        tx.query_one(&select("r.id = ?1"), params![id])?.as_ref().map(Self::of).transpose()
    }

    /// The reminder of a person with this id.
    fn own(tx: &mut Tx<'_>, me: PersonId, id: &str) -> Result<Self, Error> {
        let found = Self::find(tx, id)?.filter(|found| found.person == me);
        found.ok_or_else(none)
    }

    /// Tells the person's devices what has become of it.
    fn tell(
        &self,
        tx: &mut Tx<'_>,
        state: ReminderState,
        key: Option<Box<str>>,
    ) -> Result<(), Error> {
        let (conversation, message) = (self.conversation, self.message);
        let told =
            ReminderTold { reminder: self.id.clone(), at: self.at, state, conversation, message };
        let told = event(StreamId::person(self.person), Some(self.person), &told);
        tx.append(NewEvent { key, ..told }).map(drop)
    }
}

/// A person's reminder that is due; `None` if it is not, or is gone.
pub(crate) fn due(
    sql: &mut impl Sql,
    person: PersonId,
    id: &str,
) -> Result<Option<Reminder>, StoreError> {
    let query = select("r.id = ?1 AND r.person = ?2");
    let row = sql.query_one(&query, params![id, person])?;
    let found = row.as_ref().map(Reminder::of).transpose()?;
    Ok(found.filter(|found| found.due))
}

/// The refusal of an id that no reminder of the caller has.
fn none() -> Error {
    Error::new(Code::NotFound, "You have no such reminder.")
}

fn check_id(id: &str) -> Result<(), Error> {
    if is_id(id, LETTER) { Ok(()) } else { Err(none()) }
}

/// A reminder of a message, or of a note.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReminder {
    /// The time of the reminder, in milliseconds since 1970.
    at: u64,
    /// The conversation of a message.
    #[schema(value_type = Option<String>)]
    conversation: Option<ConversationId>,
    /// The `seq` of the message.
    #[schema(value_type = Option<u64>)]
    message: Option<Seq>,
    /// A note; without a message there has to be one.
    note: Option<String>,
    /// Idempotency key, for clients that can't set a header.
    key: Option<String>,
}

impl NewReminder {
    /// The message that it reminds of. Refuses what can't be a reminder.
    fn check(&self) -> Result<Option<(ConversationId, Seq)>, Error> {
        let invalid = |what: String| Err(Error::new(Code::Invalid, what));
        let most = keep_limits::REMINDER_NOTE_BYTES_MAX;
        match &self.note {
            Some(note) if note.is_empty() => return invalid("A note needs a text.".into()),
            Some(note) if note.len() > most => {
                let what = format!("A note has at most {} bytes.", grouped(most));
                return Err(Error::new(Code::TooLarge, what));
            }
            _ => {}
        }
        match (self.conversation, self.message) {
            (Some(conversation), Some(message)) => Ok(Some((conversation, message))),
            (None, None) if self.note.is_some() => Ok(None),
            (None, None) => invalid("A reminder needs a message or a note.".into()),
            _ => invalid("`conversation` and `message` go together.".into()),
        }
    }
}

/// Plans a reminder. When its time comes, all devices are told once.
#[utoipa::path(post, operation_id = "remind", path = "/v1/reminders", tag = "keeping",
    params(("Idempotency-Key" = Option<String>, Header)), request_body = NewReminder,
    responses((status = 201, body = Reminder), (status = 200, body = Reminder),
        (status = 403, description = "not_member"), (status = 404, description = "not_found"),
        (status = 409, description = "conflict, key_reused"),
        (status = 410, description = "erased"), (status = 429, description = "rate_limited")))]
pub(crate) async fn create(
    State(site): State<Arc<Site>>,
    caller: Caller,
    headers: HeaderMap,
    Body(new): Body<NewReminder>,
) -> Result<(StatusCode, Json<Reminder>), Refusal> {
    let me = caller.0.person;
    let key = sent::key_of(&headers, new.key.as_deref())?;
    let message = new.check()?;
    site.take_message(me, caller.0.role, new.note.as_ref().map_or(0, String::len))?;
    if let Some((conversation, seq)) = message {
        let found = site.store.read(move |read| {
            check_member(read, conversation, me)?;
            find_message(read, conversation, seq).map(drop)
        });
        found.await?;
    }
    let id = new_id(LETTER)?;
    let planned = site.store.write(move |tx| plan(tx, me, id, new, key)).await?;
    Ok((planned.0, Json(planned.1)))
}

fn plan(
    tx: &mut Tx<'_>,
    me: PersonId,
    id: String,
    new: NewReminder,
    key: Option<Box<str>>,
) -> Result<(StatusCode, Reminder), Error> {
    if let Some(key) = &key
        && let Some(first) = planned_before(tx, me, &new, key)?
    {
        return Ok((StatusCode::OK, first));
    }
    if let Some(conversation) = new.conversation {
        check_member(tx, conversation, me)?;
    }
    check_time(new.at, tx.now_ms())?;
    check_room(tx, me)?;
    let NewReminder { at, conversation, message, note, .. } = new;
    let place = note.as_deref().map(|note| text::put(tx, note)).transpose()?;
    tx.execute(
        "INSERT INTO reminder (id, person, conversation, seq, note, at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![&id, me, conversation, message, place.map(|place| place.0), at],
    )?;
    let (due, number, person) = (false, 0, me);
    let reminder = Reminder { id, at, conversation, message, note, due, number, person, place };
    reminder.tell(tx, ReminderState::Waiting, key)?;
    Ok((StatusCode::CREATED, reminder))
}

/// The same request, if it came before with this key (P3). The reminder may be gone since.
fn planned_before(
    tx: &mut Tx<'_>,
    me: PersonId,
    new: &NewReminder,
    key: &str,
) -> Result<Option<Reminder>, Error> {
    let Some(first) = tx.first_with_key(me, key)? else { return Ok(None) };
    let is_plan = first.kind == ReminderTold::KIND && first.stream == StreamId::person(me);
    let told: Option<ReminderTold> = serde_json::from_slice(&first.body).ok();
    let told = told.filter(|_| is_plan).ok_or_else(key_reused)?;
    if (told.at, told.conversation, told.message) != (new.at, new.conversation, new.message) {
        return Err(key_reused());
    }
    if let Some(row) = Reminder::find(tx, &told.reminder)? {
        return if row.note == new.note { Ok(Some(row)) } else { Err(key_reused()) };
    }
    let NewReminder { at, conversation, message, note, .. } = new.clone();
    let id = told.reminder;
    let (due, number, person, place) = (false, 0, me, None);
    Ok(Some(Reminder { id, at, conversation, message, note, due, number, person, place }))
}

/// The list of a person's own.
const PLANNED: Planned =
    Planned { table: "reminder", time: "at_ms", most: keep_limits::REMINDERS_PER_PERSON_MAX };

fn check_room(tx: &mut Tx<'_>, person: PersonId) -> Result<(), Error> {
    PLANNED.check_room(tx, person, |most| {
        format!("You have {most} reminders, which is the most. Dismiss some.")
    })
}

/// A page of reminders.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reminders {
    /// The reminders by time, those that are due first.
    reminders: Vec<Reminder>,
    /// The `next` of the page behind this one; null on the last one.
    #[schema(required)]
    next: Option<String>,
}

/// The caller's reminders.
#[utoipa::path(get, operation_id = "reminders", path = "/v1/reminders", tag = "keeping",
    params(WantedPage),
    responses((status = 200, body = Reminders), (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    wanted: Wanted,
) -> Result<Json<Reminders>, Refusal> {
    let (page, me) = (Page::of(wanted)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let found = site.store.read(move |read| {
        let Behind(at, number) = page.behind.unwrap_or(Behind(0, 0));
        let query = select(
            "r.person = ?1 AND (r.at_ms, r.number) > (?2, ?3)
             ORDER BY r.at_ms, r.number LIMIT ?4",
        );
        let rows = read.query(&query, params![me, at, number, page.limit as u64 + 1])?;
        let mut reminders = rows.iter().map(Reminder::of).collect::<Result<Vec<_>, _>>()?;
        let next = page.cut(&mut reminders, |one| Behind(one.at, one.number));
        Ok(Reminders { reminders, next })
    });
    Ok(Json(found.await?))
}

/// Another time for a reminder.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReminderChange {
    /// The time, in milliseconds since 1970.
    at: u64,
}

/// Puts a reminder off. One that is due waits again.
#[utoipa::path(patch, operation_id = "put_reminder_off", path = "/v1/reminders/{id}",
    tag = "keeping", params(("id" = String, Path)), request_body = ReminderChange,
    responses((status = 200, body = Reminder), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn change(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(ReminderChange { at }): Body<ReminderChange>,
) -> Result<Json<Reminder>, Refusal> {
    check_id(&id)?;
    let me = caller.0.person;
    site.take(me, caller.0.role, Act::Message)?;
    let changed = site.store.write(move |tx| {
        let reminder = Reminder::own(tx, me, &id)?;
        check_time(at, tx.now_ms())?;
        let update = "UPDATE reminder SET at_ms = ?2, due_ms = NULL WHERE id = ?1";
        tx.execute(update, params![&id, at])?;
        let reminder = Reminder { at, due: false, ..reminder };
        reminder.tell(tx, ReminderState::Waiting, None)?;
        Ok(reminder)
    });
    Ok(Json(changed.await?))
}

/// Cancels a reminder, or dismisses one that is due.
#[utoipa::path(delete, operation_id = "dismiss_reminder", path = "/v1/reminders/{id}",
    tag = "keeping", params(("id" = String, Path)),
    responses((status = 204), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn dismiss(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    check_id(&id)?;
    let me = caller.0.person;
    site.take(me, caller.0.role, Act::Message)?;
    let gone = site.store.write(move |tx| {
        let reminder = Reminder::own(tx, me, &id)?;
        tx.execute("DELETE FROM reminder WHERE id = ?1", params![&id])?;
        reminder.place.map(|place| text::clear(tx, place)).transpose()?;
        reminder.tell(tx, ReminderState::Gone, None)
    });
    gone.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells a person of a reminder whose time has come, unless another node was faster.
pub(crate) async fn remind(site: Arc<Site>, id: String, now: u64) -> Result<(), Error> {
    let told = site.store.write(move |tx| {
        let update = "UPDATE reminder SET due_ms = ?2
                      WHERE id = ?1 AND due_ms IS NULL AND at_ms <= ?2";
        if tx.execute(update, params![&id, now])? == 0 {
            return Ok(());
        }
        match Reminder::find(tx, &id)? {
            Some(reminder) => reminder.tell(tx, ReminderState::Due, None),
            None => Ok(()),
        }
    });
    told.await
}
