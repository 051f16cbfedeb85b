//! Tickets as comma-separated values (RFC 4180).

use jiff::Timestamp;

use crate::ticket::Ticket;

/// The line with the names of the columns.
pub(crate) const HEAD: &str =
    "id,asked,state,agent,team,tags,first_answer_s,resolution_s,stars,late\r\n";

/// Adds the line of a ticket.
pub(crate) fn line(out: &mut String, ticket: &Ticket, agent: &str) {
    let since = |at: Option<u64>| {
        at.map(|at| (at.saturating_sub(ticket.asked_at) / 1000).to_string()).unwrap_or_default()
    };
    let asked = Timestamp::from_millisecond(ticket.asked_at as i64).unwrap_or(Timestamp::MAX);
    let cells = [
        ticket.id.to_string(),
        asked.to_string(),
        ticket.state.text().to_owned(),
        agent.to_owned(),
        ticket.team.clone().unwrap_or_default(),
        ticket.tags.join(" "),
        since(ticket.first_answer_at),
        since(ticket.resolved_at),
        ticket.rating.map(|stars| stars.to_string()).unwrap_or_default(),
        ticket.due.late.iter().map(|what| what.text()).collect::<Vec<_>>().join(" "),
    ];
    out.push_str(&cells.map(|text| cell(&text)).join(","));
    out.push_str("\r\n");
}

/// A text as a cell. A text that programs for tables would take for a formula begins with an apostrophe.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if is_formula { "'" } else { "" };
    if is_formula || text.contains(['"', ',', '\n', '\r']) {
        return format!("\"{guard}{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula_and_never_two_cells() {
        for (text, expected) in [
            ("Ann", "Ann"),
            ("林美, Mei", "\"林美, Mei\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=HYPERLINK(\"http://evil\")", "\"'=HYPERLINK(\"\"http://evil\"\")\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("-1+2", "\"'-1+2\""),
            ("two\r\nlines", "\"two\r\nlines\""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
