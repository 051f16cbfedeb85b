//! Missed messages by e-mail, at a real mail server.

mod guarded;
mod links;
mod reader;

use encke_rig::MailServer;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::harness::{Person, Server, Site, eventually};
use reader::Mail;

/// Where people reach the sites of these tests. Links in mails begin so.
const PUBLIC: &str = "http://chat.example";

/// The options of a site that sends its mails there.
pub fn options(mail: &MailServer) -> Vec<String> {
    let port = mail.port().to_string();
    let all = [
        ["--mail-host", "127.0.0.1"],
        ["--mail-port", &port],
        ["--mail-tls", "none"],
        ["--mail-from", "Chat <chat@mail.test>"],
        ["--mail-soon-s", "2"],
        ["--public-url", PUBLIC],
    ];
    all.as_flattened().iter().map(|&text| text.to_owned()).collect()
}

pub fn site_of(mail: &MailServer) -> Site {
    let options = options(mail);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    Site::on(Server::start_with(&options, &[]))
}

/// The mails for an address, once there are so many.
pub fn mails(server: &MailServer, to: &str, count: usize) -> Vec<Mail> {
    let found = || -> Vec<Mail> {
        let all = server.mails();
        all.iter().map(|text| Mail::read(text)).filter(|mail| mail.to == to).collect()
    };
    eventually(&format!("{count} mails for {to}: {}", server.log()), || {
        Some(found()).filter(|all| all.len() >= count)
    })
}

impl Person {
    fn choose(&mut self, address: &str, every: &str) -> Value {
        let body = json!({"address": address, "every": every, "language": "en"});
        self.client.send("PUT", "/v1/digest", &body).is(200).json()
    }

    /// Chooses an address and confirms it.
    fn gets_mails(&mut self, server: &MailServer, address: &str, every: &str) {
        self.choose(address, every);
        let asked = mails(server, address, 1).remove(0);
        let path = asked.link("confirm");
        self.client.send("POST", &path, &json!({})).is(200);
        assert_eq!(self.client.get("/v1/digest").is(200).json()["confirmed"], true);
    }
}

