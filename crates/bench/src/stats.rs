//! Accounting of deliveries, and the common form of printed results.

use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

use crate::payload::Payload;

/// The parts of a [`Latency::summary`] as they are printed.
const PARTS: [&str; 4] = ["p50", "p99", "p999", "max"];

/// Latencies in nanoseconds, 1 µs to 120 s.
pub struct Latency(Histogram<u64>);

impl Default for Latency {
    fn default() -> Self {
        Latency(Histogram::new_with_bounds(1_000, 120_000_000_000, 3).expect("valid bounds"))
    }
}

impl Latency {
    pub fn record(&mut self, ns: u64) {
        self.0.saturating_record(ns.max(1_000));
    }

    /// Milliseconds at p50, p99, p99.9 and the maximum.
    pub fn summary(&self) -> Value {
        let ms = |ns: u64| round(ns as f64 / 1e6, 3);
        json!({
            "p50": ms(self.0.value_at_quantile(0.5)),
            "p99": ms(self.0.value_at_quantile(0.99)),
            "p999": ms(self.0.value_at_quantile(0.999)),
            "max": ms(self.0.max()),
        })
    }
}

/// The messages that one subscriber has seen of its stream, which counts up from 0.
#[derive(Default, Clone)]
pub struct Received {
    next: u64,
    missing: Vec<u64>,
}

/// Deliveries over all subscribers.
#[derive(Default)]
pub struct Deliveries {
    pub total: u64,
    pub duplicates: u64,
    pub reordered: u64,
    pub foreign: u64,
    pub latency: Latency,
}

impl Deliveries {
    /// Records a delivery. Returns whether it is new.
    pub fn book(&mut self, to: &mut Received, p: Payload, now_ns: u64) -> bool {
        if p.seq < to.next {
            match to.missing.iter().position(|&seq| seq == p.seq) {
                Some(i) => {
                    to.missing.swap_remove(i);
                    self.reordered += 1;
                }
                None => {
                    self.duplicates += 1;
                    return false;
                }
            }
        } else {
            to.missing.extend(to.next..p.seq);
            to.next = p.seq + 1;
        }
        self.total += 1;
        self.latency.record(now_ns.saturating_sub(p.sent_ns));
        true
    }
}

impl Received {
    /// The number of sent messages that never came.
    pub fn lost(&self, sent: u64) -> u64 {
        self.missing.len() as u64 + sent.saturating_sub(self.next)
    }
}

pub fn round(v: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (v * scale).round() / scale
}

/// Prints a result as one JSON line (stdout) and a table row (stderr).
pub fn report(workload: &str, label: &str, fields: Value) {
    let mut line = Map::new();
    line.insert("workload".into(), json!(workload));
    line.insert("label".into(), json!(label));
    let Value::Object(fields) = fields else { unreachable!("results are objects") };
    let mut row = format!("| {workload:7} | {label:24} |");
    for (name, value) in &fields {
        match value {
            Value::Object(parts) => {
                let parts: Vec<String> =
                    PARTS.iter().filter_map(|part| Some(parts.get(*part)?.to_string())).collect();
                row.push_str(&format!(" {name} {} |", parts.join("/")));
            }
            other => row.push_str(&format!(" {name} {other} |")),
        }
    }
    line.extend(fields);
    println!("{}", Value::Object(line));
    eprintln!("{row}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_duplicates_and_order_are_told_apart() {
        let mut all = Deliveries::default();
        let mut one = Received::default();
        for seq in [0, 1, 4, 3, 3, 5] {
            all.book(&mut one, Payload { stream: 0, seq, sent_ns: 0 }, 5_000);
        }
        assert_eq!((all.total, all.reordered, all.duplicates), (5, 1, 1));
        assert_eq!(one.lost(8), 3, "2, 6 and 7");
    }
}
