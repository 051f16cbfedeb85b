//! Agents: what staff chooses for itself at a desk, and who of it is there.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_account::{Person, people, presence};
use encke_engine::presence::Presence;
use encke_engine::{Code, ConversationId, Error, PersonId, StreamId, desk_limits};
use encke_site::{Act, Body, Caller, EventBody, Path, Refusal, Site, event};
use encke_store::{Row, Sql, StoreError, Tx, params};
use encke_talk::conversation::MemberRole;
use encke_talk::member::{is_member, parse_person};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::assignment::give;
use crate::desk::parse_desk;
use crate::settings::is_short_name;
use crate::staff;
use crate::team;

/// What an agent has set by hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Availability {
    /// Tickets may be given to it while it is connected.
    Online,
    /// It is given none.
    Away,
    /// It is given none, and visitors don't see it.
    Invisible,
}

impl Availability {
    fn text(self) -> &'static str {
        match self {
            Availability::Online => "online",
            Availability::Away => "away",
            Availability::Invisible => "invisible",
        }
    }

    fn of(text: Option<&str>) -> Self {
        match text {
            Some("away") => Availability::Away,
            Some("invisible") => Availability::Invisible,
            _ => Availability::Online,
        }
    }
}

/// An agent as the desk's tables have it.
#[derive(Clone, Debug)]
pub(crate) struct AgentRow {
    pub person: PersonId,
    pub role: MemberRole,
    pub availability: Availability,
    pub capacity: Option<u64>,
    pub skills: Vec<String>,
    /// When it was given a ticket last.
    pub given_ms: u64,
    /// Whether it only reads.
    pub reads_only: bool,
}

impl AgentRow {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let skills: Option<String> = row.get(4)?;
        Ok(AgentRow {
            person: row.get(0)?,
            role: MemberRole::of(&row.get::<String>(1)?),
            availability: Availability::of(row.get::<Option<String>>(2)?.as_deref()),
            capacity: row.get(3)?,
            skills: skills.and_then(|s| serde_json::from_str(&s).ok()).unwrap_or_default(),
            given_ms: row.get::<Option<u64>>(5)?.unwrap_or_default(),
            reads_only: row.get::<u64>(6)? > 0,
        })
    }

    fn select(condition: &str) -> String {
        format!(
            "SELECT m.person, m.role, a.availability, a.capacity, a.skills, a.given_ms,
                 (SELECT count(*) FROM desk_reader r WHERE r.house = m.conversation AND r.person = m.person)
             FROM member m LEFT JOIN desk_agent a ON a.house = m.conversation AND a.person = m.person
             WHERE m.conversation = ?1 {condition}"
        )
    }

    /// Whether tickets may be given to it.
    pub fn is_there(&self, site: &Site) -> bool {
        self.availability == Availability::Online
            && !self.reads_only
            && is_present(site, self.person)
    }
}

/// Whether a person has a live session, on any node.
pub(crate) fn is_present(site: &Site, person: PersonId) -> bool {
    presence(site, person) != Presence::Offline
}

/// The staff of a desk, those that joined first, up to a bound.
pub(crate) fn all(sql: &mut impl Sql, house: ConversationId) -> Result<Vec<AgentRow>, StoreError> {
    let query = AgentRow::select("ORDER BY m.joined_seq, m.person LIMIT ?2");
    let rows = sql.query(&query, params![house, desk_limits::DESK_AGENTS_MAX as u64])?;
    rows.iter().map(AgentRow::of).collect()
}

/// One of the staff of a desk.
pub(crate) fn one(
    sql: &mut impl Sql,
    house: ConversationId,
    person: PersonId,
) -> Result<Option<AgentRow>, StoreError> {
    let query = AgentRow::select("AND m.person = ?2");
    sql.query_one(&query, params![house, person])?.as_ref().map(AgentRow::of).transpose()
}

/// Whether tickets may be given to a person: it is staff, online by its own choice, and connected.
pub(crate) fn is_there(
    sql: &mut impl Sql,
    site: &Site,
    house: ConversationId,
    person: PersonId,
) -> Result<bool, Error> {
    Ok(one(sql, house, person)?.is_some_and(|agent| agent.is_there(site)))
}

