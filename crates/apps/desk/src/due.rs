//! What has to be done at a time: tickets that were put off come back, those whose owner is gone or does not answer go back to
//! the queue, and those of the queue go to agents that got free.
//!
//! Every node looks. The write that does something looks at the row again, so it is done once (P11). A node that dies leaves
//! all of it to the others, or to its next start.

use std::sync::{Arc, Mutex};

use encke_engine::{ConversationId, Error, PersonId, desk_limits, limits};
use encke_queue::Gone;
use encke_site::Site;
use encke_store::{Read, Sql, Tx, params};
use encke_talk::onlooker;
use rustc_hash::FxHashMap;

use crate::agent::is_present;
use crate::assignment::give;
use crate::automation::run;
use crate::automation::work::{work, work_on_waits};
use crate::change::reopen;
use crate::claim::release;
use crate::desk::DeskRow;
use crate::erasure;
use crate::helped;
use crate::incoming;
use crate::lateness;
use crate::settings::Assignment;
use crate::ticket::{self, Ticket};
use crate::visitor;

/// The number of turns of housekeeping between two looks.
const TURNS: u64 = desk_limits::DESK_LOOK_MS / limits::RECEIPTS_FOLD_MS;
/// The number of turns of housekeeping between two looks for visitors to forget.
const FORGET_TURNS: u64 = desk_limits::VISITORS_FORGET_MS / limits::RECEIPTS_FOLD_MS;

/// What this node has seen of owners that are gone.
#[derive(Default)]
pub(crate) struct Watched(Mutex<Gone>);

impl Watched {
    /// Notes which owners are gone now, and returns those that are gone for long.
    fn note(&self, owners: &[PersonId], site: &Site, now_ms: u64) -> Vec<PersonId> {
        let mut gone = self.0.lock().expect("not poisoned");
        gone.note(owners, |person| is_present(site, person), now_ms)
    }
}

/// Does one turn of housekeeping.
pub(crate) async fn turn(site: &Arc<Site>, number: u64) {
    if let Err(e) = work(site).await {
        tracing::warn!("what has happened could not be handed to the rules of the desks: {e}");
    }
    if !number.is_multiple_of(TURNS.max(1)) {
        return;
    }
    if let Err(e) = lateness::look(site).await {
        tracing::warn!("what is too late could not be noted: {e}");
    }
    if let Err(e) = work_on_waits(site).await {
        tracing::warn!("rules for those who wait could not be carried out: {e}");
    }
    if number.is_multiple_of(FORGET_TURNS)
        && let Err(e) = site.store.write(run::forget_old).await
    {
        tracing::warn!("what rules did long ago could not be forgotten: {e}");
    }
    if number.is_multiple_of(FORGET_TURNS)
        && let Err(e) = site.store.write(visitor::forget_idle).await
    {
        tracing::warn!("visitors that never asked could not be forgotten: {e}");
    }
    if number.is_multiple_of(FORGET_TURNS)
        && let Err(e) = site.store.write(helped::forget_old).await
    {
        tracing::warn!("who said whether an article helped could not be forgotten: {e}");
    }
    if number.is_multiple_of(FORGET_TURNS)
        && let Err(e) = site.store.write(incoming::forget_old).await
    {
        tracing::warn!("mails that came long ago could not be forgotten: {e}");
    }
    if let Err(e) = end_looks(site).await {
        tracing::warn!("those who looked at tickets could not be made to follow no longer: {e}");
    }
    if let Err(e) = erasure::resume(site).await {
        tracing::warn!("a contact could not be erased: {e}");
    }
    if let Err(e) = look(site).await {
        tracing::warn!("the desks' tickets could not be looked after: {e}");
    }
}

/// Ends what those follow who have looked at a ticket, and look no longer.
async fn end_looks(site: &Arc<Site>) -> Result<(), Error> {
    let now = site.now_ms();
    if site.store.read(move |read| onlooker::is_any_over(read, now)).await? {
        site.store.write(onlooker::end_over).await?;
    }
    Ok(())
}

/// What a look has found.
#[derive(Default)]
struct Found {
    snoozed: Vec<ConversationId>,
    /// Owners of tickets that wait, with the desk and the time from which the oldest of these waits for this owner.
    owned: Vec<(ConversationId, PersonId, u64)>,
    /// Desks that give tickets by themselves, and have some in the queue.
    queues: Vec<ConversationId>,
    /// How long the desks let an owner take, in milliseconds; those that say.
    patience: FxHashMap<ConversationId, u64>,
}

