//! Opening a space: migrations, the check that it is still the same log, and the part that belongs into memory.

use std::path::Path;
use std::sync::Arc;

use encke_engine::{Entry, Epoch, Point, Position, limits};
use sha2::{Digest, Sha256};

use super::bus_key::{self, BusKey};
use super::identity::{Identity, OnFatal, incarnation, renew};
use super::log::{self, COLUMNS, number};
use super::schema;
use super::seen::Keeper;
use super::session::{Session, Use};
use super::target::{Database, Target};
use crate::channels::{Channels, NumberKey};
use crate::error::StoreError;
use crate::tables::{self, Engine, Tables};

/// The statements of a version that changed only tables which their owners bring now: none.
const DONE_BY_OWNERS: &str = "";

/// The tables of the log.
const MIGRATIONS: [&str; 9] = [
    include_str!("migrations/0001.sql"),
    DONE_BY_OWNERS,
    DONE_BY_OWNERS,
    DONE_BY_OWNERS,
    include_str!("migrations/0005.sql"),
    DONE_BY_OWNERS,
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
    include_str!("migrations/0009.sql"),
];
/// The version since which owners have numbers of their own.
const OWNERS_SINCE: u32 = 7;

/// A space that was opened.
pub(crate) struct OpenedSpace {
    pub target: Arc<Target>,
    pub identity: Arc<Identity>,
    /// The writer's session.
    pub session: Session,
    pub epoch: Epoch,
    pub at: Point,
    pub trimmed: Position,
    pub tail: Vec<Arc<Entry>>,
    pub channels: Channels,
    /// The mark of the newest event's commit.
    pub mark: u64,
    pub bus_key: BusKey,
    pub keeper: Keeper,
}

/// Opens a space; `data` is the folder of this node.
pub(crate) fn open(
    database: &Database,
    data: &Path,
    tables: &[Tables],
    fatal: OnFatal,
) -> Result<OpenedSpace, StoreError> {
    let (target, identity, mut session) = prepare(database, tables, fatal)?;
    if moving(&mut session)?.is_some() {
        let what = "a store is being moved into this space: run `encke migrate` to its end";
        return Err(StoreError::InUse(what.into()));
    }
    let keeper = Keeper::new(data);
    let live = incarnation(&mut session)?;
    keeper.check(&mut session, &live)?;
    make_number_key(&mut session)?;
    session.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
    let loaded = load(&mut session);
    session.batch("ROLLBACK")?;
    let (epoch, at, trimmed, tail, mark, channels, bus_key) = loaded?;
    identity.settle(epoch);
    identity.knows(at.position, mark);
    Ok(OpenedSpace {
        target,
        identity,
        session,
        epoch,
        at,
        trimmed,
        tail,
        channels,
        mark,
        bus_key,
        keeper,
    })
}

/// Connects to a space and brings its tables up to date, without opening it.
pub(crate) fn connect(
    database: &Database,
    tables: &[Tables],
    fatal: OnFatal,
) -> Result<Session, StoreError> {
    Ok(prepare(database, tables, fatal)?.2)
}

fn prepare(
    database: &Database,
    tables: &[Tables],
    fatal: OnFatal,
) -> Result<(Arc<Target>, Arc<Identity>, Session), StoreError> {
    let target = Arc::new(Target::of(database)?);
    let identity = Arc::new(Identity::new(fatal));
    let mut session = Session::new(target.clone(), identity.clone(), Use::Write)?;
    session.connect()?;
    schema::claim(&mut session, &target.schema)?;
    check(&mut session)?;
    migrate(&mut session, &target.schema, tables)?;
    settle(&mut session)?;
    Ok((target, identity, session))
}

/// The epoch of the store that is moving into this space, if there is one.
pub(crate) fn moving(session: &mut Session) -> Result<Option<Epoch>, StoreError> {
    let there = session.rows("SELECT to_regclass('moving') IS NOT NULL", &[])?;
    if !there.first().is_some_and(|row| row.get(0)) {
        return Ok(None);
    }
    let rows = session.rows("SELECT epoch FROM moving", &[])?;
    rows.first().map(|row| Ok(Epoch(number(row, 0)?))).transpose()
}

fn setting(session: &mut Session, name: &str) -> Result<String, StoreError> {
    let rows = session.rows("SELECT current_setting($1)", &[&name])?;
    Ok(rows.first().map(|row| row.get(0)).unwrap_or_default())
}

fn check(session: &mut Session) -> Result<(), StoreError> {
    let encoding = setting(session, "server_encoding")?;
    if encoding != "UTF8" {
        let what = format!("the database has the encoding {encoding}, UTF8 is needed");
        return Err(StoreError::Other(what));
    }
    if setting(session, "fsync")? == "off" {
        tracing::warn!(
            "the database runs with fsync = off: a power cut may lose what was acknowledged"
        );
    }
    Ok(())
}

