//! The judgement on a desk: each question was answered by one owner, and nothing was lost, doubled or out of order.

use std::collections::HashMap;
use std::net::SocketAddrV4;
use std::time::Duration;

use anyhow::Result;
use encke_engine::desk_limits;
use serde_json::Value;

use super::agent::{AgentJournal, Won};
use super::visitor::{Question, VisitorJournal};
use super::{DeskPlayed, call};

/// The owner of a ticket is taken for gone after this time, and another one may get it.
const GONE: Duration = Duration::from_millis(desk_limits::OWNER_GONE_MS);

pub fn judge(
    addr: SocketAddrV4,
    visitors: &[VisitorJournal],
    agents: &[AgentJournal],
) -> Result<DeskPlayed> {
    let mut played = DeskPlayed::default();
    let mut owners: HashMap<&str, Vec<&Won>> = HashMap::new();
    let mut answers: HashMap<&str, Vec<&str>> = HashMap::new();
    for agent in agents {
        played.refused += agent.refused;
        played.faults.extend(agent.faults.iter().cloned());
        agent.won.iter().for_each(|won| owners.entry(&won.ticket).or_default().push(won));
        for (ticket, key) in &agent.answers {
            answers.entry(ticket).or_default().push(key);
        }
    }
    for visitor in visitors {
        played.faults.extend(visitor.faults.iter().cloned());
        for question in &visitor.questions {
            let path = format!("/v1/conversations/{}/events?after=0&limit=200", question.ticket);
            let page = call(addr, "GET", &path, &visitor.token, &Value::Null)?;
            let texts = page["events"].as_array().into_iter().flatten();
            let texts: Vec<&str> =
                texts.filter_map(|event| event["body"]["text"].as_str()).collect();
            let mut won = owners.remove(question.ticket.as_str()).unwrap_or_default();
            won.sort_by_key(|won| won.at);
            let answered = answers.remove(question.ticket.as_str()).unwrap_or_default();
            let before = played.faults.len();
            played.passed_on += usize::from(won.len() > 1);
            played.faults.extend(of_owners(question, &won));
            played.faults.extend(of_texts(question, &texts, &answered));
            played.answered += usize::from(played.faults.len() == before);
        }
    }
    played.faults.extend(owners.keys().map(|ticket| format!("P11: {ticket} was never asked")));
    Ok(played)
}

/// Two agents have one ticket only if the first had begun to resolve it, or was taken for gone.
fn of_owners(question: &Question, won: &[&Won]) -> Vec<String> {
    let ticket = &question.ticket;
    let mut wrong = Vec::new();
    if won.is_empty() {
        wrong.push(format!("P11: {ticket} was never anybody's"));
    }
    for two in won.windows(2) {
        let was_resolved = two[0].resolved.is_some_and(|resolved| resolved <= two[1].at);
        let was_gone = two[1].at.duration_since(two[0].at) >= GONE;
        if two[0].agent != two[1].agent && !was_resolved && !was_gone {
            wrong.push(format!(
                "P11: {ticket} has two owners, {} and {}",
                two[0].agent, two[1].agent
            ));
        }
    }
    wrong
}

/// What was acknowledged stands there once, in its order, and nothing else does.
fn of_texts(question: &Question, texts: &[&str], answers: &[&str]) -> Vec<String> {
    let ticket = &question.ticket;
    let mut wrong = Vec::new();
    let said: Vec<&str> =
        texts.iter().copied().filter(|text| !text.starts_with("answer-")).collect();
    if said != question.said {
        wrong.push(format!("P4: {ticket} holds {said:?}, said was {:?}", question.said));
    }
    let mut told: Vec<&str> =
        texts.iter().copied().filter(|text| text.starts_with("answer-")).collect();
    let mut acknowledged = answers.to_vec();
    told.sort_unstable();
    acknowledged.sort_unstable();
    if told != acknowledged {
        wrong.push(format!("P4: {ticket} holds {told:?}, answered was {acknowledged:?}"));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn question() -> Question {
        Question { ticket: "c1".into(), said: vec!["ask-0-0".into(), "add-0-0".into()] }
    }

    fn won(agent: usize, at: Instant) -> Won {
        Won { ticket: "c1".into(), agent, at, resolved: None }
    }

    #[test]
    fn two_owners_at_once_are_found() {
        let now = Instant::now();
        assert!(of_owners(&question(), &[&won(1, now)]).is_empty());
        let soon = won(2, now + Duration::from_secs(1));
        assert_eq!(of_owners(&question(), &[&won(1, now), &soon]).len(), 1);
        assert!(of_owners(&question(), &[&won(1, now), &won(2, now + GONE)]).is_empty());
        let first = Won { resolved: Some(now), ..won(1, now) };
        assert!(of_owners(&question(), &[&first, &soon]).is_empty());
        assert_eq!(of_owners(&question(), &[]).len(), 1);
    }

    #[test]
    fn what_is_lost_doubled_or_out_of_order_is_found() {
        let answers = ["answer-1-c1"];
        let good = ["ask-0-0", "add-0-0", "answer-1-c1"];
        assert!(of_texts(&question(), &good, &answers).is_empty());
        for bad in [
            &["add-0-0", "ask-0-0", "answer-1-c1"][..],
            &["ask-0-0", "answer-1-c1"],
            &["ask-0-0", "add-0-0", "add-0-0", "answer-1-c1"],
            &["ask-0-0", "add-0-0"],
            &["ask-0-0", "add-0-0", "answer-1-c1", "answer-1-c1"],
            &["ask-0-0", "add-0-0", "answer-1-c1", "answer-2-c1"],
        ] {
            assert_eq!(of_texts(&question(), bad, &answers).len(), 1, "{bad:?}");
        }
    }
}
