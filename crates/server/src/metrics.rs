//! `/metrics`, in Prometheus' text format.

use std::fmt::Write;
use std::sync::atomic::Ordering::Relaxed;

use encke_store::{COMMIT_BUCKETS, Store};
use encke_transport::{DELAY_BOUNDS_US, Transport};

use crate::cluster::Cluster;

/// All figures of this process.
pub fn text(store: &Store, cluster: &Cluster) -> String {
    let mut out = String::with_capacity(4096);
    transports(&mut out, &cluster.shards().stats());
    commits(&mut out, store);
    let help = "Messages to other nodes that were not sent.";
    one(&mut out, "encke_bus_dropped_total", "counter", help, cluster.dropped());
    out
}

fn one(out: &mut String, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
}

fn histogram(
    out: &mut String,
    name: &str,
    help: &str,
    bounds: impl Iterator<Item = f64>,
    counts: &[u64],
    sum: f64,
) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} histogram");
    let mut total = 0;
    for (bound, count) in bounds.zip(counts) {
        total += count;
        let _ = writeln!(out, "{name}_bucket{{le=\"{bound}\"}} {total}");
    }
    let total: u64 = counts.iter().sum();
    let _ = writeln!(
        out,
        "{name}_bucket{{le=\"+Inf\"}} {total}\n{name}_sum {sum}\n{name}_count {total}"
    );
}

fn transports(out: &mut String, stats: &encke_transport::Stats) {
    let name = "encke_sessions";
    let _ = writeln!(out, "# HELP {name} Open sessions by transport.\n# TYPE {name} gauge");
    for (transport, count) in Transport::ALL.into_iter().zip(stats.sessions) {
        let _ = writeln!(out, "{name}{{transport=\"{}\"}} {count}", transport.name());
    }
    one(out, "encke_connections", "gauge", "Connections that the shards hold.", stats.connections);
    let counters = [
        (
            "encke_connections_accepted_total",
            "Connections accepted, or taken from another site.",
            stats.accepted,
        ),
        ("encke_connections_handed_off_total", "Connections given to hyper.", stats.handed_off),
        ("encke_deliveries_total", "Events handed to live sessions.", stats.deliveries),
        ("encke_replayed_total", "Events replayed from tail or store.", stats.replayed),
        ("encke_readers_behind_total", "Sessions whose connection was full.", stats.fell_behind),
        ("encke_slow_readers_cut_total", "Readers that took nothing for too long.", stats.slow_cut),
        ("encke_feeds_refused_total", "Requests for the feed that were refused.", stats.refused),
        ("encke_connection_panics_total", "Connections ended by a fault of ours.", stats.panics),
        ("encke_sent_bytes_total", "Bytes written by the shards.", stats.bytes_out),
    ];
    for (name, help, value) in counters {
        one(out, name, "counter", help, value);
    }
    let bounds = DELAY_BOUNDS_US.iter().map(|us| *us as f64 / 1e6);
    let help = "Seconds from the commit until an event was written to its sessions.";
    let sum = stats.delay_sum_us as f64 / 1e6;
    histogram(out, "encke_delivery_delay_seconds", help, bounds, &stats.delays, sum);
}

fn commits(out: &mut String, store: &Store) {
    let stats = store.stats();
    one(out, "encke_log_position", "gauge", "The end of the log.", store.position().0);
    let counters = [
        ("encke_events_total", "Events appended since the start.", &stats.events),
        ("encke_store_errors_total", "Commits and queries that failed.", &stats.errors),
    ];
    for (name, help, value) in counters {
        one(out, name, "counter", help, value.load(Relaxed));
    }
    let seconds = stats.commit_ns.load(Relaxed) as f64 / 1e9;
    one(out, "encke_commit_seconds_total", "counter", "Time spent in commits.", seconds);
    let counts: Vec<u64> = stats.commit_sizes.iter().map(|c| c.load(Relaxed)).collect();
    let bounds = COMMIT_BUCKETS.iter().map(|n| *n as f64);
    let sum = stats.writes.load(Relaxed) as f64;
    histogram(out, "encke_commit_writes", "Writes in a commit.", bounds, &counts, sum);
}
