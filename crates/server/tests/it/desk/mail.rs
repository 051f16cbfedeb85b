//! Mails to visitors, at a real mail server.

use encke_rig::MailServer;
use serde_json::{Value, json};

use super::{Desk, let_in};
use crate::cluster::Cluster;
use crate::harness::{Answer, Person, eventually};
use crate::mail::{mails, options, site_of};

impl Person {
    fn leave_address(&mut self, desk: &Desk, address: &str) -> Answer {
        let path = format!("/v1/desks/{}/mail", desk.key);
        self.client.send("PUT", &path, &json!({"address": address}))
    }

    fn left_address(&mut self, desk: &Desk) -> Value {
        self.client.get(&format!("/v1/desks/{}/mail", desk.key)).is(200).json()
    }

    /// Leaves an address and confirms it. The request is the first mail that goes there.
    fn gets_answers_at(&mut self, desk: &Desk, server: &MailServer, address: &str) {
        self.leave_address(desk, address).is(200);
        let link = mails(server, address, 1).remove(0).link("confirm");
        self.client.send("POST", &link, &json!({})).is(200);
        assert_eq!(self.left_address(desk)["confirmed"], true);
    }

    fn ticket_mail(&mut self, ticket: &str) -> Value {
        self.client.get(&format!("/v1/tickets/{ticket}/mail")).is(200).json()
    }
}

#[test]
fn answers_come_by_mail_to_a_visitor_that_has_gone_and_the_mails_of_a_ticket_are_one_thread() {
    let server = MailServer::start();
    let site = site_of(&server);
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Where is my order?");
    guest.gets_answers_at(&desk, &server, "mei@example.com");
    assert_eq!(ann.ticket_mail(&ticket)["confirmed"], true);
    ann.say(&ticket, "On its way <script>alert(1)</script>");
    let recalled = ann.say(&ticket, "a slip");
    ann.client.delete(&format!("/v1/conversations/{ticket}/messages/{}", recalled["seq"])).is(204);
    ann.say(&ticket, "\r\nBcc: victim@example.com\r\n.\r\n你好");
    let mail = mails(&server, "mei@example.com", 2).remove(1);
    assert_eq!(mail.header("from").replace('"', ""), "Shop <chat@mail.test>");
    assert_eq!(mail.header("subject"), format!("Your question to Shop [{ticket}]"));
    assert!(mail.head("bcc").is_none());
    assert_eq!(mail.header("auto-submitted"), "auto-generated");
    for text in [&mail.text, &mail.html] {
        assert!(text.contains("On its way") && text.contains("你好"), "both in one mail: {text}");
        assert!(!text.contains("a slip"), "what was recalled is gone: {text}");
        assert!(!text.contains("Where is my order"), "its own words are not told: {text}");
    }
    assert!(!mail.html.contains("<script"));
    assert!(mail.text.contains(&format!("/ask/{}", desk.key)));
    let sent = eventually("the staff sees it", || {
        Some(ann.ticket_mail(&ticket)).filter(|told| told["waiting"] == false)
    });
    assert!(sent["sent_at"].is_u64() && sent.get("failed").is_none(), "{sent}");

    ann.say(&ticket, "It has arrived.");
    let next = mails(&server, "mei@example.com", 3).remove(2);
    assert!(next.text.contains("It has arrived.") && !next.text.contains("On its way"));
    assert_eq!(next.header("in-reply-to"), mail.header("message-id"));
    assert_eq!(next.header("references"), mail.header("message-id"));
    assert_ne!(next.header("message-id"), mail.header("message-id"));
}

