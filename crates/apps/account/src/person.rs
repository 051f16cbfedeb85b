//! People as others see them, and the search for people.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use bytes::Bytes;
use encke_engine::presence::Presence;
use encke_engine::{Code, Error, PersonId, limits};
use encke_store::{Row, Sql, StoreError, Tx, Value, params};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::display_name::is_hidden;
use super::last_seen::coarse;
use super::settings::settings;
use super::status::Status;
use encke_site::Act;
use encke_site::Role;
use encke_site::Site;
use encke_site::bulk;
use encke_site::caller::Caller;
use encke_site::check_search;
use encke_site::identity::not_signed_in;
use encke_site::reply::Refusal;

/// A person as others see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Person {
    /// Id of the person.
    #[schema(value_type = String)]
    pub id: PersonId,
    /// Name to sign in with; guests and bots have none, and visitors of a desk are shown none.
    #[schema(required)]
    pub name: Option<String>,
    /// Name that others see.
    pub display_name: String,
    /// Role of the person on this site.
    pub role: Role,
    /// Whether the person is there.
    #[schema(value_type = PresenceState)]
    pub presence: Presence,
    /// The address of the person's picture, on this site; absent without one. Another picture has another address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub picture: Option<String>,
    /// What the person says of itself, until it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub status: Option<Status>,
    /// The minute at which the person was last seen, in milliseconds since 1970, while it is offline; absent if it is
    /// unknown, or hidden by either of the two.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_seen: Option<u64>,
    /// Whether the caller itself hides when it was last seen. Of others this is not told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub hides_last_seen: bool,
}

impl Person {
    /// The person as JSON.
    pub fn json(&self) -> Bytes {
        serde_json::to_vec(self).expect("people are plain data").into()
    }

    /// The person as an event names it: without what it shows of itself for a time, which would stay in the log (P10).
    pub fn in_event(self) -> Self {
        Person { picture: None, status: None, last_seen: None, hides_last_seen: false, ..self }
    }
}

/// The presence of a person, in the description of the API.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum PresenceState {
    /// No device is connected or was connected in the last seconds.
    Offline,
    /// Devices are connected, and nobody sits before any of them.
    Away,
    /// A person uses one of its devices.
    Online,
}

/// The caller and its site.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Me {
    /// The caller.
    #[serde(flatten)]
    pub person: Person,
    /// Name of the site.
    pub site_name: String,
}

/// Tells the presence of a person that others see. The product that knows presences adds one to the site's parts.
/// Without one, everybody is offline.
pub struct PresenceOf(pub fn(&Site, PersonId) -> Presence);

/// The presence of a person that others see.
pub fn presence(site: &Site, person: PersonId) -> Presence {
    site.find_part::<PresenceOf>().map_or(Presence::Offline, |PresenceOf(of)| of(site, person))
}

const COLUMNS: &str = "p.id, p.shown_name, p.display_name, p.role, b.person, p.picture, s.place,
    l.at_ms, l.hidden, own.hidden, looking.id";

/// Finds what people show of themselves, who has blocked the person that looks, which is this expression, and whether that
/// one is a visitor.
fn joins(seen_by: &str) -> String {
    format!(
        "LEFT JOIN status s ON s.person = p.id LEFT JOIN last_seen l ON l.person = p.id
         LEFT JOIN last_seen own ON own.person = {seen_by}
         LEFT JOIN block b ON b.person = p.id AND b.blocked = {seen_by}
         LEFT JOIN person looking ON looking.id = {seen_by} AND looking.role = 'visitor'"
    )
}

fn of(row: &Row, site: &Site, seen_by: PersonId) -> Result<Person, StoreError> {
    let id = row.get(0)?;
    let is_for_visitor = row.get::<Option<u64>>(10)?.is_some();
    let has_blocked = row.get::<Option<u64>>(4)?.is_some();
    let presence = if has_blocked { Presence::Offline } else { presence(site, id) };
    let place: Option<Vec<u8>> = row.get(6)?;
    let status = place.map(|place| Status::in_place(&place, site.now_ms())).transpose()?;
    let hides = |column| Ok::<_, StoreError>(row.get::<Option<u64>>(column)? == Some(1));
    let shows_time =
        presence == Presence::Offline && id != seen_by && !(has_blocked || hides(8)? || hides(9)?);
    let at_ms = row.get::<Option<u64>>(7)?.filter(|_| shows_time).unwrap_or_default();
    Ok(Person {
        id,
        // A visitor of a desk is shown nothing to sign in with.
        name: row.get::<Option<String>>(1)?.filter(|_| !is_for_visitor),
        display_name: row.get(2)?,
        role: Role::of(&row.get::<String>(3)?),
        presence,
        picture: row.get(5)?,
        status: status.flatten(),
        last_seen: coarse(at_ms),
        hides_last_seen: id == seen_by && hides(9)?,
    })
}

