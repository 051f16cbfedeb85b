//! Contacts: visitors as people whom the staff knows.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_account::{Person, people, people_named, visitor as account};
use encke_engine::{Code, ConversationId, Error, PersonId, desk_limits};
use encke_site::{Act, Body, Caller, Path, Refusal, Site};
use encke_store::{Row, Sql, StoreError, Tx, params};
use encke_talk::member::parse_person;
use encke_talk::{tell_of_person, tell_others_of_person};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::desk::parse_desk;
use crate::note;
use crate::staff;
use crate::ticket::{self, Ticket};
use crate::verified;
use crate::visit::{VisitorShown, cut};
use crate::visitor::VisitorRow;

/// What the staff has noted of a contact. Texts that are unknown are empty.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ContactFields {
    pub mail: String,
    pub phone: String,
    pub company: String,
    /// Its address, also on several lines.
    pub address: String,
}

impl ContactFields {
    /// The columns that [`ContactFields::of`] reads, of `desk_contact`.
    const COLUMNS: &'static str = "mail, phone, company, address";

    /// Reads a row of these columns that begin at `first`. They are null if nothing was noted.
    pub fn of(row: &Row, first: usize) -> Result<Self, StoreError> {
        let text = |at: usize| -> Result<String, StoreError> {
            Ok(row.get::<Option<String>>(first + at)?.unwrap_or_default())
        };
        Ok(ContactFields { mail: text(0)?, phone: text(1)?, company: text(2)?, address: text(3)? })
    }

    /// The same, each cut to its bound.
    fn cut(self) -> Self {
        let line = |text: String| cut(text.trim(), desk_limits::VISIT_FACT_BYTES_MAX);
        let lines = self.address.trim().lines().map(|line| cut(line, usize::MAX));
        let mut address = lines.collect::<Vec<_>>().join("\n");
        while address.len() > desk_limits::CONTACT_ADDRESS_BYTES_MAX {
            address.pop();
        }
        let ContactFields { mail, phone, company, .. } = self;
        ContactFields { mail: line(mail), phone: line(phone), company: line(company), address }
    }
}

/// What is noted of a contact.
pub(crate) fn fields(sql: &mut impl Sql, person: PersonId) -> Result<ContactFields, StoreError> {
    let query = format!("SELECT {} FROM desk_contact WHERE person = ?1", ContactFields::COLUMNS);
    let row = sql.query_one(&query, params![person])?;
    row.map_or_else(|| Ok(ContactFields::default()), |row| ContactFields::of(&row, 0))
}

/// Stores what is noted of a contact.
pub(crate) fn store(
    tx: &mut Tx<'_>,
    person: PersonId,
    fields: ContactFields,
) -> Result<ContactFields, Error> {
    let fields = fields.cut();
    let now = tx.now_ms();
    tx.execute(
        "INSERT INTO desk_contact (person, mail, phone, company, address, changed_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (person) DO UPDATE SET mail = excluded.mail,
         phone = excluded.phone, company = excluded.company, address = excluded.address,
         changed_ms = excluded.changed_ms",
        params![person, &fields.mail, &fields.phone, &fields.company, &fields.address, now],
    )?;
    Ok(fields)
}

/// Takes over what the site says of a contact.
pub(crate) fn learn(
    tx: &mut Tx<'_>,
    person: PersonId,
    mail: Option<&str>,
    phone: Option<&str>,
) -> Result<(), Error> {
    if mail.is_none() && phone.is_none() {
        return Ok(());
    }
    let before = fields(tx, person)?;
    let mut after = before.clone();
    after.mail = mail.map_or(after.mail, str::to_owned);
    after.phone = phone.map_or(after.phone, str::to_owned);
    if after != before {
        store(tx, person, after)?;
    }
    Ok(())
}

/// The refusal of somebody that is no contact of a desk.
pub(crate) fn no_such_contact() -> Error {
    Error::new(Code::NotFound, "The desk has no such contact.")
}

/// A contact of a desk. One that was erased, or turned out to be another one, is none.
pub(crate) fn find(
    sql: &mut impl Sql,
    house: ConversationId,
    person: PersonId,
) -> Result<VisitorRow, Error> {
    let row = VisitorRow::find(sql, person)?.filter(|row| row.house == house);
    if is_gone(sql, person)? {
        return Err(no_such_contact());
    }
    row.ok_or_else(no_such_contact)
}