#[test]
fn a_visitor_gets_the_whole_conversation_by_mail_and_ends_mails_with_one_link() {
    let server = MailServer::start();
    let site = site_of(&server);
    let (mut ann, mut eve) = (site.person("ann"), site.person("eve"));
    let desk = ann.desk(&[]);
    let (mut guest, mut other) = (let_in(&site, &desk), let_in(&site, &desk));
    let ticket = guest.ask_desk(&desk, "Where is my order?");
    let said = ann.say(&ticket, "On its way");
    let read = format!("/v1/conversations/{ticket}/receipts");
    guest.client.post(&read, &json!({"read": said["seq"]})).is(204);
    assert_eq!(guest.act(&ticket, "transcript").is(409).code(), "conflict");
    guest.gets_answers_at(&desk, &server, "mei@example.com");
    guest.act(&ticket, "transcript").is(202);
    assert_eq!(other.act(&ticket, "transcript").is(403).code(), "not_member");
    assert_eq!(ann.act(&ticket, "transcript").is(403).code(), "forbidden");
    let mail = mails(&server, "mei@example.com", 2).remove(1);
    let (asked, answered) = (mail.text.find("Where is my order?"), mail.text.find("On its way"));
    assert!(asked.is_some() && asked < answered, "all of it in order: {}", mail.text);
    let path = format!("/v1/tickets/{ticket}/mail");
    for stranger in [&mut eve, &mut guest] {
        stranger.client.get(&path).is(403);
    }
    let stop = mail.link("stop");
    assert_eq!(guest.client.get(&stop).is(200).header("cache-control"), Some("no-store"));
    assert_eq!(guest.left_address(&desk)["confirmed"], true, "opening the page changes nothing");
    guest.client.send("POST", &stop, &json!({})).is(200);
    assert_eq!(guest.left_address(&desk), json!({"confirmed": false}));
    assert!(ann.ticket_mail(&ticket).get("address").is_none(), "the staff has it no longer");
}

#[test]
fn a_desk_can_not_be_used_to_write_to_strangers() {
    let server = MailServer::start();
    let site = site_of(&server);
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "BUY PILLS");
    guest.leave_address(&desk, "victim@example.com\r\nBcc: b@example.com").is(422);
    guest.leave_address(&desk, "victim@example.com").is(200);
    ann.say(&ticket, "an answer");
    let asked = mails(&server, "victim@example.com", 1).remove(0);
    assert!(!asked.text.contains("PILLS") && !asked.text.contains(&guest.name), "{}", asked.text);
    let waiting = ann.ticket_mail(&ticket);
    assert_eq!((&waiting["waiting"], &waiting["confirmed"]), (&json!(true), &json!(false)));
    // Whoever asks, a bounded number of requests goes to one address.
    for _ in 1..3 {
        let_in(&site, &desk).leave_address(&desk, "victim@example.com").is(200);
    }
    let refused = let_in(&site, &desk).leave_address(&desk, "VICTIM@example.com").is(429);
    assert_eq!(refused.code(), "rate_limited");
    let all = mails(&server, "victim@example.com", 3);
    assert!(all.iter().all(|mail| mail.header("subject").starts_with("Confirm")));
    // Another address makes the links to the one before useless, and nobody confirms for somebody else.
    guest.leave_address(&desk, "mei@example.com").is(200);
    let mei = mails(&server, "mei@example.com", 1).remove(0);
    guest.client.send("POST", &asked.link("confirm"), &json!({})).is(200);
    assert_eq!(guest.left_address(&desk)["confirmed"], false);
    guest.client.send("POST", &mei.link("confirm"), &json!({})).is(200);
    // What waited for the confirmation comes at once.
    assert!(mails(&server, "mei@example.com", 2).remove(1).text.contains("an answer"));
}

#[test]
fn a_busy_mail_server_delays_an_answer_and_the_staff_sees_that_it_waits() {
    let server = MailServer::start();
    let site = site_of(&server);
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello?");
    guest.gets_answers_at(&desk, &server, "busy@example.com");
    server.be_busy(true);
    ann.say(&ticket, "patience");
    eventually("a mail that has to wait", || server.log().contains("temporarily").then_some(()));
    assert_eq!(ann.ticket_mail(&ticket)["waiting"], true);
    server.be_busy(false);
    assert!(mails(&server, "busy@example.com", 2).remove(1).text.contains("patience"));
}

