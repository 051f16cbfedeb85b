//! Durable sends a second, and the wait of each one, on both engines: `cargo bench -p encke-store --bench senders`.
//! Compare figures only within one run on one machine.
//!
//! 1, 32 and 512 senders send a message of 200 bytes to 500 rooms, with idempotency key and membership checked, each as
//! soon as its last one is answered. Beside them stands the *floor* of PostgreSQL: the bare row, inserted one by one
//! and a hundred at a time by one connection. Then come two and three nodes on one space that hear of each other's
//! commits.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use encke_engine::{ConversationId, NewEvent, PersonId, StreamId};
use encke_rig::Postgres;
use encke_store::{Append, Database, Guard, Opened, Options, Store, SystemClock};

const RUN: Duration = Duration::from_secs(4);
const STREAMS: u64 = 500;

fn main() {
    let folder = tempfile::tempdir_in(".").expect("a folder on the disk, not in memory");
    let postgres = Postgres::start();
    // The first round gives the write-ahead log its length.
    for _ in 0..2 {
        floor(&postgres);
    }
    let sqlite = open(folder.path().join("sqlite"), None);
    measure("sqlite", &[sqlite], || {});
    for count in 1..=3 {
        let database = Database { url: postgres.url(), space: format!("bench{count}") };
        let node = || open(folder.path().to_owned(), Some(database.clone()));
        let nodes: Vec<Store> = (0..count).map(|_| node()).collect();
        for node in &nodes {
            let others: Vec<Store> =
                nodes.iter().filter(|o| !std::ptr::eq(*o, node)).cloned().collect();
            node.announce_to(move |c| others.iter().for_each(|other| other.hint(c.clone())));
        }
        measure(&format!("postgres, {count} node(s)"), &nodes, || drop(postgres.sql("CHECKPOINT")));
    }
}

fn open(data: std::path::PathBuf, database: Option<Database>) -> Store {
    let fatal = Arc::new(|e: &encke_store::StoreError| panic!("{e}"));
    let options = Options {
        data,
        database,
        clock: Arc::new(SystemClock),
        tables: Vec::new(),
        readers: 1,
        fatal,
    };
    let Opened { store, start, .. } = Store::open(options).expect("the store opens");
    start.publishing_to(|_| {}).expect("the writer starts");
    store
}

/// The bare row of a send, without anything around it.
fn floor(postgres: &Postgres) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let connected = tokio_postgres::connect(&postgres.url(), tokio_postgres::NoTls).await;
        let (client, connection) = connected.expect("it connects");
        tokio::spawn(connection);
        client
            .batch_execute(
                "DROP TABLE IF EXISTS floor; CREATE TABLE floor (position BIGINT PRIMARY KEY, stream BIGINT, seq BIGINT, back BIGINT,
                 at_ms BIGINT, author BIGINT, kind TEXT, idem TEXT, body BYTEA, mark BIGINT)",
            )
            .await
            .expect("the table is made");
        let insert = "INSERT INTO floor SELECT n, 1, n, n, 1, 5, 'message', 'key-of-the-send-' || n, $3::bytea, 1
                      FROM generate_series($1::bigint, $2::bigint) n";
        let insert = client.prepare(insert).await.expect("it is SQL");
        let body = vec![b'x'; 200];
        let mut next = 1i64;
        for size in [1, 100] {
            let (start, mut commits) = (Instant::now(), 0);
            while start.elapsed() < RUN {
                let rows: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&next, &(next + size - 1), &body];
                client.execute(&insert, &rows).await.expect("it inserts");
                next += size;
                commits += 1;
            }
            let a_second = f64::from(commits) / start.elapsed().as_secs_f64();
            println!(
                "floor: {size:3} row(s) a commit   {:8.0} rows/s  {:7.2} ms a commit",
                a_second * size as f64,
                1e3 / a_second
            );
        }
    });
}

/// Measures sends. `rest` lets the engine do the work that it has put off.
fn measure(what: &str, nodes: &[Store], rest: impl Fn()) {
    subscribe(&nodes[0]);
    for senders in [1u64, 32, 512] {
        rest();
        let (ending, times) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let commits =
            || -> u64 { nodes.iter().map(|n| n.stats().commits.load(Ordering::Relaxed)).sum() };
        let (before, start) = (commits(), Instant::now());
        let (done, ends) = channel();
        for sender in 0..senders {
            let store = nodes[sender as usize % nodes.len()].clone();
            send(Sender {
                store,
                ending: ending.clone(),
                times: times.clone(),
                done: done.clone(),
            });
        }
        drop(done);
        std::thread::sleep(RUN);
        ending.store(true, Ordering::Relaxed);
        while ends.recv().is_ok() {}
        let took = start.elapsed().as_secs_f64();
        let mut times = std::mem::take(&mut *times.lock().expect("not poisoned"));
        times.sort_unstable();
        let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
        println!(
            "{what:20} {senders:4} senders  {:8.0} sends/s  {:5.1} a commit  wait {:6.2} ms (median), {:6.2} ms (99 %)",
            times.len() as f64 / took,
            times.len() as f64 / (commits() - before) as f64,
            at(0.5),
            at(0.99)
        );
    }
}

struct Sender {
    store: Store,
    ending: Arc<AtomicBool>,
    times: Arc<Mutex<Vec<Duration>>>,
    /// The channel closes when the last sender ends.
    done: std::sync::mpsc::Sender<()>,
}

fn send(sender: Sender) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    if sender.ending.load(Ordering::Relaxed) {
        return drop(sender.done);
    }
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let stream = 1 + number % STREAMS;
    let person = PersonId(stream);
    let event = NewEvent {
        stream: StreamId::conversation(ConversationId(stream)),
        from: Some(person),
        kind: "message".into(),
        key: Some(format!("key-of-the-send-{number}").into()),
        body: Bytes::from(vec![b'x'; 200]),
        erases: Vec::new(),
    };
    let (store, start) = (sender.store.clone(), Instant::now());
    let reply = Box::new(move |result: Result<_, _>| {
        result.expect("it is stored");
        sender.times.lock().expect("not poisoned").push(start.elapsed());
        send(sender);
    });
    store.submit(Append { event, guard: Guard::Follows(person), reply });
}

fn subscribe(store: &Store) {
    let (done, answer) = channel();
    store.submit_write(
        |tx| {
            for stream in 1..=STREAMS {
                let room = StreamId::conversation(ConversationId(stream));
                tx.subscribe(PersonId(stream), room)?;
            }
            Ok(())
        },
        move |result| done.send(result).expect("somebody waits"),
    );
    answer.recv().expect("the writer answers").expect("it is written");
}
