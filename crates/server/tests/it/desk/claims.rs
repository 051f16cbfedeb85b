//! Many agents claim at once: exactly one gets each ticket (P11).

use std::thread;

use super::{free_site, let_in};
use crate::cluster::Cluster;
use crate::harness::{Person, Site};

fn claimed_at_once(a: &Site, b: &Site) {
    let mut ann = a.person("ann");
    let agents: Vec<Person> = (0..6).map(|_| a.person("agent")).collect();
    let desk = ann.desk(&agents.iter().collect::<Vec<_>>());
    let mut guest = let_in(a, &desk);
    let tickets: Vec<String> =
        (0..4).map(|n| guest.ask_desk(&desk, &format!("question {n}"))).collect();
    let mut hands: Vec<Person> =
        agents.iter().flat_map(|agent| [agent.clone(), agent.at(b)]).collect();
    let won: Vec<Vec<String>> = thread::scope(|scope| {
        let claiming: Vec<_> = hands
            .iter_mut()
            .map(|hand| {
                let tickets = &tickets;
                scope.spawn(move || {
                    let mut won = Vec::new();
                    for ticket in tickets {
                        let answer = hand.act(ticket, "claim");
                        match answer.status {
                            200 => won.push(ticket.clone()),
                            _ => assert_eq!(answer.is(409).code(), "taken"),
                        }
                    }
                    won
                })
            })
            .collect();
        claiming.into_iter().map(|claiming| claiming.join().unwrap()).collect()
    });
    for ticket in &tickets {
        let owner = ann.ticket(ticket)["owner"].as_str().unwrap().to_owned();
        // Both hands of an agent may have been told that the ticket is the agent's.
        for (hand, won) in hands.iter().zip(&won) {
            assert!(!won.contains(ticket) || hand.id == owner, "{ticket} has two owners");
        }
        assert!(hands.iter().zip(&won).any(|(hand, won)| hand.id == owner && won.contains(ticket)));
    }
}

#[test]
fn of_many_that_claim_at_once_one_gets_the_ticket() {
    let site = free_site();
    claimed_at_once(&site, &site);
}

#[test]
fn of_many_that_claim_at_once_at_two_nodes_one_gets_the_ticket() {
    let cluster = Cluster::with_bus_and(2, &["--quota-member", "off", "--quota-guest", "off"]);
    let (a, b) = cluster.two();
    claimed_at_once(a, b);
}
