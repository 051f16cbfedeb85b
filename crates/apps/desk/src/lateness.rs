//! When something is due at a ticket, and what is too late: each promised time that was missed is noted once (P11).

use std::sync::Arc;

use encke_engine::{ConversationId, Error, desk_limits};
use encke_site::Site;
use encke_store::{Read, Row, Sql, StoreError, Tx, params};
use serde::Serialize;
use utoipa::ToSchema;

use crate::automation::happening::{self, Happening};
use crate::desk::DeskRow;
use crate::promise::{DeskPromise, due};
use crate::ticket::{self, Ticket, TicketState};

/// A promised time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Promised {
    /// The first answer.
    First,
    /// A later answer.
    Answer,
    /// The resolution.
    Resolution,
}

const ALL: [Promised; 3] = [Promised::First, Promised::Answer, Promised::Resolution];

/// What is due at a ticket, in milliseconds since 1970, and what was missed. What is promised for no time is absent.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, ToSchema)]
#[schema(as = TicketDue)]
pub(crate) struct Due {
    /// When the first answer is due. It stays when it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub first: Option<u64>,
    /// When the next answer is due; absent while the visitor does not wait for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub answer: Option<u64>,
    /// When it is to be resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub resolution: Option<u64>,
    /// What was missed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub late: Vec<Promised>,
}

impl Due {
    /// Reads the three times and what was missed from columns that begin at `at`.
    pub fn of(row: &Row, at: usize) -> Result<Self, StoreError> {
        let bits: u64 = row.get(at + 3)?;
        let late = ALL.into_iter().filter(|one| bits & one.bit() > 0).collect();
        Ok(Due {
            first: row.get(at)?,
            answer: row.get(at + 1)?,
            resolution: row.get(at + 2)?,
            late,
        })
    }

    /// Whether nothing was promised.
    pub fn is_nothing(&self) -> bool {
        *self == Due::default()
    }

    /// What was missed, as the table has it.
    pub fn bits(&self) -> u64 {
        self.late.iter().map(|one| one.bit()).sum()
    }

    fn miss(&mut self, what: Promised) {
        if !self.late.contains(&what) {
            self.late.push(what);
            self.late.sort_by_key(|one| one.bit());
        }
    }
}

impl Promised {
    /// Its name in a table.
    pub fn text(self) -> &'static str {
        match self {
            Promised::First => "first",
            Promised::Answer => "answer",
            Promised::Resolution => "resolution",
        }
    }

    fn bit(self) -> u64 {
        match self {
            Promised::First => 1,
            Promised::Answer => 2,
            Promised::Resolution => 4,
        }
    }
}

impl Ticket {
    /// What is due now, each with its time. What is put off or resolved has nothing due.
    fn pending(&self) -> impl Iterator<Item = (Promised, u64)> {
        let is_open = self.state == TicketState::Open;
        let first = self.due.first.filter(|_| self.first_answer_at.is_none());
        let answer = self.due.answer.filter(|_| self.waiting_since.is_some());
        let resolution = self.due.resolution.filter(|_| self.resolved_at.is_none());
        [(Promised::First, first), (Promised::Answer, answer), (Promised::Resolution, resolution)]
            .into_iter()
            .filter_map(move |(what, at)| Some((what, at.filter(|_| is_open)?)))
    }

    /// When the next of what is due will be too late; `None` if nothing more can be.
    pub fn watched_ms(&self) -> Option<u64> {
        let late = &self.due.late;
        self.pending().filter(|(what, _)| !late.contains(what)).map(|(_, at)| at).min()
    }
}

/// Notes in memory when things are due after a change, and what came too late with it.
pub(crate) fn settle(tx: &mut Tx<'_>, before: &Ticket, after: &mut Ticket) -> Result<(), Error> {
    let is_same = before.priority == after.priority
        && before.waiting_since == after.waiting_since
        && before.first_answer_at == after.first_answer_at
        && before.state == after.state;
    if is_same {
        return Ok(());
    }
    let now = tx.now_ms();
    // What came with this change may have come too late, before anybody looked.
    let missed: Vec<_> =
        before.pending().filter(|(_, at)| *at < now).map(|(what, _)| what).collect();
    for what in missed {
        after.due.miss(what);
    }
    promise(tx, after, before.priority == after.priority)?;
    if before.state == TicketState::Resolved && after.state != TicketState::Resolved {
        // The promise was kept or missed with the first resolution. This is another one.
        let times = DeskPromise::find(tx, after.desk)?.of(after.priority);
        if let Some(desk) = DeskRow::find(tx, after.desk)? {
            after.due.resolution = due(&desk, now, times.resolution_s);
        }
    }
    Ok(())
}

