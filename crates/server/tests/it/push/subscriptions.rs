//! Who may be told of messages, how often, and for how long.

use serde_json::json;

use super::service::{Browser, PushService};
use super::{REACH, key, scene_with};
use crate::harness::{Auth, Client, Server, Site};

#[test]
fn a_subscription_ends_with_the_session_that_made_it() {
    let mut s = scene_with(&[]);
    let (first, second) = (Browser::new(&s.service), Browser::new(&s.service));
    let mut session = s.site.sign_in(&s.tom.name);
    let mut other = s.site.sign_in(&s.tom.name);
    first.subscribe(&mut session);
    second.subscribe(&mut other);
    s.mei.say(&s.room, "to both");
    s.service.wait(&first, 1);
    s.service.wait(&second, 1);
    s.mei.say(&s.room, "to one");
    session.poke("/v1/sign-out").is(204);
    s.service.wait(&second, 2);
    s.mei.say(&s.room, "later");
    s.service.wait(&second, 3);
    assert_eq!(first.texts(&s.service), ["to both"]);
    assert_eq!(second.texts(&s.service), ["to both", "to one", "later"]);
}

#[test]
fn a_subscription_ends_when_its_owner_says_so_and_not_when_others_do() {
    let mut s = scene_with(&[]);
    let (of_tom, of_eve) = (Browser::new(&s.service), Browser::new(&s.service));
    of_tom.subscribe(&mut s.tom.client);
    of_eve.subscribe(&mut s.eve.client);
    of_tom.unsubscribe(&mut s.tom.client).is(204);
    of_tom.unsubscribe(&mut s.tom.client).is(204);
    of_eve.unsubscribe(&mut s.tom.client).is(204);
    for text in ["one", "two"] {
        s.mei.say(&s.room, text);
        s.service.wait(&of_eve, if text == "one" { 1 } else { 2 });
    }
    assert_eq!(of_tom.texts(&s.service), [""; 0]);
    // In the browser of another person, an address is that person's.
    of_eve.subscribe(&mut s.tom.client);
    s.tom.say(&s.room, "three");
    s.mei.say(&s.room, "four");
    s.service.wait(&of_eve, 3);
    assert_eq!(of_eve.texts(&s.service), ["one", "two", "four"]);
}

#[test]
fn a_push_service_that_knows_a_subscription_no_more_ends_it() {
    let mut s = scene_with(&[]);
    let (gone, other) = (Browser::new(&s.service), Browser::new(&s.service));
    gone.subscribe(&mut s.tom.client);
    other.subscribe(&mut s.tom.client);
    s.service.will_answer(&gone, "410 Gone");
    for count in 1..=3 {
        s.mei.say(&s.room, "hello");
        s.service.wait(&other, count);
    }
    assert_eq!(gone.texts(&s.service), ["hello"]);
}

#[test]
fn a_person_has_a_bounded_number_of_subscriptions_and_the_newest_count() {
    let mut s = scene_with(&[]);
    let browsers: Vec<Browser> = (0..11).map(|_| Browser::new(&s.service)).collect();
    for browser in &browsers {
        browser.subscribe(&mut s.tom.client);
    }
    for count in 1..=2 {
        s.mei.say(&s.room, "hello");
        for browser in &browsers[1..] {
            s.service.wait(browser, count);
        }
    }
    assert_eq!(browsers[0].texts(&s.service), [""; 0]);
}

