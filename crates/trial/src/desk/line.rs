//! Requests that are tried until they are answered.

use std::sync::Arc;
use std::thread::sleep;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::doors::Doors;
use crate::http::{Answer, Http};
use crate::random::Random;
use crate::run_state::RunState;

/// A client that takes any door, and another one with each try.
pub struct Line {
    doors: Doors,
    pub random: Random,
    pub run: Arc<RunState>,
}

/// An answer that no further try would change.
pub enum Said {
    Yes(Value),
    /// The code of the refusal.
    No(String),
}

impl Line {
    pub fn new(doors: Doors, random: Random, run: Arc<RunState>) -> Self {
        Line { doors, random, run }
    }

    /// A new connection.
    pub fn connect(&mut self) -> Result<Http> {
        Http::open(self.doors.pick(&mut self.random))
    }

    /// Tries until there is an answer. An error says that the trial is over.
    pub fn ask(&mut self, method: &str, path: &str, token: &str, body: &Value) -> Result<Said> {
        while !self.run.is_over() {
            if method != "GET" {
                self.run.wait_while_hushed();
            }
            let answer = self.try_once(method, path, token, body);
            if let Ok(answer) = answer {
                match answer.refusal() {
                    None if answer.body.is_empty() => return Ok(Said::Yes(Value::Null)),
                    None => return Ok(Said::Yes(answer.json()?)),
                    Some((code, false)) => return Ok(Said::No(code)),
                    Some((_, true)) => {}
                }
            }
            self.pause(20, 100);
        }
        bail!("the trial was over before {method} {path} was answered")
    }

    fn try_once(&mut self, method: &str, path: &str, token: &str, body: &Value) -> Result<Answer> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let kind: &[&str] = if body.is_empty() { &[] } else { &["Content-Type: application/json"] };
        let mut http = self.connect()?;
        let patience = http.patience;
        http.call(method, path, token, kind, &body, patience)
    }

    pub fn pause(&mut self, from_ms: u64, to_ms: u64) {
        sleep(self.random.millis(from_ms, to_ms));
    }
}