/// Brings the space to the newest version. There is no way back. Nodes that start together wait for each other.
fn migrate(session: &mut Session, schema: &str, tables: &[Tables]) -> Result<(), StoreError> {
    session.batch("BEGIN")?;
    let migrated = migrate_in(session, schema, tables);
    session.batch(if migrated.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    migrated
}

fn migrate_in(session: &mut Session, schema: &str, tables: &[Tables]) -> Result<(), StoreError> {
    // The lock is on our own table, since any role of the database could take an advisory lock by its number.
    session.batch("LOCK TABLE version IN EXCLUSIVE MODE")?;
    let found = session.rows("SELECT coalesce(max(number), 0) FROM version", &[])?;
    let found = found.first().map_or(0, |row| row.get::<_, i32>(0) as u32);
    let known = MIGRATIONS.len() as u32;
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for (sql, number) in MIGRATIONS.iter().zip(1u32..).skip(found as usize) {
        if !sql.is_empty() {
            session.batch(sql)?;
        }
        session.batch(&format!("INSERT INTO version VALUES ({number})"))?;
        if number == OWNERS_SINCE {
            session.batch(&format!("INSERT INTO tables_version VALUES ('', {found})"))?;
        }
        tracing::info!("the space {schema} has version {number} now");
    }
    let rows = session.rows("SELECT owner, number FROM tables_version", &[])?;
    let versions: Vec<(String, u32)> =
        rows.iter().map(|row| (row.get(0), row.get::<_, i64>(1) as u32)).collect();
    for step in tables::missing(tables, Engine::Postgres, &versions)? {
        let tables::Step { owner, number, sql } = step;
        session.batch(sql)?;
        session.batch(&format!(
            "INSERT INTO tables_version VALUES ('{owner}', {number})
             ON CONFLICT (owner) DO UPDATE SET number = excluded.number"
        ))?;
        tracing::info!("the tables of {owner} in the space {schema} have version {number} now");
    }
    Ok(())
}

/// Makes sure that the space has its row, with the incarnation of the database that it is in.
fn settle(session: &mut Session) -> Result<(), StoreError> {
    let live = incarnation(session)?;
    let random = getrandom::u64().map_err(|e| StoreError::Other(e.to_string()))?;
    let first = "INSERT INTO space VALUES (1, $1, $2, 0, 0, 0, 0) ON CONFLICT DO NOTHING";
    session.rows(first, &[&((random >> 1) as i64), &live])?;
    bus_key::settle(session)?;
    let rows = session.rows("SELECT epoch, incarnation FROM space", &[])?;
    let row = rows.first().ok_or_else(|| StoreError::Other("the space has no row".into()))?;
    if row.get::<_, &str>(1) != live {
        renew(session, Epoch(number(row, 0)?), &live)?;
    }
    Ok(())
}

/// Makes the key of the numbers of new channels. All nodes need the same key, so the first one stores it.
fn make_number_key(session: &mut Session) -> Result<(), StoreError> {
    let mut new = NumberKey::default();
    getrandom::fill(&mut new).map_err(|e| StoreError::Other(e.to_string()))?;
    let new: String = new.iter().map(|byte| format!("{byte:02x}")).collect();
    let first = "INSERT INTO setting (name, value) VALUES ('channel_key', $1)
                 ON CONFLICT (name) DO NOTHING";
    session.rows(first, &[&new]).map(drop)
}

fn number_key(session: &mut Session) -> Result<NumberKey, StoreError> {
    let rows = session.rows("SELECT value FROM setting WHERE name = 'channel_key'", &[])?;
    let row = rows.first().ok_or_else(|| StoreError::Other("the space has no key".into()))?;
    Ok(Sha256::digest(row.try_get::<_, &str>(0)?).into())
}

type Loaded = (Epoch, Point, Position, Vec<Arc<Entry>>, u64, Channels, BusKey);

fn load(session: &mut Session) -> Result<Loaded, StoreError> {
    let rows = session.rows("SELECT epoch, position, change, trimmed, bus_key FROM space", &[])?;
    let row = rows.first().ok_or_else(|| StoreError::Other("the space has no row".into()))?;
    let epoch = Epoch(number(row, 0)?);
    let at = Point { position: Position(number(row, 1)?), change: number(row, 2)? };
    let trimmed = Position(number(row, 3)?);
    let bus_key = bus_key::of(row, 4)?;
    let rows = session.rows("SELECT number, name FROM channel ORDER BY number", &[])?;
    let named = rows.iter().map(|row| Ok((number(row, 0)?, row.try_get(1)?)));
    let named: Result<Vec<_>, StoreError> = named.collect();
    let channels = Channels::stored(number_key(session)?, named?);
    let sql = format!(
        "SELECT {COLUMNS}, l.mark FROM
            (SELECT position, sum(octet_length(body)) OVER (ORDER BY position DESC) AS bytes
             FROM log ORDER BY position DESC LIMIT $1) n
         JOIN log l ON l.position = n.position WHERE n.bytes <= $2 ORDER BY l.position"
    );
    let (events, bytes) = (limits::TAIL_EVENTS_MAX as i64, limits::TAIL_BYTES_MAX as i64);
    let rows = session.rows(&sql, &[&events, &bytes])?;
    let mark = rows.last().map_or(Ok(0), |row| number(row, log::COLUMNS_COUNT))?;
    let entry = |row| Ok(Arc::new(Entry::new(log::event(row, &channels)?, epoch)));
    let tail = rows.iter().map(entry).collect::<Result<_, StoreError>>()?;
    Ok((epoch, at, trimmed, tail, mark, channels, bus_key))
}
