//! A visitor: it asks, adds something, and waits until it is answered. Then it asks again.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::line::{Line, Said};

/// A question that waits longer was forgotten. Nodes may be down for a while, and an owner may be gone.
const ANSWERED_MAX: Duration = Duration::from_secs(120);
const PAUSE_MS_MAX: u64 = 600;

pub struct Visitor {
    pub number: usize,
    pub key: String,
    pub line: Line,
}

/// A question that a visitor has asked.
pub struct Question {
    pub ticket: String,
    /// The keys of the messages that were acknowledged, in this order.
    pub said: Vec<String>,
}

/// The journal of a visitor.
#[derive(Default)]
pub struct VisitorJournal {
    pub token: String,
    pub questions: Vec<Question>,
    pub faults: Vec<String>,
}

/// The events of a ticket, all of them.
pub fn history(line: &mut Line, ticket: &str, token: &str) -> Result<Vec<Value>> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let behind = all.last().and_then(|event| event["seq"].as_u64()).unwrap_or(0);
        let path = format!("/v1/conversations/{ticket}/events?after={behind}&limit=200");
        let Said::Yes(page) = line.ask("GET", &path, token, &Value::Null)? else {
            bail!("{ticket} can't be read");
        };
        all.extend(page["events"].as_array().context("no events")?.iter().cloned());
        if page["more"] != true {
            return Ok(all);
        }
    }
}

impl Visitor {
    pub fn run(mut self) -> VisitorJournal {
        let mut journal = VisitorJournal::default();
        if let Err(e) = self.go_on(&mut journal) {
            journal.faults.push(format!("visitor {}: {e:#}", self.number));
        }
        journal
    }

    fn go_on(&mut self, journal: &mut VisitorJournal) -> Result<()> {
        let path = format!("/v1/desks/{}/visitors", self.key);
        let Said::Yes(entered) = self.line.ask("POST", &path, "", &json!({"language": "en"}))?
        else {
            bail!("it was not let in");
        };
        journal.token = entered["token"].as_str().context("no token")?.to_owned();
        let token = journal.token.clone();
        while !self.line.run.writers_are_over() {
            let number = journal.questions.len();
            let name = |what: &str| format!("{what}-{}-{number}", self.number);
            let (first, second) = (name("ask"), name("add"));
            let body = json!({"text": first.as_str(), "key": first.as_str()});
            let path = format!("/v1/desks/{}/tickets", self.key);
            let asked = match self.line.ask("POST", &path, &token, &body)? {
                Said::Yes(asked) => asked,
                Said::No(code) => bail!("{first} was refused: {code}"),
            };
            let ticket = asked["ticket"]["id"].as_str().context("no ticket")?.to_owned();
            journal.questions.push(Question { ticket: ticket.clone(), said: vec![first] });
            let path = format!("/v1/conversations/{ticket}/messages");
            let body = json!({"text": second.as_str(), "key": second.as_str()});
            if let Said::No(code) = self.line.ask("POST", &path, &token, &body)? {
                bail!("{second} was refused: {code}");
            }
            if let Some(question) = journal.questions.last_mut() {
                question.said.push(second);
            }
            self.wait_for_answer(&ticket, &token)?;
            self.line.pause(0, PAUSE_MS_MAX);
        }
        Ok(())
    }

    fn wait_for_answer(&mut self, ticket: &str, token: &str) -> Result<()> {
        let end = Instant::now() + ANSWERED_MAX;
        loop {
            let events = history(&mut self.line, ticket, token)?;
            if events.iter().any(is_answer) {
                return Ok(());
            }
            if Instant::now() > end {
                bail!("{ticket} was forgotten: nobody answers");
            }
            self.line.pause(100, 300);
        }
    }
}

/// Whether an event is the answer of an agent.
pub fn is_answer(event: &Value) -> bool {
    event["body"]["text"].as_str().is_some_and(|text| text.starts_with("answer-"))
}
