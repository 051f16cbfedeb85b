//! What the staff was told of the tickets, from first to last: the log itself says who had a ticket when.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddrV4;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::call;

/// A ticket as an event tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Told {
    ticket: String,
    /// The person that has it.
    owner: Option<String>,
    is_open: bool,
}

/// The changes of all tickets of a desk, in the order of the log.
#[derive(Default)]
pub struct Changes(Vec<Told>);

/// Where the feed of a person is now.
pub fn cursor(addr: SocketAddrV4, token: &str) -> Result<String> {
    let snapshot = call(addr, "GET", "/v1/snapshot", token, &Value::Null)?;
    Ok(snapshot["cursor"].as_str().context("no cursor")?.to_owned())
}

impl Changes {
    /// Reads the feed of one of the staff from a cursor to its end.
    pub fn read(addr: SocketAddrV4, token: &str, mut cursor: String) -> Result<Self> {
        let mut changes = Changes::default();
        loop {
            let path = format!("/v1/feed?cursor={cursor}");
            let page = call(addr, "GET", &path, token, &Value::Null)?;
            ensure!(page["reset"].is_null(), "the feed of the staff was reset: {}", page["reset"]);
            let events = page["events"].as_array().context("no events")?;
            changes.0.extend(events.iter().filter_map(told));
            cursor = page["cursor"].as_str().context("no cursor")?.to_owned();
            if page["more"] != true {
                return Ok(changes);
            }
        }
    }

    /// Whether a person had a ticket at any time.
    pub fn had(&self, ticket: &str, person: &str) -> bool {
        self.0.iter().any(|told| told.ticket == ticket && told.owner.as_deref() == Some(person))
    }

    /// How often tickets went to another owner.
    pub fn passed_on(&self) -> usize {
        let mut had: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for told in &self.0 {
            had.entry(&told.ticket).or_default().extend(told.owner.as_deref());
        }
        had.values().map(|owners| owners.len().saturating_sub(1)).sum()
    }

    /// Tickets that went from one owner to another while they were open. Nobody hands tickets on in a trial: each is put back
    /// or resolved before another one may have it.
    pub fn two_owners(&self) -> Vec<String> {
        let mut now: BTreeMap<&str, &Told> = BTreeMap::new();
        let mut wrong = Vec::new();
        for told in &self.0 {
            let before = now.insert(&told.ticket, told);
            let Some(before) = before.filter(|before| before.is_open) else { continue };
            if let (Some(first), Some(second)) = (&before.owner, &told.owner)
                && first != second
            {
                wrong.push(format!("P11: {} went from {first} to {second}", told.ticket));
            }
        }
        wrong
    }
}

fn told(event: &Value) -> Option<Told> {
    let body = &event["body"];
    (event["kind"] == "ticket").then(|| Told {
        ticket: body["id"].as_str().unwrap_or_default().to_owned(),
        owner: body["owner"].as_str().map(str::to_owned),
        is_open: body["state"] == "open",
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changes(of: &[(Option<&str>, &str)]) -> Changes {
        let event = |(owner, state): &(Option<&str>, &str)| json!({"kind": "ticket", "body": {"id": "c1", "owner": owner, "state": state}});
        Changes(of.iter().filter_map(|each| told(&event(each))).collect())
    }

    #[test]
    fn a_ticket_that_two_have_at_once_is_found() {
        let (none, a, b) = (None, Some("p1"), Some("p2"));
        for good in [
            &[(none, "open"), (a, "open"), (a, "resolved")][..],
            &[(a, "open"), (a, "resolved"), (b, "open"), (b, "resolved")],
            &[(a, "open"), (none, "open"), (b, "open")],
        ] {
            assert_eq!(changes(good).two_owners(), Vec::<String>::new(), "{good:?}");
        }
        for bad in [
            &[(a, "open"), (b, "open")][..],
            &[(a, "open"), (b, "resolved")],
            &[(a, "resolved"), (a, "open"), (b, "open")],
        ] {
            assert_eq!(changes(bad).two_owners().len(), 1, "{bad:?}");
        }
    }

    #[test]
    fn who_had_a_ticket_is_known() {
        let all = changes(&[(None, "open"), (Some("p1"), "open"), (None, "open")]);
        assert!(all.had("c1", "p1") && !all.had("c1", "p2") && !all.had("c2", "p1"));
        assert_eq!(all.passed_on(), 0);
        assert_eq!(changes(&[(Some("p1"), "resolved"), (Some("p2"), "open")]).passed_on(), 1);
    }
}
