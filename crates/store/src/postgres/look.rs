//! Reading what is new in the log: events, and the changes between them, of one moment.

use std::sync::Arc;

use encke_engine::{
    Batch, Committed, Entry, Epoch, Event, PersonId, Point, Position, Step, StreamId, limits,
};
use futures_util::future::join5;
use tokio_postgres::Row;

use super::bus_key::{self, BusKey};
use super::log::{self, COLUMNS, number};
use super::session::Session;
use crate::channels::Channels;
use crate::error::StoreError;

/// Changes that are read at once.
const CHANGES_MAX: usize = 4_096;

const SPACE: &str = "SELECT epoch, position, change FROM space";
const STATE: &str = "SELECT epoch, position, change, bus_key, (SELECT mark FROM log WHERE position = $1) FROM space";
const CHANGES: &str = "SELECT number, position, kind, person, stream, credential FROM change
    WHERE number > $1 ORDER BY number LIMIT $2";

/// What a look found.
pub(super) struct Seen {
    pub bus_key: BusKey,
    /// What follows; `None` if the log ends where this node is.
    pub part: Option<Part>,
}

/// A part of the log, and whether there is more behind it.
pub(super) struct Part {
    pub committed: Committed,
    pub more: bool,
}

/// Up to where a node has told its clients of the log.
#[derive(Clone, Copy)]
pub(crate) struct Told {
    pub at: Point,
    /// Of the commit of the newest event.
    pub mark: u64,
}

/// Why a look brought nothing.
pub(super) enum Failed {
    /// Something between is no longer there.
    Gap,
    /// It is another log.
    Epoch,
    /// It does not hold what this node has told: that was a hint, and not true, or it was lost since.
    Untrue,
    Store(StoreError),
}

impl From<StoreError> for Failed {
    fn from(e: StoreError) -> Self {
        Failed::Store(e)
    }
}

/// What follows the point up to which all was told, which has to be in the log.
pub(super) fn look(
    session: &mut Session,
    epoch: Epoch,
    told: Told,
    channels: &Channels,
) -> Result<Seen, Failed> {
    let Told { at, mark } = told;
    let rows = session.twice(|session| session.rows(STATE, &[&(at.position.0 as i64)]))?;
    let (now, end) = space(&rows)?;
    if now != epoch {
        return Err(Failed::Epoch);
    }
    let bus_key = rows.first().map_or(Err(missing()), |row| bus_key::of(row, 3))?;
    let there = rows.first().and_then(|row| row.get::<_, Option<i64>>(4)).map(|m| m as u64);
    if end < at || (at.position.0 > 0 && there != Some(mark)) {
        return Err(Failed::Untrue);
    }
    if end == at {
        return Ok(Seen { bus_key, part: None });
    }
    let (end, events, changes) = read(session, at, channels)?;
    let part = assemble(epoch, at, end, events, changes)?;
    Ok(Seen { bus_key, part: Some(part) })
}

fn missing() -> StoreError {
    StoreError::Other("the space has no row".into())
}

fn space(rows: &[Row]) -> Result<(Epoch, Point), StoreError> {
    let row = rows.first().ok_or_else(missing)?;
    let point = Point { position: Position(number(row, 1)?), change: number(row, 2)? };
    Ok((Epoch(number(row, 0)?), point))
}

/// An event and the mark of its commit.
type Marked = (Event, u64);

/// A change, and the position before whose event it stands.
struct Change {
    number: u64,
    before: Position,
    step: Step,
}

fn read(
    session: &mut Session,
    at: Point,
    channels: &Channels,
) -> Result<(Point, Vec<Marked>, Vec<Change>), StoreError> {
    // As many events as fit, but always one.
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
    let changes_max = CHANGES_MAX as i64;
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
    let events = rows.iter().map(|row| Ok((log::event(row, channels)?, number(row, 10)?)));
    let changes = changed.iter().map(change_of);
    Ok((
        end,
        events.collect::<Result<_, StoreError>>()?,
        changes.collect::<Result<_, StoreError>>()?,
    ))
}

fn change_of(row: &Row) -> Result<Change, StoreError> {
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
    Ok(Change { number: number(row, 0)?, before, step })
}

/// Puts changes where they belong between events. Either list may be cut: then the part ends where both are whole.
fn assemble(
    epoch: Epoch,
    at: Point,
    end: Point,
    events: Vec<Marked>,
    changes: Vec<Change>,
) -> Result<Part, Failed> {
    let gap = events.first().is_some_and(|(e, _)| e.position.0 != at.position.0 + 1)
        || changes.first().is_some_and(|c| c.number != at.change + 1)
        || (events.is_empty() && end.position > at.position)
        || (changes.is_empty() && end.change > at.change);
    if gap {
        return Err(Failed::Gap);
    }
    let mut last = events.last().map_or(at.position, |(e, _)| e.position);
    if let Some(cut) = changes.last().filter(|c| c.number < end.change) {
        // Further changes may stand before the same event as the last one that was read.
        last = last.min(Position(cut.before.0 - 1));
    }
    let mut after = Point { position: at.position, change: at.change };
    let mut mark = 0;
    let mut steps = Vec::new();
    let mut changes = changes.into_iter().peekable();
    let mut changes_before = |next: Position, after: &mut Point, steps: &mut Vec<Step>| {
        while let Some(change) = changes.next_if(|c| c.before <= next) {
            after.change = change.number;
            steps.push(change.step);
        }
    };
    for (event, its) in events.into_iter().take_while(|(e, _)| e.position <= last) {
        changes_before(event.position, &mut after, &mut steps);
        (after.position, mark) = (event.position, its);
        steps.push(Step::Event(Arc::new(Entry::new(event, epoch))));
    }
    changes_before(Position(last.0 + 1), &mut after, &mut steps);
    let more = after < end;
    let batch = Arc::new(Batch { steps });
    Ok(Part { committed: Committed { epoch, before: at, after, mark, batch }, more })
}
