//! An agent: it claims the ticket that waits longest, as all others do, and whoever gets it answers and resolves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::line::{Line, Said};
use super::visitor::history;
use crate::http::{Http, Part};

/// The messages of a visitor before its answer.
const SAID: usize = 2;
/// A visitor that was cut off adds nothing for a while.
const ADDED_MAX: Duration = Duration::from_secs(60);

pub struct Agent {
    pub number: usize,
    pub person: String,
    pub desk: String,
    pub token: String,
    pub line: Line,
    /// Set when no visitor waits any more.
    pub ended: Arc<AtomicBool>,
}

/// The journal of an agent.
#[derive(Default)]
pub struct AgentJournal {
    /// The id of the agent.
    pub person: String,
    /// The tickets whose claim was acknowledged.
    pub won: Vec<String>,
    /// The keys of the answers that were acknowledged, each with its ticket.
    pub answers: Vec<(String, String)>,
    pub refused: u64,
    pub faults: Vec<String>,
}

/// A connection that shows that an agent is there. Without one its tickets go to others after a time.
pub struct Presence {
    token: String,
    line: Line,
}

impl Presence {
    pub fn run(mut self, ended: &AtomicBool) {
        while !ended.load(Ordering::SeqCst) && !self.line.run.is_over() {
            // It ends with its node, and the next one begins at another.
            let _ = self.stay(ended);
            self.line.pause(20, 200);
        }
    }

    fn stay(&mut self, ended: &AtomicBool) -> Result<()> {
        let Said::Yes(snapshot) =
            self.line.ask("GET", "/v1/snapshot", &self.token, &Value::Null)?
        else {
            bail!("no snapshot");
        };
        let cursor = snapshot["cursor"].as_str().context("no cursor")?;
        let mut http: Http = self.line.connect()?;
        let path = format!("/v1/feed?cursor={cursor}&live=ndjson");
        http.request("GET", &path, &self.token, &[], "")?;
        let patience = http.patience;
        http.head(patience)?;
        while !ended.load(Ordering::SeqCst) && !self.line.run.is_over() {
            if matches!(http.part()?, Part::End) {
                break;
            }
        }
        Ok(())
    }
}

impl Agent {
    /// What shows that it is there.
    pub fn presence(&self, line: Line) -> Presence {
        Presence { token: self.token.clone(), line }
    }

    pub fn run(mut self) -> AgentJournal {
        let mut journal = AgentJournal { person: self.person.clone(), ..AgentJournal::default() };
        while !self.line.run.is_over() {
            // This is asked first, so that the queue is looked at once more after the last visitor.
            let is_last = self.ended.load(Ordering::SeqCst);
            match self.take_one(&mut journal) {
                Ok(true) => continue,
                Ok(false) if is_last => break,
                Ok(false) => {}
                Err(e) => journal.faults.push(format!("agent {}: {e:#}", self.number)),
            }
            self.line.pause(20, 100);
        }
        journal
    }

    /// Claims the first ticket of the queue. Returns false if there is none.
    fn take_one(&mut self, journal: &mut AgentJournal) -> Result<bool> {
        let path = format!("/v1/desks/{}/tickets?view=unassigned&limit=1", self.desk);
        let Said::Yes(list) = self.line.ask("GET", &path, &self.token, &Value::Null)? else {
            bail!("the queue can't be read");
        };
        let first = list["tickets"].as_array().and_then(|tickets| tickets.first());
        let Some(ticket) = first.and_then(|row| row["ticket"]["id"].as_str()) else {
            return Ok(false);
        };
        let path = format!("/v1/tickets/{ticket}/claim");
        match self.line.ask("POST", &path, &self.token, &Value::Null)? {
            Said::No(code) if code == "taken" => journal.refused += 1,
            Said::No(code) => bail!("the claim of {ticket} was refused: {code}"),
            Said::Yes(claimed) if claimed["state"] == "open" => {
                journal.won.push(ticket.to_owned());
                self.answer(ticket, journal)?;
            }
            Said::Yes(claimed) => bail!("a claim was answered {claimed}"),
        }
        Ok(true)
    }

    fn answer(&mut self, ticket: &str, journal: &mut AgentJournal) -> Result<()> {
        let end = Instant::now() + ADDED_MAX;
        while history(&mut self.line, ticket, &self.token)?.iter().filter(|e| is_said(e)).count()
            < SAID
            && Instant::now() < end
        {
            self.line.pause(20, 100);
        }
        let key = format!("answer-{}-{ticket}", self.number);
        let path = format!("/v1/conversations/{ticket}/messages");
        let body = json!({"text": key.as_str(), "key": key.as_str()});
        if let Said::No(code) = self.line.ask("POST", &path, &self.token, &body)? {
            bail!("{key} was refused: {code}");
        }
        journal.answers.push((ticket.to_owned(), key));
        let path = format!("/v1/tickets/{ticket}");
        let resolve = json!({"state": "resolved"});
        match self.line.ask("PATCH", &path, &self.token, &resolve)? {
            Said::No(code) => bail!("{ticket} could not be resolved: {code}"),
            Said::Yes(_) => Ok(()),
        }
    }
}

fn is_said(event: &Value) -> bool {
    let text = event["body"]["text"].as_str().unwrap_or_default();
    text.starts_with("ask-") || text.starts_with("add-")
}