#[test]
fn exactly_one_of_two_nodes_mails_an_answer() {
    let server = MailServer::start();
    let options = options(&server);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let cluster = Cluster::with_bus_and(2, &options);
    let (a, b) = cluster.two();
    let mut ann = a.person("ann");
    let desk = ann.desk(&[]);
    let mut guest = let_in(b, &desk);
    let ticket = guest.ask_desk(&desk, "Hello?");
    guest.gets_answers_at(&desk, &server, "mei@example.com");
    for number in 0..2 {
        let text = format!("number {number}");
        ann.say(&ticket, &text);
        let all = mails(&server, "mei@example.com", 2 + number);
        assert_eq!(all.len(), 2 + number, "each once");
        assert!(all[1 + number].text.contains(&text));
    }
}

#[test]
fn the_address_of_a_merged_visitor_is_handed_on_and_that_of_an_erased_one_is_gone() {
    let server = MailServer::start();
    let site = site_of(&server);
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let (mut old, mut guest) = (let_in(&site, &desk), let_in(&site, &desk));
    old.ask_desk(&desk, "From the phone");
    old.gets_answers_at(&desk, &server, "wei@example.com");
    let ticket = guest.ask_desk(&desk, "From the computer");
    assert!(ann.ticket_mail(&ticket).get("address").is_none());
    let path = |of: &Person| format!("/v1/desks/{}/contacts/{}", desk.id, of.id);
    let merge = format!("{}/merge", path(&old));
    ann.client.post(&merge, &json!({"into": guest.id})).is(204);
    let left = ann.ticket_mail(&ticket);
    assert_eq!((&left["address"], &left["confirmed"]), (&json!("wei@example.com"), &json!(true)));
    ann.say(&ticket, "It is on its way");
    assert!(mails(&server, "wei@example.com", 2).remove(1).text.contains("It is on its way"));
    ann.client.delete(&path(&guest)).is(204);
    assert!(ann.ticket_mail(&ticket).get("address").is_none());
}

#[test]
fn a_mail_that_is_refused_is_given_up_and_the_staff_sees_it() {
    let server = MailServer::start();
    let site = site_of(&server);
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello?");
    guest.gets_answers_at(&desk, &server, "closed@example.com");
    server.close();
    ann.say(&ticket, "Nobody gets this");
    let given_up = eventually("the mail is given up", || {
        Some(ann.ticket_mail(&ticket)).filter(|told| told["failed"].is_string())
    });
    assert_eq!((&given_up["failed"], &given_up["waiting"]), (&json!("refused"), &json!(false)));
    assert!(given_up.get("sent_at").is_none(), "{given_up}");
    // The next answer is tried again, with an address that works.
    guest.gets_answers_at(&desk, &server, "mei@example.com");
    ann.say(&ticket, "And this?");
    assert!(mails(&server, "mei@example.com", 2).remove(1).text.contains("And this?"));
    let sent = eventually("the staff sees it", || {
        Some(ann.ticket_mail(&ticket)).filter(|told| told["sent_at"].is_u64())
    });
    assert!(sent.get("failed").is_none(), "{sent}");
}

#[test]
fn the_mails_of_a_merged_ticket_go_on_in_the_other_one() {
    let server = MailServer::start();
    let site = site_of(&server);
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut guest = let_in(&site, &desk);
    let (old, new) = (guest.ask_desk(&desk, "My bike"), guest.ask_desk(&desk, "My bike again"));
    guest.gets_answers_at(&desk, &server, "mei@example.com");
    ann.say(&old, "We look for it");
    let first = mails(&server, "mei@example.com", 2).remove(1);
    eventually("it is sent", || ann.ticket_mail(&old)["sent_at"].is_u64().then_some(()));
    let merge = format!("/v1/tickets/{old}/merge");
    ann.client.post(&merge, &json!({"into": new})).is(200);
    ann.say(&new, "Found");
    let next = mails(&server, "mei@example.com", 3).remove(2);
    assert!(next.text.contains("Found"), "{}", next.text);
    assert_eq!(next.header("in-reply-to"), first.header("message-id"));
    ann.say(&new, "Come and get it");
    let last = mails(&server, "mei@example.com", 4).remove(3);
    assert_eq!(last.header("in-reply-to"), next.header("message-id"), "its own thread from there");
}