#[test]
fn addresses_and_keys_that_are_none_are_refused() {
    // Without the option, nothing that leads to this machine is an address of a push service.
    let site = Site::start();
    let mut tom = site.person("tom");
    let service = PushService::start();
    let browser = Browser::new(&service);
    assert_eq!(browser.try_subscribe(&mut tom.client).is(422).code(), "invalid");
    let port = service.address.port();
    let mut put = |change: (&str, &str)| {
        let mut body = browser.subscription();
        body["endpoint"] = json!("https://push.example.com/x");
        body[change.0] = json!(change.1);
        tom.client.send("PUT", "/v1/push/subscriptions", &body)
    };
    let long = format!("https://push.example.com/{}", "x".repeat(3_000));
    for endpoint in [
        format!("https://127.0.0.1:{port}/x"),
        format!("https://2130706433:{port}/x"),
        format!("https://0x7f.1:{port}/x"),
        format!("https://[::ffff:127.0.0.1]:{port}/x"),
        "https://169.254.169.254/latest/meta-data".into(),
        "https://[fd00:ec2::254]/".into(),
        "https://10.0.0.1/".into(),
        "http://push.example.com/".into(),
        "file:///etc/passwd".into(),
        "https://a:b@push.example.com/".into(),
        "x".into(),
        String::new(),
        long,
    ] {
        assert_eq!(put(("endpoint", &endpoint)).is(422).code(), "invalid", "{endpoint}");
    }
    let far = "B".repeat(87);
    for wrong in ["", "AAAA", "not base64!", far.as_str()] {
        assert_eq!(put(("p256dh", wrong)).is(422).code(), "invalid", "{wrong}");
        assert_eq!(put(("auth", wrong)).is(422).code(), "invalid", "{wrong}");
    }
    assert_eq!(put(("person", "p1")).is(422).code(), "unknown_field");
    put(("endpoint", "https://push.example.com/x")).is(204);
    let mut visitor = site.server.visitor();
    assert_eq!(browser.try_subscribe(&mut visitor).is(401).code(), "not_signed_in");
    assert_eq!(browser.unsubscribe(&mut visitor).is(401).code(), "not_signed_in");
    assert_eq!(visitor.get("/v1/push/key").is(401).code(), "not_signed_in");
}

#[test]
fn a_name_that_resolves_to_this_machine_gets_no_notification() {
    // Nobody but 127.0.0.9 may be reached, and the name stands for 127.0.0.1.
    let site = Site::on(Server::start_with(&["--egress-allow", "127.0.0.9"], &[]));
    let service = PushService::start();
    let listener = std::net::TcpListener::bind(("127.0.0.9", 0)).unwrap();
    let (mut mei, mut tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let browser = Browser::new(&service);
    let mut closed = browser.subscription();
    closed["endpoint"] = json!(browser.endpoint.replace("127.0.0.1", "localhost"));
    tom.client.send("PUT", "/v1/push/subscriptions", &closed).is(204);
    let mut open = browser.subscription();
    open["endpoint"] = json!(format!("http://{}/x", listener.local_addr().unwrap()));
    tom.client.send("PUT", "/v1/push/subscriptions", &open).is(204);
    mei.say(&room, "hello");
    // The other browser's notification came at the same turn.
    drop(listener.accept().unwrap());
    drop(listener.accept().unwrap());
    assert_eq!(service.all(&browser).len(), 0);
}

#[test]
fn a_site_may_send_no_notifications_at_all() {
    let mut s = scene_with(&["--push-off"]);
    assert_eq!(s.tom.client.get("/v1/push/key").is(404).code(), "not_found");
    let browser = Browser::new(&s.service);
    assert_eq!(browser.try_subscribe(&mut s.tom.client).is(404).code(), "not_found");
    browser.unsubscribe(&mut s.tom.client).is(204);
}

#[test]
fn guests_have_notifications_like_everybody_and_the_key_is_the_same_for_all() {
    let site = Site::on(Server::start_with(&REACH, &[]));
    let mut owner = site.owner();
    owner.send("PATCH", "/v1/settings", &json!({"guests": true})).is(200);
    let entered = site.server.visitor().post("/v1/guest", &json!({"display_name": "Guest"}));
    let mut guest = Client::new(site.address(), Auth::Cookie(entered.is(201).session()));
    let service = PushService::start();
    Browser::new(&service).subscribe(&mut guest);
    assert_eq!(key(&mut guest), key(&mut owner));
}
