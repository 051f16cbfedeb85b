//! The judgement on a desk: each question was answered by one owner, and nothing was lost, doubled or out of order.

use std::collections::HashMap;
use std::net::SocketAddrV4;

use anyhow::Result;
use serde_json::Value;

use super::agent::AgentJournal;
use super::told::Changes;
use super::visitor::{Question, VisitorJournal};
use super::{DeskPlayed, call};

pub fn judge(
    addr: SocketAddrV4,
    visitors: &[VisitorJournal],
    agents: &[AgentJournal],
    changes: &Changes,
) -> Result<DeskPlayed> {
    let mut played = DeskPlayed { passed_on: changes.passed_on(), ..DeskPlayed::default() };
    played.faults.extend(changes.two_owners());
    let mut won: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut answers: HashMap<&str, Vec<&str>> = HashMap::new();
    for agent in agents {
        played.refused += agent.refused;
        played.faults.extend(agent.faults.iter().cloned());
        agent.won.iter().for_each(|ticket| won.entry(ticket).or_default().push(&agent.person));
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
            let owners = won.remove(question.ticket.as_str()).unwrap_or_default();
            let answered = answers.remove(question.ticket.as_str()).unwrap_or_default();
            let before = played.faults.len();
            played.faults.extend(of_owners(question, &owners, changes));
            played.faults.extend(of_texts(question, &texts, &answered));
            played.answered += usize::from(played.faults.len() == before);
        }
    }
    played.faults.extend(won.keys().map(|ticket| format!("P11: {ticket} was never asked")));
    Ok(played)
}

/// Somebody has claimed it, and the log knows of each claim that was acknowledged (P1).
fn of_owners(question: &Question, owners: &[&str], changes: &Changes) -> Vec<String> {
    let ticket = &question.ticket;
    let mut wrong: Vec<String> = owners
        .iter()
        .filter(|owner| !changes.had(ticket, owner))
        .map(|owner| format!("P1: {owner} claimed {ticket}, and the log does not know it"))
        .collect();
    if owners.is_empty() {
        wrong.push(format!("P11: {ticket} was never anybody's"));
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
    use super::*;

    fn question() -> Question {
        Question { ticket: "c1".into(), said: vec!["ask-0-0".into(), "add-0-0".into()] }
    }

    #[test]
    fn a_claim_that_the_log_does_not_know_and_a_ticket_of_nobody_are_found() {
        let nothing = Changes::default();
        assert_eq!(of_owners(&question(), &["p1"], &nothing).len(), 1);
        assert_eq!(of_owners(&question(), &[], &nothing).len(), 1);
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
