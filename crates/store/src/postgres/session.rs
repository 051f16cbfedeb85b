//! One connection to the database, made again when it is lost. Its calls block, so it belongs to a thread of the store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use encke_engine::{Epoch, Position, limits};
use futures_util::future::join;
use rustc_hash::FxHashMap;
use tokio::runtime::Runtime;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

use super::identity::Identity;
use super::target::Target;
use super::value;
use crate::error::StoreError;
use crate::row::Row;
use crate::value::Value;

/// The use of a session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Read,
    Write,
}

pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

pub(super) struct Live {
    pub client: Client,
    statements: FxHashMap<Box<str>, Statement>,
}

/// A runtime that may be dropped anywhere, also by a task of another runtime.
struct Driver(Option<Runtime>);

impl Driver {
    fn get(&self) -> &Runtime {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

pub(crate) struct Session {
    target: Arc<Target>,
    identity: Arc<Identity>,
    use_: Use,
    runtime: Driver,
    live: Option<Live>,
    again: Option<Instant>,
    pause: Duration,
    /// Commands that go ahead of the next statement, in the same packet.
    before: String,
    /// Whether a transaction is open.
    open: bool,
}

fn away(what: &str) -> StoreError {
    StoreError::Away(what.into())
}

impl Session {
    /// A session without a connection.
    pub fn new(
        target: Arc<Target>,
        identity: Arc<Identity>,
        use_: Use,
    ) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Session {
            target,
            identity,
            use_,
            runtime: Driver(Some(runtime.map_err(|e| StoreError::Other(e.to_string()))?)),
            live: None,
            again: None,
            pause: Duration::from_millis(limits::DATABASE_AGAIN_MS_MIN),
            before: String::new(),
            open: false,
        })
    }

    /// Makes sure that there is a connection, unless one was tried in vain a moment ago.
    pub fn connect(&mut self) -> Result<(), StoreError> {
        if self.live.as_ref().is_some_and(|live| !live.client.is_closed()) {
            return Ok(());
        }
        self.drop_connection();
        self.identity.check_not_replaced()?;
        if self.again.is_some_and(|again| Instant::now() < again) {
            return Err(away("it was tried a moment ago"));
        }
        match self.try_connect() {
            Ok(()) => {
                self.again = None;
                self.pause = Duration::from_millis(limits::DATABASE_AGAIN_MS_MIN);
                Ok(())
            }
            Err(e) => {
                // One line for each time that the database is away.
                if self.again.is_none() {
                    tracing::warn!("connecting to the database: {e}");
                }
                self.drop_connection();
                self.again = Some(Instant::now() + self.pause);
                self.pause =
                    (self.pause * 2).min(Duration::from_millis(limits::DATABASE_AGAIN_MS_MAX));
                Err(e)
            }
        }
    }

    fn try_connect(&mut self) -> Result<(), StoreError> {
        let target = self.target.clone();
        let connected = self.runtime.get().block_on(async {
            let all = Duration::from_millis(limits::DATABASE_CONNECT_MS_MAX * 2);
            tokio::time::timeout(all, target.config.connect(target.tls.clone())).await
        });
        let (client, connection) = connected.map_err(|_| away("it takes too long"))??;
        self.runtime.get().spawn(async move {
            if let Err(e) = connection.await {
                tracing::debug!("a connection to the database ended: {e}");
            }
        });
        self.live = Some(Live { client, statements: FxHashMap::default() });
        let (statement, idle) = (limits::DATABASE_STATEMENT_MS_MAX, limits::DATABASE_IDLE_MS_MAX);
        let only = if self.use_ == Use::Read { "on" } else { "off" };
        // Success is answered after a commit, so a commit has to be on the disk (P1). Names are looked up in our schema
        // alone, without `public`. Temporary tables come last; unnamed, they would come first.
        self.batch(&format!(
            "SET search_path TO pg_catalog, pg_temp; SET statement_timeout = {statement}; SET jit = off; SET client_min_messages = warning;
             SET idle_in_transaction_session_timeout = {idle}; SET default_transaction_read_only = {only};
             SELECT set_config('synchronous_commit', 'on', false)
             WHERE current_setting('synchronous_commit') = 'off';
             SET search_path TO \"{}\", pg_temp",
            self.target.schema
        ))?;
        let identity = self.identity.clone();
        identity.check(self)
    }

    /// Gives the connection up. An open transaction does not happen, unless its commit was on the way.
    pub fn drop_connection(&mut self) {
        self.live = None;
        self.open = false;
        self.before.clear();
    }

