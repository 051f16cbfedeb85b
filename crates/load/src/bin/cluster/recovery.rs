//! After a fault: every node takes sends, every reader catches up, within a bounded time.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use encke_load::trial::cast::Following;
use encke_load::trial::http::Http;
use encke_load::trial::item;
use encke_load::trial::journal::{Outcome, Send};
use encke_load::trial::world::{CHANNELS, World};
use encke_load::trial::writer::{Target, post};

use crate::site::Site;
use crate::stage::Stage;

/// How long it may take until all is as before.
const RECOVERY_MAX: Duration = Duration::from_secs(60);

/// Sends on each node until that is taken, and waits until every reader is past it; returns the sends, and how long all took.
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
        let to = Target::Channel(CHANNELS[0].into());
        let who = &world.people[0];
        let text = format!("recovery {number} of node {}", node + 1);
        let key = text.replace(' ', "-");
        let mut taken = None;
        let what = format!("node {} takes sends", node + 1);
        stage.until(&what, RECOVERY_MAX, || {
            let Ok(mut http) = Http::open(at) else { return Ok(false) };
            let Ok(answer) = post(&mut http, &to, &who.token, &key, &text) else {
                return Ok(false);
            };
            if let Some((code, retry)) = answer.refusal() {
                ensure!(retry, "{what}: {code}");
                return Ok(false);
            }
            taken = Some(item::answer(&answer.json()?)?);
            Ok(true)
        })?;
        let answer = taken.context("it was taken")?;
        end = end.max(answer.position);
        let digest = to.digest(&who.id, &key, &text);
        let answered = None;
        sends.push(Send {
            stream: to.stream(),
            key,
            digest,
            outcome: Outcome::Ok(answer),
            answered,
        });
    }
    for (number, reader) in readers.iter().enumerate() {
        let what = format!("reader {number} has caught up");
        stage.until(&what, RECOVERY_MAX, || {
            ensure!(!reader.thread.is_finished(), "reader {number} has ended");
            Ok(reader.reached.load(Ordering::Relaxed) >= end)
        })?;
    }
    Ok((sends, began.elapsed()))
}