async fn look(site: &Arc<Site>) -> Result<(), Error> {
    let now = site.now_ms();
    let found = site.store.read(move |read| find(read, now)).await?;
    for id in found.snoozed {
        let held = site.clone();
        site.store.write(move |tx| wake(tx, &held, id, now)).await?;
    }
    let mut owners: Vec<_> = found.owned.iter().map(|(_, owner, _)| *owner).collect();
    owners.sort_unstable();
    owners.dedup();
    let gone = site.part::<Watched>().note(&owners, site, now);
    for (house, owner, oldest) in found.owned {
        let is_gone = gone.contains(&owner);
        let until = found.patience.get(&house).map(|ms| now.saturating_sub(*ms));
        if is_gone || until.is_some_and(|until| oldest <= until) {
            let (held, until) = (site.clone(), if is_gone { None } else { until });
            site.store.write(move |tx| take_back(tx, &held, house, owner, until)).await?;
        }
    }
    for house in found.queues {
        let held = site.clone();
        site.store.write(move |tx| give(tx, &held, house)).await?;
    }
    Ok(())
}

fn find(read: &mut Read<'_>, now: u64) -> Result<Found, Error> {
    let mut found = Found::default();
    let most = desk_limits::ASSIGNED_AT_ONCE_MAX as u64;
    let snoozed =
        "SELECT conversation FROM desk_ticket WHERE state = 'snoozed' AND snoozed_until_ms <= ?1
                   ORDER BY snoozed_until_ms LIMIT ?2";
    for row in read.query(snoozed, params![now, most])? {
        found.snoozed.push(row.get(0)?);
    }
    let owned =
        "SELECT house, owner, min(CASE WHEN since_ms > owned_ms THEN since_ms ELSE owned_ms END)
                 FROM desk_ticket WHERE state = 'open' AND waiting = 1 AND owner IS NOT NULL
                 GROUP BY house, owner ORDER BY house, owner";
    for row in read.query(owned, params![])? {
        let house = row.get(0)?;
        found.owned.push((house, row.get(1)?, row.get(2)?));
        if !found.patience.contains_key(&house)
            && let Some(desk) = DeskRow::find(read, house)?
            && desk.settings.answer_within_s > 0
        {
            found.patience.insert(house, desk.settings.answer_within_s * 1_000);
        }
    }
    let queues = "SELECT DISTINCT house FROM desk_ticket WHERE state = 'open' AND owner IS NULL ORDER BY house";
    for row in read.query(queues, params![])? {
        let house = row.get(0)?;
        let desk = DeskRow::find(read, house)?;
        if desk.is_some_and(|desk| desk.settings.assignment != Assignment::Manual) {
            found.queues.push(house);
        }
    }
    Ok(found)
}

/// Brings a ticket back that was put off, unless somebody was faster.
fn wake(tx: &mut Tx<'_>, site: &Site, id: ConversationId, now: u64) -> Result<(), Error> {
    let Some(before) = ticket::find(tx, id)? else { return Ok(()) };
    if before.snoozed_until.is_none_or(|until| until > now) {
        return Ok(());
    }
    let mut after = before.clone();
    reopen(tx, site, &mut after)?;
    ticket::change(tx, site, &before, after, None).map(drop)
}

/// Puts tickets of an owner back into the queue: all in which somebody waits, or those in which this owner has let somebody
/// wait since a time.
fn take_back(
    tx: &mut Tx<'_>,
    site: &Site,
    house: ConversationId,
    owner: PersonId,
    until: Option<u64>,
) -> Result<(), Error> {
    let late = "t.house = ?1 AND t.owner = ?2 AND t.state = 'open' AND t.waiting = 1
                AND (CASE WHEN t.since_ms > t.owned_ms THEN t.since_ms ELSE t.owned_ms END) <= ?3
                ORDER BY t.changed_ms, t.conversation LIMIT ?4";
    let latest = until.unwrap_or(i64::MAX as u64);
    let most = desk_limits::ASSIGNED_AT_ONCE_MAX as u64;
    let late: Vec<Ticket> = ticket::select(tx, late, params![house, owner, latest, most])?;
    for before in late {
        let mut after = before.clone();
        after.passed_by = until.and(before.owner);
        release(tx, &mut after)?;
        ticket::change(tx, site, &before, after, None)?;
    }
    Ok(())
}
