//! The sums of whole days, kept so that a report does not read each ticket again.
//!
//! They are what the tickets say, never more: the write that changes a ticket in a way that a sum shows forgets its day, and
//! a report reads the tickets of days that are not kept. Days by UTC that are over for a day are summed up by housekeeping,
//! in three steps so that no write waits for it: it marks the day with a token, reads the tickets, and keeps the sums if the
//! mark is still there. All writes of a space have one order, so a change is before the mark, or takes it away. A node that
//! dies in between leaves a mark, and after a time another one marks the day anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use encke_engine::{ConversationId, Error, desk_limits, limits};
use encke_site::Site;
use encke_store::{Read, Sql, StoreError, Tx, params};

use crate::desk::DeskRow;
use crate::sums::{Time, TimeSums};
use crate::ticket::Ticket;

/// A day in milliseconds.
pub(crate) const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// The number of turns of housekeeping between two looks.
const TURNS: u64 = desk_limits::DAY_SUMS_LOOK_MS / limits::RECEIPTS_FOLD_MS;
/// Days of two reports of the greatest length, one behind the other.
const DAYS: u64 = 2 * desk_limits::REPORT_DAYS_MAX;
/// What is kept of a day with too much in it: nothing, and it is not summed up again until it changes.
const TOO_MUCH: &str = "";

/// The time to the first answer that a desk allows, in milliseconds. Sums count what came within it.
pub(crate) fn allowed_ms(desk: &DeskRow) -> u64 {
    desk.settings.answer_within_s.saturating_mul(1000)
}

/// The sums of those whole days within a time that are kept, the oldest first.
pub(crate) fn kept(
    sql: &mut impl Sql,
    desk: &DeskRow,
    (from_ms, to_ms): Time,
) -> Result<Vec<(u64, TimeSums)>, StoreError> {
    let query = "SELECT day, sums FROM desk_day WHERE house = ?1 AND day >= ?2 AND day < ?3 AND allowed_ms = ?4
                 AND sums IS NOT NULL AND sums <> ?5 ORDER BY day";
    let (first, end) = (from_ms.div_ceil(DAY_MS), to_ms / DAY_MS);
    let rows = sql.query(query, params![desk.house, first, end, allowed_ms(desk), TOO_MUCH])?;
    let damaged = |_| StoreError::Damaged("the sums of a day are damaged".into());
    let of = |row: &encke_store::Row| {
        let sums = serde_json::from_str(&row.get::<String>(1)?).map_err(damaged)?;
        Ok((row.get(0)?, sums))
    };
    rows.iter().map(of).collect()
}

/// Forgets the sums of the day of a ticket, if a change of it may show in them.
pub(crate) fn forget(tx: &mut Tx<'_>, before: &Ticket, after: &Ticket) -> Result<(), StoreError> {
    let of = |t: &Ticket| {
        (
            t.owner,
            t.first_answer_at,
            t.resolved_at,
            t.rating,
            t.merged_into,
            t.due.first,
            t.due.resolution,
            t.due.bits(),
        )
    };
    let is_same = of(before) == of(after) && before.team == after.team && before.tags == after.tags;
    if is_same { Ok(()) } else { forget_day_of(tx, after) }
}

/// Forgets the sums of the day on which a ticket was asked.
pub(crate) fn forget_day_of(tx: &mut Tx<'_>, ticket: &Ticket) -> Result<(), StoreError> {
    let day = ticket.asked_at / DAY_MS;
    if is_over(day, tx.now_ms()) {
        let delete = "DELETE FROM desk_day WHERE house = ?1 AND day = ?2";
        tx.execute(delete, params![ticket.desk, day])?;
    }
    Ok(())
}

fn is_over(day: u64, now_ms: u64) -> bool {
    (day + 1) * DAY_MS <= now_ms
}

/// Whether days are left for the next turn of housekeeping.
#[derive(Default)]
pub(crate) struct DaysLeft(AtomicBool);

/// Does one turn of housekeeping: sums up days that are over, up to a bound.
pub(crate) async fn turn(site: &Arc<Site>, number: u64) -> Result<(), Error> {
    let are_left = site.part::<DaysLeft>().0.swap(false, Ordering::Relaxed);
    if !are_left && !number.is_multiple_of(TURNS.max(1)) {
        return Ok(());
    }
    let now = site.now_ms();
    let most = desk_limits::DAYS_SUMMED_AT_ONCE_MAX;
    let days = site.store.read(move |read| missing(read, now, most)).await?;
    site.part::<DaysLeft>().0.store(days.len() == most, Ordering::Relaxed);
    for (house, day) in days {
        keep(site, house, day, now).await?;
    }
    Ok(())
}