    /// Waits for the server's answer. After an error of the connection the next call makes a new one.
    pub(super) fn wait<T>(
        &mut self,
        ask: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, StoreError> {
        let Some(live) = &self.live else { return Err(away("the connection was lost")) };
        let longest = Duration::from_millis(limits::DATABASE_ANSWER_MS_MAX);
        let answer = self
            .runtime
            .get()
            .block_on(async { tokio::time::timeout(longest, ask(&live.client)).await });
        let answer = answer.map_err(|_| away("it does not answer")).and_then(|a| Ok(a?));
        if matches!(answer, Err(StoreError::Away(_))) {
            self.drop_connection();
        }
        answer
    }

    /// Runs commands without parameters.
    pub fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.wait(async |client| client.batch_execute(sql).await)
    }

    /// Sends a command ahead of the next statement.
    pub(super) fn ahead(&mut self, sql: &str) {
        if !self.before.is_empty() {
            self.before.push(';');
        }
        self.before.push_str(sql);
    }

    /// The commands that go ahead of the next statement. The caller sends them.
    pub(super) fn take_ahead(&mut self) -> String {
        std::mem::take(&mut self.before)
    }

    /// A prepared statement; parameters are written `$1`.
    pub(super) fn statement(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(known) = self.live.as_ref().and_then(|live| live.statements.get(sql)) {
            return Ok(known.clone());
        }
        // The commands ahead may be needed for the transaction to take statements again.
        let ahead = self.take_ahead();
        let text = value::placeholders(sql);
        let made = self.wait(async |client| {
            if !ahead.is_empty() {
                client.batch_execute(&ahead).await?;
            }
            client.prepare(&text).await
        })?;
        if let Some(live) = &mut self.live {
            if live.statements.len() >= limits::STATEMENTS_MAX {
                live.statements.clear();
            }
            live.statements.insert(sql.into(), made.clone());
        }
        Ok(made)
    }

    /// The rows of a query.
    pub(crate) fn rows(
        &mut self,
        sql: &str,
        params: Params<'_>,
    ) -> Result<Vec<tokio_postgres::Row>, StoreError> {
        let statement = self.statement(sql)?;
        let ahead = self.take_ahead();
        self.wait(async |client| {
            if ahead.is_empty() {
                return client.query(&statement, params).await;
            }
            // Both are sent before either is answered.
            let sent = (client.batch_execute(&ahead), client.query(&statement, params));
            let (before, rows) = join(sent.0, sent.1).await;
            before.and(rows)
        })
    }

    /// All rows of a query in the store's SQL, with `?1`, `?2` …
    pub fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|v| v as _).collect();
        self.rows(sql, &params)?.iter().map(value::row).collect()
    }

    /// Runs a statement in the store's SQL, and returns how many rows it changed.
    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|v| v as _).collect();
        let statement = self.statement(sql)?;
        let ahead = self.take_ahead();
        self.wait(async |client| {
            let sent = (client.batch_execute(&ahead), client.execute(&statement, &params));
            let (before, changed) = join(sent.0, sent.1).await;
            before.and(changed)
        })
    }

    /// Tries work that only begins something on a second connection if the first one ended unnoticed.
    pub(super) fn twice<T>(
        &mut self,
        mut begin: impl FnMut(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let had_one = self.live.is_some();
        self.connect()?;
        match begin(self) {
            Err(StoreError::Away(_)) if had_one => {
                self.drop_connection();
                self.connect()?;
                begin(self)
            }
            other => other,
        }
    }

    /// Begins a view that stays as it is. Returns its end of the log, and the newest event in it that erased others.
    pub fn begin_view(&mut self, epoch: Epoch) -> Result<(Position, Position), StoreError> {
        let row = self.twice(|session| {
            session.open = true;
            session.ahead("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
            let mut rows = session.rows("SELECT position, epoch, erased FROM space", &[])?;
            rows.pop().ok_or_else(|| StoreError::Other("the space has no row".into()))
        })?;
        if row.get::<_, i64>(1) as u64 != epoch.0 {
            return Err(self.identity.replaced("it has another epoch"));
        }
        let position = |index| Position(row.get::<_, i64>(index) as u64);
        Ok((position(0), position(2)))
    }

    /// Ends the transaction, if one is open.
    pub fn end(&mut self) {
        self.before.clear();
        if std::mem::take(&mut self.open) && self.live.is_some() {
            let _ = self.batch("ROLLBACK");
        }
    }
}

impl crate::readers::Reader for Session {
    fn serve(&mut self, job: crate::readers::Job) {
        /// Ends the transaction, also if the read panicked.
        struct Ending<'a>(&'a mut Session);
        impl Drop for Ending<'_> {
            fn drop(&mut self) {
                self.0.end();
            }
        }
        let ending = Ending(self);
        match ending.0.connect() {
            Ok(()) => job(Ok(crate::read::View::Postgres(&mut *ending.0))),
            Err(e) => job(Err(e.into())),
        }
    }
}
