//! Giving tickets that wait to agents, and taking back those whose owner is gone.
//!
//! What decides is in the crate `queue`; here is the store around it. Each gift is a write that looks at the rows again, so
//! it does not matter how many nodes look at once (P11).

use encke_engine::{ConversationId, Error, PersonId, Seq, desk_limits};
use encke_queue::{Free, Turns, Wanted, plan};
use encke_site::Site;
use encke_store::{Sql, Tx, params};

use crate::agent::{self, AgentRow};
use crate::claim::{head, own};
use crate::desk::DeskRow;
use crate::settings::Assignment;
use crate::team;
use crate::ticket::{self, Ticket};

/// Tickets of the queue that are looked at in one step.
const STEP: usize = 500;

/// Gives the tickets of a desk's queue to its agents, as many as there is room for, up to a bound. Returns how many.
pub(crate) fn give(tx: &mut Tx<'_>, site: &Site, house: ConversationId) -> Result<usize, Error> {
    let Some(desk) = DeskRow::find(tx, house)? else { return Ok(0) };
    let turns = match desk.settings.assignment {
        Assignment::Manual => return Ok(0),
        Assignment::RoundRobin => Turns::RoundRobin,
        Assignment::LeastBusy => Turns::LeastBusy,
    };
    let mut agents = free(tx, site, &desk)?;
    let (mut given, mut behind) = (0, None);
    while agents.iter().any(|agent| agent.open < agent.capacity) {
        let queue = queue(tx, house, behind.as_ref())?;
        let wanted = wanted(tx, &queue)?;
        for (id, person) in plan(turns, &wanted, &mut agents) {
            if given == desk_limits::ASSIGNED_AT_ONCE_MAX {
                return Ok(given);
            }
            hand(tx, site, house, id, person)?;
            given += 1;
        }
        if queue.len() < STEP {
            break;
        }
        behind = queue.into_iter().next_back();
    }
    Ok(given)
}

/// The agents of a desk that are there.
fn free(tx: &mut Tx<'_>, site: &Site, desk: &DeskRow) -> Result<Vec<Free>, Error> {
    let rows = agent::all(tx, desk.house)?;
    let there: Vec<AgentRow> = rows.into_iter().filter(|agent| agent.is_there(site)).collect();
    if there.is_empty() {
        return Ok(Vec::new());
    }
    let open = agent::open_tickets(tx, desk.house)?;
    let mut teams = team::of_agents(tx, desk.house)?;
    let free = |agent: AgentRow| Free {
        person: agent.person,
        open: open.get(&agent.person).copied().unwrap_or_default(),
        capacity: agent.capacity.unwrap_or(desk.settings.capacity),
        skills: [agent.skills, teams.remove(&agent.person).unwrap_or_default()].concat(),
        given: agent.given_ms,
    };
    Ok(there.into_iter().map(free).collect())
}

/// The next tickets of the queue in which somebody waits.
fn queue(
    tx: &mut Tx<'_>,
    house: ConversationId,
    behind: Option<&Ticket>,
) -> Result<Vec<Ticket>, Error> {
    let behind = behind.map_or((0, 0, ConversationId(0)), |t| (t.lowness(), t.since_ms, t.id));
    let next = "t.house = ?1 AND t.state = 'open' AND t.owner IS NULL AND t.waiting = 1
                AND (t.lowness, t.since_ms, t.conversation) > (?2, ?3, ?4)
                ORDER BY t.lowness, t.since_ms, t.conversation LIMIT ?5";
    let params = params![house, behind.0, behind.1, behind.2, STEP as u64];
    Ok(ticket::select(tx, next, params)?)
}

fn wanted(tx: &mut Tx<'_>, queue: &[Ticket]) -> Result<Vec<Wanted>, Error> {
    let mut all = Vec::with_capacity(queue.len());
    for ticket in queue {
        let query = "SELECT owner FROM desk_ticket WHERE visitor = ?1 AND conversation < ?2
                     ORDER BY conversation DESC LIMIT 1";
        let row = tx.query_one(query, params![ticket.visitor, ticket.id])?;
        let before = row.map(|row| row.get::<Option<PersonId>>(0)).transpose()?.flatten();
        let (team, passed_by) = (ticket.team.clone(), ticket.passed_by);
        all.push(Wanted { ticket: ticket.id, team, before, passed_by });
    }
    Ok(all)
}

/// Makes an agent the owner of a ticket of the queue.
fn hand(
    tx: &mut Tx<'_>,
    site: &Site,
    house: ConversationId,
    id: ConversationId,
    person: PersonId,
) -> Result<(), Error> {
    let Some(before) = ticket::find(tx, id)?.filter(Ticket::is_queued) else { return Ok(()) };
    let (mut after, newest) = (before.clone(), head(tx, id)?);
    // The newest message is unread for the agent: it has not chosen this ticket.
    own(tx, &mut after, person, Seq(newest.0.saturating_sub(1)))?;
    ticket::change(tx, site, &before, after, None)?;
    let now = tx.now_ms();
    tx.execute(
        "INSERT INTO desk_agent (house, person, availability, capacity, skills, given_ms)
         VALUES (?1, ?2, 'online', NULL, '[]', ?3)
         ON CONFLICT (house, person) DO UPDATE SET given_ms = excluded.given_ms",
        params![house, person, now],
    )?;
    Ok(())
}
