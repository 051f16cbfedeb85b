//! The desk: visitors ask, agents answer.

mod claims;
mod closed;
mod contacts;
mod deception;
mod erased_in_flight;
mod every_route;
mod flood;
mod flow;
mod handed_over;
mod help;
mod help_page;
mod hostile;
mod incoming;
mod macros;
mod mail;
mod merging;
mod onlookers;
mod order;
mod promise;
mod report;
mod rules;
mod scene;
mod storm;
mod window;

use std::sync::atomic::{AtomicU8, Ordering};

use serde_json::{Value, json};

use crate::feed::{Feed, Transport};
use crate::harness::{Answer, Auth, Client, Person, Server, Site, Wire, line_of};

/// A site without quotas, because one test does the work of a crowd.
fn free_site() -> Site {
    Site::on(Server::start_with(&["--quota-member", "off", "--quota-guest", "off"], &[]))
}

/// A desk, as a test has it.
#[derive(Clone)]
pub struct Desk {
    pub id: String,
    key: String,
}

/// Lets a visitor in. Each comes from another address, since one address may not bring many.
fn visitor_of(site: &Site, key: &str, body: &Value) -> Answer {
    static NEXT: AtomicU8 = AtomicU8::new(2);
    let from = NEXT.fetch_add(1, Ordering::Relaxed).max(2);
    let mut wire = Wire::connect_from(from, site.address());
    let headers = [("Content-Type", "application/json".to_owned())];
    let path = format!("/v1/desks/{key}/visitors");
    let body = body.to_string();
    wire.send(line_of("POST", &path, site.address(), &headers, Some(body.as_bytes())));
    wire.answer().expect("an answer")
}

pub fn let_in(site: &Site, desk: &Desk) -> Person {
    let entered = visitor_of(site, &desk.key, &json!({"language": "en"})).is(201).json();
    let token = entered["token"].as_str().unwrap().to_owned();
    let me = &entered["me"];
    Person {
        id: me["id"].as_str().unwrap().to_owned(),
        name: me["display_name"].as_str().unwrap().to_owned(),
        client: Client::new(site.address(), Auth::Bearer(token)),
    }
}

impl Desk {
    /// The public key, by which pages show it.
    pub fn key(&self) -> String {
        self.key.clone()
    }
}

impl Person {
    /// Makes a desk with these agents.
    pub fn desk(&mut self, agents: &[&Person]) -> Desk {
        let made = self.client.post("/v1/desks", &json!({"name": "Shop"})).is(201).json();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        let desk = Desk { id: text("id"), key: text("key") };
        for agent in agents {
            let path = format!("/v1/conversations/{}/members", desk.id);
            self.client.post(&path, &json!({"person": agent.id})).is(204);
        }
        desk
    }

    fn settle(&mut self, desk: &Desk, settings: Value) {
        let path = format!("/v1/desks/{}", desk.id);
        self.client.send("PATCH", &path, &json!({"settings": settings})).is(200);
    }

    fn try_ask_desk(&mut self, desk: &Desk, body: &Value) -> Answer {
        self.client.post(&format!("/v1/desks/{}/tickets", desk.key), body)
    }

    /// Asks a desk; returns the id of the ticket.
    pub fn ask_desk(&mut self, desk: &Desk, text: &str) -> String {
        let asked = self.try_ask_desk(desk, &json!({"text": text})).is(201).json();
        asked["ticket"]["id"].as_str().unwrap().to_owned()
    }

    /// Does something to a ticket that needs no body.
    pub fn act(&mut self, ticket: &str, what: &str) -> Answer {
        self.client.ask("POST", &format!("/v1/tickets/{ticket}/{what}"), &[], None)
    }

    fn ticket(&mut self, ticket: &str) -> Value {
        self.client.get(&format!("/v1/tickets/{ticket}")).is(200).json()["ticket"].clone()
    }

    fn tickets(&mut self, desk: &Desk, query: &str) -> Value {
        self.client.get(&format!("/v1/desks/{}/tickets?{query}", desk.id)).is(200).json()
    }

    fn ticket_ids(&mut self, desk: &Desk, query: &str) -> Vec<String> {
        let list = self.tickets(desk, query);
        let rows = list["tickets"].as_array().unwrap().iter();
        rows.map(|row| row["ticket"]["id"].as_str().unwrap().to_owned()).collect()
    }

