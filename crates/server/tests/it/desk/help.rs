//! What makes answers quick: canned replies and articles; and what ends a bad visitor.

use serde_json::{Value, json};

use super::{free_site, let_in};

#[test]
fn replies_belong_to_the_desk_or_to_one_agent() {
    let site = free_site();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let path = format!("/v1/desks/{}/canned", desk.id);
    let shared = json!({"shortcut": "hello", "text": "Hello {{visitor}}, how can I help?"});
    assert_eq!(ben.client.post(&path, &shared).is(403).code(), "forbidden");
    let of_desk = ann.client.post(&path, &shared).is(201).json();
    assert_eq!(ann.client.post(&path, &shared).is(409).code(), "name_taken");
    let own = json!({"shortcut": "hello", "text": "你好", "own": true});
    let of_ben = ben.client.post(&path, &own).is(201).json();
    assert_eq!(of_ben["person"], ben.id);
    let texts = |list: Value| -> Vec<String> {
        let all = list["canned"].as_array().unwrap().iter();
        all.map(|reply| reply["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts(ben.client.get(&path).is(200).json()).len(), 2);
    assert_eq!(texts(ann.client.get(&path).is(200).json()), ["Hello {{visitor}}, how can I help?"]);
    let found = ben.client.get(&format!("{path}?q=%E4%BD%A0")).is(200).json();
    assert_eq!(texts(found), ["你好"]);
    let one = format!("{path}/{}", of_ben["id"]);
    assert_eq!(ann.client.delete(&one).is(404).code(), "not_found", "it is not hers");
    ben.client.send("PATCH", &one, &json!({"text": "嗨"})).is(200);
    ben.client.delete(&one).is(204);
    let other = format!("{path}/{}", of_desk["id"]);
    assert_eq!(ben.client.delete(&other).is(403).code(), "forbidden");
    for wrong in
        [json!({"shortcut": "a b", "text": "x"}), json!({"shortcut": "a", "text": "\u{0}"})]
    {
        assert_eq!(ann.client.post(&path, &wrong).is(422).code(), "invalid");
    }
    let mut guest = let_in(&site, &desk);
    assert_eq!(guest.client.get(&path).is(403).code(), "forbidden");
}

#[test]
fn everybody_finds_published_articles_in_both_languages_and_no_others() {
    let site = free_site();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let path = format!("/v1/desks/{}/articles", desk.id);
    let returns = json!({"title": {"en": "Returning a thing", "zh-CN": "如何退货"},
        "text": {"en": "Send it **back** within 30 days.", "zh-CN": "三十天内可以退货。"}, "published": true});
    assert_eq!(ben.client.post(&path, &returns).is(403).code(), "forbidden");
    let made = ann.client.post(&path, &returns).is(201).json();
    let draft = json!({"title": {"en": "Returning secrets"}, "text": {"en": "SECRET"}});
    let draft = ann.client.post(&path, &draft).is(201).json();
    let mut anybody = site.server.visitor();
    let help = format!("/v1/desks/{}/help", desk.key);
    let mut ids = |q: &str| -> Vec<Value> {
        let found = anybody.get(&format!("{help}{q}")).is(200).json();
        found["articles"].as_array().unwrap().iter().map(|a| a["id"].clone()).collect()
    };
    assert_eq!(ids(""), [made["id"].clone()]);
    assert_eq!(ids("?q=how%20to%20return"), [made["id"].clone()]);
    assert_eq!(ids("?q=%E6%88%91%E8%A6%81%E9%80%80%E8%B4%A7"), [made["id"].clone()], "我要退货");
    assert_eq!(ids("?q=secret"), [Value::Null; 0]);
    assert_eq!(ids("?q=%25_%27%22%00"), [Value::Null; 0]);
    let one = anybody.get(&format!("{help}/{}", made["id"])).is(200).json();
    assert_eq!(one["text"], returns["text"]);
    assert_eq!(anybody.get(&format!("{help}/{}", draft["id"])).is(404).code(), "not_found");
    let article = format!("{path}/{}", made["id"]);
    assert_eq!(ben.client.get(&article).is(200).json()["published"], true);
    let hidden = json!({"title": returns["title"], "text": returns["text"], "published": false});
    ann.client.send("PUT", &article, &hidden).is(200);
    assert_eq!(anybody.get(&format!("{help}/{}", made["id"])).is(404).code(), "not_found");
    ann.client.delete(&article).is(204);
    assert_eq!(ben.client.get(&path).is(200).json()["articles"].as_array().unwrap().len(), 1);
    let long = json!({"title": {"en": "x"}, "text": {"en": "x".repeat(20_000)}});
    assert_eq!(ann.client.post(&path, &long).is(413).code(), "too_large");
}

#[test]
fn a_blocked_visitor_writes_nothing_until_it_is_let_again() {
    let site = free_site();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let mut guest = let_in(&site, &desk);
    let ticket = guest.ask_desk(&desk, "Hello");
    let path = format!("/v1/desks/{}/blocked/{}", desk.id, guest.id);
    assert_eq!(ben.client.ask("PUT", &path, &[], None).is(403).code(), "forbidden");
    ann.client.ask("PUT", &path, &[], None).is(204);
    assert_eq!(guest.try_say(&ticket, "still me").is(403).code(), "blocked");
    assert_eq!(guest.try_ask_desk(&desk, &json!({"text": "me"})).is(403).code(), "blocked");
    let shown = ben.client.get(&format!("/v1/tickets/{ticket}")).is(200).json();
    assert_eq!(shown["visitor"]["blocked"], true);
    ann.client.delete(&path).is(204);
    guest.say(&ticket, "thanks");
    let another = ann.desk(&[]);
    let path = format!("/v1/desks/{}/blocked/{}", another.id, guest.id);
    assert_eq!(ann.client.ask("PUT", &path, &[], None).is(404).code(), "not_found");
}
