//! Sends by POST.

use std::collections::VecDeque;

use anyhow::{Result, bail};
use serde_json::json;

use super::{Attempt, Target, Writer, leaves_open};
use crate::http::{Answer, Http};
use crate::item;
use crate::journal::{Outcome, Recall, digest};

/// Acknowledged sends that may be sent again.
const REMEMBERED_MAX: usize = 200;

/// A connection that is opened when it is needed.
#[derive(Default)]
struct Line(Option<Http>);

pub fn run(writer: &mut Writer) {
    let mut line = Line::default();
    let mut done: VecDeque<(Attempt, crate::journal::Answer)> = VecDeque::new();
    while !writer.run.writers_are_over() {
        let mut attempt = writer.next();
        writer.may_plan(&mut attempt);
        writer.may_recall(&mut attempt);
        if writer.moves() {
            line = Line::default();
        }
        let outcome = settle(writer, &mut line, &mut attempt);
        writer.note(&attempt, outcome.clone());
        if let (Outcome::Ok(answer), Some(secret)) = (&outcome, &attempt.secret) {
            let recall = recall(writer, &mut line, &attempt, *answer, secret);
            writer.writing.recalls.push(recall);
        } else if let Outcome::Ok(answer) = outcome {
            done.push_back((attempt, answer));
            if done.len() > REMEMBERED_MAX {
                done.pop_front();
            }
        }
        if !done.is_empty() && writer.random.percent(5) {
            let at = writer.random.below(done.len() as u64) as usize;
            repeat(writer, &mut line, &done[at].0, done[at].1);
        }
        writer.pause(0, writer.pause_ms_max);
    }
}

/// Tries a send until it is answered or its writer gives up.
fn settle(writer: &mut Writer, line: &mut Line, attempt: &mut Attempt) -> Outcome {
    loop {
        match line.post(writer, attempt, &attempt.text) {
            Ok(answer) => match answer.refusal() {
                None if attempt.send_at_ms.is_some() => return Outcome::Planned,
                None => return accepted(writer, &answer),
                // Its time is over. An earlier try has not planned it, or it would have been known by its key.
                Some((code, _)) if code == "invalid" && attempt.send_at_ms.is_some() => {
                    return Outcome::Failed;
                }
                Some((code, retry)) => {
                    attempt.in_doubt |= leaves_open(&code);
                    if !retry {
                        writer.fault(format!("{} was refused: {code}", attempt.key));
                        return attempt.given_up();
                    }
                    writer.refused(code);
                }
            },
            Err(sent) => attempt.in_doubt |= sent,
        }
        if attempt.gives_up || writer.run.is_over() {
            return attempt.given_up();
        }
        writer.pause(5, 60);
    }
}

fn accepted(writer: &mut Writer, answer: &Answer) -> Outcome {
    match answer.json().and_then(|json| item::answer(&json)) {
        Ok(place) => {
            writer.writing.retried_stored += u64::from(answer.status == 200);
            Outcome::Ok(place)
        }
        Err(e) => {
            writer.fault(format!("an answer to a send: {e:#}"));
            Outcome::Unknown
        }
    }
}

/// Recalls an acknowledged message. Its writer tries until it is answered, or the trial is over.
fn recall(
    writer: &mut Writer,
    line: &mut Line,
    attempt: &Attempt,
    place: crate::journal::Answer,
    secret: &str,
) -> Recall {
    let stream = attempt.target.stream();
    let path = format!("/v1/conversations/{stream}/messages/{}", place.seq);
    let mut acknowledged = false;
    while !acknowledged && !writer.run.is_over() {
        match line.delete(writer, &path).ok().map(|answer| answer.refusal()) {
            Some(None) => acknowledged = true,
            Some(Some((code, false))) => {
                writer.fault(format!("the recall of {} was refused: {code}", attempt.key));
                break;
            }
            Some(Some((_, true))) | None => writer.pause(5, 60),
        }
    }
    Recall {
        seq: place.seq,
        message: attempt.target.digest(&writer.person, &attempt.key, &attempt.text),
        erased: digest("erased", &writer.person, &attempt.key, &json!({})),
        secret: secret.to_owned(),
        stream,
        acknowledged,
    }
}

