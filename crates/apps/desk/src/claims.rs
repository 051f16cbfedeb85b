//! The claims of a node, many in one write.
//!
//! Agents click the same tickets at once, and each write waits for the space's turn. So the clicks that come while a write runs
//! wait for the next one, which reads all their tickets at once and writes the new owners at once. The first click gets
//! the ticket: within a write by the order in which they came, among nodes by the order of writes (P11).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use encke_account::{Person, people, people_seen};
use encke_engine::{Code, ConversationId, Error, PersonId, StreamId, desk_limits};
use encke_site::{Site, bulk};
use encke_store::{Sql, StoreError, Tx, Value};
use encke_talk::conversation::not_member;
use encke_talk::ticket::{TakesPart, take_part_all};
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::oneshot;

use crate::automation::happening::{self, Happening};
use crate::claim::{head, own};
use crate::day_sums;
use crate::staff;
use crate::status;
use crate::ticket::{self, Speaker, Ticket, TicketState};

/// A ticket, and the agent that claims it.
type Claim = (ConversationId, PersonId);
type Claimed = Result<Ticket, Error>;

/// The claims that wait for a write.
#[derive(Default)]
pub(crate) struct Claims(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    claims: VecDeque<(Claim, oneshot::Sender<Claimed>)>,
    /// Whether a task writes them.
    is_served: bool,
}

/// Claims a ticket for an agent.
pub(crate) async fn claim(site: &Arc<Site>, id: ConversationId, me: PersonId) -> Claimed {
    let (reply, answer) = oneshot::channel();
    let is_first = {
        let mut waiting = site.part::<Claims>().0.lock().expect("not poisoned");
        if waiting.claims.len() >= desk_limits::CLAIMS_WAITING_MAX {
            let what = "Too many claim tickets at once.";
            return Err(Error::new(Code::Overloaded, what).retry_after_ms(1_000));
        }
        waiting.claims.push_back(((id, me), reply));
        !std::mem::replace(&mut waiting.is_served, true)
    };
    if is_first {
        // Not in this request: it may end with its connection, and the others wait, too.
        tokio::spawn(serve(site.clone()));
    }
    answer.await.map_err(|_| Error::new(Code::Internal, "The claim was lost."))?
}

/// Writes the claims that wait, until none does.
async fn serve(site: Arc<Site>) {
    while let Some((claims, replies)) = take(&site) {
        let (held, all) = (site.clone(), claims.clone());
        let decided = site.store.write(move |tx| decide_all(tx, &held, &all)).await;
        let decided = decided.unwrap_or_else(|e| vec![Some(Err(e)); claims.len()]);
        for ((claim, reply), decided) in claims.into_iter().zip(replies).zip(decided) {
            let claimed = match decided {
                Some(claimed) => claimed,
                None => alone(&site, claim).await,
            };
            // An agent that is gone does not wait for it. The ticket is the agent's, as with any answer that is lost.
            let _ = reply.send(claimed);
        }
    }
}

type Taken = (Vec<Claim>, Vec<oneshot::Sender<Claimed>>);

/// The claims of the next write; none ends the service.
fn take(site: &Site) -> Option<Taken> {
    let mut waiting = site.part::<Claims>().0.lock().expect("not poisoned");
    let most = waiting.claims.len().min(desk_limits::CLAIMS_AT_ONCE_MAX);
    waiting.is_served = most > 0;
    (most > 0).then(|| waiting.claims.drain(..most).unzip())
}

/// What becomes of a claim; `None` if the ticket was put off or resolved: more changes with it, in a write of its own.
type Decided = Option<Claimed>;

/// The claims of one write.
struct Decision<'a> {
    claims: &'a [Claim],
    tickets: FxHashMap<ConversationId, Ticket>,
    /// Staff by desk, and whether it may only read.
    staff: FxHashMap<(ConversationId, PersonId), bool>,
    /// Tickets that get an owner by this write.
    won: Vec<ConversationId>,
}

/// What is to be said of a claim once everything is read.
enum Verdict {
    Refused(Error),
    /// It is the claimant's.
    Owned,
    /// It is this person's.
    TakenBy(PersonId),
    Alone,
}

fn decide_all(tx: &mut Tx<'_>, site: &Site, claims: &[Claim]) -> Result<Vec<Decided>, Error> {
    let tickets = tickets(tx, claims)?;
    let staff = staff_of(tx, claims, &tickets)?;
    let mut decision = Decision { claims, tickets, staff, won: Vec::new() };
    let verdicts: Vec<Verdict> = claims.iter().map(|claim| decision.decide(*claim)).collect();
    let seen = people_seen(tx, site, &decision.seen(&verdicts))?;
    decision.write(tx, &seen)?;
    Ok(decision.answers(&seen, verdicts))
}