/// Whether a contact was erased, or turned out to be another one.
pub(crate) fn is_gone(sql: &mut impl Sql, person: PersonId) -> Result<bool, StoreError> {
    let gone = "SELECT 1 FROM desk_merged WHERE person = ?1
                UNION ALL SELECT 1 FROM desk_erasure WHERE person = ?1";
    Ok(sql.query_one(gone, params![person])?.is_some())
}

/// A note of the staff about a contact.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContactNote {
    number: u64,
    /// Who wrote it.
    #[schema(value_type = String)]
    from: PersonId,
    text: String,
    /// When it was written, in milliseconds since 1970.
    at: u64,
}

/// The notes about a contact, the newest first.
pub(crate) fn notes(sql: &mut impl Sql, person: PersonId) -> Result<Vec<ContactNote>, StoreError> {
    let query = "SELECT number, writer, note, at_ms FROM desk_contact_note WHERE person = ?1
                 ORDER BY number DESC LIMIT ?2";
    let rows = sql.query(query, params![person, desk_limits::CONTACT_NOTES_MAX as u64])?;
    let note = |row: &Row| {
        let (number, from, text, at) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(ContactNote { number, from, text, at })
    };
    rows.iter().map(note).collect()
}

/// A contact with all that the staff knows of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContactPage {
    visitor: VisitorShown,
    fields: ContactFields,
    /// Its id at the site, if the site has verified it; absent if not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    subject: Option<String>,
    /// The newest first.
    notes: Vec<ContactNote>,
    /// Its tickets, the newest first.
    tickets: Vec<Ticket>,
    /// The owners of the tickets, and the writers of the notes.
    people: Vec<Person>,
}

/// A contact.
#[utoipa::path(get, operation_id = "contact", path = "/v1/desks/{desk}/contacts/{person}", tag = "desk",
    params(("desk" = String, Path), ("person" = String, Path)),
    responses((status = 200, body = ContactPage), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn get(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, person)): Path<(String, String)>,
) -> Result<Json<ContactPage>, Refusal> {
    let (house, person, me) = (parse_desk(&desk)?, parse_person(&person)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let page = site.store.read(move |read| {
        staff::at_desk(read, house, me)?;
        let row = find(read, house, person)?;
        let shown = people(read, &held, me, &[person])?.pop().ok_or_else(no_such_contact)?;
        let notes = notes(read, person)?;
        let newest = "t.visitor = ?1 ORDER BY t.conversation DESC LIMIT ?2";
        let most = desk_limits::TICKETS_PER_VISITOR_MAX;
        let tickets = ticket::select(read, newest, params![person, most])?;
        let named = tickets.iter().filter_map(|t| t.owner).chain(notes.iter().map(|n| n.from));
        let people = people_named(read, &held, me, named.collect::<Vec<_>>())?;
        let (fields, subject) = (fields(read, person)?, verified::subject_of(read, house, person)?);
        let visitor = VisitorShown::of(&held, row, shown);
        Ok(ContactPage { visitor, fields, subject, notes, tickets, people })
    });
    Ok(Json(page.await?))
}

/// What the staff notes of a contact; fields that are absent stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactChange {
    /// The name that the staff and the visitor itself see.
    name: Option<String>,
    mail: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    address: Option<String>,
}

