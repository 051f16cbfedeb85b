//! The span of time of a report, by the clocks of a time zone.

use encke_engine::{Code, Error, desk_limits};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::desk::DeskRow;
use crate::hours::zone;

/// A span of time.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedSpan {
    /// Tickets that were asked from this time on, in milliseconds since 1970.
    pub from: u64,
    /// Tickets that were asked before this time; now if absent.
    pub to: Option<u64>,
    /// The time zone whose days and hours count, as the IANA names it; that of the office hours if absent, or else UTC.
    pub time_zone: Option<String>,
}

/// The span of time of a report.
pub(crate) struct Span {
    /// Milliseconds since 1970; tickets that were asked then are in it.
    pub from_ms: u64,
    /// Milliseconds since 1970; tickets that were asked then are behind it.
    pub to_ms: u64,
    zone: TimeZone,
}

impl Span {
    /// The span that was asked for, at a desk.
    pub fn of(wanted: &WantedSpan, desk: &DeskRow, now_ms: u64) -> Result<Self, Error> {
        let (from_ms, to_ms) = (wanted.from, wanted.to.unwrap_or(now_ms));
        let most_days = desk_limits::REPORT_DAYS_MAX;
        let most_ms = most_days * 24 * 60 * 60 * 1000;
        if from_ms >= to_ms || to_ms - from_ms > most_ms || i64::try_from(to_ms).is_err() {
            let what = format!("`from` lies before `to`, by at most {most_days} days.");
            return Err(Error::new(Code::Invalid, what));
        }
        let of_desk = desk.settings.hours.as_ref().map(|hours| hours.time_zone());
        let named = wanted.time_zone.as_deref().or(of_desk);
        Ok(Span { from_ms, to_ms, zone: named.map_or(Ok(TimeZone::UTC), zone)? })
    }

    /// The beginning of the span of the same length before this one.
    pub fn before_ms(&self) -> u64 {
        self.from_ms.saturating_sub(self.to_ms - self.from_ms)
    }

    /// What the clocks of the time zone show at a time.
    pub fn clock(&self, at_ms: u64) -> Zoned {
        let at = Timestamp::from_millisecond(at_ms as i64).unwrap_or(Timestamp::MAX);
        at.to_zoned(self.zone.clone())
    }

    /// The name of the time zone.
    pub fn zone_name(&self) -> String {
        self.zone.iana_name().unwrap_or("UTC").to_owned()
    }
}
