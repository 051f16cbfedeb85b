//! Mails to a desk: each becomes a ticket or goes on in one, once. Chatwoot's reports of what went wrong there are named.

use std::fmt::Write;

use encke_rig::MailServer;
use serde_json::{Value, json};

use super::{Desk, let_in};
use crate::harness::{Answer, Auth, Client, Person, Site, eventually};
use crate::mail::{mails, site_of};

/// The mailbox of a desk, into which mails are handed.
struct Box {
    client: Client,
    path: String,
}

/// A mail as a test writes it.
#[derive(Clone)]
pub struct Written {
    from: String,
    head: Vec<(String, String)>,
    body: String,
}

pub fn from(address: &str, subject: &str, body: &str) -> Written {
    Written { from: address.into(), head: Vec::new(), body: body.into() }.with("Subject", subject)
}

impl Written {
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.head.push((name.into(), value.into()));
        self
    }

    pub fn named(self, id: &str) -> Self {
        self.with("Message-ID", &format!("<{id}>"))
    }

    pub fn text(&self) -> String {
        let mut text = format!("From: {}\r\nTo: desk@mail.test\r\n", self.from);
        for (name, value) in &self.head {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        format!("{text}\r\n{}", self.body.replace('\n', "\r\n"))
    }
}

impl Box {
    fn of(site: &Site, owner: &mut Person, desk: &Desk) -> Self {
        let mailbox = format!("/v1/desks/{}/mailbox", desk.id);
        owner.client.send("PUT", &mailbox, &json!({"address": "desk@mail.test"})).is(200);
        let made = owner.client.post(&format!("{mailbox}/token"), &json!({})).is(201).json();
        let token = made["token"].as_str().unwrap().to_owned();
        let client = Client::new(site.address(), Auth::Bearer(token));
        Box { client, path: format!("/v1/desks/{}/mails", desk.key()) }
    }

    fn hand_in_raw(&mut self, raw: &[u8]) -> Answer {
        let headers = [("Content-Type", "message/rfc822")];
        self.client.ask("POST", &self.path, &headers, Some(raw))
    }

    /// Hands a mail in, and returns what became of it and the ticket.
    fn hand_in(&mut self, mail: &Written) -> (String, String) {
        let answer = self.hand_in_raw(mail.text().as_bytes()).is(200).json();
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        (text("outcome"), text("ticket"))
    }
}

pub fn texts(person: &mut Person, ticket: &str) -> Vec<String> {
    let page =
        person.client.get(&format!("/v1/conversations/{ticket}/events?limit=200")).is(200).json();
    let events = page["events"].as_array().unwrap().iter();
    events.filter(|event| event["kind"] == "message").map(text_of).collect()
}

fn text_of(event: &Value) -> String {
    event["body"]["text"].as_str().unwrap_or_default().to_owned()
}

fn ticket(person: &mut Person, id: &str) -> Value {
    person.client.get(&format!("/v1/tickets/{id}")).is(200).json()
}

#[test]
fn a_mail_becomes_a_ticket_and_the_same_mail_again_changes_nothing() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut mailbox = Box::of(&site, &mut ann, &desk);
    let mail = from("Mei <mei@example.com>", "My order", "Where is it?").named("one@example.com");
    let (outcome, id) = mailbox.hand_in(&mail);
    assert_eq!(outcome, "ticket");
    assert_eq!(mailbox.hand_in(&mail), ("known".into(), id.clone()));
    assert_eq!(texts(&mut ann, &id), ["My order\n\nWhere is it?"]);
    let shown = ticket(&mut ann, &id);
    assert_eq!(shown["visitor"]["person"]["display_name"], "Mei");
    assert_eq!(shown["visitor"]["verified"], false, "an address proves nothing");
    let told = ann.client.get(&format!("/v1/tickets/{id}/mail")).is(200).json();
    assert_eq!((&told["by_mail"], &told["address"]), (&json!(true), &json!("mei@example.com")));
    // Two names that differ only where they are no plain text are two mails, and so are two without a name.
    for id in ["<é1@example.com>", "<ü1@example.com>", "<你好>", "<再见>", "<>"] {
        let odd = from("mei@example.com", id, id).with("Message-ID", id);
        let (outcome, last) = mailbox.hand_in(&odd);
        assert_eq!(
            (outcome.as_str(), mailbox.hand_in(&odd).0.as_str()),
            ("ticket", "known"),
            "{id}"
        );
        let resolved = json!({"state": "resolved"});
        ann.client.send("PATCH", &format!("/v1/tickets/{last}"), &resolved).is(200);
    }
    // Without a Message-ID it is known by all of its bytes.
    let nameless = from("mei@example.com", "Another", "Hello");
    let (outcome, other) = mailbox.hand_in(&nameless);
    assert_eq!((outcome.as_str(), mailbox.hand_in(&nameless).0.as_str()), ("ticket", "known"));
    assert_eq!(
        ticket(&mut ann, &other)["visitor"]["person"]["id"],
        shown["visitor"]["person"]["id"]
    );
}

