//! Carrying rules out: once for each happening, by whichever node takes it first.

use std::sync::Arc;

use encke_engine::{ConversationId, Error, Position, desk_limits};
use encke_site::Site;
use encke_store::{Read, Sql, StoreError, Tx, Value, params};
use encke_talk::message::text_of;

use super::act::{Doer, Worked};
use super::condition::Facts;
use super::happening;
use super::rule::{self, NumberedRule};
use super::run::{self, Did};
use crate::agent;
use crate::desk::DeskRow;
use crate::ticket::{self, Ticket};
use crate::visitor::VisitorRow;

/// Hands what has happened to the rules, until nothing is left.
pub(crate) async fn work(site: &Arc<Site>) -> Result<(), Error> {
    let most = desk_limits::HAPPENINGS_AT_ONCE_MAX;
    loop {
        let waiting = site.store.read(move |read| Ok(happening::waiting(read, most)?)).await?;
        let count = waiting.len();
        for number in waiting {
            let held = site.clone();
            let done = site.store.write(move |tx| carry_out(tx, &held, number)).await;
            let Err(e) = done else { continue };
            if e.code.retry() {
                return Err(e);
            }
            // What can't be done now can't be done later, and must not stand before all else.
            tracing::warn!("what the rules of a desk say could not be done: {e}");
            site.store.write(move |tx| Ok(happening::take(tx, number)?.map(drop))).await?;
        }
        if count < most {
            return Ok(());
        }
    }
}

/// Runs the rules for visitors that wait for long.
pub(crate) async fn work_on_waits(site: &Arc<Site>) -> Result<(), Error> {
    let now = site.now_ms();
    for (id, rule) in site.store.read(move |read| waits(read, now)).await? {
        let held = site.clone();
        site.store.write(move |tx| run_on_wait(tx, &held, id, &rule)).await?;
    }
    Ok(())
}

/// The tickets on which a rule has to look, since their visitor waits for so long.
fn waits(read: &mut Read<'_>, now_ms: u64) -> Result<Vec<(ConversationId, NumberedRule)>, Error> {
    let mut found = Vec::new();
    // What is kept of older waits is forgotten.
    let oldest = now_ms.saturating_sub(desk_limits::RULE_RUN_AGE_MS / 2);
    for (house, rule) in rule::for_waits(read)? {
        let until = now_ms.saturating_sub(rule.rule.after_s * 1_000);
        let query = "SELECT t.conversation FROM desk_ticket t
             WHERE t.house = ?1 AND t.state = 'open' AND t.waiting = 1 AND t.since_ms <= ?2 AND t.since_ms > ?3
               AND NOT EXISTS (SELECT 1 FROM desk_rule_run r
                   WHERE r.rule = ?4 AND r.ticket = t.conversation AND r.cause = t.since_ms)
             ORDER BY t.since_ms, t.conversation LIMIT ?5";
        let most = desk_limits::HAPPENINGS_AT_ONCE_MAX as u64;
        for row in read.query(query, params![house, until, oldest, rule.id, most])? {
            found.push((row.get(0)?, rule.clone()));
        }
    }
    Ok(found)
}

fn run_on_wait(
    tx: &mut Tx<'_>,
    site: &Site,
    id: ConversationId,
    rule: &NumberedRule,
) -> Result<(), Error> {
    let Some(ticket) = ticket::find(tx, id)? else { return Ok(()) };
    let Some(since) = ticket.waiting_since else { return Ok(()) };
    let Some(desk) = DeskRow::find(tx, ticket.desk)? else { return Ok(()) };
    let Some(now) = rule::find(tx, desk.house, rule.id)?.filter(|now| now.rule == rule.rule) else {
        return Ok(());
    };
    let is_due = since + now.rule.after_s * 1_000 <= tx.now_ms();
    if !is_due || ticket.state != ticket::TicketState::Open {
        return Ok(());
    }
    let facts = facts(tx, site, &desk, &ticket, None)?;
    let holds = now.rule.holds(&facts);
    // It is claimed also where it does nothing, so that nobody looks again for this wait.
    let Some(run) = run::claim(tx, now.id, id, since, holds)? else { return Ok(()) };
    match holds {
        true => run_one(tx, site, &desk, ticket, &now, run).map(drop),
        false => Ok(()),
    }
}

