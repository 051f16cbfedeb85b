//! Quiet hours: times at which a person is not notified of anything. What is unread counts all the same.
//!
//! They are the person's, on all its devices, in the time zone that it names. The server keeps to them for Web Push; a
//! page keeps to them for its sounds and its own notifications.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, Error, PersonId, StreamId, outgoing_limits};
use encke_site::{Act, Body, Caller, EventBody, Refusal, Site, event};
use encke_store::{Sql, StoreError, Tx, params};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// Minutes of a day.
const DAY_MIN: u16 = 24 * 60;

/// Hours of some days of the week.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuietHours {
    /// The minute of the day at which they begin.
    #[schema(maximum = 1439)]
    from: u16,
    /// The minute of the day, or of the next day, at which they end. If both are the same, they last for a day.
    #[schema(maximum = 1439)]
    to: u16,
    /// The days on which they begin: 1 is Monday, 7 is Sunday.
    #[schema(min_items = 1, max_items = 7)]
    days: Vec<u8>,
    /// The time zone of the hours, as the IANA names it.
    zone: String,
}

/// The times at which a person is not notified of anything.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quiet {
    /// Hours of some days of the week; absent without any.
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    hours: Option<QuietHours>,
    /// The time until which all is quiet, in milliseconds since 1970; absent if it is not.
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    paused_until: Option<u64>,
}

/// Reads a field that is there. What is meant to be absent is left out, and not null.
fn there<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// The quiet hours of the person that this is told to are others from here on.
#[derive(Serialize, ToSchema)]
pub(crate) struct QuietChanged {
    quiet: Quiet,
}

impl EventBody for QuietChanged {
    const KIND: &'static str = "quiet_changed";
}

fn zone(name: &str) -> Result<TimeZone, Error> {
    let unknown =
        || Error::new(Code::Invalid, "zone is a time zone of the IANA, as Asia/Shanghai.");
    if name.len() > outgoing_limits::ZONE_BYTES_MAX {
        return Err(unknown());
    }
    TimeZone::get(name).map_err(|_| unknown())
}

impl QuietHours {
    fn check(&self) -> Result<(), Error> {
        let refused = |what: &str| Err(Error::new(Code::Invalid, what));
        if self.from >= DAY_MIN || self.to >= DAY_MIN {
            return refused("from and to are minutes of a day, from 0 to 1439.");
        }
        let rises = self.days.windows(2).all(|two| two[0] < two[1]);
        if self.days.is_empty() || !rises || self.days.iter().any(|day| !(1..=7).contains(day)) {
            return refused("days are numbers from 1, Monday, to 7, Sunday, in this order.");
        }
        zone(&self.zone).map(drop)
    }

    /// Whether a time lies in them, by the clocks of their zone.
    fn hold(&self, at_ms: u64) -> bool {
        let Ok(zone) = zone(&self.zone) else { return false };
        let Ok(at) = Timestamp::from_millisecond(at_ms as i64) else { return false };
        let at: Zoned = at.to_zoned(zone);
        let minute = at.hour() as u16 * 60 + at.minute() as u16;
        let today = at.weekday().to_monday_one_offset() as u8;
        let yesterday = if today == 1 { 7 } else { today - 1 };
        let begun = self.days.contains(&today);
        if self.from < self.to {
            return begun && (self.from..self.to).contains(&minute);
        }
        (begun && minute >= self.from) || (self.days.contains(&yesterday) && minute < self.to)
    }
}

impl Quiet {
    fn check(&self, now_ms: u64) -> Result<(), Error> {
        let most = now_ms.saturating_add(outgoing_limits::QUIET_AHEAD_MS_MAX);
        if self.paused_until.is_some_and(|at| at > most) {
            let days = outgoing_limits::QUIET_AHEAD_MS_MAX / (24 * 60 * 60 * 1_000);
            let what = format!("paused_until is at most {days} days ahead.");
            return Err(Error::new(Code::Invalid, what));
        }
        self.hours.as_ref().map_or(Ok(()), QuietHours::check)
    }

    /// Whether a time is quiet.
    pub fn holds(&self, at_ms: u64) -> bool {
        self.paused_until.is_some_and(|until| at_ms < until)
            || self.hours.as_ref().is_some_and(|hours| hours.hold(at_ms))
    }
}

/// The quiet hours of a person. A pause that is over is left out.
pub(crate) fn of(sql: &mut impl Sql, person: PersonId, now_ms: u64) -> Result<Quiet, StoreError> {
    let query = "SELECT quiet FROM quiet WHERE person = ?1";
    let Some(row) = sql.query_one(query, params![person])? else { return Ok(Quiet::default()) };
    let text: String = row.get(0)?;
    let quiet: Quiet = serde_json::from_str(&text)
        .map_err(|_| StoreError::Damaged("the quiet hours of a person are damaged".into()))?;
    let paused_until = quiet.paused_until.filter(|until| *until > now_ms);
    Ok(Quiet { paused_until, ..quiet })
}