#[test]
fn only_the_token_of_the_desk_hands_mails_in() {
    let site = Site::shared();
    let (mut ann, mut eve) = (site.person("ann"), site.person("eve"));
    let (desk, others) = (ann.desk(&[]), eve.desk(&[]));
    let mut mailbox = Box::of(&site, &mut ann, &desk);
    let _ = Box::of(&site, &mut eve, &others);
    let mail = from("mei@example.com", "Hi", "Hello").text();
    let path = format!("/v1/desks/{}/mails", others.key());
    let raw = Some(mail.as_bytes());
    assert_eq!(mailbox.client.ask("POST", &path, &[], raw).is(401).code(), "not_signed_in");
    assert_eq!(ann.client.ask("POST", &mailbox.path, &[], raw).is(401).code(), "not_signed_in");
    // A new token ends the one before it, and without a mailbox nothing is taken.
    let own = format!("/v1/desks/{}/mailbox", desk.id);
    let token = ann.client.post(&format!("{own}/token"), &json!({})).is(201).json();
    mailbox.hand_in_raw(mail.as_bytes()).is(401);
    mailbox.client =
        Client::new(site.address(), Auth::Bearer(token["token"].as_str().unwrap().into()));
    mailbox.hand_in_raw(mail.as_bytes()).is(200);
    ann.client.delete(&own).is(204);
    assert_eq!(mailbox.hand_in_raw(mail.as_bytes()).is(404).code(), "not_found");
    ann.client.get(&own).is(404);
    // Others of the site don't learn whether there is one; agents of the desk may not have it.
    let mut ben = site.person("ben");
    ann.client
        .post(&format!("/v1/conversations/{}/members", desk.id), &json!({"person": ben.id}))
        .is(204);
    for (who, status) in [(&mut eve, 404), (&mut ben, 403)] {
        who.client.get(&own).is(status);
        who.client.send("PUT", &own, &json!({"address": "a@example.com"})).is(status);
        who.client.post(&format!("{own}/token"), &json!({})).is(status);
        who.client.delete(&own).is(status);
    }
}

/// chatwoot#3868, #8572, #10028: what is answered goes on in its conversation, by any name of an earlier mail.
#[test]
fn an_answer_goes_on_in_its_ticket_whichever_earlier_mail_it_names() {
    let server = MailServer::start();
    let site = site_of(&server);
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut mailbox = Box::of(&site, &mut ann, &desk);
    let first = from("Mei <mei@example.com>", "My order", "Where is it?").named("one@example.com");
    let (_, id) = mailbox.hand_in(&first);
    ann.say(&id, "On its way");
    let answer = mails(&server, "mei@example.com", 1).remove(0);
    assert_eq!(answer.header("subject"), "Re: My order");
    assert_eq!(answer.header("reply-to"), "desk@mail.test");
    assert_eq!(answer.header("in-reply-to"), "<one@example.com>");
    assert!(answer.head("auto-submitted").is_none(), "somebody has written it");
    assert!(
        answer.text.contains("On its way") && !answer.text.contains("/ask/"),
        "{}",
        answer.text
    );
    let own = answer.header("message-id").trim_matches(['<', '>']).to_owned();

    let quoted =
        format!("Thanks!\n\nOn Mon, 23 Nov 2026, Shop <chat@mail.test> wrote:\n> {}", answer.text);
    let direct = from("Mei <MEI@example.com>", "Re: My order", &quoted)
        .named("two@example.com")
        .with("In-Reply-To", &format!("<{own}>"));
    assert_eq!(mailbox.hand_in(&direct), ("message".into(), id.clone()));
    // Apple Mail names the first mail alone in References; a mail of a colleague that the desk never saw stands between.
    let distant = from("mei@example.com", "RE: My order", "And?")
        .named("three@example.com")
        .with("In-Reply-To", "<of-a-colleague@outlook.example>")
        .with("References", "<one@example.com> <of-a-colleague@outlook.example>");
    assert_eq!(mailbox.hand_in(&distant), ("message".into(), id.clone()));
    assert_eq!(texts(&mut ann, &id), ["My order\n\nWhere is it?", "On its way", "Thanks!", "And?"]);
    // What was quoted is in the whole mail, which is kept as a file.
    let page = ann.client.get(&format!("/v1/conversations/{id}/events?limit=200")).is(200).json();
    let files = page["events"]
        .as_array()
        .unwrap()
        .iter()
        .find(|e| text_of(e) == "Thanks!")
        .unwrap()["body"]["files"]
        .clone();
    assert_eq!(files[0]["name"], "mail.eml", "{files}");
}