    /// What the visitor knows of its newest ticket.
    fn asked(&mut self, desk: &Desk) -> Value {
        let path = format!("/v1/desks/{}/my-tickets", desk.key);
        self.client.get(&path).is(200).json()["tickets"][0].clone()
    }
}

/// The stream of a conversation's amendments.
fn amendments(conversation: &str) -> String {
    conversation.replacen('c', "a", 1)
}

/// The next ticket that the house is told of.
fn told(feed: &mut Feed, desk: &Desk) -> Value {
    loop {
        let event = feed.event_of(&amendments(&desk.id));
        if event["kind"] == "ticket" {
            return event["body"].clone();
        }
    }
}

#[test]
fn a_visitor_asks_an_agent_answers_and_both_have_the_same_conversation() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let mut console = Feed::now(&site, Transport::Sse, &ben);
    let mut guest = let_in(&site, &desk);
    let question = json!({"text": "Where is my order?", "key": "once"});
    let asked = guest.try_ask_desk(&desk, &question).is(201).json();
    let ticket = asked["ticket"]["id"].as_str().unwrap().to_owned();
    assert_eq!(asked["conversation"]["kind"], "ticket");
    assert_eq!((&asked["ticket"]["state"], &asked["ticket"]["place"]), (&json!("open"), &json!(1)));
    let again = guest.try_ask_desk(&desk, &question).is(200).json();
    assert_eq!(again, asked, "a retry is the same question");
    let other = json!({"text": "Something else", "key": "once"});
    assert_eq!(guest.try_ask_desk(&desk, &other).is(409).code(), "key_reused");

    let news = told(&mut console, &desk);
    assert_eq!((&news["id"], &news["owner"]), (&json!(ticket), &Value::Null));
    assert_eq!(ben.ticket_ids(&desk, "view=unassigned"), [ticket.as_str()]);
    let row = &ben.tickets(&desk, "view=unassigned")["tickets"][0];
    assert_eq!(row["last"]["body"]["text"], "Where is my order?");

    let mut page = Feed::now(&site, Transport::WebSocket, &guest);
    assert_eq!(ben.act(&ticket, "claim").is(200).json()["owner"], ben.id);
    assert_eq!(told(&mut console, &desk)["owner"], ben.id);
    let status = page.event_of(&amendments(&ticket));
    assert_eq!(status["kind"], "ticket_status");
    assert_eq!(status["body"]["agent"]["id"], ben.id);
    assert_eq!(status["body"]["agent"]["name"], Value::Null, "nothing to sign in with");
    let people = guest.client.get("/v1/snapshot").is(200).json()["people"].clone();
    assert!(people.as_array().unwrap().iter().all(|p| p["name"] == Value::Null), "{people}");
    let taken = ann.act(&ticket, "claim").is(409);
    assert_eq!(taken.code(), "taken");
    assert!(taken.text().contains(&ben.name), "{}", taken.text());

    ben.say(&ticket, "Let me look");
    assert_eq!(page.texts(&ticket, 1), ["Let me look"]);
    assert_eq!(console.texts(&ticket, 1), ["Let me look"]);
    assert_eq!(told(&mut console, &desk)["waiting_since"], Value::Null);
    guest.say(&ticket, "Thanks");
    assert_eq!(console.texts(&ticket, 1), ["Thanks"]);
    assert!(told(&mut console, &desk)["waiting_since"].is_u64());
    let texts = |all: Vec<Value>| -> Vec<Value> {
        all.into_iter()
            .filter(|e| e["kind"] == "message")
            .map(|e| e["body"]["text"].clone())
            .collect()
    };
    let whole = ["Where is my order?", "Let me look", "Thanks"];
    assert_eq!(texts(guest.history(&ticket)), whole);
    assert_eq!(texts(ben.history(&ticket)), whole);
    assert_eq!(texts(ann.history(&ticket)), whole, "staff that looks on reads it, too");
    assert_eq!(ann.ticket_ids(&desk, "view=mine"), Vec::<String>::new());
    assert_eq!(ben.ticket_ids(&desk, "view=mine"), [ticket.as_str()]);
}