/// The number of open tickets of each agent that has any.
pub(crate) fn open_tickets(
    sql: &mut impl Sql,
    house: ConversationId,
) -> Result<FxHashMap<PersonId, u64>, StoreError> {
    let query = "SELECT owner, count(*) FROM desk_ticket
                 WHERE house = ?1 AND owner IS NOT NULL AND state = 'open' GROUP BY owner";
    let rows = sql.query(query, params![house])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// An agent of a desk.
#[derive(Serialize, ToSchema)]
pub(crate) struct Agent {
    person: Person,
    role: MemberRole,
    availability: Availability,
    /// Whether it is connected.
    present: bool,
    /// Open tickets that it is given at most.
    capacity: u64,
    skills: Vec<String>,
    /// The teams that it belongs to.
    teams: Vec<String>,
    /// Whether it only reads: it answers nobody and is given no tickets.
    reads_only: bool,
    /// Open tickets that it has.
    open: u64,
}

/// The agents of a desk.
#[derive(Serialize, ToSchema)]
pub(crate) struct Agents {
    /// Those that joined first come first.
    agents: Vec<Agent>,
}

/// The staff of a desk.
#[utoipa::path(get, operation_id = "desk_agents", path = "/v1/desks/{desk}/agents", tag = "desk",
    params(("desk" = String, Path)),
    responses((status = 200, body = Agents), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
) -> Result<Json<Agents>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let held = site.clone();
    let agents = site.store.read(move |read| {
        let (desk, _) = staff::at_desk(read, house, me)?;
        let (rows, open) = (all(read, house)?, open_tickets(read, house)?);
        let mut teams = team::of_agents(read, house)?;
        let ids: Vec<_> = rows.iter().map(|row| row.person).collect();
        let shown = people(read, &held, me, &ids)?;
        let mut shown: FxHashMap<_, _> = shown.into_iter().map(|p| (p.id, p)).collect();
        let agent = |row: AgentRow| {
            Some(Agent {
                present: is_present(&held, row.person),
                open: open.get(&row.person).copied().unwrap_or_default(),
                person: shown.remove(&row.person)?,
                role: row.role,
                availability: row.availability,
                capacity: row.capacity.unwrap_or(desk.settings.capacity),
                skills: row.skills,
                teams: teams.remove(&row.person).unwrap_or_default(),
                reads_only: row.reads_only,
            })
        };
        Ok(rows.into_iter().filter_map(agent).collect())
    });
    Ok(Json(Agents { agents: agents.await? }))
}

/// An agent has changed what it is given.
#[derive(Serialize, ToSchema)]
pub(crate) struct AgentChanged {
    #[schema(value_type = String)]
    person: PersonId,
    availability: Availability,
    /// Open tickets that it is given at most; null if the desk decides.
    #[schema(required)]
    capacity: Option<u64>,
    skills: Vec<String>,
}

impl EventBody for AgentChanged {
    const KIND: &'static str = "agent";
}

/// Stores what an agent is given, and tells the staff.
fn store(
    tx: &mut Tx<'_>,
    house: ConversationId,
    agent: AgentRow,
    by: PersonId,
) -> Result<(), Error> {
    let skills = serde_json::to_string(&agent.skills).expect("skills are plain data");
    tx.execute(
        "INSERT INTO desk_agent (house, person, availability, capacity, skills, given_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, 0) ON CONFLICT (house, person) DO UPDATE
         SET availability = excluded.availability, capacity = excluded.capacity, skills = excluded.skills",
        params![house, agent.person, agent.availability.text(), agent.capacity, skills],
    )?;
    let AgentRow { person, availability, capacity, skills, .. } = agent;
    let body = AgentChanged { person, availability, capacity, skills };
    tx.append(event(StreamId::amendments(house), Some(by), &body)).map(drop)
}

fn check_capacity(capacity: Option<u64>) -> Result<(), Error> {
    let most = desk_limits::AGENT_CAPACITY_MAX;
    if capacity.is_some_and(|n| n > most) {
        return Err(Error::new(Code::Invalid, format!("`capacity` is at most {most}.")));
    }
    Ok(())
}

/// What an agent chooses for itself; fields that are absent stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MyWork {
    availability: Option<Availability>,
    /// Open tickets that it is given at most.
    capacity: Option<u64>,
}

