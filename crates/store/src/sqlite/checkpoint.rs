//! The checkpointer: a thread that copies the write-ahead log into the database while the writer goes on.
//!
//! A checkpoint copies some 16 MB and syncs the database, which takes as long as hundreds of commits. SQLite lets one
//! connection copy while another one appends, so no send has to wait for that. Frames that were appended meanwhile stay
//! in the log. The log begins anew only when all of it is in the database, so the writer copies that rest, which is
//! short.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use encke_engine::limits;
use rusqlite::Connection;

use super::open::Files;
use super::wal::WalLength;
use super::writer::COPYING;
use crate::error::StoreError;
use crate::stats::Stats;

/// The time until a checkpoint that failed is tried again.
pub(super) const AGAIN: Duration = Duration::from_millis(limits::CHECKPOINT_AGAIN_MS);
/// The number of times that frames are copied which came while others were copied.
const ROUNDS_MAX: usize = 3;

/// The writer's end of the checkpointer.
pub(super) struct Checkpointer {
    asked: SyncSender<()>,
    /// Whether the writer should finish what was copied: see [`Checkpointer::take_finish`].
    finish: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Checkpointer {
    /// Starts the thread with a connection of its own. `fatal` is called if a sync fails or the database is damaged.
    pub fn start(
        conn: Connection,
        files: Arc<Files>,
        stats: Arc<Stats>,
        fatal: Arc<dyn Fn(&StoreError) + Send + Sync>,
    ) -> Result<Self, StoreError> {
        let (asked, asks) = sync_channel(1);
        let finish = Arc::new(AtomicBool::new(false));
        let copied = finish.clone();
        let span = tracing::Span::current();
        let named = std::thread::Builder::new().name("checkpoint".into());
        let thread = named
            .spawn(move || {
                span.in_scope(|| run(&conn, &files.database, &asks, &copied, &stats, &*fatal))
            })
            .map_err(|e| StoreError::Other(e.to_string()))?;
        Ok(Checkpointer { asked, finish, thread })
    }

    /// Asks for a look at the log's length. Does not wait.
    pub fn look(&self) {
        // A look that waits already will see what this one would.
        let _ = self.asked.try_send(());
    }

    /// Whether the writer should copy what is left so that the log can begin anew. Each checkpoint says so once.
    pub fn take_finish(&self) -> bool {
        self.finish.swap(false, Acquire)
    }

    /// Ends the thread after the checkpoint that it may be in.
    pub fn stop(self) {
        drop(self.asked);
        let _ = self.thread.join();
    }
}

fn run(
    conn: &Connection,
    database: &File,
    asks: &Receiver<()>,
    finish: &AtomicBool,
    stats: &Stats,
    fatal: &(dyn Fn(&StoreError) + Send + Sync),
) {
    while asks.recv().is_ok() {
        match copy(conn, database, &BOUNDS) {
            Ok(true) => finish.store(true, Release),
            Ok(false) => {}
            Err(e) => {
                stats.failed();
                tracing::error!("{COPYING}: {e}");
                if e.ends_the_store() {
                    return fatal(&e);
                }
                std::thread::sleep(AGAIN);
            }
        }
    }
}

/// The numbers of frames that a checkpoint goes by.
struct Bounds {
    /// From this many on, the frames that are only in the log are copied.
    uncopied: u64,
    /// Fewer than this many are a short rest, which the writer copies.
    rest: u64,
    /// From this many on, copied or not, the log has to begin anew.
    frames: u64,
}

const BOUNDS: Bounds = Bounds {
    uncopied: limits::WAL_UNCOPIED_FRAMES_MAX,
    rest: limits::WAL_REST_FRAMES_MAX,
    frames: limits::WAL_FRAMES_MAX,
};

/// Copies the log into the database if it is long. Returns whether the writer should finish it: only a short rest is
/// left, or the log has become so long that it has to begin anew.
fn copy(conn: &Connection, database: &File, bounds: &Bounds) -> Result<bool, StoreError> {
    if WalLength::look(conn)?.uncopied() < bounds.uncopied {
        return Ok(false);
    }
    let mut length = WalLength::copied_beside_the_writer(conn)?;
    for _ in 1..ROUNDS_MAX {
        if length.uncopied() >= bounds.rest {
            length = WalLength::copied_beside_the_writer(conn)?;
        }
    }
    let finish = length.uncopied() < bounds.rest || length.frames >= bounds.frames;
    if finish {
        // SQLite syncs the database only after the very last frame, which the writer copies.
        database.sync_data().map_err(|e| StoreError::Sync(e.to_string()))?;
    }
    Ok(finish)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::connect;

    const SMALL: Bounds = Bounds { uncopied: 40, rest: 10, frames: 100 };

    fn write_until(conn: &Connection, frames: u64) {
        while WalLength::look(conn).unwrap().frames < frames {
            conn.execute("INSERT INTO t VALUES (zeroblob(3000))", []).unwrap();
        }
    }

    #[test]
    fn a_log_that_is_too_long_begins_anew_whatever_a_checkpoint_leaves() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("space.db");
        let open = || connect(&path).unwrap();
        let (writer, reader, checkpoints) = (open(), open(), open());
        let database = File::open(&path).unwrap();
        let copy = || copy(&checkpoints, &database, &SMALL).unwrap();
        writer.execute_batch("CREATE TABLE t (x)").unwrap();
        write_until(&writer, 30);
        assert!(!copy(), "it is short");
        write_until(&writer, 50);
        assert!(copy(), "all of it is copied");
        let view = |frames| {
            write_until(&writer, frames);
            reader.execute_batch("BEGIN; SELECT count(*) FROM t").unwrap();
        };
        // The frames after a view stay in the log: more than a short rest, fewer than are worth a checkpoint.
        view(70);
        write_until(&writer, 90);
        assert!(!copy(), "the rest is long, and the log is not");
        reader.execute_batch("COMMIT").unwrap();
        view(105);
        write_until(&writer, 125);
        assert!(copy(), "the log is too long");
    }
}