#[test]
fn staff_keeps_tickets_out_of_its_own_list_and_loses_them_with_the_desk() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    ben.act(&ticket, "claim").is(200);
    guest.say(&ticket, "Anybody there?");
    let snapshot = ben.client.get("/v1/snapshot").is(200).json();
    let shown = snapshot["conversations"].as_array().unwrap();
    assert!(shown.iter().all(|c| c["id"] != ticket.as_str()), "{shown:?}");
    assert_eq!(snapshot["threads"], json!({"conversations": 0, "messages": 0}));
    ben.client.get("/v1/threads").is(200);
    assert_eq!(ben.conversation(&ticket)["followed"], true);
    assert_eq!(ann.conversation(&ticket)["followed"], false);
    let mine = guest.client.get("/v1/snapshot").is(200).json();
    assert_eq!(mine["conversations"][0]["id"], ticket.as_str());

    let mut feed = Feed::now(&site, Transport::Sse, &ben);
    let member = format!("/v1/conversations/{}/members/{}", desk.id, ben.id);
    ann.client.delete(&member).is(204);
    guest.say(&ticket, "not for ben");
    assert_eq!(ben.try_say(&ticket, "still me?").is(403).code(), "not_member");
    assert_eq!(ben.client.get(&format!("/v1/tickets/{ticket}")).is(403).code(), "not_member");
    let own = ben.room(&[]);
    ben.say(&own, "marker");
    loop {
        let event = feed.event();
        assert_ne!(event["stream"], ticket.as_str(), "{event}");
        if event["body"]["text"] == "marker" {
            break;
        }
    }
}

#[test]
fn the_first_answer_claims_and_the_answer_of_another_helps() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    ben.say(&ticket, "Hi");
    let now = ben.ticket(&ticket);
    assert_eq!((&now["owner"], &now["speaker"]), (&json!(ben.id), &json!("person")));
    assert!(now["first_answer_at"].is_u64());
    ann.say(&ticket, "I help");
    assert_eq!(ann.ticket(&ticket)["owner"], ben.id);
    assert_eq!(ann.conversation(&ticket)["followed"], true);
    assert_eq!(ann.act(&ticket, "leave").is(204).status, 204);
    assert_eq!(ben.act(&ticket, "leave").is(409).code(), "conflict");
    assert_eq!(ann.act(&ticket, "return").is(200).json()["owner"], Value::Null);
    assert_eq!(ben.conversation(&ticket)["followed"], false);
    assert_eq!(guest.asked(&desk)["agent"], Value::Null);
    guest.say(&ticket, "And now?");
    assert_eq!(guest.asked(&desk)["place"], 1);
}

#[test]
fn a_desk_shows_its_door_to_everybody_and_its_settings_to_its_staff() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let mut eve = site.person("eve");
    let desk = ann.desk(&[&ben]);
    let path = format!("/v1/desks/{}", desk.id);
    let door = format!("/v1/desks/{}/door", desk.key);
    let mut anybody = site.server.visitor();
    let closed = anybody.get(&door).is(200).json();
    assert_eq!((&closed["open"], &closed["desk"]["name"]), (&json!(false), &json!("Shop")));
    let _feed = Feed::now(&site, Transport::Sse, &ben);
    let open = crate::harness::eventually("the agent is there", || {
        let now = anybody.get(&door).is(200).json();
        (now["open"] == true).then_some(now)
    });
    assert_eq!(open["agents"], json!([{"name": ben.name}]));
    let me = format!("{path}/me");
    ben.client.send("PUT", &me, &json!({"availability": "invisible"})).is(204);
    assert_eq!(anybody.get(&door).is(200).json()["open"], false);
    assert_eq!(eve.client.get(&path).is(404).code(), "not_found");
    let change = json!({"settings": {"greeting": {"en": "Hi"}}});
    assert_eq!(ben.client.send("PATCH", &path, &change).is(403).code(), "forbidden");
    let changed = ann.client.send("PATCH", &path, &change).is(200).json();
    assert_eq!(changed["settings"]["greeting"], json!({"en": "Hi", "zh-CN": ""}));
    assert_eq!(changed["settings"]["assignment"], "manual");
    let listed = ben.client.get("/v1/desks").is(200).json();
    assert_eq!(listed["desks"][0]["role"], "member");
    for wrong in ["/v1/desks/c1/door", "/v1/desks/AAAAAAAAAAAAAAAA/door", "/v1/desks/%00/door"] {
        assert_eq!(anybody.get(wrong).is(404).code(), "not_found");
    }
}
