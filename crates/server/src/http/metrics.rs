//! `/metrics` in the text format of Prometheus: each family once, with a line for each space.

use std::fmt::{Display, Write};
use std::sync::atomic::Ordering::Relaxed;

use encke_store::{COMMIT_BUCKETS, Store};
use encke_transport::{DELAY_BOUNDS_US, Transport};

use crate::boot::cluster::Cluster;

/// The sources of one space's metrics.
pub struct Source<'a> {
    /// The space's name, if the process serves several.
    pub space: Option<&'a str>,
    /// The space's store.
    pub store: &'a Store,
    /// The space's connection to other nodes.
    pub cluster: &'a Cluster,
}

/// The page with all metrics of these spaces.
pub fn text(sources: &[Source<'_>]) -> String {
    let mut page = Page { out: String::with_capacity(4096), sources };
    transports(&mut page);
    commits(&mut page);
    let help = "Messages to other nodes that were not sent.";
    page.counter("encke_bus_dropped_total", help, |s| s.cluster.dropped());
    refused(&mut page);
    page.out
}

fn refused(page: &mut Page<'_>) {
    let name = "encke_bus_refused_total";
    page.head(name, "counter", "Messages on the bus that were not taken.");
    for source in page.sources {
        let refused = source.cluster.refused();
        let reasons = [
            ("forged", refused.forged),
            ("stale", refused.stale),
            ("unreadable", refused.unreadable),
        ];
        for (reason, count) in reasons {
            let labels = labels(source, Some(("reason", reason)));
            let _ = writeln!(page.out, "{name}{labels} {count}");
        }
    }
}

struct Page<'a> {
    out: String,
    sources: &'a [Source<'a>],
}

/// The labels of a sample, in braces; empty if there are none.
fn labels(source: &Source<'_>, further: Option<(&str, &str)>) -> String {
    let space = source.space.map(|name| ("space", name));
    let pairs = space.into_iter().chain(further);
    let texts: Vec<String> = pairs.map(|(key, value)| format!("{key}=\"{value}\"")).collect();
    if texts.is_empty() { String::new() } else { format!("{{{}}}", texts.join(",")) }
}

impl Page<'_> {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn one<T: Display>(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        value: impl Fn(&Source<'_>) -> T,
    ) {
        self.head(name, kind, help);
        for source in self.sources {
            let _ = writeln!(self.out, "{name}{} {}", labels(source, None), value(source));
        }
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Fn(&Source<'_>) -> u64) {
        self.one(name, "gauge", help, value);
    }

    fn counter(&mut self, name: &str, help: &str, value: impl Fn(&Source<'_>) -> u64) {
        self.one(name, "counter", help, value);
    }

    /// Writes a histogram: counts by upper bound, the last of them unbounded, and the sum of the values.
    fn histogram(
        &mut self,
        name: &str,
        help: &str,
        bounds: &[f64],
        counted: impl Fn(&Source<'_>) -> (Vec<u64>, f64),
    ) {
        self.head(name, "histogram", help);
        for source in self.sources {
            let (counts, sum) = counted(source);
            let mut total = 0;
            let bounds = bounds.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
            for (bound, count) in bounds.zip(&counts) {
                total += count;
                let labels = labels(source, Some(("le", &bound)));
                let _ = writeln!(self.out, "{name}_bucket{labels} {total}");
            }
            let labels = labels(source, None);
            let _ = writeln!(self.out, "{name}_sum{labels} {sum}\n{name}_count{labels} {total}");
        }
    }
}

fn transports(page: &mut Page<'_>) {
    let stats: Vec<_> = page.sources.iter().map(|s| s.cluster.shards().stats()).collect();
    let name = "encke_sessions";
    page.head(name, "gauge", "Open sessions by transport.");
    for (source, stats) in page.sources.iter().zip(&stats) {
        for (transport, count) in Transport::ALL.into_iter().zip(stats.sessions) {
            let labels = labels(source, Some(("transport", transport.name())));
            let _ = writeln!(page.out, "{name}{labels} {count}");
        }
    }
    type Figure = fn(&encke_transport::Stats) -> u64;
    let figures: [(&str, &str, &str, Figure); 11] = [
        ("encke_connections", "gauge", "Connections that the shards hold.", |s| s.connections),
        (
            "encke_connections_accepted_total",
            "counter",
            "Connections accepted, or taken from another site.",
            |s| s.accepted,
        ),
        ("encke_connections_handed_off_total", "counter", "Connections given to hyper.", |s| {
            s.handed_off
        }),
        ("encke_deliveries_total", "counter", "Events handed to live sessions.", |s| s.deliveries),
        ("encke_replayed_total", "counter", "Events replayed from tail or store.", |s| s.replayed),
        ("encke_readers_behind_total", "counter", "Sessions whose connection was full.", |s| {
            s.fell_behind
        }),
        ("encke_slow_readers_cut_total", "counter", "Slow readers that were disconnected.", |s| {
            s.slow_cut
        }),
        ("encke_feeds_refused_total", "counter", "Requests for the feed that were refused.", |s| {
            s.refused
        }),
        (
            "encke_connections_given_up_total",
            "counter",
            "Connections without a session that were closed to make room.",
            |s| s.given_up,
        ),
        (
            "encke_connection_panics_total",
            "counter",
            "Connections ended by an internal error.",
            |s| s.panics,
        ),
        ("encke_sent_bytes_total", "counter", "Bytes written by the shards.", |s| s.bytes_out),
    ];
    for (name, kind, help, figure) in figures {
        page.head(name, kind, help);
        for (source, stats) in page.sources.iter().zip(&stats) {
            let _ = writeln!(page.out, "{name}{} {}", labels(source, None), figure(stats));
        }
    }
    let bounds = DELAY_BOUNDS_US.map(|us| us as f64 / 1e6);
    let help = "Seconds from the commit until an event was written to its sessions.";
    page.histogram("encke_delivery_delay_seconds", help, &bounds, |source| {
        let stats = source.cluster.shards().stats();
        (stats.delays.to_vec(), stats.delay_sum_us as f64 / 1e6)
    });
}

fn commits(page: &mut Page<'_>) {
    let help = "Channels that have an event.";
    page.gauge("encke_channels", help, |s| s.store.channels().count() as u64);
    page.gauge("encke_log_position", "The end of the log.", |s| s.store.position().0);
    let help = "Events appended since the start.";
    page.counter("encke_events_total", help, |s| s.store.stats().events.load(Relaxed));
    let help = "Commits and queries that failed.";
    page.counter("encke_store_errors_total", help, |s| s.store.stats().errors.load(Relaxed));
    let help = "Time spent in commits.";
    page.one("encke_commit_seconds_total", "counter", help, |s| {
        s.store.stats().commit_ns.load(Relaxed) as f64 / 1e9
    });
    let bounds = COMMIT_BUCKETS.map(|n| n as f64);
    page.histogram("encke_commit_writes", "Writes in a commit.", &bounds, |source| {
        let stats = source.store.stats();
        let counts = stats.commit_sizes.iter().map(|c| c.load(Relaxed)).collect();
        (counts, stats.writes.load(Relaxed) as f64)
    });
}
