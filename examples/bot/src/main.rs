//! A bot that answers in rooms, over nothing but the public HTTP API: it accepts invitations, and whoever writes `!dice` gets
//! a number. Begin at [`main`].
//!
//! A restart loses nothing and answers nothing twice. The bot keeps its cursor in a file after everything up to it has been
//! answered, and each answer has an idempotency key that follows from the question: a second attempt is the same message.

use std::time::Duration;
use std::{env, fs, thread};

use serde::Deserialize;
use serde_json::{Value, json};

/// How long the server may keep a question for news open. The client gives up a little later.
const WAIT: Duration = Duration::from_secs(25);
/// How long to wait after something went wrong.
const PAUSE: Duration = Duration::from_secs(2);

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[derive(Deserialize)]
struct Event {
    stream: String,
    seq: u64,
    at: u64,
    kind: String,
    from: Option<String>,
    body: Value,
}

#[derive(Deserialize)]
struct News {
    events: Vec<Event>,
    cursor: String,
    /// Why the old cursor is of no use any more. What came in between is not told.
    reset: Option<String>,
}

struct Bot {
    http: ureq::Agent,
    server: String,
    token: String,
    /// The file that keeps the cursor.
    file: String,
    /// The bot's own id. It does not answer itself.
    me: String,
}

fn main() -> Result<()> {
    let setting = |name: &str| env::var(name).map_err(|_| format!("Please set {name}."));
    let limits = ureq::Agent::config_builder().timeout_global(Some(WAIT + Duration::from_secs(10)));
    let mut bot = Bot {
        http: limits.build().into(),
        server: env::var("ENCKE_URL").unwrap_or_else(|_| "http://127.0.0.1:8080".into()),
        token: setting("ENCKE_TOKEN")?,
        file: env::var("ENCKE_CURSOR_FILE").unwrap_or_else(|_| "bot.cursor".into()),
        me: String::new(),
    };
    let mut cursor = bot.begin()?;
    println!("The bot is ready.");
    loop {
        // Whatever goes wrong, the cursor has not moved, so the same events come again.
        match bot.next(&cursor) {
            Ok(after) => cursor = after,
            Err(error) => {
                eprintln!("{error}; trying again");
                thread::sleep(PAUSE);
            }
        }
    }
}

impl Bot {
    /// Learns who it is, accepts invitations that wait, and answers where to go on.
    fn begin(&mut self) -> Result<String> {
        let snapshot = self.get("/v1/snapshot")?;
        self.me = text(&snapshot["me"]["id"]);
        for invitation in snapshot["invitations"].as_array().into_iter().flatten() {
            self.accept(invitation)?;
        }
        Ok(fs::read_to_string(&self.file).unwrap_or_else(|_| text(&snapshot["cursor"])))
    }

    /// Waits for news, handles them, and answers the cursor behind them.
    fn next(&self, cursor: &str) -> Result<String> {
        let wait = WAIT.as_secs();
        let news = self.get(&format!("/v1/feed?live=long-poll&wait={wait}&cursor={cursor}"))?;
        let news: News = serde_json::from_value(news)?;
        if let Some(reason) = &news.reset {
            eprintln!(
                "The server can't go on from here ({reason}). What is asked from now on is answered."
            );
        }
        for event in &news.events {
            self.handle(event)?;
        }
        fs::write(&self.file, &news.cursor)?;
        Ok(news.cursor)
    }

    fn handle(&self, event: &Event) -> Result<()> {
        match event.kind.as_str() {
            "invited" => self.accept(&event.body["invitation"]),
            "message" if event.from.as_deref() != Some(&*self.me) => {
                match answer_to(event.body["text"].as_str().unwrap_or_default(), event.at) {
                    Some(answer) => self.say(event, &answer),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// Answers a message in its conversation, once.
    fn say(&self, question: &Event, answer: &str) -> Result<()> {
        let path = format!("/v1/conversations/{}/messages", question.stream);
        let key = format!("answer-{}-{}", question.stream, question.seq);
        self.post(&path, Some(&key), &json!({ "text": answer }))
    }

    fn accept(&self, invitation: &Value) -> Result<()> {
        let room = text(&invitation["conversation"]);
        self.post(&format!("/v1/invitations/{room}/accept"), None, &json!({}))
    }

    fn get(&self, path: &str) -> Result<Value> {
        let request = self.http.get(format!("{}{path}", self.server));
        let mut answer =
            request.header("Authorization", format!("Bearer {}", self.token)).call()?;
        Ok(answer.body_mut().read_json()?)
    }

    /// Refusals that no repetition mends (a room that the bot has left meanwhile) are told and passed over.
    fn post(&self, path: &str, key: Option<&str>, body: &Value) -> Result<()> {
        let mut request = self.http.post(format!("{}{path}", self.server));
        request = request.header("Authorization", format!("Bearer {}", self.token));
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let request = request.config().http_status_as_error(false).build();
        let mut answer = request.send_json(body)?;
        if answer.status().is_success() {
            return Ok(());
        }
        let refusal: Value = answer.body_mut().read_json()?;
        if refusal["retry"] == json!(true) {
            return Err(format!("{path}: {}", refusal["message"]).into());
        }
        eprintln!("{path}: {}", refusal["message"]);
        Ok(())
    }
}

/// What the bot has to say to a message; nothing to most of them.
fn answer_to(text: &str, at: u64) -> Option<String> {
    match text.trim() {
        "!dice" => Some(format!("You rolled a {}.", at % 6 + 1)),
        "!help" => Some("I know !dice and !help.".into()),
        _ => None,
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
