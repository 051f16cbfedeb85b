//! Sums over tickets, and what a report says of them.

use encke_store::{Row, StoreError};
use serde::Serialize;
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
}

/// The sums that [`Figures`] are made of. They can be added up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Sums {
    asked: u64,
    answered: u64,
    in_time: u64,
    first_answer_ms: u64,
    resolved: u64,
    resolution_ms: u64,
    rated: u64,
    stars: u64,
}

impl Sums {
    /// The columns that [`Sums::of`] reads, of `desk_ticket`. `?4` is the time to the first answer that the desk allows, in
    /// milliseconds.
    pub const COLUMNS: &'static str = "count(*), count(first_answer_ms),
        CAST(sum(CASE WHEN first_answer_ms - asked_ms <= ?4 THEN 1 ELSE 0 END) AS BIGINT),
        CAST(coalesce(sum(first_answer_ms - asked_ms), 0) AS BIGINT),
        count(resolved_ms), CAST(coalesce(sum(resolved_ms - asked_ms), 0) AS BIGINT),
        count(stars), CAST(coalesce(sum(stars), 0) AS BIGINT)";

    /// Reads a row of a group, of which these columns begin at `first`.
    pub fn of(row: &Row, first: usize) -> Result<Self, StoreError> {
        let column = |number: usize| row.get::<u64>(first + number);
        Ok(Sums {
            asked: column(0)?,
            answered: column(1)?,
            in_time: column(2)?,
            first_answer_ms: column(3)?,
            resolved: column(4)?,
            resolution_ms: column(5)?,
            rated: column(6)?,
            stars: column(7)?,
        })
    }

    /// Adds the sums of other tickets.
    pub fn add(&mut self, other: &Sums) {
        self.asked += other.asked;
        self.answered += other.answered;
        self.in_time += other.in_time;
        self.first_answer_ms += other.first_answer_ms;
        self.resolved += other.resolved;
        self.resolution_ms += other.resolution_ms;
        self.rated += other.rated;
        self.stars += other.stars;
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
        }
    }
}
