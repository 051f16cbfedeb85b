//! A desk under faults: visitors ask, agents race for the tickets and answer, and at last each visitor must have been
//! answered, by one owner (P11).

mod agent;
mod judge;
mod line;
mod told;
mod visitor;

use std::net::SocketAddrV4;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, spawn};

use anyhow::{Context, Result};
use encke_bench::seed;
use serde_json::{Value, json};

use crate::cast::joined;
use crate::doors::Doors;
use crate::http::Http;
use crate::random::Random;
use crate::run_state::RunState;
use crate::world::PEOPLE;

use agent::{Agent, AgentJournal};
use line::Line;
use told::Changes;
use visitor::{Visitor, VisitorJournal};

/// Agents, each of which is a member that `seed` has made behind the people of the trial.
pub const AGENTS: usize = 3;
const VISITORS: usize = 4;

/// The desk of a trial with everybody at work.
pub struct Desk {
    id: String,
    /// Where the feed of the staff was before the first question.
    begun: String,
    run: Arc<RunState>,
    /// Set when no visitor waits any more.
    visitors_gone: Arc<AtomicBool>,
    visitors: Vec<JoinHandle<VisitorJournal>>,
    agents: Vec<JoinHandle<AgentJournal>>,
    present: Vec<JoinHandle<()>>,
}

/// What became of a desk.
#[derive(Default)]
pub struct DeskPlayed {
    /// Questions that were answered by their one owner.
    pub answered: usize,
    /// Claims that were refused because another agent had the ticket.
    pub refused: u64,
    /// Tickets that another agent took up after the first had resolved it, or was away.
    pub passed_on: usize,
    /// Broken promises.
    pub faults: Vec<String>,
}

fn call(addr: SocketAddrV4, method: &str, path: &str, token: &str, body: &Value) -> Result<Value> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut http = Http::open(addr)?;
    let patience = http.patience;
    let headers: &[&str] = if body.is_empty() { &[] } else { &["Content-Type: application/json"] };
    let answer = http.call(method, path, token, headers, &body, patience)?;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    anyhow::ensure!(answer.status < 300, "{method} {path}: {} {text}", answer.status);
    Ok(if text.is_empty() { Value::Null } else { answer.json()? })
}

impl Desk {
    /// Makes a desk, and lets its visitors and agents begin. They take the doors in turn.
    pub fn open(
        addr: SocketAddrV4,
        doors: &[Doors],
        random: &mut Random,
        run: &Arc<RunState>,
    ) -> Result<Self> {
        let token = |number: usize| seed::token(PEOPLE + number);
        let made = call(addr, "POST", "/v1/desks", &token(0), &json!({"name": "Desk"}))?;
        let text = |name: &str| made[name].as_str().map(str::to_owned).context("no desk");
        let (id, key) = (text("id")?, text("key")?);
        let mut persons = Vec::new();
        for number in 0..AGENTS {
            let me = call(addr, "GET", "/v1/me", &token(number), &Value::Null)?;
            if number > 0 {
                let path = format!("/v1/conversations/{id}/members");
                call(addr, "POST", &path, &token(0), &json!({"person": me["id"]}))?;
            }
            persons.push(me["id"].as_str().context("no id")?.to_owned());
        }
        let begun = told::cursor(addr, &token(0))?;
        let visitors_gone = Arc::new(AtomicBool::new(false));
        let mut line = |number: usize| {
            let doors = doors[number % doors.len()].clone();
            Line::new(doors, random.fork(), run.clone())
        };
        let (mut visitors, mut agents, mut present) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..VISITORS {
            let visitor = Visitor { number, key: key.clone(), line: line(number) };
            visitors.push(spawn(move || visitor.run()));
        }
        for (number, person) in persons.into_iter().enumerate() {
            let (token, gone) = (token(number), visitors_gone.clone());
            let desk = id.clone();
            let agent = Agent { number, person, desk, token, line: line(number), ended: gone };
            let (here, gone) = (agent.presence(line(number + 1)), visitors_gone.clone());
            present.push(spawn(move || here.run(&gone)));
            agents.push(spawn(move || agent.run()));
        }
        Ok(Desk { id, begun, run: run.clone(), visitors_gone, visitors, agents, present })
    }

    /// Waits until every visitor is answered, once no more questions are to come, and judges.
    pub fn end(self, addr: SocketAddrV4) -> Result<DeskPlayed> {
        let visitors = joined(self.visitors)?;
        self.visitors_gone.store(true, Ordering::SeqCst);
        let agents = joined(self.agents)?;
        joined(self.present)?;
        let changes = Changes::read(addr, &seed::token(PEOPLE), self.begun)?;
        let mut played = judge::judge(addr, &visitors, &agents, &changes)?;
        let path = format!("/v1/desks/{}/tickets?view=all", self.id);
        let open = call(addr, "GET", &path, &seed::token(PEOPLE), &Value::Null)?;
        if open["counts"]["all"] != 0 && !self.run.is_over() {
            played.faults.push(format!("open tickets are left: {}", open["counts"]));
        }
        Ok(played)
    }
}

impl DeskPlayed {
    /// Prints the figures. The faults are printed with all others.
    pub fn print(&self) {
        println!(
            "desk             {} questions, each answered by its one owner; {} claims refused, {} tickets taken up again",
            self.answered, self.refused, self.passed_on
        );
    }
}
