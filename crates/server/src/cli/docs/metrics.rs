//! The reference page of metrics, made of the texts that `/metrics` itself prints.

use super::{cell, head, wrapped};
use crate::http::metrics;

pub fn page() -> String {
    let mut out = head("Figures of `/metrics`", "`crates/server/src/http/metrics.rs`");
    let text = "In Prometheus' text format. A process that serves several sites labels each sample with its `space`. \
        [The guide](../guide.md#what-an-operator-looks-at) says who may read them.";
    out += &wrapped(text, "");
    out += "\n| figure | type | meaning |\n| --- | --- | --- |\n";
    let text = metrics::text(&[]);
    let mut lines = text.lines();
    while let (Some(help), Some(kind)) = (lines.next(), lines.next()) {
        let (name, help) = rest(help, "# HELP ");
        let (_, kind) = rest(kind, "# TYPE ");
        out += &format!("| `{name}` | {kind} | {} |\n", cell(help));
    }
    out
}

/// The name and the text of a line that begins with this mark.
fn rest<'a>(line: &'a str, mark: &str) -> (&'a str, &'a str) {
    let line = line.strip_prefix(mark).expect("without a site there is no sample");
    line.split_once(' ').unwrap_or((line, ""))
}
