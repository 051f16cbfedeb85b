//! Writers: each send has a key of its own and is tried until it is answered, unless its writer gives up.

mod http;
mod socket;

pub use http::post;

use std::net::SocketAddrV4;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::doors::Doors;
use crate::http::GATEWAY;
use crate::journal::{Outcome, Send, Stream, Writing, digest};
use crate::random::Random;
use crate::run_state::RunState;

/// In this many of a hundred sends, the writer gives up after the first try without an answer.
const GIVES_UP: u64 = 15;
/// Before this many of a hundred sends, a writer with several doors takes another one.
const MOVES: u64 = 5;

/// This many of a hundred messages over HTTP are planned for later.
const PLANNED: u64 = 10;
/// They are due after so many milliseconds at least.
const PLANNED_MS_MIN: u64 = 300;
/// And after so many more at most.
const PLANNED_MS: u64 = 2_500;
/// This many of a hundred messages over HTTP are recalled by their writer right away.
const RECALLED: u64 = 5;

/// The conversations and channels that a writer sends to.
#[derive(Clone)]
pub enum Target {
    Conversation(String),
    Channel(String),
}

impl Target {
    pub fn stream(&self) -> Stream {
        match self {
            Target::Conversation(id) => Arc::from(id.as_str()),
            Target::Channel(name) => format!("channel:{name}").into(),
        }
    }

    /// The digest of the event that a send becomes.
    pub fn digest(&self, person: &str, key: &str, text: &str) -> u64 {
        match self {
            Target::Conversation(_) => digest("message", person, key, &json!({"text": text})),
            // An event of a channel does not have the key.
            Target::Channel(_) => digest("data", person, "", &Value::from(text)),
        }
    }
}

/// A send underway.
struct Attempt {
    target: Target,
    key: String,
    text: String,
    gives_up: bool,
    /// Whether a try ended without an answer, so that the send may be stored.
    in_doubt: bool,
    /// The time at which the server is to send it, in milliseconds since 1970; `None` for now.
    send_at_ms: Option<u64>,
    /// The beginning of the text of a message that is to be recalled.
    secret: Option<String>,
}

impl Attempt {
    /// The journal's entry for this send, by this person at this door.
    fn ended(&self, person: &str, outcome: Outcome, door: SocketAddrV4) -> Send {
        // The server chooses the key of the message that a plan becomes.
        let key = if self.send_at_ms.is_some() { "" } else { &self.key };
        let digest = self.target.digest(person, key, &self.text);
        let answered = matches!(outcome, Outcome::Ok(_)).then(|| (door, Instant::now()));
        Send { stream: self.target.stream(), key: self.key.clone(), digest, outcome, answered }
    }

    /// The outcome if its writer gives up now.
    fn given_up(&self) -> Outcome {
        if self.in_doubt { Outcome::Unknown } else { Outcome::Failed }
    }
}

pub struct Writer {
    pub name: String,
    pub doors: Doors,
    /// The door that it uses now.
    pub door: SocketAddrV4,
    pub person: String,
    pub token: String,
    pub targets: Vec<Target>,
    pub random: Random,
    pub run: Arc<RunState>,
    pub writing: Writing,
    pub made: u64,
    /// The longest pause between two sends, in milliseconds.
    pub pause_ms_max: u64,
    /// Whether it plans some messages for later, and recalls some.
    pub changes: bool,
}

/// Whether a refusal with this code leaves open that the send was stored.
fn leaves_open(code: &str) -> bool {
    code == "internal" || code.starts_with(GATEWAY)
}

/// Text of every plane, and pieces that break careless framing, scripts and JSON.
const PIECES: [&str; 10] = [
    "彗星",
    "hello ",
    "\u{1F680}",
    "</script>",
    "\"\\",
    "\r\n\n",
    "é\u{301}",
    "\u{2028}",
    "&<!--",
    "\t\u{0}",
];

impl Writer {
    pub fn run_http(mut self) -> Writing {
        http::run(&mut self);
        self.writing
    }

    pub fn run_socket(mut self) -> Writing {
        socket::run(&mut self);
        self.writing
    }

    fn next(&mut self) -> Attempt {
        self.run.wait_while_hushed();
        self.made += 1;
        let key = format!("{}-{}", self.name, self.made);
        let target = self.random.pick(&self.targets).clone();
        let gives_up = self.random.percent(GIVES_UP);
        let mut text = self.text();
        if matches!(target, Target::Channel(_)) {
            // The text has the key, because the event may not have it.
            text.insert_str(0, &key);
        }
        Attempt { target, text, key, gives_up, in_doubt: false, send_at_ms: None, secret: None }
    }

    /// Makes some messages ones that the server is to send later, often at a time when it is down.
    fn may_plan(&mut self, attempt: &mut Attempt) {
        if self.changes
            && matches!(attempt.target, Target::Conversation(_))
            && self.random.percent(PLANNED)
        {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let now_ms = now.as_millis() as u64;
            attempt.send_at_ms = Some(now_ms + PLANNED_MS_MIN + self.random.below(PLANNED_MS));
            attempt.text.insert_str(0, &attempt.key);
        }
    }

    /// Gives some messages a text that is to be gone at the end.
    fn may_recall(&mut self, attempt: &mut Attempt) {
        if self.changes
            && attempt.send_at_ms.is_none()
            && matches!(attempt.target, Target::Conversation(_))
            && self.random.percent(RECALLED)
        {
            let secret = format!("secret of {}.", attempt.key);
            attempt.text.insert_str(0, &secret);
            attempt.secret = Some(secret);
        }
    }

    fn text(&mut self) -> String {
        let pieces = if self.random.percent(1) { 900 } else { 1 + self.random.below(30) };
        (0..pieces).map(|_| *self.random.pick(&PIECES)).collect()
    }

    fn note(&mut self, attempt: &Attempt, outcome: Outcome) {
        self.writing.retried += u64::from(attempt.in_doubt && matches!(outcome, Outcome::Ok(_)));
        self.writing.sends.push(attempt.ended(&self.person, outcome, self.door));
    }

    /// Takes the door for the next connection.
    fn next_door(&mut self) -> SocketAddrV4 {
        self.door = self.doors.pick(&mut self.random);
        self.door
    }

    /// Whether it changes its door now, without need.
    fn moves(&mut self) -> bool {
        self.doors.are_several() && self.random.percent(MOVES)
    }

    fn fault(&mut self, what: String) {
        self.writing.faults.push(what);
    }

    fn refused(&mut self, code: String) {
        *self.writing.refused.entry(code).or_default() += 1;
    }

    fn pause(&mut self, from_ms: u64, to_ms: u64) {
        let pause = self.random.millis(from_ms, to_ms);
        sleep(pause);
    }
}
