//! The office hours of a desk, by the clocks of its time zone.

use encke_engine::{Code, Error, desk_limits};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Minutes of a day.
const DAY_MIN: u16 = 24 * 60;
/// Days that are looked at for the next opening.
const AHEAD_DAYS: i64 = 14;
/// Bytes of the name of a time zone.
const ZONE_BYTES_MAX: usize = 64;

/// A span of a day in which a desk is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenSpan {
    /// The minute of the day at which it begins.
    #[schema(maximum = 1439)]
    from: u16,
    /// The minute of the day at which it ends, after `from`; 1440 is the end of the day.
    #[schema(maximum = 1440)]
    to: u16,
}

/// The office hours of a desk.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hours {
    /// The time zone, as the IANA names it: `Asia/Shanghai`.
    time_zone: String,
    /// The hours of each day of the week, Monday first.
    #[schema(min_items = 7, max_items = 7)]
    days: Vec<Vec<OpenSpan>>,
    /// The days on which the desk is closed, as `2026-10-01`.
    #[serde(default)]
    holidays: Vec<String>,
}

fn zone(name: &str) -> Result<TimeZone, Error> {
    let unknown =
        || Error::new(Code::Invalid, "`time_zone` is a time zone of the IANA, as Asia/Shanghai.");
    if name.len() > ZONE_BYTES_MAX {
        return Err(unknown());
    }
    TimeZone::get(name).map_err(|_| unknown())
}

impl Hours {
    /// Refuses hours that no week has.
    pub fn check(&self) -> Result<(), Error> {
        let refused = |what: String| Err(Error::new(Code::Invalid, what));
        zone(&self.time_zone)?;
        if self.days.len() != 7 {
            return refused("`days` has the hours of seven days, Monday first.".into());
        }
        let most = desk_limits::DESK_SPANS_PER_DAY_MAX;
        for day in &self.days {
            let is_span = |span: &OpenSpan| span.from < span.to && span.to <= DAY_MIN;
            let rises = day.windows(2).all(|two| two[0].to <= two[1].from);
            if day.len() > most || !day.iter().all(is_span) || !rises {
                let what = format!("A day has at most {most} spans of minutes, one after another.");
                return refused(what);
            }
        }
        let most = desk_limits::DESK_HOLIDAYS_MAX;
        let is_day = |day: &String| day.len() == 10 && day.parse::<Date>().is_ok();
        if self.holidays.len() > most || !self.holidays.iter().all(is_day) {
            return refused(format!("`holidays` are at most {most} days, as 2026-10-01."));
        }
        Ok(())
    }

    fn at(&self, at_ms: u64) -> Option<Zoned> {
        let at = Timestamp::from_millisecond(at_ms as i64).ok()?;
        Some(at.to_zoned(zone(&self.time_zone).ok()?))
    }

    /// The spans of a day; none on a holiday.
    fn spans(&self, day: Date) -> &[OpenSpan] {
        if self.holidays.contains(&day.to_string()) {
            return &[];
        }
        let number = day.weekday().to_monday_zero_offset() as usize;
        self.days.get(number).map_or(&[], Vec::as_slice)
    }

    /// Whether a desk with these hours is open at a time.
    pub fn hold(&self, at_ms: u64) -> bool {
        let Some(at) = self.at(at_ms) else { return false };
        let minute = at.hour() as u16 * 60 + at.minute() as u16;
        self.spans(at.date()).iter().any(|span| (span.from..span.to).contains(&minute))
    }

    /// The next time from which a desk with these hours is open, in milliseconds since 1970; `None` if that is far away.
    pub fn next(&self, at_ms: u64) -> Option<u64> {
        let at = self.at(at_ms)?;
        for ahead in 0..AHEAD_DAYS {
            let day = at.date().checked_add(Span::new().days(ahead)).ok()?;
            for span in self.spans(day) {
                let clock = day.at((span.from / 60) as i8, (span.from % 60) as i8, 0, 0);
                let opens = clock.to_zoned(at.time_zone().clone()).ok()?;
                let opens_ms = opens.timestamp().as_millisecond() as u64;
                if opens_ms > at_ms {
                    return Some(opens_ms);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> u64 {
        text.parse::<Timestamp>().unwrap().as_millisecond() as u64
    }

    fn office() -> Hours {
        let day =
            vec![OpenSpan { from: 9 * 60, to: 12 * 60 }, OpenSpan { from: 13 * 60, to: 18 * 60 }];
        let mut days = vec![day; 5];
        days.extend([Vec::new(), Vec::new()]);
        let (time_zone, holidays) = ("Asia/Shanghai".into(), vec!["2026-10-01".into()]);
        Hours { time_zone, days, holidays }
    }

    #[test]
    fn a_desk_is_open_by_the_clocks_of_its_zone() {
        let office = office();
        assert_eq!(office.check(), Ok(()));
        // A Wednesday, 9:30 in Shanghai; its lunch; its evening; a holiday; a Saturday.
        assert!(office.hold(ms("2026-09-30T01:30:00Z")));
        for closed in [
            "2026-09-30T04:30:00Z",
            "2026-09-30T10:00:00Z",
            "2026-10-01T02:00:00Z",
            "2026-10-03T02:00:00Z",
        ] {
            assert!(!office.hold(ms(closed)), "{closed}");
        }
        assert_eq!(office.next(ms("2026-09-30T04:30:00Z")), Some(ms("2026-09-30T05:00:00Z")));
        assert_eq!(
            office.next(ms("2026-09-30T10:00:00Z")),
            Some(ms("2026-10-02T01:00:00Z")),
            "over the holiday"
        );
    }

    #[test]
    fn hours_that_no_week_has_are_refused() {
        let mut wrong = vec![Hours { time_zone: "Mars/Olympus".into(), ..office() }];
        wrong.push(Hours { days: Vec::new(), ..office() });
        wrong.push(Hours { holidays: vec!["tomorrow".into()], ..office() });
        for span in [(5, 5), (6, 5), (0, 1441)] {
            let mut days = office().days;
            days[0] = vec![OpenSpan { from: span.0, to: span.1 }];
            wrong.push(Hours { days, ..office() });
        }
        for hours in wrong {
            assert!(hours.check().is_err(), "{hours:?}");
        }
    }
}
