//! The cost of an append: `cargo bench -p encke-store`. Compare figures only within one run on one machine.
//!
//! - *floor*: a bare connection with the store's settings that inserts one row and commits, again and again;
//! - *thread*: the same work on a thread of its own, which gets orders and reports back;
//! - *alone*: one sender that waits for each answer before its next send;
//! - *crowd*: 100 senders in 500 streams, each with its next send as soon as the last one is answered.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use encke_engine::{ConversationId, NewEvent, PersonId, StreamId};
use encke_store::{Append, Guard, Opened, Options, Store, SystemClock};

const SENDERS: u64 = 100;
const STREAMS: u64 = 500;
const ALONE_SENDS: i64 = 3_000;
const RUN: Duration = Duration::from_secs(5);

fn main() {
    let folder = tempfile::tempdir_in(".").expect("a folder on the disk, not in memory");
    let body = Bytes::from(format!("\"{}\"", "x".repeat(198)));
    let bare = floor(&folder.path().join("floor.db"), &body);
    let by_thread = floor_by_thread(&folder.path().join("thread.db"), &body);
    let data = folder.path().join("data");
    let options = Options {
        data,
        database: None,
        clock: Arc::new(SystemClock),
        tables: Vec::new(),
        readers: 1,
        fatal: Arc::new(|e| panic!("{e}")),
    };
    let Opened { store, start, .. } = Store::open(options).expect("the store opens");
    start.publishing_to(|_| {}).expect("the writer starts");
    subscribe(&store);
    for _ in 0..3 {
        crowd(&store, &body);
    }
    // The write-ahead log has its full length now, as in a server that has run for a while.
    let alone = alone(&store, &body);
    let line = |what, time: Duration| {
        let of = time.as_secs_f64() / bare.as_secs_f64();
        println!("{what} {:8.1} µs a commit (median), {of:.2} × floor", time.as_secs_f64() * 1e6);
    };
    line("floor  ", bare);
    line("thread ", by_thread);
    line("alone  ", alone);
    store.close();
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The CPU time of a thread of this process, in microseconds, by the beginning of its name.
fn cpu(thread: &str) -> f64 {
    let task = |entry: std::fs::DirEntry| {
        let name = std::fs::read_to_string(entry.path().join("comm")).ok()?;
        let used = std::fs::read_to_string(entry.path().join("schedstat")).ok()?;
        name.starts_with(thread).then(|| used.split(' ').next()?.parse::<f64>().ok())?
    };
    let mut tasks = std::fs::read_dir("/proc/self/task").expect("there is /proc").flatten();
    tasks.find_map(task).expect("the thread runs") / 1e3
}

/// Opens a bare store. Each call of the returned function commits one row.
fn bare(path: &std::path::Path, body: Bytes) -> impl FnMut(i64) + Send + use<> {
    let conn = rusqlite::Connection::open(path).expect("it opens");
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE log (position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, seq INTEGER NOT NULL,
            back INTEGER NOT NULL, at_ms INTEGER NOT NULL, author INTEGER, kind TEXT NOT NULL, idem TEXT,
            body BLOB NOT NULL) STRICT",
    )
    .expect("the table is made");
    move |number| {
        let insert = "INSERT INTO log VALUES (NULL, ?1, 1, 1, 1700000000000, 5, 'message', ?2, ?3)";
        let key = format!("key-of-the-send-{number}");
        conn.execute_batch("BEGIN IMMEDIATE").expect("it begins");
        let mut statement = conn.prepare_cached(insert).expect("it is SQL");
        statement.execute(rusqlite::params![number % 500, key, &body[..]]).expect("it inserts");
        conn.execute_batch("COMMIT").expect("it commits");
    }
}

fn times(mut one: impl FnMut(i64)) -> Duration {
    let time = |number| {
        let start = Instant::now();
        one(number);
        start.elapsed()
    };
    median((0..ALONE_SENDS).map(time).collect())
}

fn floor(path: &std::path::Path, body: &Bytes) -> Duration {
    times(bare(path, body.clone()))
}

/// The floor on a thread of its own, which gets orders and reports back.
fn floor_by_thread(path: &std::path::Path, body: &Bytes) -> Duration {
    let (there, at_other) = channel::<(i64, Sender<()>)>();
    let mut commit = bare(path, body.clone());
    let other = std::thread::spawn(move || {
        for (number, back) in at_other {
            commit(number);
            let _ = back.send(());
        }
    });
    let time = times(|number| {
        let (back, here) = channel();
        there.send((number, back)).expect("the other thread runs");
        here.recv().expect("the other thread answers");
    });
    drop(there);
    other.join().expect("the other thread ends");
    time
}

fn subscribe(store: &Store) {
    let (done, answer) = channel();
    store.submit_write(
        |tx| {
            for stream in 1..=STREAMS {
                for person in [stream, stream % SENDERS] {
                    let room = StreamId::conversation(ConversationId(stream));
                    tx.subscribe(PersonId(1 + person % SENDERS), room)?;
                }
            }
            Ok(())
        },
        move |result| done.send(result).expect("somebody waits"),
    );
    answer.recv().expect("the writer answers").expect("it is written");
}

fn send(number: u64, body: &Bytes) -> (NewEvent, Guard) {
    let stream = 1 + number % STREAMS;
    let person = PersonId(1 + stream % SENDERS);
    let event = NewEvent {
        stream: StreamId::conversation(ConversationId(stream)),
        from: Some(person),
        kind: "message".into(),
        key: Some(format!("key-of-the-send-{number}").into()),
        body: body.clone(),
        erases: Vec::new(),
    };
    (event, Guard::Follows(person))
}

fn alone(store: &Store, body: &Bytes) -> Duration {
    times(|number| {
        let (done, answer) = channel();
        let (event, guard) = send(1_000_000_000 + number as u64, body);
        let reply = Box::new(move |result| drop(done.send(result)));
        store.submit(Append { event, guard, reply });
        answer.recv().expect("the writer answers").expect("it is stored");
    })
}

/// Answers go back to the senders' own thread, as in a server they go to its shards.
fn crowd(store: &Store, body: &Bytes) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let (answered, answers) = channel::<()>();
    let answered: Arc<Mutex<Sender<()>>> = Arc::new(Mutex::new(answered));
    let one = || {
        let (event, guard) = send(NUMBER.fetch_add(1, Ordering::Relaxed), body);
        let answered = answered.lock().expect("not poisoned").clone();
        let reply = Box::new(move |result: Result<_, _>| {
            result.expect("it is stored");
            let _ = answered.send(());
        });
        store.submit(Append { event, guard, reply });
    };
    let stats = store.stats();
    let (commits, used, start) =
        (stats.commits.load(Ordering::Relaxed), cpu("store"), Instant::now());
    (0..SENDERS).for_each(|_| one());
    let mut done = 0u64;
    while start.elapsed() < RUN {
        answers.recv().expect("the writer answers");
        done += 1;
        one();
    }
    for _ in 0..SENDERS {
        answers.recv().expect("the writer answers");
        done += 1;
    }
    let (took, used) = (start.elapsed().as_secs_f64(), cpu("store") - used);
    let commits = stats.commits.load(Ordering::Relaxed) - commits;
    println!(
        "crowd   {:8.0} messages/s, {:.2} µs of the store thread's CPU a message, {:.0} messages a commit",
        done as f64 / took,
        used / done as f64,
        done as f64 / commits as f64
    );
}