#[test]
fn who_only_knows_the_names_of_mails_gets_into_no_ticket_of_others() {
    let server = MailServer::start();
    let site = site_of(&server);
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut mailbox = Box::of(&site, &mut ann, &desk);
    let (_, id) = mailbox.hand_in(&from("mei@example.com", "Hi", "Hello").named("one@example.com"));
    ann.say(&id, "Yes?");
    let own = mails(&server, "mei@example.com", 1).remove(0).header("message-id").to_owned();
    let stranger =
        |named: &str| from("eve@example.com", "Re: Hi", "Send it to me").with("In-Reply-To", named);
    for named in [own.as_str(), "<one@example.com>"] {
        let (outcome, other) =
            mailbox.hand_in(&stranger(named).named(&format!("eve-{}", named.len())));
        assert_ne!((outcome.as_str(), &other), ("message", &id), "{named}");
    }
    // The sign in the name is the desk's: a number that somebody guesses leads nowhere, also for the right address.
    let guessed = from("mei@example.com", "Re: Hi", "Guess").named("g@example.com");
    let guessed = guessed.with("In-Reply-To", &format!("<desk.{id}.0@mail.test>"));
    assert_ne!(mailbox.hand_in(&guessed).1, id);
    assert_eq!(texts(&mut ann, &id).len(), 2);
}

/// chatwoot#15869: an answer with another subject is another question. chatwoot#14993: notices about the same go together.
#[test]
fn the_subject_says_whether_it_is_the_same_question() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut mailbox = Box::of(&site, &mut ann, &desk);
    let (_, id) =
        mailbox.hand_in(&from("mei@example.com", "Order 7", "Hello").named("s1@example.com"));
    let other = from("mei@example.com", "Re: My password", "I forgot it").named("s2@example.com");
    let (outcome, second) = mailbox.hand_in(&other.with("In-Reply-To", "<s1@example.com>"));
    assert_eq!(outcome, "ticket");
    assert_ne!(second, id);
    let notice = |n: u8| {
        from("mei@example.com", "Order 7", &format!("Notice {n}"))
            .named(&format!("n{n}@example.com"))
    };
    assert_eq!(mailbox.hand_in(&notice(1)), ("message".into(), id.clone()));
    ann.client.send("PATCH", &format!("/v1/tickets/{id}"), &json!({"state": "resolved"})).is(200);
    assert_eq!(mailbox.hand_in(&notice(2)).0, "ticket", "that one is over");
    assert_eq!(
        mailbox.hand_in(&from("tom@example.com", "Order 7", "Mine").named("t@example.com")).0,
        "ticket"
    );
}

/// chatwoot#12054: what was deleted does not come back when its mail comes again.
#[test]
fn a_mail_of_an_erased_sender_stays_away_and_nothing_of_it_is_kept() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut mailbox = Box::of(&site, &mut ann, &desk);
    let mail =
        from("Mei <mei@example.com>", "A secret", "lighthouse").named("lighthouse@example.com");
    let (_, id) = mailbox.hand_in(&mail);
    let person = ticket(&mut ann, &id)["visitor"]["person"]["id"].as_str().unwrap().to_owned();
    ann.client.delete(&format!("/v1/desks/{}/contacts/{person}", desk.id)).is(204);
    assert_eq!(mailbox.hand_in(&mail), ("known".into(), id.clone()));
    assert!(texts(&mut ann, &id).is_empty());
    let told = ann.client.get(&format!("/v1/tickets/{id}/mail")).is(200).json();
    assert!(told.get("address").is_none(), "{told}");
    // The same address is somebody new.
    let (outcome, other) =
        mailbox.hand_in(&from("mei@example.com", "Hi", "Me").named("new@example.com"));
    assert_eq!(outcome, "ticket");
    assert_ne!(ticket(&mut ann, &other)["visitor"]["person"]["id"], person);
}

