//! The numbers of boards and channels, by which a page says what it has.
//!
//! A number is an event's position in the log plus an offset. The offset makes it about the microseconds since 1970,
//! because pages send plain times as well. So numbers grow strictly, need no table, and tell exactly where to go on.
//! Another incarnation of the log (a restored backup) begins at its own time, above all numbers that were given out
//! before.

use encke_engine::{Error, Position};
use encke_site::Site;
use encke_store::{Read, Sql, StoreError, Tx, params};
use tokio::sync::OnceCell;

/// A smaller number is a time in seconds.
const SECONDS_MAX: u64 = 1_000_000_000_000;

/// The number of position 0, once it is known.
#[derive(Default)]
pub(super) struct Numbers(OnceCell<u64>);

/// Turns positions into numbers and back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale(u64);

impl Numbers {
    /// The scale of this log.
    pub async fn scale(&self, site: &Site) -> Result<Scale, Error> {
        let base = self.0.get_or_try_init(|| {
            let (now_us, here) = (site.clock.now_ms() * 1_000, site.store.position());
            let epoch = site.store.cursor_at(here).epoch.0;
            site.store.write(move |tx| Ok(base(tx, epoch, now_us.saturating_sub(here.0))?))
        });
        base.await.copied().map(Scale)
    }
}

fn state(sql: &mut impl Sql, name: &str) -> Result<Option<u64>, StoreError> {
    let found = sql.query_one("SELECT value FROM classic_state WHERE name = ?1", params![name])?;
    found.map(|row| row.get(0)).transpose()
}

fn set_state(tx: &mut Tx<'_>, name: &str, value: u64) -> Result<(), StoreError> {
    let sql = "INSERT INTO classic_state (name, value) VALUES (?1, ?2)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.execute(sql, params![name, value]).map(drop)
}

fn base(tx: &mut Tx<'_>, epoch: u64, new: u64) -> Result<u64, StoreError> {
    let before = state(tx, "base")?;
    if let Some(base) = before
        && state(tx, "epoch")? == Some(epoch)
    {
        return Ok(base);
    }
    let base = new.max(before.unwrap_or(0));
    set_state(tx, "base", base)?;
    set_state(tx, "epoch", epoch)?;
    Ok(base)
}

impl Scale {
    /// The number of a position.
    pub fn number(self, position: Position) -> u64 {
        self.0 + position.0
    }

    /// The position of a number that a page sends: one of these numbers, or a time in seconds or microseconds.
    pub fn held(self, number: u64, read: &mut Read<'_>) -> Result<Position, StoreError> {
        if number < SECONDS_MAX {
            return read.position_at(number.saturating_mul(1_000));
        }
        match number.checked_sub(self.0) {
            Some(position) if position <= read.position().0 => Ok(Position(position)),
            _ => read.position_at(number / 1_000),
        }
    }
}
