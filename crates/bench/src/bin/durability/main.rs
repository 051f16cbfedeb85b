//! The floor for durable messages: how often this disk confirms a write, and the cost of a committed row in SQLite and
//! in PostgreSQL.

#[cfg(feature = "postgres")]
mod server;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::{Parser, Subcommand};
use encke_bench::stats::{Latency, report, round};
use encke_bench::sys::own_cpu_ns;
use serde_json::json;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    what: What,
    /// Seconds for each figure
    #[arg(long, default_value_t = 3.0, global = true)]
    duration: f64,
}

#[derive(Subcommand)]
enum What {
    /// fdatasync of small appended and overwritten blocks
    Disk { dir: PathBuf },
    /// One writer thread, WAL, group commits
    Sqlite { dir: PathBuf },
    /// A running server; --pid is its postmaster, for the CPU figures
    #[cfg(feature = "postgres")]
    Postgres {
        connection: String,
        #[arg(long)]
        pid: u32,
    },
}

const CONVERSATIONS: u64 = 500;
const BODY: usize = 170;

/// Runs `commit` until the time is over. Returns the number of rows written.
fn measure(
    label: &str,
    duration: f64,
    mut cpu_ns: impl FnMut() -> u64,
    mut commit: impl FnMut() -> Result<u64>,
) -> Result<()> {
    let mut latency = Latency::default();
    let (mut rows, mut commits) = (0, 0u64);
    let cpu = cpu_ns();
    let start = Instant::now();
    let end = start + Duration::from_secs_f64(duration);
    while Instant::now() < end {
        let at = Instant::now();
        rows += commit()?;
        commits += 1;
        latency.record(at.elapsed().as_nanos() as u64);
    }
    let took = start.elapsed().as_secs_f64();
    let used = (cpu_ns() - cpu) as f64 / 1e3;
    let fields = json!({
        "rows_per_s": round(rows as f64 / took, 0),
        "commits_per_s": round(commits as f64 / took, 0),
        "cpu_us_per_row": round(used / rows as f64, 2),
        "commit_ms": latency.summary(),
    });
    report("durable", label, fields);
    Ok(())
}

fn disk(dir: &Path, duration: f64) -> Result<()> {
    let path = dir.join("fdatasync.tmp");
    for (label, block, overwrite) in [
        ("append 200 B", 200, false),
        ("append 4 KiB", 4096, false),
        ("overwrite 4 KiB", 4096, true),
    ] {
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(&path)?;
        let data = vec![b'x'; block];
        if overwrite {
            file.write_all(&vec![b'y'; 16 << 20])?;
            file.sync_all()?;
        }
        let mut at = 0;
        measure(&format!("fdatasync, {label}"), duration, own_cpu_ns, || {
            use std::os::unix::fs::FileExt;
            file.write_all_at(&data, at)?;
            at += block as u64;
            if overwrite {
                at %= 16 << 20;
            }
            file.sync_data()?;
            Ok(1)
        })?;
    }
    std::fs::remove_file(path)?;
    Ok(())
}

/// Numbers for messages in conversations that take turns in a scattered order.
#[derive(Default)]
struct Rows {
    made: u64,
}

impl Rows {
    fn next(&mut self) -> (i64, i64) {
        let n = self.made;
        self.made += 1;
        ((n * 7919 % CONVERSATIONS) as i64, (n / CONVERSATIONS) as i64)
    }
}

/// The table that the product needs, and a table that only appends. The difference is the cost of scattered primary
/// keys.
const BY_KEY: &str = "CREATE TABLE message (conversation_id INTEGER NOT NULL, seq INTEGER NOT NULL,
    sender INTEGER NOT NULL, body TEXT NOT NULL, created_at INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, seq)) WITHOUT ROWID";
const APPENDED: &str =
    "CREATE TABLE message (conversation_id INTEGER NOT NULL, seq INTEGER NOT NULL,
    sender INTEGER NOT NULL, body TEXT NOT NULL, created_at INTEGER NOT NULL)";

fn sqlite(dir: &Path, duration: f64) -> Result<()> {
    let body = "x".repeat(BODY);
    let settings =
        [("FULL", BY_KEY, "by key"), ("NORMAL", BY_KEY, "by key"), ("FULL", APPENDED, "appended")];
    for (synchronous, table, name) in settings {
        for group in [1, 10, 100, 1000] {
            let path = dir.join("messages.db");
            let db = rusqlite::Connection::open(&path)?;
            db.pragma_update(None, "journal_mode", "WAL")?;
            db.pragma_update(None, "synchronous", synchronous)?;
            db.pragma_update(None, "cache_size", -65536)?;
            db.execute_batch(table)?;
            let mut rows = Rows::default();
            let label = format!("SQLite {synchronous}, {name}, {group} a commit");
            measure(&label, duration, own_cpu_ns, || {
                db.execute_batch("BEGIN IMMEDIATE")?;
                let mut insert = db.prepare_cached("INSERT INTO message VALUES (?, ?, ?, ?, ?)")?;
                for _ in 0..group {
                    let (conversation, seq) = rows.next();
                    insert.execute((conversation, seq, 42, &body, 1_700_000_000_000i64 + seq))?;
                }
                db.execute_batch("COMMIT")?;
                Ok(group)
            })?;
            drop(db);
            for end in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{}{end}", path.display()));
            }
        }
    }
    Ok(())
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    match cli.what {
        What::Disk { dir } => disk(&dir, cli.duration),
        What::Sqlite { dir } => sqlite(&dir, cli.duration),
        #[cfg(feature = "postgres")]
        What::Postgres { connection, pid } => server::measured(&connection, pid, cli.duration),
    }
}