#[test]
fn programs_that_answer_by_themselves_open_nothing_and_circles_end() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut mailbox = Box::of(&site, &mut ann, &desk);
    let (_, id) = mailbox.hand_in(&from("mei@example.com", "Hi", "Hello").named("a1@example.com"));
    ann.client.send("PATCH", &format!("/v1/tickets/{id}"), &json!({"state": "resolved"})).is(200);
    let away = from("mei@example.com", "Away", "I am away")
        .named("away@example.com")
        .with("Auto-Submitted", "auto-replied");
    assert_eq!(mailbox.hand_in(&away).0, "automatic");
    let about = away.clone().named("away2@example.com").with("In-Reply-To", "<a1@example.com>");
    assert_eq!(mailbox.hand_in(&about).0, "automatic");
    assert_eq!(ticket(&mut ann, &id)["ticket"]["state"], "resolved");
    assert_eq!(texts(&mut ann, &id).len(), 1);
    assert_eq!(
        mailbox.hand_in(&from("desk@mail.test", "Hi", "Myself").named("own@example.com")).0,
        "own"
    );
    // Two programs that answer each other are slowed down, and nothing is lost: their mail server keeps it.
    let mut answers = (0..40).map(|n| {
        let mail = from("robot@example.com", &format!("Notice {}", n % 3), "Beep")
            .named(&format!("r{n}@example.com"));
        mailbox.hand_in_raw(mail.text().as_bytes())
    });
    let refused = answers.find(|answer| answer.status != 200).expect("a bound").is(429);
    assert_eq!(refused.code(), "rate_limited");
    assert_eq!(refused.json()["error"]["retry"], true);
}

#[test]
fn a_mail_that_comes_back_ends_mails_to_its_address_until_somebody_writes_from_there() {
    let server = MailServer::start();
    let site = site_of(&server);
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut mailbox = Box::of(&site, &mut ann, &desk);
    let (_, id) = mailbox.hand_in(&from("mei@example.com", "Hi", "Hello").named("b1@example.com"));
    ann.say(&id, "Yes?");
    let own = mails(&server, "mei@example.com", 1).remove(0).header("message-id").to_owned();
    let report = |named: &str, status: &str| {
        let body = format!(
            "--x\nContent-Type: text/plain\n\nSorry\n--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mail.test\n\nFinal-Recipient: rfc822; mei@example.com\nAction: failed\nStatus: {status}\n--x\nContent-Type: text/rfc822-headers\n\nMessage-ID: {named}\nSubject: Re: Hi\n--x--\n"
        );
        from("MAILER-DAEMON@mail.test", "Undelivered", &body)
            .with("Content-Type", "multipart/report; report-type=delivery-status; boundary=x")
            .with("Return-Path", "<>")
    };
    let path = format!("/v1/tickets/{id}/mail");
    let forged = report(&format!("<desk.{id}.0@mail.test>"), "5.1.1").named("f@example.com");
    assert_eq!(mailbox.hand_in(&forged), ("bounce".into(), String::new()));
    assert_eq!(ann.client.get(&path).is(200).json()["confirmed"], true);
    assert_eq!(
        mailbox.hand_in(&report(&own, "5.1.1").named("d1@example.com")),
        ("bounce".into(), id.clone())
    );
    let told = ann.client.get(&path).is(200).json();
    assert_eq!((&told["confirmed"], &told["failed"]), (&json!(false), &json!("bounced")));
    assert_eq!(ticket(&mut ann, &id)["ticket"]["state"], "open");
    assert_eq!(texts(&mut ann, &id).len(), 2, "it is no message of anybody");
    let again = from("Mei@Example.com", "Re: Hi", "I am here")
        .named("b2@example.com")
        .with("In-Reply-To", &own);
    assert_eq!(mailbox.hand_in(&again), ("message".into(), id.clone()));
    assert_eq!(ann.client.get(&path).is(200).json()["confirmed"], true);
    ann.say(&id, "Good to hear");
    assert!(mails(&server, "mei@example.com", 2).remove(1).text.contains("Good to hear"));
}

