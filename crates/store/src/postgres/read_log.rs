//! Reads the new part of the log, events and the changes between them, as of one moment. The engine compares it
//! ([`encke_engine::frontier`]).

use encke_engine::frontier::{
    self, Frontier, LogPart, LogState, MarkedEvent, Mismatch, RightsChange,
};
use encke_engine::{Epoch, PersonId, Point, Position, Step, StreamId, limits};
use futures_util::future::join5;
use tokio_postgres::Row;

use super::bus_key::{self, BusKey};
use super::log::{self, COLUMNS, number};
use super::session::Session;
use crate::channels::Channels;
use crate::error::StoreError;

const SPACE: &str = "SELECT epoch, position, change FROM space";
const STATE: &str = "SELECT epoch, position, change, bus_key, (SELECT mark FROM log WHERE position = $1) FROM space";
const CHANGES: &str = "SELECT number, position, kind, person, stream, credential FROM change
    WHERE number > $1 ORDER BY number LIMIT $2";

/// The findings of a look.
pub(super) struct LookFound {
    pub bus_key: BusKey,
    /// The part that follows; `None` if the log ends where this node is.
    pub part: Option<LogPart>,
}

/// The reason why a look brought nothing.
pub(super) enum Failed {
    /// The store no longer holds the log that the node serves.
    Mismatch(Mismatch),
    Store(StoreError),
}

impl From<StoreError> for Failed {
    fn from(e: StoreError) -> Self {
        Failed::Store(e)
    }
}

impl From<Mismatch> for Failed {
    fn from(mismatch: Mismatch) -> Self {
        Failed::Mismatch(mismatch)
    }
}

/// Reads the part of the log after the frontier, which has to be in the log.
pub(super) fn look(
    session: &mut Session,
    epoch: Epoch,
    frontier: Frontier,
    channels: &Channels,
) -> Result<LookFound, Failed> {
    let at = frontier.at;
    let rows = session.twice(|session| session.rows(STATE, &[&(at.position.0 as i64)]))?;
    let (now, end) = space(&rows)?;
    let bus_key = rows.first().map_or(Err(missing()), |row| bus_key::of(row, 3))?;
    let mark = rows.first().and_then(|row| row.get::<_, Option<i64>>(4)).map(|m| m as u64);
    if !frontier.compare(epoch, &LogState { epoch: now, end, mark })? {
        return Ok(LookFound { bus_key, part: None });
    }
    let (end, events, changes) = read(session, at, channels)?;
    let part = frontier::assemble(epoch, at, end, events, changes)?;
    Ok(LookFound { bus_key, part: Some(part) })
}

fn missing() -> StoreError {
    StoreError::Other("the space has no row".into())
}

fn space(rows: &[Row]) -> Result<(Epoch, Point), StoreError> {
    let row = rows.first().ok_or_else(missing)?;
    let point = Point { position: Position(number(row, 1)?), change: number(row, 2)? };
    Ok((Epoch(number(row, 0)?), point))
}

fn read(
    session: &mut Session,
    at: Point,
    channels: &Channels,
) -> Result<(Point, Vec<MarkedEvent>, Vec<RightsChange>), StoreError> {
    // The look takes all events that fit, and always at least one.
    let sql = format!(
        "SELECT {COLUMNS}, l.mark FROM
            (SELECT position, sum(octet_length(body)) OVER (ORDER BY position) AS bytes
             FROM log WHERE position > $1 ORDER BY position LIMIT $2) n
         JOIN log l ON l.position = n.position WHERE n.bytes <= $3 OR n.position = $1 + 1
         ORDER BY l.position"
    );
    let log = session.statement(&sql)?;
    let space_of = session.statement(SPACE)?;
    let changes = session.statement(CHANGES)?;
    let (position, change) = (at.position.0 as i64, at.change as i64);
    let (events_max, bytes_max) = (limits::LOOK_EVENTS_MAX as i64, limits::LOOK_BYTES_MAX as i64);
    let changes_max = limits::LOOK_CHANGES_MAX as i64;
    let (ends, rows, changed) = session.wait(async |client| {
        let (begun, ends, rows, changed, ended) = join5(
            client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
            client.query(&space_of, &[]),
            client.query(&log, &[&position, &events_max, &bytes_max]),
            client.query(&changes, &[&change, &changes_max]),
            client.batch_execute("COMMIT"),
        )
        .await;
        begun.and(ended)?;
        Ok((ends?, rows?, changed?))
    })?;
    let (_, end) = space(&ends)?;
    let events =
        rows.iter().map(|row| Ok((log::event(row, channels)?, number(row, log::COLUMNS_COUNT)?)));
    let changes = changed.iter().map(change_of);
    Ok((
        end,
        events.collect::<Result<_, StoreError>>()?,
        changes.collect::<Result<_, StoreError>>()?,
    ))
}

fn change_of(row: &Row) -> Result<RightsChange, StoreError> {
    let person = PersonId(number(row, 3)?);
    let before = Position(number(row, 1)?);
    let stream = row.try_get::<_, Option<i64>>(4)?.map(|s| StreamId::from_raw(s as u64));
    let credential = row.try_get::<_, Option<i64>>(5)?.map(|c| c as u64);
    let step = match (row.try_get::<_, &str>(2)?, stream) {
        ("subscribe", Some(stream)) => Step::Subscribe { person, stream, from: before },
        ("unsubscribe", Some(stream)) => Step::Unsubscribe { person, stream },
        ("revoke", None) => Step::Revoke { person, credential },
        (other, _) => return Err(StoreError::Other(format!("{other} is no change that is known"))),
    };
    Ok(RightsChange { number: number(row, 0)?, before, step })
}