/// Carries out what the rules say of one happening.
fn carry_out(tx: &mut Tx<'_>, site: &Site, number: u64) -> Result<(), Error> {
    let Some(noted) = happening::take(tx, number)? else { return Ok(()) };
    // One that was merged meanwhile goes on in another ticket, where nothing of this has happened.
    let found = ticket::find(tx, noted.ticket)?.filter(|ticket| ticket.merged_into.is_none());
    let Some(mut ticket) = found else { return Ok(()) };
    let Some(desk) = DeskRow::find(tx, ticket.desk)? else { return Ok(()) };
    let text = noted.happening.has_text().then_some(noted.position);
    let mut facts = facts(tx, site, &desk, &ticket, text)?;
    for rule in rule::waiting_for(tx, desk.house, noted.happening)? {
        // Each rule sees what those before it have done.
        facts.take_over(&ticket);
        if !rule.rule.holds(&facts) || run::is_too_often(tx, rule.id, ticket.id)? {
            continue;
        }
        if let Some(run) = run::claim(tx, rule.id, ticket.id, noted.position.0, true)? {
            ticket = run_one(tx, site, &desk, ticket, &rule, run)?;
        }
    }
    Ok(())
}

/// Does what one rule says.
fn run_one(
    tx: &mut Tx<'_>,
    site: &Site,
    desk: &DeskRow,
    ticket: Ticket,
    rule: &NumberedRule,
    run: u64,
) -> Result<Ticket, Error> {
    let mut worked = Worked::new(site, desk, Doer::Rule(&rule.rule.name), ticket);
    let mut did = Vec::with_capacity(rule.rule.acts.len());
    for act in &rule.rule.acts {
        did.push(Did::of(act, worked.carry_out(tx, act)?));
    }
    worked.store(tx)?;
    run::note(tx, run, &did)?;
    Ok(worked.after)
}

/// What is so at a ticket now. The text of a message is read in the log and kept nowhere.
pub(crate) fn facts(
    tx: &mut impl ReadsEvents,
    site: &Site,
    desk: &DeskRow,
    ticket: &Ticket,
    message: Option<Position>,
) -> Result<Facts, Error> {
    let text = match message {
        Some(at) => tx.body_at(at)?.as_deref().and_then(text_of),
        None => None,
    };
    let visitor = VisitorRow::find(tx, ticket.visitor)?;
    let (language, seen) = visitor.map(|row| (row.language, row.facts)).unwrap_or_default();
    let query = "SELECT 1 FROM desk_ticket WHERE visitor = ?1 AND conversation < ?2 LIMIT 1";
    let returning =
        tx.query_one(query, &[Value::from(ticket.visitor), ticket.id.into()])?.is_some();
    let open = match &desk.settings.hours {
        Some(hours) => hours.hold(site.now_ms()),
        None => agent::all(tx, desk.house)?.iter().any(|agent| agent.is_there(site)),
    };
    let mut facts = Facts {
        page: seen.page,
        title: seen.title,
        language,
        text: text.map(|text| text.to_lowercase()),
        open,
        returning,
        attributes: seen.attributes,
        ..Facts::default()
    };
    facts.take_over(ticket);
    Ok(facts)
}

/// A view of the store that reads events, too.
pub(crate) trait ReadsEvents: Sql + Sized {
    /// The body of the event at a position; `None` if nothing is there any more.
    fn body_at(&mut self, at: Position) -> Result<Option<Vec<u8>>, StoreError>;
}

impl ReadsEvents for Tx<'_> {
    fn body_at(&mut self, at: Position) -> Result<Option<Vec<u8>>, StoreError> {
        let entry = self.event(at)?;
        Ok(entry.filter(|e| !e.event.is_erased()).map(|e| e.event.body.to_vec()))
    }
}

impl ReadsEvents for Read<'_> {
    fn body_at(&mut self, at: Position) -> Result<Option<Vec<u8>>, StoreError> {
        let entry = self.event(at)?;
        Ok(entry.filter(|e| !e.event.is_erased()).map(|e| e.event.body.to_vec()))
    }
}