#[test]
fn an_answer_by_mail_to_a_question_in_the_window_comes_into_that_ticket() {
    let server = MailServer::start();
    let site = site_of(&server);
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut mailbox = Box::of(&site, &mut ann, &desk);
    let mut guest = let_in(&site, &desk);
    let id = guest.ask_desk(&desk, "Where is my order?");
    let path = format!("/v1/desks/{}/mail", desk.key());
    guest.client.send("PUT", &path, &json!({"address": "mei@example.com"})).is(200);
    let link = mails(&server, "mei@example.com", 1).remove(0).link("confirm");
    guest.client.send("POST", &link, &json!({})).is(200);
    ann.say(&id, "On its way");
    let answer = mails(&server, "mei@example.com", 2).remove(1);
    assert!(
        answer.text.contains("/ask/") && answer.text.contains("answer this mail"),
        "{}",
        answer.text
    );
    let reply = from("mei@example.com", &format!("Re: {}", answer.header("subject")), "Thanks")
        .named("w1@example.com");
    let reply = reply.with("In-Reply-To", answer.header("message-id"));
    assert_eq!(mailbox.hand_in(&reply), ("message".into(), id.clone()));
    let seen = eventually("the visitor sees its own words", || {
        Some(texts(&mut guest, &id)).filter(|texts| texts.len() == 3)
    });
    assert_eq!(seen[2], "Thanks");
    assert_eq!(ticket(&mut ann, &id)["visitor"]["person"]["id"], guest.id.as_str());
}

#[test]
fn hostile_mails_are_text_within_their_bounds() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut mailbox = Box::of(&site, &mut ann, &desk);
    let scripts = from(
        "\"<script>alert(1)</script>\" <x@example.com>",
        "<img src=x onerror=alert(1)>",
        "<p>Hello</p><script>alert(1)</script>",
    )
    .named("h1@example.com")
    .with("Content-Type", "text/html");
    let (_, id) = mailbox.hand_in(&scripts);
    let said = texts(&mut ann, &id).remove(0);
    assert_eq!(said, "<img src=x onerror=alert(1)>\n\nHello");
    let long =
        from("x@example.com", &"s".repeat(100_000), &"b".repeat(300_000)).named("h2@example.com");
    let (outcome, id) = mailbox.hand_in(&long);
    assert_eq!(outcome, "ticket");
    assert!(texts(&mut ann, &id).remove(0).ends_with('…'));
    let parts: String = (0..1_000)
        .map(|n| format!("--x\nContent-Disposition: attachment; filename={n}.html\n\n<script>\n"))
        .collect();
    let bomb = from("x@example.com", "Many", &format!("{parts}--x--\n")).named("h3@example.com");
    assert_eq!(
        mailbox.hand_in(&bomb.with("Content-Type", "multipart/mixed; boundary=x")).0,
        "ticket"
    );
    assert_eq!(mailbox.hand_in_raw(&vec![b'a'; 26 * 1024 * 1024]).is(413).code(), "too_large");
    for none in ["", "Hello", "From: <>\r\n\r\nHello", "From: a b c\r\n\r\n"] {
        assert_eq!(mailbox.hand_in_raw(none.as_bytes()).is(422).code(), "invalid", "{none:?}");
    }
    let flood = format!("From: x@example.com\r\n{}\r\nHello", "X-A: b\r\n".repeat(100_000));
    assert_eq!(mailbox.hand_in_raw(flood.as_bytes()).is(422).code(), "invalid");
    // A blocked sender is heard no more, and its mail server is told nothing.
    let person = ticket(&mut ann, &id)["visitor"]["person"]["id"].as_str().unwrap().to_owned();
    ann.client.send("PUT", &format!("/v1/desks/{}/blocked/{person}", desk.id), &json!({})).is(204);
    let more = from("x@example.com", "More", "More").named("h4@example.com");
    assert_eq!(mailbox.hand_in(&more), ("blocked".into(), String::new()));
}

#[test]
fn a_flood_of_reports_keeps_no_other_mail_away() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mut mailbox = Box::of(&site, &mut ann, &desk);
    let report = |n: u32| {
        from("MAILER-DAEMON@example.com", "Undelivered", "--x--\n")
            .named(&format!("{n}@example.com"))
            .with("Content-Type", "multipart/report; report-type=delivery-status; boundary=x")
    };
    let mut reports = (0..2_100).map(|n| mailbox.hand_in_raw(report(n).text().as_bytes()).status);
    assert_eq!(reports.find(|status| *status != 200), Some(429), "they have a bound");
    assert_eq!(mailbox.hand_in(&from("mei@example.com", "Hi", "Hello")).0, "ticket");
}
