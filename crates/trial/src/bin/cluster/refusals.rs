//! The nodes' own counts of refused messages on the bus.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use encke_trial::http::Http;

use crate::node::{METRICS_TOKEN, Node};

const ANSWER_MAX: Duration = Duration::from_secs(5);
const NAME: &str = "encke_bus_refused_total{";

/// Refused messages of all nodes and all their starts, by reason. A node's counts after the last look before its end
/// are missing.
#[derive(Default)]
pub struct Refusals {
    /// The counts of earlier starts and of the present one, by the node's place and the reason.
    counts: BTreeMap<(usize, String), (u64, u64)>,
}

impl Refusals {
    /// Reads the metrics of all nodes that answer.
    pub fn look(&mut self, nodes: &[Node]) {
        for (place, node) in nodes.iter().enumerate() {
            for (reason, count) in figures(node).unwrap_or_default() {
                let (before, now) = self.counts.entry((place, reason)).or_default();
                if count < *now {
                    // The node was started again meanwhile.
                    *before += *now;
                }
                *now = count;
            }
        }
    }

    /// The number of messages that were refused for a reason.
    pub fn of(&self, reason: &str) -> u64 {
        let counts = self.counts.iter().filter(|((_, why), _)| why == reason);
        counts.map(|(_, (before, now))| before + now).sum()
    }
}

fn figures(node: &Node) -> Result<Vec<(String, u64)>> {
    let mut http = Http::open(node.address)?;
    let answer = http.call("GET", "/metrics", METRICS_TOKEN, &[], "", ANSWER_MAX)?;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let lines = text.lines().filter_map(|line| line.strip_prefix(NAME));
    let count = |line: &str| {
        let (labels, count) = line.rsplit_once(' ')?;
        let reason = labels.split("reason=\"").nth(1)?.split('"').next()?;
        Some((reason.to_owned(), count.parse().ok()?))
    };
    Ok(lines.filter_map(count).collect())
}