/// Changes what is noted of a contact. Longer texts are cut.
#[utoipa::path(patch, operation_id = "change_contact", path = "/v1/desks/{desk}/contacts/{person}",
    tag = "desk", params(("desk" = String, Path), ("person" = String, Path)),
    request_body = ContactChange,
    responses((status = 200, body = ContactFields), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 409, description = "name_taken"),
        (status = 422, description = "bad_name, invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn write(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, person)): Path<(String, String)>,
    Body(change): Body<ContactChange>,
) -> Result<Json<ContactFields>, Refusal> {
    let (house, person, me) = (parse_desk(&desk)?, parse_person(&person)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    let changed = site.store.write(move |tx| {
        staff::acting_at_desk(tx, house, me)?;
        find(tx, house, person)?;
        if let Some(name) = &change.name {
            let name = account::check_name(tx, name)?;
            rename(tx, person, &name)?;
        }
        let before = fields(tx, person)?;
        let after = ContactFields {
            mail: change.mail.unwrap_or(before.mail),
            phone: change.phone.unwrap_or(before.phone),
            company: change.company.unwrap_or(before.company),
            address: change.address.unwrap_or(before.address),
        };
        store(tx, person, after)
    });
    Ok(Json(changed.await?))
}

/// Gives a contact another name, also in what it said before it was merged, and tells those that talk with it.
pub(crate) fn rename(tx: &mut Tx<'_>, person: PersonId, name: &str) -> Result<(), Error> {
    let selves = selves(tx, person)?;
    for each in &selves {
        account::set_name(tx, *each, name)?;
    }
    let newest = "t.visitor = ?1 ORDER BY t.conversation DESC LIMIT ?2";
    let most = desk_limits::TICKETS_PAGE_MAX as u64;
    let tickets = ticket::select(tx, newest, params![person, most])?;
    let ids: Vec<_> = tickets.iter().map(|ticket| ticket.id).collect();
    tell_of_person(tx, person, &ids)?;
    let earlier = selves.iter().filter(|each| **each != person).rev();
    for each in earlier.take(desk_limits::MERGED_TOLD_MAX) {
        tell_others_of_person(tx, *each, person, &ids)?;
    }
    Ok(())
}

/// What a contact is called.
pub(crate) fn name(sql: &mut impl Sql, person: PersonId) -> Result<String, StoreError> {
    let row = sql.query_one("SELECT display_name FROM person WHERE id = ?1", params![person])?;
    row.map_or_else(|| Ok(String::new()), |row| row.get(0))
}

/// The visitors that a contact consists of: itself, and those that were merged into it.
pub(crate) fn selves(sql: &mut impl Sql, person: PersonId) -> Result<Vec<PersonId>, Error> {
    let rows = sql.query(
        "SELECT person FROM desk_merged WHERE into_person = ?1 ORDER BY person",
        params![person],
    )?;
    let mut all = vec![person];
    for row in rows {
        all.push(row.get(0)?);
    }
    Ok(all)
}

/// A note to be written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewContactNote {
    text: String,
}

/// Writes a note about a contact. No visitor ever gets it.
#[utoipa::path(post, operation_id = "write_contact_note",
    path = "/v1/desks/{desk}/contacts/{person}/notes", tag = "desk",
    params(("desk" = String, Path), ("person" = String, Path)), request_body = NewContactNote,
    responses((status = 201, body = ContactNote), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 413, description = "too_large"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn note(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, person)): Path<(String, String)>,
    Body(NewContactNote { text }): Body<NewContactNote>,
) -> Result<(StatusCode, Json<ContactNote>), Refusal> {
    let (house, person, me) = (parse_desk(&desk)?, parse_person(&person)?, caller.0.person);
    note::check(&text)?;
    // Not each engine takes every character.
    if text.contains('\0') {
        return Err(Refusal::new(Code::Invalid, "A note has no zero bytes."));
    }
    site.take_message(me, caller.0.role, text.len())?;
    let written = site.store.write(move |tx| {
        staff::acting_at_desk(tx, house, me)?;
        find(tx, house, person)?;
        if notes(tx, person)?.len() >= desk_limits::CONTACT_NOTES_MAX {
            let what = "There are as many notes about this contact as there may be.";
            return Err(Error::new(Code::Conflict, what));
        }
        let at = tx.now_ms();
        let insert = "INSERT INTO desk_contact_note (person, writer, note, at_ms)
                      VALUES (?1, ?2, ?3, ?4) RETURNING number";
        let row = tx.query_one(insert, params![person, me, &text, at])?;
        let number = row.ok_or_else(no_such_contact)?.get(0)?;
        Ok(ContactNote { number, from: me, text, at })
    });
    Ok((StatusCode::CREATED, Json(written.await?)))
}

/// Deletes a note about a contact: its writer, or a supervisor.
#[utoipa::path(delete, operation_id = "delete_contact_note",
    path = "/v1/desks/{desk}/contacts/{person}/notes/{number}", tag = "desk",
    params(("desk" = String, Path), ("person" = String, Path), ("number" = String, Path)),
    responses((status = 204), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn delete_note(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, person, number)): Path<(String, String, String)>,
) -> Result<StatusCode, Refusal> {
    let (house, person, me) = (parse_desk(&desk)?, parse_person(&person)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    let deleted = site.store.write(move |tx| {
        let (_, role) = staff::acting_at_desk(tx, house, me)?;
        find(tx, house, person)?;
        let none = || Error::new(Code::NotFound, "There is no such note.");
        let number: u32 = number.parse().map_err(|_| none())?;
        let mut all = notes(tx, person)?.into_iter();
        let found = all.find(|n| n.number == u64::from(number)).ok_or_else(none)?;
        if found.from != me && !role.moderates() {
            let what = "Only its writer and supervisors delete a note.";
            return Err(Error::new(Code::Forbidden, what));
        }
        tx.execute("DELETE FROM desk_contact_note WHERE number = ?1", params![found.number])?;
        Ok(())
    });
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}