/// Days with tickets that are over for a day and not kept, up to a number.
fn missing(
    read: &mut Read<'_>,
    now: u64,
    most: usize,
) -> Result<Vec<(ConversationId, u64)>, Error> {
    let mut all = Vec::new();
    let end = (now / DAY_MS).saturating_sub(1);
    let first = end.saturating_sub(DAYS);
    for row in read.query("SELECT house FROM desk ORDER BY house", params![])? {
        let house: ConversationId = row.get(0)?;
        let Some(desk) = DeskRow::find(read, house)? else { continue };
        let known = "SELECT day FROM desk_day WHERE house = ?1 AND day >= ?2 AND day < ?3
                     AND ((sums IS NOT NULL AND allowed_ms = ?4) OR (sums IS NULL AND begun_ms > ?5)) ORDER BY day";
        let params = params![house, first, end, allowed_ms(&desk), lapsed(now)];
        let mut behind = first;
        let known = read.query(known, params)?;
        let known = known.iter().map(|row| row.get::<u64>(0));
        for day in known.chain([Ok(end)]) {
            let day = day?;
            while behind < day && all.len() < most {
                let next = "SELECT min(asked_ms) FROM desk_ticket
                            WHERE house = ?1 AND asked_ms >= ?2 AND asked_ms < ?3
                                AND merged_into IS NULL";
                let next = read.query_one(next, params![house, behind * DAY_MS, day * DAY_MS])?;
                let next = next.map(|row| row.get::<Option<u64>>(0)).transpose()?.flatten();
                let Some(asked_ms) = next else { break };
                all.push((house, asked_ms / DAY_MS));
                behind = asked_ms / DAY_MS + 1;
            }
            behind = day + 1;
        }
        if all.len() == most {
            break;
        }
    }
    Ok(all)
}

/// A mark from before this time is one of a node that is gone.
fn lapsed(now: u64) -> u64 {
    now.saturating_sub(desk_limits::DAY_SUMS_LOOK_MS)
}

/// Sums up a day and keeps the sums, unless another node does it, or a ticket changes meanwhile.
async fn keep(site: &Site, house: ConversationId, day: u64, now: u64) -> Result<(), Error> {
    let token = getrandom::u64().unwrap_or(now) >> 1;
    let desk = site.store.write(move |tx| mark(tx, house, day, token, now)).await?;
    let Some(desk) = desk else { return Ok(()) };
    let allowed_ms = allowed_ms(&desk);
    let time = (day * DAY_MS, (day + 1) * DAY_MS);
    let summed =
        site.store.read(move |read| Ok::<_, Error>(TimeSums::of_tickets(read, &desk, time)?));
    let mut sums = serde_json::to_string(&summed.await?).expect("sums are plain data");
    if sums.len() > desk_limits::DAY_SUMS_BYTES_MAX {
        sums = TOO_MUCH.into();
    }
    let kept = site.store.write(move |tx| {
        let update = "UPDATE desk_day SET sums = ?4 WHERE house = ?1 AND day = ?2 AND token = ?3 AND allowed_ms = ?5";
        tx.execute(update, params![house, day, token, sums, allowed_ms])?;
        Ok::<_, Error>(())
    });
    kept.await
}

/// Marks a day. Returns the desk, or nothing if another node has marked it a moment ago.
fn mark(
    tx: &mut Tx<'_>,
    house: ConversationId,
    day: u64,
    token: u64,
    now: u64,
) -> Result<Option<DeskRow>, Error> {
    let Some(desk) = DeskRow::find(tx, house)? else { return Ok(None) };
    let insert = "INSERT INTO desk_day (house, day, token, begun_ms, allowed_ms, sums)
         VALUES (?1, ?2, ?3, ?4, ?5, NULL)
         ON CONFLICT (house, day) DO UPDATE SET token = excluded.token, begun_ms = excluded.begun_ms,
             allowed_ms = excluded.allowed_ms, sums = NULL
         WHERE (desk_day.sums IS NULL AND desk_day.begun_ms <= ?6)
             OR (desk_day.sums IS NOT NULL AND desk_day.allowed_ms <> excluded.allowed_ms)";
    let params = params![house, day, token, now, allowed_ms(&desk), lapsed(now)];
    Ok((tx.execute(insert, params)? > 0).then_some(desk))
}