/// People as others see them: who looks, and who is seen.
type People = FxHashMap<(PersonId, PersonId), Person>;

impl Decision<'_> {
    fn decide(&mut self, (id, me): Claim) -> Verdict {
        let Some(ticket) = self.tickets.get_mut(&id) else { return Verdict::Refused(not_member()) };
        match self.staff.get(&(ticket.desk, me)) {
            None => return Verdict::Refused(not_member()),
            Some(true) => return Verdict::Refused(staff::only_reads()),
            Some(false) => {}
        }
        match (ticket.owner, ticket.state) {
            (Some(owner), TicketState::Open) if owner == me => Verdict::Owned,
            (Some(owner), TicketState::Open | TicketState::Snoozed) if owner != me => {
                Verdict::TakenBy(owner)
            }
            (None, TicketState::Open) => {
                (ticket.owner, ticket.speaker) = (Some(me), Speaker::Person);
                ticket.passed_by = None;
                self.won.push(id);
                Verdict::Owned
            }
            _ => Verdict::Alone,
        }
    }

    /// Who is shown to whom: new owners to visitors, and those that have a ticket to those that are refused.
    fn seen(&self, verdicts: &[Verdict]) -> Vec<(PersonId, PersonId)> {
        let won = self.won.iter().filter_map(|id| self.tickets.get(id));
        let taken = |((_, me), verdict): (&Claim, &Verdict)| match verdict {
            Verdict::TakenBy(owner) => Some((*me, *owner)),
            _ => None,
        };
        let taken = self.claims.iter().zip(verdicts).filter_map(taken);
        let all = won.filter_map(|ticket| Some((ticket.visitor, ticket.owner?))).chain(taken);
        all.collect::<FxHashSet<_>>().into_iter().collect()
    }

    /// Stores the new owners and tells of them.
    fn write(&mut self, tx: &mut Tx<'_>, seen: &People) -> Result<(), Error> {
        let now = tx.now_ms();
        for id in &self.won {
            if let Some(ticket) = self.tickets.get_mut(id) {
                (ticket.changed_at, ticket.owned_ms) = (now, now);
            }
        }
        let won: Vec<&Ticket> = self.won.iter().filter_map(|id| self.tickets.get(id)).collect();
        if won.is_empty() {
            return Ok(());
        }
        expect(tx, &won)?;
        take_part(tx, &won)?;
        store(tx, &won, now)?;
        let mut awaited = FxHashMap::default();
        for ticket in won {
            day_sums::forget_day_of(tx, ticket)?;
            let told = ticket::tell(tx, ticket, ticket.owner)?;
            let agent = ticket.owner.and_then(|owner| seen.get(&(ticket.visitor, owner)).cloned());
            status::tell_of_agent(tx, ticket, agent, ticket.owner)?;
            let is_awaited = match awaited.get(&ticket.desk) {
                Some(known) => *known,
                None => happening::is_awaited(tx, ticket.desk, Happening::Assigned)?,
            };
            awaited.insert(ticket.desk, is_awaited);
            if is_awaited {
                happening::note(tx, ticket, Happening::Assigned, told)?;
            }
        }
        Ok(())
    }

    fn answers(&self, seen: &People, verdicts: Vec<Verdict>) -> Vec<Decided> {
        let decide = |((id, me), verdict): (&Claim, Verdict)| match verdict {
            Verdict::Alone => None,
            Verdict::Refused(e) => Some(Err(e)),
            Verdict::Owned => Some(self.tickets.get(id).cloned().ok_or_else(not_member)),
            Verdict::TakenBy(owner) => {
                let name = seen.get(&(*me, owner)).map(|owner| owner.display_name.as_str());
                Some(Err(taken_by(name)))
            }
        };
        self.claims.iter().zip(verdicts).map(decide).collect()
    }
}

/// The refusal of a ticket that another agent has.
fn taken_by(name: Option<&str>) -> Error {
    let who = name.unwrap_or("Somebody else");
    Error::new(Code::Taken, format!("{who} has this ticket already."))
}

