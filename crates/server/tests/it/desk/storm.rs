//! Agents and visitors that do things at random, at once, at two nodes: whatever happens, each ticket has one owner or stands
//! in the queue, and what the consoles were told is what is stored (P11).

use std::collections::BTreeMap;
use std::thread;

use serde_json::{Value, json};

use super::{Desk, amendments, free_site, let_in};
use crate::cluster::Cluster;
use crate::feed::{Feed, Transport};
use crate::harness::{Dice, Person, Site};

/// One random act of an agent.
fn work(agent: &mut Person, others: &[String], ticket: &str, dice: &mut Dice) {
    let change = |agent: &mut Person, what: Value| {
        agent.client.send("PATCH", &format!("/v1/tickets/{ticket}"), &what).status
    };
    let status = match dice.roll(8) {
        0..=2 => agent.act(ticket, "claim").status,
        3 => agent.act(ticket, "return").status,
        4 => agent.try_say(ticket, "an answer").status,
        5 => change(agent, json!({"state": "resolved"})),
        6 => change(agent, json!({"state": "open", "priority": dice.roll(4)})),
        _ => {
            let to = &others[dice.roll(others.len() as u64) as usize];
            agent
                .client
                .post(&format!("/v1/tickets/{ticket}/transfer"), &json!({"person": to}))
                .status
        }
    };
    assert!(matches!(status, 200 | 201 | 403 | 409), "{status}");
}

fn storm(a: &Site, b: &Site, seed: u64, assignment: &str) {
    let mut ann = a.person("ann");
    let agents: Vec<Person> = (0..4).map(|_| a.person("agent")).collect();
    let desk = ann.desk(&agents.iter().collect::<Vec<_>>());
    ann.settle(&desk, json!({"assignment": assignment, "capacity": 2}));
    let ids: Vec<String> = agents.iter().map(|agent| agent.id.clone()).collect();
    let _pages: Vec<Feed> =
        agents.iter().map(|agent| Feed::now(a, Transport::Sse, agent)).collect();
    let begin = ann.now();
    let mut guests: Vec<Person> = (0..3).map(|_| let_in(a, &desk)).collect();
    let tickets: Vec<String> = guests
        .iter_mut()
        .flat_map(|guest| [guest.ask_desk(&desk, "one"), guest.ask_desk(&desk, "two")])
        .collect();
    thread::scope(|scope| {
        for (number, agent) in agents.iter().enumerate() {
            let mut hand = if number % 2 == 0 { agent.clone() } else { agent.at(b) };
            let (tickets, ids) = (&tickets, &ids);
            scope.spawn(move || {
                let mut dice = Dice::new(seed * 100 + number as u64);
                for _ in 0..25 {
                    let ticket = &tickets[dice.roll(tickets.len() as u64) as usize];
                    work(&mut hand, ids, ticket, &mut dice);
                }
            });
        }
        for (number, guest) in guests.iter().enumerate() {
            let mut hand = if number % 2 == 0 { guest.at(b) } else { guest.clone() };
            let mine = &tickets[2 * number..2 * number + 2];
            scope.spawn(move || {
                let mut dice = Dice::new(seed * 1_000 + number as u64);
                for _ in 0..10 {
                    hand.say(&mine[dice.roll(2) as usize], "and?");
                }
            });
        }
    });
    check(a, &mut ann, &agents, &desk, &tickets, &begin);
}

/// Looks at what is left.
fn check(
    a: &Site,
    ann: &mut Person,
    agents: &[Person],
    desk: &Desk,
    tickets: &[String],
    begin: &str,
) {
    // A last change of each ticket ends what is told.
    for ticket in tickets {
        let path = format!("/v1/tickets/{ticket}");
        ann.client.send("PATCH", &path, &json!({"tags": ["marker"]})).is(200);
    }
    let mut told: BTreeMap<String, Value> = BTreeMap::new();
    let mut feed = Feed::at(a, Transport::Sse, ann, begin);
    while told.values().filter(|ticket| ticket["tags"] == json!(["marker"])).count() < tickets.len()
    {
        let event = feed.event_of(&amendments(&desk.id));
        if event["kind"] == "ticket" {
            let body = event["body"].clone();
            told.insert(body["id"].as_str().unwrap().to_owned(), body);
        }
    }
    let queue = ann.ticket_ids(desk, "view=unassigned&state=open");
    for ticket in tickets {
        let now = ann.ticket(ticket);
        let (owner, state) = (now["owner"].as_str(), now["state"].as_str().unwrap());
        assert_eq!(queue.contains(ticket), owner.is_none() && state == "open", "{now}");
        assert!(state != "resolved" || now["waiting_since"] == Value::Null, "{now}");
        for agent in agents {
            let mut agent = agent.clone();
            let follows = agent.conversation(ticket)["followed"] == true;
            assert!(
                owner != Some(&agent.id) || state != "open" || follows,
                "an owner hears of its ticket"
            );
            assert!(state != "resolved" || !follows, "nobody follows what is done");
        }
        if told[ticket]["changed_at"] == now["changed_at"] {
            assert_eq!(told[ticket], now, "what was told is what is stored");
        }
    }
}

#[test]
fn each_ticket_has_one_owner_or_waits_whatever_agents_and_visitors_do() {
    let site = free_site();
    for (seed, assignment) in [(1, "manual"), (2, "round_robin"), (3, "least_busy")] {
        storm(&site, &site, seed, assignment);
    }
}

#[test]
fn each_ticket_has_one_owner_or_waits_on_two_nodes() {
    let cluster = Cluster::with_bus_and(2, &["--quota-member", "off", "--quota-guest", "off"]);
    let (a, b) = cluster.two();
    for (seed, assignment) in [(4, "manual"), (5, "least_busy")] {
        storm(a, b, seed, assignment);
    }
}