/// Sets whether the caller is given tickets at a desk, and how many.
#[utoipa::path(put, operation_id = "set_my_work", path = "/v1/desks/{desk}/me", tag = "desk",
    params(("desk" = String, Path)), request_body = MyWork,
    responses((status = 204), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn set_mine(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    Body(MyWork { availability, capacity }): Body<MyWork>,
) -> Result<http::StatusCode, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    check_capacity(capacity)?;
    site.take(me, caller.0.role, Act::Message)?;
    let held = site.clone();
    let set = site.store.write(move |tx| {
        staff::at_desk(tx, house, me)?;
        let Some(mut agent) = one(tx, house, me)? else { return Ok(()) };
        agent.availability = availability.unwrap_or(agent.availability);
        agent.capacity = capacity.or(agent.capacity);
        store(tx, house, agent, me)?;
        give(tx, &held, house).map(drop)
    });
    set.await?;
    Ok(http::StatusCode::NO_CONTENT)
}

/// What an agent is given; fields that are absent stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgentWork {
    /// Open tickets that it is given at most.
    capacity: Option<u64>,
    skills: Option<Vec<String>>,
    /// Whether it only reads. Owners and supervisors never do.
    reads_only: Option<bool>,
}

/// Sets what an agent is given. Owners and supervisors do it.
#[utoipa::path(put, operation_id = "set_agent", path = "/v1/desks/{desk}/agents/{person}", tag = "desk",
    params(("desk" = String, Path), ("person" = String, Path)), request_body = AgentWork,
    responses((status = 204), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn set(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, person)): Path<(String, String)>,
    Body(AgentWork { capacity, skills, reads_only }): Body<AgentWork>,
) -> Result<http::StatusCode, Refusal> {
    let (house, person, me) = (parse_desk(&desk)?, parse_person(&person)?, caller.0.person);
    check_capacity(capacity)?;
    let most = desk_limits::AGENT_SKILLS_MAX;
    if skills.as_ref().is_some_and(|all| all.len() > most || !all.iter().all(|s| is_short_name(s)))
    {
        let what = format!("`skills` are at most {most} short names of one line, without commas.");
        return Err(Refusal::new(Code::Invalid, what));
    }
    site.take(me, caller.0.role, Act::Message)?;
    let set = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        let nobody = || Error::new(Code::NotFound, "This person is no staff of the desk.");
        let mut agent = one(tx, house, person)?.ok_or_else(nobody)?;
        agent.capacity = capacity.or(agent.capacity);
        agent.skills = skills.unwrap_or(agent.skills);
        if let Some(on) = reads_only {
            set_reader(tx, house, &agent, on)?;
        }
        store(tx, house, agent, me)
    });
    set.await?;
    Ok(http::StatusCode::NO_CONTENT)
}

/// Makes an agent read only, or lets it work again.
fn set_reader(
    tx: &mut Tx<'_>,
    house: ConversationId,
    agent: &AgentRow,
    on: bool,
) -> Result<(), Error> {
    if !on {
        let delete = "DELETE FROM desk_reader WHERE house = ?1 AND person = ?2";
        return Ok(tx.execute(delete, params![house, agent.person]).map(drop)?);
    }
    if agent.role.moderates() {
        return Err(Error::new(Code::Invalid, "Owners and supervisors do more than read."));
    }
    let owned =
        "SELECT 1 FROM desk_ticket WHERE house = ?1 AND owner = ?2 AND state = 'open' LIMIT 1";
    if tx.query_one(owned, params![house, agent.person])?.is_some() {
        let what = "The agent has open tickets: hand them on first.";
        return Err(Error::new(Code::Conflict, what));
    }
    let insert = "INSERT INTO desk_reader (house, person) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    Ok(tx.execute(insert, params![house, agent.person]).map(drop)?)
}

/// Refuses a person that is not staff of a desk.
pub(crate) fn check_staff(
    tx: &mut Tx<'_>,
    house: ConversationId,
    person: PersonId,
) -> Result<(), Error> {
    if is_member(tx, house, person)? {
        return Ok(());
    }
    Err(Error::new(Code::NotFound, "This person is no staff of the desk."))
}
