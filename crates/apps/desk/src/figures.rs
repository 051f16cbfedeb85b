//! Sums over tickets, and what a report says of them.

use encke_store::{Row, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What became of the tickets that were asked in a time. An average is null if there is nothing to average.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, ToSchema)]
pub(crate) struct Figures {
    /// Tickets that were asked.
    pub asked: u64,
    /// Those that a person has answered.
    answered: u64,
    /// Those whose first answer came within the time that the desk allows; null if it allows any.
    #[schema(required)]
    in_time: Option<u64>,
    /// The average time to the first answer, in milliseconds.
    #[schema(required)]
    first_answer_ms: Option<u64>,
    /// Those that are resolved.
    resolved: u64,
    /// The average time until they were resolved, in milliseconds.
    #[schema(required)]
    resolution_ms: Option<u64>,
    /// Those that the visitor has rated.
    rated: u64,
    /// The average of their stars, 1 to 5.
    #[schema(required)]
    stars: Option<f64>,
    /// First answers for which a time was promised and that are given or too late, and those in time.
    first_promised: u64,
    first_kept: u64,
    /// Resolutions for which a time was promised and that are done or too late, and those in time.
    resolution_promised: u64,
    resolution_kept: u64,
}

/// The number of sums.
const SUMS: usize = 12;

/// The sums that [`Figures`] are made of. They can be added up. As JSON they are a list, in this order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "[u64; SUMS]", into = "[u64; SUMS]")]
pub(crate) struct Sums {
    asked: u64,
    answered: u64,
    in_time: u64,
    first_answer_ms: u64,
    resolved: u64,
    resolution_ms: u64,
    rated: u64,
    stars: u64,
    first_promised: u64,
    first_late: u64,
    resolution_promised: u64,
    resolution_late: u64,
}

impl From<[u64; SUMS]> for Sums {
    fn from(all: [u64; SUMS]) -> Self {
        let [asked, answered, in_time, first_answer_ms, resolved, resolution_ms, ..] = all;
        let [.., rated, stars, first_promised, first_late, resolution_promised, resolution_late] =
            all;
        Sums {
            asked,
            answered,
            in_time,
            first_answer_ms,
            resolved,
            resolution_ms,
            rated,
            stars,
            first_promised,
            first_late,
            resolution_promised,
            resolution_late,
        }
    }
}

impl From<Sums> for [u64; SUMS] {
    fn from(sums: Sums) -> Self {
        [
            sums.asked,
            sums.answered,
            sums.in_time,
            sums.first_answer_ms,
            sums.resolved,
            sums.resolution_ms,
            sums.rated,
            sums.stars,
            sums.first_promised,
            sums.first_late,
            sums.resolution_promised,
            sums.resolution_late,
        ]
    }
}

impl Sums {
    /// The number of its columns; the keys of a group follow.
    pub const COLUMN_COUNT: usize = SUMS;

    /// The columns that [`Sums::of`] reads, of `desk_ticket`. `?4` is the time to the first answer that the desk allows, in
    /// milliseconds.
    pub const COLUMNS: &'static str = "count(*), count(first_answer_ms),
        CAST(sum(CASE WHEN first_answer_ms - asked_ms <= ?4 THEN 1 ELSE 0 END) AS BIGINT),
        CAST(coalesce(sum(first_answer_ms - asked_ms), 0) AS BIGINT),
        count(resolved_ms), CAST(coalesce(sum(resolved_ms - asked_ms), 0) AS BIGINT),
        count(stars), CAST(coalesce(sum(stars), 0) AS BIGINT),
        count(CASE WHEN first_due_ms IS NOT NULL AND (late & 1 <> 0 OR first_answer_ms IS NOT NULL) THEN 1 END),
        count(CASE WHEN late & 1 <> 0 THEN 1 END),
        count(CASE WHEN resolution_due_ms IS NOT NULL AND (late & 4 <> 0 OR resolved_ms IS NOT NULL) THEN 1 END),
        count(CASE WHEN late & 4 <> 0 THEN 1 END)";

    /// Reads a row of a group, which begins with these columns.
    pub fn of(row: &Row) -> Result<Self, StoreError> {
        let mut all = [0; SUMS];
        for (number, sum) in all.iter_mut().enumerate() {
            *sum = row.get(number)?;
        }
        Ok(all.into())
    }

    /// Adds the sums of other tickets.
    pub fn add(&mut self, other: &Sums) {
        let (mut all, others): ([u64; SUMS], [u64; SUMS]) = ((*self).into(), (*other).into());
        for (sum, more) in all.iter_mut().zip(others) {
            *sum += more;
        }
        *self = all.into();
    }

    /// The number of tickets.
    pub fn asked(&self) -> u64 {
        self.asked
    }

    /// What a report says. `has_limit`: whether the desk allows only some time to the first answer.
    pub fn figures(&self, has_limit: bool) -> Figures {
        Figures {
            asked: self.asked,
            answered: self.answered,
            in_time: has_limit.then_some(self.in_time),
            first_answer_ms: self.first_answer_ms.checked_div(self.answered),
            resolved: self.resolved,
            resolution_ms: self.resolution_ms.checked_div(self.resolved),
            rated: self.rated,
            stars: (self.rated > 0).then(|| self.stars as f64 / self.rated as f64),
            first_promised: self.first_promised,
            first_kept: self.first_promised.saturating_sub(self.first_late),
            resolution_promised: self.resolution_promised,
            resolution_kept: self.resolution_promised.saturating_sub(self.resolution_late),
        }
    }
}
