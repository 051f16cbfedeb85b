//! Looking for messages and reminders that are due, on every node.
//!
//! The store alone says what is due, and the write that does it takes it away. So it is done once, however many nodes
//! come to it at the same moment, and a node that dies before the commit leaves it to the others (P11). A node remembers
//! only when it has to look next: events tell it of everything that any node has planned.

use std::future::Future;
use std::sync::Arc;

use encke_engine::next_look::NextLook;
use encke_engine::{Batch, Code, Error, Step, StreamClass, keep_limits, limits};
use encke_site::{EventBody, Site};
use encke_store::{Read, Sql, params};
use futures_util::future::join_all;
use serde::Deserialize;

use crate::reminder::{self, ReminderTold};
use crate::scheduled::ScheduledTold;
use crate::sending;

/// The number of turns of housekeeping after which a node looks in any case.
const TURNS: u64 = keep_limits::DUE_LOOK_MS / limits::RECEIPTS_FOLD_MS;

/// The time in the body of an event that tells of something planned.
#[derive(Deserialize)]
struct Planned {
    #[serde(alias = "send_at")]
    at: u64,
}

/// Notes what a commit of this node or of another one has planned.
pub(crate) fn committed(site: &Site, batch: &Batch) {
    for step in &batch.steps {
        let Step::Event(entry) = step else { continue };
        let event = &entry.event;
        if event.stream.class() == StreamClass::PERSON
            && [ScheduledTold::KIND, ReminderTold::KIND].contains(&&*event.kind)
            && let Ok(Planned { at }) = serde_json::from_slice(&event.body)
        {
            site.part::<NextLook>().at_latest(at);
        }
    }
}

/// Does one turn of housekeeping.
pub(crate) async fn turn(site: &Arc<Site>, number: u64) {
    let (next, now) = (site.part::<NextLook>(), site.now_ms());
    if !next.has_come(now) && !number.is_multiple_of(TURNS) {
        return;
    }
    let later = match look(site, now).await {
        Ok(later) => later,
        Err(e) => {
            // It is still due then.
            tracing::warn!("what is due could not be done: {e}");
            now + keep_limits::DUE_AGAIN_MS
        }
    };
    next.at_latest(later);
}

/// The ids that a look has found.
struct Found {
    scheduled: Vec<String>,
    reminders: Vec<String>,
    /// The time of the next one, at which to look again.
    next_ms: u64,
}

/// Does everything that is due at a time, and returns when to look again.
async fn look(site: &Arc<Site>, now: u64) -> Result<u64, Error> {
    let found = site.store.read(move |read| find(read, now)).await?;
    // They are handed in together, so they share commits, and each is done or refused alone.
    let (mut sending, mut reminding) = (Vec::new(), Vec::new());
    for id in found.scheduled {
        sending.push(sending::send(site.clone(), id, now));
    }
    for id in found.reminders {
        reminding.push(reminder::remind(site.clone(), id, now));
    }
    let (sent, reminded) = (done(sending).await, done(reminding).await);
    match sent && reminded {
        true => Ok(found.next_ms),
        false => Ok(found.next_ms.min(now + keep_limits::DUE_AGAIN_MS)),
    }
}

/// Whether all of these were done. What was not is due again.
async fn done(all: Vec<impl Future<Output = Result<(), Error>>>) -> bool {
    let mut done = true;
    for result in join_all(all).await {
        if let Err(e) = result {
            tracing::warn!("something that is due has to wait: {e}");
            done = false;
        }
    }
    done
}

fn find(read: &mut Read<'_>, now: u64) -> Result<Found, Error> {
    let most = keep_limits::DUE_AT_ONCE_MAX as u64;
    let mut next_ms = u64::MAX;
    let mut ids = |of: [&str; 2]| -> Result<Vec<String>, Error> {
        let [due, next] = of;
        let rows = read.query(due, params![now, most])?;
        if rows.len() as u64 == most {
            next_ms = now;
        }
        if let Some(row) = read.query_one(next, params![now])? {
            next_ms = next_ms.min(row.get(0)?);
        }
        Ok(rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?)
    };
    let scheduled = ids([
        "SELECT id FROM scheduled WHERE failed_ms IS NULL AND send_at_ms <= ?1
         ORDER BY send_at_ms LIMIT ?2",
        "SELECT send_at_ms FROM scheduled WHERE failed_ms IS NULL AND send_at_ms > ?1
         ORDER BY send_at_ms LIMIT 1",
    ])?;
    let reminders = ids([
        "SELECT id FROM reminder WHERE due_ms IS NULL AND at_ms <= ?1 ORDER BY at_ms LIMIT ?2",
        "SELECT at_ms FROM reminder WHERE due_ms IS NULL AND at_ms > ?1 ORDER BY at_ms LIMIT 1",
    ])?;
    Ok(Found { scheduled, reminders, next_ms })
}

/// Whether another try may help, with nothing changed but the state of the server.
pub(crate) fn is_passing(e: &Error) -> bool {
    matches!(e.code, Code::Overloaded | Code::StoreFull | Code::Draining)
}

/// Refuses a time that is not in the future, and one that is too far away.
pub(crate) fn check_time(at: u64, now: u64) -> Result<(), Error> {
    let most = keep_limits::PLANNED_AHEAD_MS_MAX;
    if at <= now || at > now.saturating_add(most) {
        let days = most / (24 * 60 * 60 * 1_000);
        let what = format!("The time has to lie in the future, and at most {days} days ahead.");
        return Err(Error::new(Code::Invalid, what));
    }
    Ok(())
}
