//! Recovery after a fault: every node takes sends and every reader catches up, within a bounded time.

use std::net::SocketAddrV4;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use encke_trial::cast::Following;
use encke_trial::http::Http;
use encke_trial::item;
use encke_trial::journal::{Answer, Outcome, Send};
use encke_trial::world::{CHANNELS, World};
use encke_trial::writer::{Target, post};

use crate::site::Site;
use crate::stage::Stage;

/// How long it may take until all is as before.
const RECOVERY_MAX: Duration = Duration::from_secs(60);

/// Sends a text on a node until the node takes it. The text is its own key. Everybody follows the stream that it goes
/// to.
pub fn send(at: SocketAddrV4, world: &World, text: &str, stage: &Stage) -> Result<(Send, Answer)> {
    let to = Target::Channel(CHANNELS[0].into());
    let (who, key) = (&world.people[0], text.replace(' ', "-"));
    let mut taken = None;
    stage.until(&format!("{at} takes sends"), RECOVERY_MAX, || {
        let Ok(mut http) = Http::open(at) else { return Ok(false) };
        let Ok(answer) = post(&mut http, &to, &who.token, &key, text) else { return Ok(false) };
        if let Some((code, retry)) = answer.refusal() {
            ensure!(retry, "a send at {at} was refused: {code}");
            return Ok(false);
        }
        taken = Some(item::answer(&answer.json()?)?);
        Ok(true)
    })?;
    let answer = taken.context("it was taken")?;
    let (stream, digest) = (to.stream(), to.digest(&who.id, &key, text));
    let outcome = Outcome::Ok(answer);
    Ok((Send { stream, key, digest, outcome, answered: None }, answer))
}

/// Waits until readers are past a position. Returns how long that took.
pub fn caught_up(
    readers: &[Following],
    position: u64,
    longest: Duration,
    stage: &Stage,
) -> Result<Duration> {
    let began = Instant::now();
    for (number, reader) in readers.iter().enumerate() {
        stage.until(&format!("reader {number} has caught up"), longest, || {
            ensure!(!reader.thread.is_finished(), "reader {number} has ended");
            Ok(reader.reached.load(Ordering::Relaxed) >= position)
        })?;
    }
    Ok(began.elapsed())
}

/// Sends on each node and waits until every reader is past these events. Returns the sends and the time that they took.
pub fn wait(
    site: &mut Site,
    world: &World,
    readers: &[Following],
    number: usize,
    stage: &Stage,
) -> Result<(Vec<Send>, Duration)> {
    let began = Instant::now();
    let mut sends = Vec::new();
    let mut end = 0;
    for (node, at) in site.addresses().into_iter().enumerate() {
        site.nodes[node].still_runs()?;
        let text = format!("recovery {number} of node {}", node + 1);
        let (sent, answer) = send(at, world, &text, stage)?;
        end = end.max(answer.position);
        sends.push(sent);
    }
    caught_up(readers, end, RECOVERY_MAX, stage)?;
    Ok((sends, began.elapsed()))
}
