//! Addresses, and the links that confirm them and end mails.

use encke_rig::MailServer;
use serde_json::json;

use super::{mails, site_of};

/// What the page of a link says that does nothing any more.
const STALE: &str = "This link is used up or too old.";

#[test]
fn nothing_is_sent_to_an_address_before_its_link_was_used() {
    let server = MailServer::start();
    let site = site_of(&server);
    let (mut mei, mut tom) = (site.person("mei"), site.person("tom"));
    let direct = mei.direct(&tom);
    let chosen = tom.choose("tom@example.com", "soon");
    let wanted =
        json!({"address": "tom@example.com", "confirmed": false, "every": "soon", "soon_s": 2});
    assert_eq!(chosen, wanted);
    mei.say(&direct, "before");
    let asked = mails(&server, "tom@example.com", 1).remove(0);
    assert_eq!(asked.header("subject"), "Confirm this address for Encke");
    assert!(asked.head("list-unsubscribe").is_none());
    let path = asked.link("confirm");
    // To look at the page is not enough.
    let mut visitor = site.server.visitor();
    let page = visitor.get(&path).is(200);
    assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(tom.client.get("/v1/digest").is(200).json()["confirmed"], false);
    let wrong = visitor.ask("POST", &path.replace("token=", "token=x"), &[], Some(b"")).is(200);
    assert!(wrong.text().contains(STALE));
    let done = visitor.ask("POST", &path, &[], Some(b"")).is(200);
    assert!(done.text().contains("The address is confirmed."));
    let again = visitor.ask("POST", &path, &[], Some(b"")).is(200);
    assert!(again.text().contains(STALE));
    assert_eq!(tom.client.get("/v1/digest").is(200).json()["confirmed"], true);
    mei.say(&direct, "after");
    let mail = mails(&server, "tom@example.com", 2).remove(1);
    assert!(mail.text.contains("after") && !mail.text.contains("before"), "{}", mail.text);
}

#[test]
fn one_request_without_sign_in_ends_the_mails() {
    let server = MailServer::start();
    let site = site_of(&server);
    let (mut mei, mut tom, mut eve) = (site.person("mei"), site.person("tom"), site.person("eve"));
    tom.gets_mails(&server, "tom@example.com", "soon");
    eve.gets_mails(&server, "eve@example.com", "soon");
    let (of_tom, of_eve) = (mei.direct(&tom), mei.direct(&eve));
    mei.say(&of_tom, "one");
    let mail = mails(&server, "tom@example.com", 2).remove(1);
    let path = mail.link("unsubscribe");
    let header = mail.header("list-unsubscribe");
    assert!(header.starts_with("<http://chat.example/v1/digest/unsubscribe?token="), "{header}");
    let mut visitor = site.server.visitor();
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    visitor.ask("POST", &path, &form, Some(b"List-Unsubscribe=One-Click")).is(200);
    assert_eq!(tom.client.get("/v1/digest").is(200).json()["every"], "never");
    mei.say(&of_tom, "two");
    mei.say(&of_eve, "two");
    mails(&server, "eve@example.com", 2);
    mei.say(&of_eve, "three");
    mails(&server, "eve@example.com", 3);
    assert_eq!(mails(&server, "tom@example.com", 2).len(), 2);
    // The address stays confirmed, so the person turns mails on again without a further link.
    assert_eq!(tom.choose("tom@example.com", "hour")["confirmed"], true);
    // One that was forgotten has no links.
    tom.client.delete("/v1/digest").is(204);
    let gone = visitor.ask("POST", &path, &form, Some(b"List-Unsubscribe=One-Click")).is(200);
    assert!(gone.text().contains(STALE));
    assert_eq!(tom.client.get("/v1/digest").is(200).json().get("address"), None);
}

#[test]
fn the_form_sends_few_mails_to_strangers_and_takes_only_addresses() {
    let server = MailServer::start();
    let site = site_of(&server);
    let mut mei = site.person("mei");
    for bad in ["", "mei", "a@b\r\nBcc: c@example.com", "a@example.com, b@example.com", "<a@b.c>"] {
        let body = json!({"address": bad, "every": "day", "language": "en"});
        assert_eq!(
            mei.client.send("PUT", "/v1/digest", &body).is(422).code(),
            "invalid",
            "{bad:?}"
        );
    }
    let ask = |address: &str| json!({"address": address, "every": "day", "language": "zh-CN"});
    for number in 0..5 {
        let body = ask(&format!("stranger-{number}@example.com"));
        mei.client.send("PUT", "/v1/digest", &body).is(200);
    }
    let refused = mei.client.send("PUT", "/v1/digest", &ask("one-more@example.com")).is(429);
    assert_eq!(refused.code(), "rate_limited");
    // Several people together can't flood one address, either.
    for _ in 0..3 {
        let mut other = site.person("other");
        other.client.send("PUT", "/v1/digest", &ask("victim@example.com")).is(200);
    }
    let mut other = site.person("other");
    other.client.send("PUT", "/v1/digest", &ask("Victim@Example.com")).is(429);
    let all = mails(&server, "victim@example.com", 3);
    assert_eq!(all[0].header("subject"), "确认用于 Encke 的邮箱地址");
}