/// People by their ids, as a person sees them, in the order of the ids. Unknown ids are left out.
pub fn people(
    sql: &mut impl Sql,
    site: &Site,
    seen_by: PersonId,
    ids: &[PersonId],
) -> Result<Vec<Person>, StoreError> {
    let mut found = FxHashMap::default();
    for part in bulk::parts(ids) {
        let values = bulk::values(part.len(), 1);
        let query = format!(
            "WITH v (id) AS ({values}) SELECT {COLUMNS} FROM v JOIN person p ON p.id = v.id
             {}",
            joins(&format!("?{}", part.len() + 1))
        );
        let params: Vec<Value> =
            part.iter().map(|id| (*id).into()).chain([seen_by.into()]).collect();
        for row in sql.query(&query, &params)? {
            let person = of(&row, site, seen_by)?;
            found.insert(person.id, person);
        }
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// A person as another one sees it: who looks, and who is seen.
type Seen = (PersonId, PersonId);

/// People, each as another one sees it. Unknown ids are left out.
pub fn people_seen(
    sql: &mut impl Sql,
    site: &Site,
    seen: &[Seen],
) -> Result<FxHashMap<Seen, Person>, StoreError> {
    let mut found = FxHashMap::default();
    for part in bulk::padded(seen) {
        let values = bulk::values(part.len(), 2);
        let query = format!(
            "WITH v (seen_by, id) AS ({values}) SELECT {COLUMNS}, v.seen_by FROM v JOIN person p ON p.id = v.id {}",
            joins("v.seen_by")
        );
        let params: Vec<Value> =
            part.iter().flat_map(|(by, id)| [(*by).into(), (*id).into()]).collect();
        for row in sql.query(&query, &params)? {
            let seen_by = row.get(11)?;
            let person = of(&row, site, seen_by)?;
            found.insert((seen_by, person.id), person);
        }
    }
    Ok(found)
}

/// The people that an answer names, as a person sees them, each once, in the order of their ids. Unknown ids are left out.
pub fn people_named(
    sql: &mut impl Sql,
    site: &Site,
    seen_by: PersonId,
    ids: impl IntoIterator<Item = PersonId>,
) -> Result<Vec<Person>, StoreError> {
    let mut ids: Vec<_> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    people(sql, site, seen_by, &ids)
}

/// Asks whether a person is staff of a desk that a visitor has asked.
const ASKED: &str = "SELECT 1 FROM member v JOIN conversation c ON c.id = v.conversation
    JOIN member a ON a.conversation = c.house AND a.person = ?1 WHERE v.person = ?2 LIMIT 1";

fn is_visitor(sql: &mut impl Sql, id: PersonId) -> Result<bool, StoreError> {
    let query = "SELECT 1 FROM person WHERE id = ?1 AND role = 'visitor'";
    Ok(sql.query_one(query, params![id])?.is_some())
}

/// One person, as another one sees it. A guest sees those alone that share a conversation with it, and a visitor of a desk
/// is seen by the desk's staff alone.
pub fn one(
    sql: &mut impl Sql,
    site: &Site,
    seen_by: (PersonId, Role),
    id: PersonId,
) -> Result<Person, Error> {
    let nobody = || Error::new(Code::NotFound, "There is no such person.");
    let (me, role) = seen_by;
    let share = "SELECT 1 FROM member a JOIN member b ON a.conversation = b.conversation
                 WHERE a.person = ?1 AND b.person = ?2 LIMIT 1";
    if me != id
        && (role == Role::Guest || is_visitor(sql, id)?)
        && sql.query_one(share, params![me, id])?.is_none()
        && sql.query_one(ASKED, params![me, id])?.is_none()
    {
        return Err(nobody());
    }
    people(sql, site, me, &[id])?.pop().ok_or_else(nobody)
}

/// The caller as it sees itself.
pub fn me(sql: &mut impl Sql, site: &Site, id: PersonId) -> Result<Me, Error> {
    let person = people(sql, site, id, &[id])?.pop();
    let person = person.ok_or_else(not_signed_in)?;
    Ok(Me { person, site_name: settings(sql)?.site_name })
}

/// Adds a person without a sign-in name: a guest or a bot.
pub(super) fn insert_nameless(
    tx: &mut Tx<'_>,
    display_name: &str,
    role: Role,
) -> Result<PersonId, StoreError> {
    let now = tx.now_ms();
    let row = tx.query_one(
        "INSERT INTO person (display_name, role, created_ms) VALUES (?1, ?2, ?3) RETURNING id",
        params![display_name, role.text(), now],
    )?;
    row.ok_or_else(|| StoreError::Other("an insert returned no row".into()))?.get(0)
}

/// A sign-in name in the form in which names are compared.
pub(super) fn fold(name: &str) -> String {
    name.to_lowercase()
}

pub(super) fn check_name(name: &str) -> Result<(), Error> {
    let good = (1..=limits::NAME_CHARS_MAX).contains(&name.chars().count())
        && name.chars().all(|c| (c.is_alphanumeric() && !is_hidden(c)) || "._-".contains(c));
    if good {
        return Ok(());
    }
    let most = limits::NAME_CHARS_MAX;
    let what = format!("A name has 1 to {most} letters, digits, dots, dashes and underscores.");
    Err(Error::new(Code::Invalid, what))
}

/// The number of people in an answer if the request names none.
const FOUND_DEFAULT: u64 = 20;
/// The greatest number of people in one answer.
const FOUND_MAX: u64 = 100;

/// A search for people.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Part of the name or the display name.
    #[serde(default)]
    q: String,
    /// Greatest number of people in the answer; 20 if absent, 100 at most.
    limit: Option<u64>,
}

/// The people that were found.
#[derive(Serialize, ToSchema)]
pub(crate) struct People {
    people: Vec<Person>,
}

/// A pattern for LIKE that matches texts with this text in them.
pub fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Finds people; guests find only people that share a conversation with them.
#[utoipa::path(get, operation_id = "find_people", path = "/v1/people", tag = "people",
    params(Wanted),
    responses((status = 200, body = People), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn search(
    State(site): State<Arc<Site>>,
    caller: Caller,
    wanted: Result<Query<Wanted>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<People>, Refusal> {
    let Query(wanted) = wanted.map_err(|e| Refusal(Error::new(Code::BadRequest, e.body_text())))?;
    let limit = wanted.limit.unwrap_or(FOUND_DEFAULT).clamp(1, FOUND_MAX);
    check_search(&wanted.q, limits::NAME_CHARS_MAX)?;
    site.take(caller.0.person, caller.0.role, Act::Read)?;
    let guest = caller.0.role == Role::Guest;
    let me = caller.0.person;
    let site_for_store = site.clone();
    let people = site.store.read(move |read| {
        let rows = read.query(
            &format!(
                "SELECT {COLUMNS} FROM person p {}
                 WHERE p.disabled_ms IS NULL AND p.role <> 'visitor' AND (lower(p.display_name) LIKE ?1 ESCAPE '\\'
                    OR p.display_name LIKE ?5 ESCAPE '\\' OR p.name LIKE ?1 ESCAPE '\\')
                 AND (?2 = 0 OR EXISTS (SELECT 1 FROM member a JOIN member b
                    ON a.conversation = b.conversation WHERE a.person = ?3 AND b.person = p.id))
                 ORDER BY p.display_name, p.id LIMIT ?4",
                joins("?3")
            ),
            // Some engines' lower() knows ASCII only. The text as it was written still matches there.
            params![pattern(&fold(&wanted.q)), guest, me, limit, pattern(&wanted.q)],
        )?;
        rows.iter().map(|row| Ok(of(row, &site_for_store, me)?)).collect::<Result<_, Error>>()
    });
    Ok(Json(People { people: people.await? }))
}