fn tickets(
    tx: &mut Tx<'_>,
    claims: &[Claim],
) -> Result<FxHashMap<ConversationId, Ticket>, StoreError> {
    let mut ids: Vec<_> = claims.iter().map(|(id, _)| *id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found = FxHashMap::default();
    for part in bulk::padded(&ids) {
        let params: Vec<Value> = part.iter().map(|id| (*id).into()).collect();
        let these = format!("t.conversation IN ({})", bulk::values(part.len(), 1));
        found.extend(ticket::select(tx, &these, &params)?.into_iter().map(|t| (t.id, t)));
    }
    Ok(found)
}

fn staff_of(
    tx: &mut Tx<'_>,
    claims: &[Claim],
    tickets: &FxHashMap<ConversationId, Ticket>,
) -> Result<FxHashMap<(ConversationId, PersonId), bool>, StoreError> {
    let pairs = claims.iter().filter_map(|(id, me)| Some((tickets.get(id)?.desk, *me)));
    let pairs: FxHashSet<_> = pairs.collect();
    let pairs: Vec<_> = pairs.into_iter().collect();
    let mut found = FxHashMap::default();
    for part in bulk::padded(&pairs) {
        let values = bulk::values(part.len(), 2);
        let query = format!(
            "WITH v (house, person) AS ({values}) SELECT v.house, v.person, r.person FROM v
             JOIN member m ON m.conversation = v.house AND m.person = v.person
             LEFT JOIN desk_reader r ON r.house = v.house AND r.person = v.person"
        );
        let params: Vec<Value> =
            part.iter().flat_map(|(house, me)| [(*house).into(), (*me).into()]).collect();
        for row in tx.query(&query, &params)? {
            found.insert((row.get(0)?, row.get(1)?), row.get::<Option<u64>>(2)?.is_some());
        }
    }
    Ok(found)
}

/// Asks for the heads of all streams that are told, at once.
fn expect(tx: &mut Tx<'_>, won: &[&Ticket]) -> Result<(), StoreError> {
    let of = |ticket: &&Ticket| {
        let person = ticket.owner.map(StreamId::person);
        let (id, house) = (ticket.id, StreamId::amendments(ticket.desk));
        [StreamId::conversation(id), StreamId::amendments(id), house].into_iter().chain(person)
    };
    let streams: FxHashSet<_> = won.iter().flat_map(of).collect();
    tx.expect(&streams.into_iter().collect::<Vec<_>>())
}

fn take_part(tx: &mut Tx<'_>, won: &[&Ticket]) -> Result<(), Error> {
    let mut all = Vec::with_capacity(won.len());
    for ticket in won {
        let Some(person) = ticket.owner else { continue };
        let seen = head(tx, ticket.id)?;
        all.push(TakesPart { ticket: ticket.id, house: ticket.desk, person, seen });
    }
    take_part_all(tx, &all)
}

fn store(tx: &mut Tx<'_>, won: &[&Ticket], now: u64) -> Result<(), Error> {
    let mut changed = 0;
    for part in bulk::padded(won) {
        let (values, last) = (bulk::values(part.len(), 2), 2 * part.len() + 1);
        let update = format!(
            "WITH v (id, owner) AS ({values}) UPDATE desk_ticket
             SET owner = v.owner, speaker = 'person', passed_by = NULL, owned_ms = ?{last}, changed_ms = ?{last}
             FROM v WHERE desk_ticket.conversation = v.id AND desk_ticket.owner IS NULL AND desk_ticket.state = 'open'"
        );
        let row = |t: &&Ticket| -> [Value; 2] { [t.id.into(), t.owner.into()] };
        let params: Vec<Value> = part.iter().flat_map(row).chain([now.into()]).collect();
        changed += tx.execute(&update, &params)?;
    }
    if changed == won.len() as u64 {
        return Ok(());
    }
    Err(Error::new(Code::Internal, "A ticket changed while it was claimed."))
}

/// Claims a ticket that was put off or resolved.
async fn alone(site: &Arc<Site>, (id, me): Claim) -> Claimed {
    let held = site.clone();
    let claimed = site.store.write(move |tx| {
        let (before, _) = staff::acting_at_ticket(tx, id, me)?;
        match before.owner {
            Some(owner) if owner == me && before.state == TicketState::Open => return Ok(before),
            Some(owner) if owner != me && before.state != TicketState::Resolved => {
                let owner = people(tx, &held, me, &[owner])?.pop();
                return Err(taken_by(owner.as_ref().map(|owner| owner.display_name.as_str())));
            }
            _ => {}
        }
        let (mut after, seen) = (before.clone(), head(tx, id)?);
        own(tx, &mut after, me, seen)?;
        ticket::change(tx, &held, &before, after, Some(me))
    });
    claimed.await
}
