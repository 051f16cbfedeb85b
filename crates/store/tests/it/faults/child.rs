//! A process with a store of its own on a disk that fails on demand.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, OnceLock};

use encke_engine::{Error, StreamId};
use encke_store::{Append, Appended, Guard, Opened, Options, Store, SystemClock};
use tempfile::TempDir;

use crate::space::{event, keyed};
use crate::sqlite::Sqlite;

const FOLDER: &str = "ENCKE_STORE_TEST_FOLDER";

#[derive(PartialEq, Eq, Debug)]
pub enum Answer {
    Stored,
    Refused(String),
    Ended,
}

impl Answer {
    pub fn stored(self) {
        assert_eq!(self, Answer::Stored);
    }
}

pub struct Child {
    process: std::process::Child,
    input: ChildStdin,
    lines: Receiver<String>,
    faults: TempDir,
    acknowledged: Vec<(u64, String)>,
}

fn body(number: u64) -> String {
    format!("\"{number}\"")
}

fn large_body(number: u64) -> String {
    format!("\"{number}{}\"", "x".repeat(200_000))
}

/// The shim, compiled once. cc is available wherever SQLite was built.
fn shim() -> &'static PathBuf {
    static SHIM: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = SHIM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shim.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/faults/shim.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-O1", "-shared", "-fPIC", "-o"]).arg(&path).arg(source);
        assert!(compiler.status().unwrap().success(), "cc compiles {source}");
        (folder, path)
    });
    path
}

impl Child {
    pub fn start(sqlite: &Sqlite) -> Self {
        let mut child = Self::on_disk(sqlite, tempfile::tempdir().unwrap());
        assert_eq!(child.line().as_deref(), Some("open"));
        child
    }

    /// Whether a process opens the store on a disk that has this fault from the beginning.
    pub fn opens_with_fault(sqlite: &Sqlite, flag: &str) -> bool {
        let faults = tempfile::tempdir().unwrap();
        std::fs::write(faults.path().join(flag), "").unwrap();
        Self::on_disk(sqlite, faults).line().is_some()
    }

    /// Starts a process on a disk with the faults that have a flag in this folder.
    fn on_disk(sqlite: &Sqlite, faults: TempDir) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "faults::process", "--nocapture"])
            .env(FOLDER, sqlite.0.path())
            .env("FAULTS", faults.path())
            .env("LD_PRELOAD", shim())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let (into, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // The lines of the test harness itself have no mark.
                if let Some((_, line)) = line.split_once("> ") {
                    let _ = into.send(line.to_owned());
                }
            }
        });
        Child { process, input, lines, faults, acknowledged: Vec::new() }
    }

    pub fn fault(&self, flag: &str, on: bool) {
        let path = self.faults.path().join(flag);
        if on { std::fs::write(path, "").unwrap() } else { std::fs::remove_file(path).unwrap() }
    }

    /// Whether a sync waits.
    pub fn waits(&self) -> bool {
        self.faults.path().join("waits").exists()
    }

    fn line(&mut self) -> Option<String> {
        self.lines.recv().ok()
    }

    /// Notes the send that a line acknowledges.
    fn note(&mut self, line: &str) -> Option<()> {
        let mut words = line.strip_prefix("stored ")?.split(' ');
        let position = words.next()?.parse().ok()?;
        let number = words.next()?.parse().ok()?;
        let body = if words.next() == Some("large") { large_body(number) } else { body(number) };
        self.acknowledged.push((position, body));
        Some(())
    }

    pub fn ask_nothing(&mut self, command: &str) {
        // The process may have ended already. Then there is no answer.
        let _ = writeln!(self.input, "{command}");
    }

    pub fn ask(&mut self, command: &str) -> String {
        self.ask_nothing(command);
        self.line().expect("the process answers")
    }

    fn send_command(&mut self, command: &str) -> Answer {
        self.ask_nothing(command);
        let Some(line) = self.line() else { return Answer::Ended };
        if self.note(&line).is_some() {
            return Answer::Stored;
        }
        Answer::Refused(line.strip_prefix("refused ").expect(&line).to_owned())
    }

    pub fn send(&mut self, stream: u64, number: u64) -> Answer {
        self.send_command(&format!("send {stream} {number}"))
    }

    pub fn send_large(&mut self, number: u64) -> Answer {
        self.send_command(&format!("large 1 {number}"))
    }

    /// The number of sends acknowledged so far.
    pub fn take_stored(&mut self) -> usize {
        while let Ok(line) = self.lines.try_recv() {
            self.note(&line).expect(&line);
        }
        self.acknowledged.len()
    }

    /// Kills the process. Returns the sends that it acknowledged, by position and body.
    pub fn kill(mut self) -> Vec<(u64, String)> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        while let Some(line) = self.line() {
            self.note(&line).expect(&line);
        }
        std::mem::take(&mut self.acknowledged)
    }

    /// Waits until the process has ended by itself. Returns the sends that it acknowledged.
    pub fn ended(mut self) -> Vec<(u64, String)> {
        assert_eq!(self.process.wait().unwrap().code(), Some(74));
        std::mem::take(&mut self.acknowledged)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn say(line: &str) {
    // A line is one write, so that a kill leaves no half of it. A line of the harness never begins with the mark.
    let mut out = std::io::stdout();
    let _ = out.write_all(format!("> {line}\n").as_bytes()).and_then(|()| out.flush());
}

fn said(result: Result<Appended, Error>, number: u64, size: &str) -> String {
    match result {
        Ok(appended) => format!("stored {} {number} {size}", appended.position.0),
        Err(e) => format!("refused {} {}", e.code.text(), e.code.retry()),
    }
}

/// The other process: it does what its input says.
pub fn run() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let options = Options {
        data: folder.into(),
        database: None,
        clock: Arc::new(SystemClock),
        tables: Vec::new(),
        readers: 1,
        fatal: Arc::new(|_| std::process::exit(74)),
    };
    let Opened { store, start, .. } = Store::open(options).unwrap();
    start.publishing_to(|_| {}).unwrap();
    say("open");
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |index: usize| words[index].parse::<u64>().unwrap();
        match words[0] {
            "send" => send(&store, number(1), number(2), body(number(2)), "small"),
            "large" => send(&store, number(1), number(2), large_body(number(2)), "large"),
            "storm" => storm(&store),
            "errors" => say(&format!("errors {}", store.stats().errors.load(Ordering::Relaxed))),
            "read" => {
                let (done, answer) = channel();
                store.submit_read(
                    |read| Ok(read.log_after(encke_engine::Position(0), 1_000_000)?.len()),
                    move |result| drop(done.send(result)),
                );
                say(&format!("read {}", answer.recv().unwrap().unwrap()));
            }
            other => panic!("{other}"),
        }
    }
    std::process::exit(0);
}

fn send(store: &Store, stream: u64, number: u64, body: String, size: &'static str) {
    let (done, answer) = channel();
    let reply = Box::new(move |result| {
        say(&said(result, number, size));
        let _ = done.send(());
    });
    let event = keyed(StreamId::channel(stream), 1, &number.to_string(), &body);
    store.submit(Append { event, guard: Guard::Open, reply });
    let _ = answer.recv();
}

/// Runs 16 senders, each with its next send as soon as the last one is answered.
fn storm(store: &Store) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    fn next(store: Store) {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let again = store.clone();
        let reply = Box::new(move |result| {
            say(&said(result, number, "small"));
            next(again);
        });
        let event = event(StreamId::channel(1 + number % 3), &body(number));
        store.submit(Append { event, guard: Guard::Open, reply });
    }
    (0..16).for_each(|_| next(store.clone()));
}