/// Sends an acknowledged key again: the same body has to get the same answer, another body a refusal.
fn repeat(writer: &mut Writer, line: &mut Line, attempt: &Attempt, first: crate::journal::Answer) {
    let other = writer.random.percent(20);
    let text = if other { "another text" } else { attempt.text.as_str() };
    let Ok(answer) = line.post(writer, attempt, text) else { return };
    let key = &attempt.key;
    match (answer.refusal(), other) {
        (Some((_, true)), _) => {}
        (Some((code, false)), true) if code == "key_reused" => writer.writing.repeated += 1,
        (Some((code, false)), _) => writer.fault(format!("{key}, repeated, was refused: {code}")),
        (None, true) => writer.fault(format!("{key} was taken a second time with another text")),
        (None, false) => match answer.json().and_then(|json| item::answer(&json)) {
            Ok(again) if again == first && answer.status == 200 => writer.writing.repeated += 1,
            again => {
                let status = answer.status;
                writer.fault(format!("{key} was {first:?}, repeated {status} {again:?}"));
            }
        },
    }
}

/// Posts a text once.
pub fn post(http: &mut Http, to: &Target, token: &str, key: &str, text: &str) -> Result<Answer> {
    let key = format!("Idempotency-Key: {key}");
    let (path, kind, body) = match to {
        Target::Conversation(id) => {
            let body = json!({ "text": text }).to_string();
            (format!("/v1/conversations/{id}/messages"), "application/json", body)
        }
        Target::Channel(name) => {
            (format!("/v1/channels/{name}/events"), "text/plain", text.to_owned())
        }
    };
    let kind = format!("Content-Type: {kind}");
    http.call("POST", &path, token, &[&key, &kind], &body, http.patience)
}

/// Plans a text for a time.
fn plan(
    http: &mut Http,
    to: &Target,
    token: &str,
    key: &str,
    text: &str,
    at_ms: u64,
) -> Result<Answer> {
    let Target::Conversation(id) = to else { bail!("only messages can be planned") };
    let headers = [&*format!("Idempotency-Key: {key}"), "Content-Type: application/json"];
    let body = json!({"text": text, "send_at": at_ms}).to_string();
    let path = format!("/v1/conversations/{id}/scheduled");
    http.call("POST", &path, token, &headers, &body, http.patience)
}

impl Line {
    /// Posts once. The error says whether anything was sent.
    fn post(
        &mut self,
        writer: &mut Writer,
        attempt: &Attempt,
        text: &str,
    ) -> std::result::Result<Answer, bool> {
        let (target, key) = (&attempt.target, &attempt.key);
        let token = writer.token.clone();
        self.ask(writer, |http| match attempt.send_at_ms {
            Some(at_ms) => plan(http, target, &token, key, text, at_ms),
            None => post(http, target, &token, key, text),
        })
    }

    fn delete(&mut self, writer: &mut Writer, path: &str) -> std::result::Result<Answer, bool> {
        let token = writer.token.clone();
        self.ask(writer, |http| http.call("DELETE", path, &token, &[], "", http.patience))
    }

    fn ask(
        &mut self,
        writer: &mut Writer,
        what: impl FnOnce(&mut Http) -> Result<Answer>,
    ) -> std::result::Result<Answer, bool> {
        let mut http = match self.0.take() {
            Some(http) => http,
            None => Http::open(writer.next_door()).map_err(|_| false)?,
        };
        let answer = what(&mut http).map_err(|_| true)?;
        if !http.closes() {
            self.0 = Some(http);
        }
        Ok(answer)
    }
}