/// Sets when things are due. What was promised for the first answer and the end stays, unless the priority is another one.
fn promise(tx: &mut Tx<'_>, ticket: &mut Ticket, is_far_on: bool) -> Result<(), Error> {
    let times = DeskPromise::find(tx, ticket.desk)?.of(ticket.priority);
    let is_answered = ticket.first_answer_at.is_some();
    let waits = ticket.waiting_since.filter(|_| is_answered && times.answer_s > 0);
    let is_settled = is_far_on || (times.first_s == 0 && times.resolution_s == 0);
    if is_settled && waits.is_none() {
        ticket.due.answer = None;
        if !is_far_on {
            (ticket.due.first, ticket.due.resolution) = (None, None);
        }
        return Ok(());
    }
    let Some(desk) = DeskRow::find(tx, ticket.desk)? else { return Ok(()) };
    ticket.due.answer = waits.and_then(|since| due(&desk, since, times.answer_s));
    if !is_far_on {
        if !is_answered {
            ticket.due.first = due(&desk, ticket.asked_at, times.first_s);
        }
        ticket.due.resolution = due(&desk, ticket.asked_at, times.resolution_s);
    }
    Ok(())
}

/// Sets when things are due at a new ticket.
pub(crate) fn promise_first(tx: &mut Tx<'_>, ticket: &mut Ticket) -> Result<(), Error> {
    promise(tx, ticket, false)
}

/// Sets anew when things are due at the open tickets of a desk, those that wait longest, up to a bound.
pub(crate) fn promise_again(
    tx: &mut Tx<'_>,
    site: &Site,
    house: ConversationId,
) -> Result<(), Error> {
    let open = "t.house = ?1 AND t.state = 'open' ORDER BY t.changed_ms, t.conversation LIMIT ?2";
    let most = desk_limits::TICKETS_COUNTED_MAX;
    for before in ticket::select(tx, open, params![house, most])? {
        let mut after = before.clone();
        promise(tx, &mut after, false)?;
        ticket::change(tx, site, &before, after, None)?;
    }
    Ok(())
}

/// Finds what is too late, and notes it.
pub(crate) async fn look(site: &Arc<Site>) -> Result<(), Error> {
    let now = site.now_ms();
    let most = desk_limits::HAPPENINGS_AT_ONCE_MAX;
    loop {
        let late = site.store.read(move |read| watched(read, now, most)).await?;
        let count = late.len();
        for id in late {
            let held = site.clone();
            site.store.write(move |tx| note(tx, &held, id, now)).await?;
        }
        if count < most {
            return Ok(());
        }
    }
}

fn watched(read: &mut Read<'_>, now: u64, most: usize) -> Result<Vec<ConversationId>, Error> {
    let query =
        "SELECT conversation FROM desk_ticket WHERE watched_ms IS NOT NULL AND watched_ms < ?1
                 ORDER BY watched_ms, conversation LIMIT ?2";
    let rows = read.query(query, params![now, most as u64])?;
    Ok(rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?)
}

/// Notes what is too late at a ticket, unless another node did.
fn note(tx: &mut Tx<'_>, site: &Site, id: ConversationId, now: u64) -> Result<(), Error> {
    let Some(before) = ticket::find(tx, id)? else { return Ok(()) };
    let mut after = before.clone();
    for (what, at) in before.pending() {
        if at < now {
            after.due.miss(what);
        }
    }
    if after == before {
        return Ok(());
    }
    ticket::change(tx, site, &before, after, None).map(drop)
}

/// Notes for the rules that something is late since a change.
pub(crate) fn note_for_rules(
    tx: &mut Tx<'_>,
    before: &Ticket,
    after: &Ticket,
    position: encke_engine::Position,
) -> Result<(), Error> {
    if after.due.late.iter().all(|what| before.due.late.contains(what)) {
        return Ok(());
    }
    happening::note(tx, after, Happening::Late, position)
}
