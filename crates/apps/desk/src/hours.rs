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

/// The time zone with a name of the IANA.
pub(crate) fn zone(name: &str) -> Result<TimeZone, Error> {
    let unknown =
        || Error::new(Code::Invalid, "`time_zone` is a time zone of the IANA, as Asia/Shanghai.");
    if name.len() > ZONE_BYTES_MAX {
        return Err(unknown());
    }
    TimeZone::get(name).map_err(|_| unknown())
}

impl Hours {
    /// The name of the time zone.
    pub fn time_zone(&self) -> &str {
        &self.time_zone
    }

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

    /// The spans of a day as times: from which until which millisecond since 1970 the desk is open. A clock that is put
    /// forward or back makes a span shorter or longer.
    fn times(&self, day: Date, zone: &TimeZone) -> impl Iterator<Item = (u64, u64)> {
        let at = move |minute: u16| {
            let (day, minute) = match minute {
                DAY_MIN => (day.tomorrow().ok()?, 0),
                minute => (day, minute),
            };
            let clock = day.at((minute / 60) as i8, (minute % 60) as i8, 0, 0);
            let time = clock.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond();
            u64::try_from(time).ok()
        };
        let times = move |span: &OpenSpan| Some((at(span.from)?, at(span.to)?));
        self.spans(day).iter().filter_map(times).filter(|(from, to)| from < to)
    }

    /// Whether a desk with these hours is open at a time.
    pub fn hold(&self, at_ms: u64) -> bool {
        let Some(at) = self.at(at_ms) else { return false };
        self.times(at.date(), at.time_zone()).any(|(from, to)| (from..to).contains(&at_ms))
    }

    /// The next time from which a desk with these hours is open, in milliseconds since 1970; `None` if that is far away.
    pub fn next(&self, at_ms: u64) -> Option<u64> {
        let at = self.at(at_ms)?;
        for ahead in 0..AHEAD_DAYS {
            let day = at.date().checked_add(Span::new().days(ahead)).ok()?;
            let opens = self.times(day, at.time_zone()).find(|(from, _)| *from > at_ms);
            if let Some((opens_ms, _)) = opens {
                return Some(opens_ms);
            }
        }
        None
    }

    /// The time at which a desk with these hours has been open for so long since another time, in milliseconds since 1970;
    /// `None` if that is too far away.
    pub fn after(&self, since_ms: u64, open_ms: u64) -> Option<u64> {
        let since = self.at(since_ms)?;
        let mut left = open_ms;
        for ahead in 0..desk_limits::PROMISE_AHEAD_DAYS_MAX {
            let day = since.date().checked_add(Span::new().days(ahead)).ok()?;
            for (from, to) in self.times(day, since.time_zone()) {
                let from = from.max(since_ms);
                let here = to.saturating_sub(from);
                if here > 0 && left <= here {
                    return Some(from + left);
                }
                left -= here;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    #[test]
    fn promised_time_is_counted_in_hours_of_work() {
        let office = office();
        const H: u64 = 60 * 60 * 1000;
        for (since, hours, until) in [
            // Within the morning; over lunch; over night; over a holiday; from a Saturday.
            ("2026-09-30T01:30:00Z", 1, "2026-09-30T02:30:00Z"),
            ("2026-09-30T03:30:00Z", 1, "2026-09-30T05:30:00Z"),
            ("2026-09-29T09:30:00Z", 1, "2026-09-30T01:30:00Z"),
            ("2026-09-30T09:30:00Z", 1, "2026-10-02T01:30:00Z"),
            ("2026-10-03T02:00:00Z", 8, "2026-10-05T10:00:00Z"),
        ] {
            assert_eq!(
                office.after(ms(since), hours * H),
                Some(ms(until)),
                "{since} and {hours} hours"
            );
        }
        let never = Hours { days: vec![Vec::new(); 7], ..office };
        assert_eq!(never.after(ms("2026-09-30T01:30:00Z"), H), None);
    }

    #[test]
    fn a_clock_that_is_put_forward_or_back_takes_no_time_away_and_adds_none() {
        let days = vec![vec![OpenSpan { from: 60, to: 5 * 60 }]; 7];
        let night = Hours { time_zone: "Europe/Berlin".into(), days, holidays: Vec::new() };
        const H: u64 = 60 * 60 * 1000;
        // From 1:00 to 5:00 are three hours on March 29, and five on October 25.
        for (begin, hours, end) in [
            ("2026-03-29T00:00:00Z", 3, "2026-03-29T03:00:00Z"),
            ("2026-10-24T23:00:00Z", 5, "2026-10-25T04:00:00Z"),
        ] {
            let begin = ms(begin);
            assert!(night.hold(begin) && !night.hold(begin - 1), "{begin}");
            assert!(night.hold(ms(end) - 1) && !night.hold(ms(end)), "{end}");
            assert_eq!(night.after(begin, hours * H), Some(ms(end)));
        }
    }

    fn any_hours() -> impl Strategy<Value = Hours> {
        let day = prop::collection::btree_set(0..=96_u16, 0..=6).prop_map(|marks| {
            let marks: Vec<u16> = marks.into_iter().collect();
            marks
                .chunks_exact(2)
                .map(|two| OpenSpan { from: two[0] * 15, to: two[1] * 15 })
                .collect()
        });
        let zones = ["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"];
        (prop::collection::vec(day, 7), prop::sample::select(zones.to_vec()), 0..28_u8).prop_map(
            |(days, zone, holiday): (Vec<Vec<OpenSpan>>, _, _)| Hours {
                time_zone: zone.into(),
                days,
                holidays: vec![format!("2026-03-{:02}", holiday + 1)],
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The end of a promised time is what one finds who looks at each minute whether the desk is open.
        #[test]
        fn promised_time_equals_the_open_minutes(
            hours in any_hours(), begin in 0..40 * 24 * 60_u64, minutes in 1..3_000_u64,
        ) {
            const MINUTE: u64 = 60_000;
            let since = ms("2026-03-01T00:00:00Z") + begin * MINUTE;
            let (mut at, mut left) = (since, minutes);
            // Both ways of looking end somewhere.
            let most = since + 30 * 24 * 60 * MINUTE;
            while left > 0 && at < most {
                left -= u64::from(hours.hold(at));
                at += MINUTE;
            }
            match hours.after(since, minutes * MINUTE) {
                Some(found) if found <= most => prop_assert_eq!((found, left), (at, 0)),
                _ => prop_assert!(left > 0 || at == most),
            }
        }

        /// Who waits longer has waited no less, and a time in two parts is the same time.
        #[test]
        fn promised_times_add_up(hours in any_hours(), begin in 0..40_u64, one in 1..2_000_u64, two in 1..2_000_u64) {
            let since = ms("2026-10-01T00:00:00Z") + begin * 24 * 60 * 60_000;
            let (one, two) = (one * 60_000, two * 60_000);
            if let (Some(first), Some(both)) = (hours.after(since, one), hours.after(since, one + two)) {
                prop_assert!(since < first && first < both);
                prop_assert_eq!(hours.after(first, two), Some(both));
            }
        }
    }
}
