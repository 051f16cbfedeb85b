//! The sums of the tickets that were asked within a time, by the ways in which a report shows them.
//!
//! Those of whole days are kept ([`day_sums`]); all others are summed up by the store, out of one index.

use std::collections::BTreeMap;

use encke_engine::PersonId;
use encke_store::{Row, Sql, StoreError, params};
use serde::{Deserialize, Serialize};

use crate::day_sums::{self, DAY_MS};
use crate::desk::DeskRow;
use crate::figures::Sums;

/// Clocks of all time zones differ by whole quarters of an hour.
pub(crate) const QUARTER_MS: u64 = 15 * 60 * 1000;

/// A time from a millisecond, until before another one.
pub(crate) type Time = (u64, u64);

/// Sums by quarters of an hour since 1970, agents, teams and tags.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct TimeSums {
    pub quarters: BTreeMap<u64, Sums>,
    pub agents: Vec<(Option<PersonId>, Sums)>,
    pub teams: BTreeMap<String, Sums>,
    pub tags: BTreeMap<String, Sums>,
}

impl TimeSums {
    /// The sums of a time: those of whole days that are kept, and those of the tickets of the rest.
    pub fn of(
        sql: &mut impl Sql,
        desk: &DeskRow,
        (from_ms, to_ms): Time,
    ) -> Result<Self, StoreError> {
        let mut all = TimeSums::default();
        let mut behind_ms = from_ms;
        for (day, sums) in day_sums::kept(sql, desk, (from_ms, to_ms))? {
            all.add_tickets(sql, desk, (behind_ms, day * DAY_MS))?;
            all.add(sums);
            behind_ms = (day + 1) * DAY_MS;
        }
        all.add_tickets(sql, desk, (behind_ms, to_ms))?;
        Ok(all)
    }

    /// The sum of all tickets of a time.
    pub fn total(&self) -> Sums {
        let mut total = Sums::default();
        self.quarters.values().for_each(|sums| total.add(sums));
        total
    }

    fn add(&mut self, other: TimeSums) {
        for (quarter, sums) in other.quarters {
            self.quarters.entry(quarter).or_default().add(&sums);
        }
        let mut agents: BTreeMap<_, Sums> = std::mem::take(&mut self.agents).into_iter().collect();
        for (agent, sums) in other.agents {
            agents.entry(agent).or_default().add(&sums);
        }
        self.agents = agents.into_iter().collect();
        for (mine, others) in [(&mut self.teams, other.teams), (&mut self.tags, other.tags)] {
            for (name, sums) in others {
                mine.entry(name).or_default().add(&sums);
            }
        }
    }

    fn add_tickets(
        &mut self,
        sql: &mut impl Sql,
        desk: &DeskRow,
        time: Time,
    ) -> Result<(), StoreError> {
        if time.0 < time.1 {
            self.add(TimeSums::of_tickets(sql, desk, time)?);
        }
        Ok(())
    }

    /// The sums of a time out of the tickets alone.
    pub fn of_tickets(sql: &mut impl Sql, desk: &DeskRow, time: Time) -> Result<Self, StoreError> {
        const KEY: usize = Sums::COLUMN_COUNT;
        let mut all = TimeSums::default();
        for row in groups(sql, desk, time, &format!("asked_ms / {QUARTER_MS}"))? {
            all.quarters.insert(row.get(KEY)?, Sums::of(&row)?);
        }
        if all.quarters.is_empty() {
            return Ok(all);
        }
        for row in groups(sql, desk, time, "owner")? {
            all.agents.push((row.get(KEY)?, Sums::of(&row)?));
        }
        all.agents.sort_by_key(|(agent, _)| *agent);
        for row in groups(sql, desk, time, "team, tags")? {
            let sums = Sums::of(&row)?;
            if let Some(team) = row.get::<Option<String>>(KEY)? {
                all.teams.entry(team).or_default().add(&sums);
            }
            let tags: String = row.get(KEY + 1)?;
            for tag in serde_json::from_str::<Vec<String>>(&tags).unwrap_or_default() {
                all.tags.entry(tag).or_default().add(&sums);
            }
        }
        Ok(all)
    }
}

/// The groups of tickets that were asked within a time, with their sums and their keys.
fn groups(
    sql: &mut impl Sql,
    desk: &DeskRow,
    (from_ms, to_ms): Time,
    keys: &str,
) -> Result<Vec<Row>, StoreError> {
    let query = format!(
        "SELECT {}, {keys} FROM desk_ticket
         WHERE house = ?1 AND asked_ms >= ?2 AND asked_ms < ?3 AND merged_into IS NULL
         GROUP BY {keys}",
        Sums::COLUMNS
    );
    sql.query(&query, params![desk.house, from_ms, to_ms, day_sums::allowed_ms(desk)])
}