#[test]
fn a_missed_direct_message_and_a_mention_come_in_one_mail() {
    let server = MailServer::start();
    let site = site_of(&server);
    let (mut mei, mut tom) = (site.person("mei"), site.person("tom"));
    tom.gets_mails(&server, "tom@example.com", "soon");
    let room = mei.room(&[&tom]);
    let direct = mei.direct(&tom);
    mei.say(&room, "nobody in particular");
    mei.say(&room, &format!("for <@{}> <script>alert(1)</script>", tom.id));
    mei.say(&direct, "你好");
    mei.say(&direct, "\r\nBcc: victim@example.com\r\n.\r\nQUIT");
    let mail = mails(&server, "tom@example.com", 2).remove(1);
    assert_eq!(mail.header("from"), "\"Chat\" <chat@mail.test>".replace('"', ""));
    assert_eq!(mail.header("subject"), "3 messages on Encke");
    assert_eq!(mail.header("auto-submitted"), "auto-generated");
    assert_eq!(mail.header("list-unsubscribe-post"), "List-Unsubscribe=One-Click");
    assert!(mail.head("bcc").is_none());
    assert!(
        mail.text.contains(&format!("for @{} <script>alert(1)</script>", tom.name)),
        "{}",
        mail.text
    );
    assert!(mail.html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{}", mail.html);
    assert!(!mail.html.contains("<script"));
    assert!(mail.text.contains(&format!("{PUBLIC}/#/{room}")));
    assert!(mail.text.contains(&format!("{PUBLIC}/#/{direct}")));
    assert!(mail.text.contains("and one more message before it"), "{}", mail.text);
    assert!(!mail.text.contains("nobody in particular"));
    // The next one tells only of what came since.
    mei.say(&direct, "later");
    let next = mails(&server, "tom@example.com", 3).remove(2);
    assert_eq!(next.header("subject"), "A message on Encke");
    assert!(next.text.contains("later") && !next.text.contains("alert"));
}

#[test]
fn nobody_is_mailed_about_what_is_read_recalled_muted_or_of_a_blocked_person() {
    let server = MailServer::start();
    let site = site_of(&server);
    let (mut mei, mut tom, mut eve) = (site.person("mei"), site.person("tom"), site.person("eve"));
    tom.gets_mails(&server, "tom@example.com", "soon");
    let (recalled, read) = (mei.direct(&tom), eve.direct(&tom));
    let said = mei.say(&recalled, "recalled");
    let path = format!("/v1/conversations/{recalled}/messages/{}", said["seq"]);
    mei.client.delete(&path).is(204);
    let said = eve.say(&read, "read");
    let path = format!("/v1/conversations/{read}/receipts");
    tom.client.post(&path, &json!({"read": said["seq"]})).is(204);
    let mention = format!("muted <@{}>", tom.id);
    let muted = mei.room(&[&tom, &eve]);
    let path = format!("/v1/conversations/{muted}/choices");
    let until = json!({"muted_until": 32_503_680_000_000_u64});
    tom.client.send("PATCH", &path, &until).is(200);
    mei.say(&muted, &mention);
    let open = mei.room(&[&tom, &eve]);
    tom.client.send("PUT", &format!("/v1/blocks/{}", eve.id), &json!({})).is(204);
    eve.say(&open, &format!("blocked <@{}>", tom.id));
    mei.say(&open, &format!("shown <@{}>", tom.id));
    let mail = mails(&server, "tom@example.com", 2).remove(1);
    assert_eq!(mail.header("subject"), "A message on Encke");
    for gone in ["recalled", "read", "muted", "blocked"] {
        assert!(!mail.text.contains(gone), "{gone}: {}", mail.text);
    }
    assert!(mail.text.contains("shown"));
}

#[test]
fn a_busy_mail_server_is_asked_again_and_one_that_refuses_is_not() {
    let server = MailServer::start();
    let site = site_of(&server);
    let (mut mei, mut tom, mut eve) = (site.person("mei"), site.person("tom"), site.person("eve"));
    tom.gets_mails(&server, "busy@example.com", "soon");
    server.be_busy(true);
    let direct = mei.direct(&tom);
    mei.say(&direct, "patience");
    eventually("a mail that has to wait", || server.log().contains("temporarily").then_some(()));
    server.be_busy(false);
    let mail = mails(&server, "busy@example.com", 2).remove(1);
    assert!(mail.text.contains("patience"));
    eve.choose("refused@example.com", "soon");
    eventually("a refusal", || server.log().contains("refused@example.com").then_some(()));
    assert_eq!(eve.client.get("/v1/digest").is(200).json()["confirmed"], false);
}

#[test]
fn exactly_one_of_two_nodes_sends_a_mail() {
    let server = MailServer::start();
    let options = options(&server);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let cluster = Cluster::with_bus_and(2, &options);
    let (a, b) = cluster.two();
    let (mut mei, mut tom) = (a.person("mei"), b.person("tom"));
    tom.gets_mails(&server, "tom@example.com", "soon");
    let direct = mei.direct(&tom);
    for number in 0..3 {
        let text = format!("number {number}");
        mei.say(&direct, &text);
        let all = mails(&server, "tom@example.com", 2 + number);
        assert_eq!(all.len(), 2 + number, "each once");
        assert!(all[1 + number].text.contains(&text));
    }
}

#[test]
fn a_site_without_a_mail_server_has_no_mails() {
    let site = Site::shared();
    let mut mei = site.person("mei");
    assert_eq!(mei.client.get("/v1/digest").is(404).code(), "not_found");
    let body = json!({"address": "mei@example.com", "every": "day", "language": "en"});
    mei.client.send("PUT", "/v1/digest", &body).is(404);
}