/// The caller's quiet hours.
#[utoipa::path(get, operation_id = "quiet", path = "/v1/quiet", tag = "push",
    responses((status = 200, body = Quiet), (status = 429, description = "rate_limited")))]
pub(crate) async fn get(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Json<Quiet>, Refusal> {
    let me = caller.0.person;
    site.take(me, caller.0.role, Act::Read)?;
    let now = site.now_ms();
    Ok(Json(site.store.read(move |read| Ok(of(read, me, now)?)).await?))
}

/// Sets the caller's quiet hours in place of earlier ones, on all its devices.
#[utoipa::path(put, operation_id = "set_quiet", path = "/v1/quiet", tag = "push", request_body = Quiet,
    responses((status = 200, body = Quiet), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn put(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(quiet): Body<Quiet>,
) -> Result<Json<Quiet>, Refusal> {
    let (me, now) = (caller.0.person, site.now_ms());
    quiet.check(now)?;
    site.take(me, caller.0.role, Act::Message)?;
    Ok(Json(site.store.write(move |tx| set(tx, me, quiet, now)).await?))
}

fn set(tx: &mut Tx<'_>, me: PersonId, quiet: Quiet, now_ms: u64) -> Result<Quiet, Error> {
    let paused_until = quiet.paused_until.filter(|until| *until > now_ms);
    let quiet = Quiet { paused_until, ..quiet };
    if of(tx, me, now_ms)? == quiet {
        return Ok(quiet);
    }
    tx.execute(
        "INSERT INTO quiet (person, quiet) VALUES (?1, ?2)
         ON CONFLICT (person) DO UPDATE SET quiet = excluded.quiet",
        params![me, serde_json::to_string(&quiet).expect("quiet hours are plain data")],
    )?;
    let told = QuietChanged { quiet: quiet.clone() };
    tx.append(event(StreamId::person(me), Some(me), &told))?;
    Ok(quiet)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> u64 {
        text.parse::<Timestamp>().unwrap().as_millisecond() as u64
    }

    fn hours(from: u16, to: u16, days: &[u8], zone: &str) -> QuietHours {
        QuietHours { from, to, days: days.to_vec(), zone: zone.into() }
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins_by_the_clocks_of_its_zone() {
        // Friday 22:00 to Saturday 07:00 in Berlin, in winter: 21:00 to 06:00 UTC.
        let night = hours(22 * 60, 7 * 60, &[5], "Europe/Berlin");
        for (time, quiet) in [
            ("2026-11-20T20:59:59Z", false),
            ("2026-11-20T21:00:00Z", true),
            ("2026-11-21T05:59:59Z", true),
            ("2026-11-21T06:00:00Z", false),
            ("2026-11-21T22:00:00Z", false),
            ("2026-11-20T05:00:00Z", false),
            // In summer an hour earlier.
            ("2026-07-17T20:00:00Z", true),
        ] {
            assert_eq!(night.hold(at(time)), quiet, "{time}");
        }
        let sunday = hours(23 * 60, 60, &[7], "Asia/Shanghai");
        assert!(sunday.hold(at("2026-11-22T16:30:00Z")), "Monday 00:30");
        let noon = hours(12 * 60, 13 * 60, &[1, 7], "Asia/Kathmandu");
        assert!(noon.hold(at("2026-11-22T06:15:00Z")) && !noon.hold(at("2026-11-22T07:15:00Z")));
        let day = hours(0, 0, &[7], "UTC");
        assert!(day.hold(at("2026-11-22T23:59:00Z")) && !day.hold(at("2026-11-23T00:00:00Z")));
    }

    #[test]
    fn a_pause_ends_by_itself() {
        let quiet = Quiet { hours: None, paused_until: Some(1_000) };
        assert!(quiet.holds(999) && !quiet.holds(1_000) && !Quiet::default().holds(0));
    }

    #[test]
    fn hours_that_are_none_are_refused() {
        assert!(hours(0, 1439, &[1, 2, 3, 4, 5, 6, 7], "America/New_York").check().is_ok());
        let long = "x".repeat(10_000);
        for bad in [
            hours(1440, 0, &[1], "UTC"),
            hours(0, 1440, &[1], "UTC"),
            hours(0, 1, &[], "UTC"),
            hours(0, 1, &[0], "UTC"),
            hours(0, 1, &[8], "UTC"),
            hours(0, 1, &[2, 1], "UTC"),
            hours(0, 1, &[1, 1], "UTC"),
            hours(0, 1, &[1], "Mars/Olympus"),
            hours(0, 1, &[1], "../../etc/passwd"),
            hours(0, 1, &[1], ""),
            hours(0, 1, &[1], &long),
        ] {
            assert_eq!(bad.check().unwrap_err().code, Code::Invalid, "{bad:?}");
        }
    }
}
