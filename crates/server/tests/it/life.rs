//! The life of a site: first visit, restarts, and a sudden end.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::feed::{Feed, Transport, position};
use crate::harness::{Auth, Client, PASSWORD, Person, Server, SetupCode, Site, eventually};

#[test]
fn of_two_visitors_with_the_setup_code_one_becomes_the_owner() {
    let server = Server::start();
    assert_eq!(server.visitor().get("/v1/setup").is(200).json()["needed"], true);
    server.visitor().get("/v1/snapshot").is(401);
    let code = SetupCode::of(server.address);
    let visit = |name: &str| {
        let body = json!({"name": name, "password": PASSWORD, "setup_code": code});
        let answer = server.visitor().post("/v1/setup", &body);
        (answer.status, answer)
    };
    let mut both = thread::scope(|scope| {
        let visits = [scope.spawn(|| visit("first")), scope.spawn(|| visit("second"))];
        visits.map(|v| v.join().unwrap())
    });
    both.sort_by_key(|(status, _)| *status);
    assert_eq!((both[0].0, both[1].0), (201, 409));
    assert_eq!(both[1].1.code(), "already_set_up");
    let me = both[0].1.json();
    assert_eq!((&me["role"], &me["presence"]), (&json!("owner"), &json!("offline")));
    let mut owner = Client::new(server.address, Auth::Cookie(both[0].1.session()));
    assert_eq!(owner.get("/v1/me").is(200).json()["id"], me["id"]);
    assert_eq!(owner.get("/v1/setup").is(200).json()["me"], owner.get("/v1/me").json());
    let cookie = both[0].1.header("set-cookie").unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let state = server.visitor().get("/v1/setup").is(200).json();
    assert_eq!((&state["needed"], &state["me"]), (&json!(false), &json!(null)));
    let mut unknown = Client::new(server.address, Auth::Bearer("nobody's".into()));
    assert_eq!(unknown.get("/v1/setup").is(200).json(), state);
    let people = owner.get("/v1/people").json();
    assert_eq!(people["people"].as_array().unwrap().len(), 1, "{people}");
}

#[test]
fn a_restart_keeps_sessions_epoch_cursors_and_keys() {
    let site = Site::start();
    let (mut mei, mut tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let browser = site.sign_in(&tom.name);
    let start = tom.now();
    let path = format!("/v1/conversations/{room}/messages");
    let first = mei.client.post(&path, &json!({"text": "before", "key": "k"})).is(201).json();
    let before = tom.client.get("/v1/snapshot").json();
    let (site, code) = site.stop_and_restart();
    assert_eq!(code, Some(0));
    // The cookie, the token, the log's epoch and the key are as good as before.
    let mut again = Client::new(site.address(), browser.auth.clone());
    assert_eq!(again.get("/v1/me").is(200).json()["id"], tom.id.as_str());
    let repeated = mei.client.post(&path, &json!({"text": "before", "key": "k"})).is(200).json();
    assert_eq!(repeated, first);
    let after = tom.client.get("/v1/snapshot").json();
    let cursor = |snapshot: &Value| position(snapshot["cursor"].as_str().unwrap()).0;
    assert_eq!(cursor(&after), cursor(&before));
    let essence = |snapshot: &Value| {
        let mut all = snapshot["conversations"].clone();
        for conversation in all.as_array_mut().unwrap() {
            // Marks that were folded in memory are stored on the way down.
            for field in ["members", "receipts_seq", "read_seq"] {
                conversation.as_object_mut().unwrap().remove(field);
            }
        }
        all
    };
    assert_eq!(essence(&after), essence(&before));
    mei.say(&room, "after");
    let mut feed = Feed::at(&site, Transport::Sse, &tom, &start);
    assert_eq!(feed.texts(&room, 2), ["before", "after"]);
    // Two servers on one folder would be two truths.
    let data = site.server.data();
    let args = ["serve", "--listen", "127.0.0.1:0"];
    let second = crate::harness::encke(&args, Some(&data), "");
    assert!(!second.status.success(), "{second:?}");
    again.get("/v1/me").is(200);
}

/// The acknowledged sends of the load, by text.
type Acknowledged = Mutex<HashMap<String, Value>>;

/// Writers on every core's connections and readers on every transport, until `end` ends the server.
fn under_load(end: impl Fn(&mut Server)) {
    const WRITERS: usize = 25;
    const READERS: usize = 25;
    let mut site = Site::start();
    let people: Vec<Person> = ["ann", "ben", "cem", "dan", "eva"].map(|n| site.person(n)).into();
    let room = people[0].clone().room(&people[1..].iter().collect::<Vec<_>>());
    let start = people[0].clone().now();
    let acknowledged = Acknowledged::default();
    let (count, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let held: Vec<Mutex<Vec<Value>>> = (0..READERS).map(|_| Mutex::default()).collect();
    let mut readers: Vec<Feed> = (0..READERS)
        .map(|n| Feed::at(&site, Transport::ALL[n % 6], &people[n % 5], &start))
        .collect();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (mut person, room) = (people[writer % 5].clone(), &room);
            let (acknowledged, count, over) = (&acknowledged, &count, &over);
            scope.spawn(move || {
                let path = format!("/v1/conversations/{room}/messages");
                for n in 0.. {
                    let text = format!("{writer} {n}");
                    let body = json!({"text": text}).to_string();
                    let kind = [("Content-Type", "application/json")];
                    match person.client.try_ask("POST", &path, &kind, Some(body.as_bytes())) {
                        Some(answer) if answer.status == 201 => {
                            acknowledged.lock().unwrap().insert(text, answer.json());
                            count.fetch_add(1, Ordering::Relaxed);
                        }
                        Some(answer) => assert_eq!(answer.status, 503, "{}", answer.text()),
                        None => return,
                    }
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        for (feed, held) in readers.iter_mut().zip(&held) {
            scope.spawn(move || {
                while let Some(item) = feed.item() {
                    if item["type"] == "event" {
                        held.lock().unwrap().push(item);
                    }
                }
            });
        }
        eventually("some load", || (count.load(Ordering::Relaxed) > 400).then_some(()));
        end(&mut site.server);
        over.store(true, Ordering::Relaxed);
    });
    let site = site.again();
    let history = people[0].clone().history(&room);
    let mut by_text: HashMap<&str, &Value> = HashMap::new();
    for event in history.iter().filter(|e| e["kind"] == "message") {
        let text = event["body"]["text"].as_str().unwrap();
        assert!(by_text.insert(text, event).is_none(), "twice: {text}");
    }
    for (text, answer) in acknowledged.lock().unwrap().iter() {
        let event = by_text.get(text.as_str()).unwrap_or_else(|| panic!("lost: {text}"));
        assert_eq!((&event["seq"], &event["cursor"]), (&answer["seq"], &answer["cursor"]));
    }
    // Every reader goes on from its place, and in the end has everything that the history has.
    let expected: Vec<&Value> = history
        .iter()
        .filter(|e| position(e["cursor"].as_str().unwrap()) > position(&start))
        .collect();
    for (mut feed, held) in readers.into_iter().zip(held) {
        feed.again();
        let mut all = held.into_inner().unwrap();
        all.extend(feed.ready());
        all.retain(|e| e["stream"] == room.as_str());
        assert!(
            all.iter().eq(expected.iter().copied()),
            "{:?}: {} of {}",
            feed.transport,
            all.len(),
            expected.len()
        );
    }
    drop(site);
}

#[test]
fn sigterm_under_load_loses_nothing_that_was_acknowledged() {
    under_load(|server| assert_eq!(server.stop(), Some(0), "{}", server.log()));
}

#[test]
fn sigkill_under_load_loses_nothing_that_was_acknowledged() {
    under_load(Server::kill);
}

#[test]
fn a_token_or_an_account_that_ends_takes_its_connections_along() {
    let site = Site::start();
    let (mut mei, mut tom, ann) = (site.person("mei"), site.person("tom"), site.person("ann"));
    let room = mei.room(&[&tom, &ann]);
    let by_token = |who: &Person| Feed::now(&site, Transport::WebSocket, who);
    let revoked = |feed: &mut Feed| {
        let last = feed.rest().pop().unwrap();
        assert_eq!((&last["type"], &last["reason"]), (&json!("bye"), &json!("revoked")), "{last}");
    };
    // One token of two.
    let second = json!({"label": "second", "password": PASSWORD});
    let second = site.sign_in(&tom.name).post("/v1/tokens", &second).is(201).json();
    let mut other = tom.clone();
    other.client.auth = Auth::Bearer(second["token"].as_str().unwrap().to_owned());
    let (mut first, mut with_second) = (by_token(&tom), by_token(&other));
    let tokens = tom.client.get("/v1/tokens").is(200).json();
    let listed = tokens["tokens"].as_array().unwrap();
    let id = listed.iter().find(|t| t["label"] == "second").unwrap()["id"].as_str().unwrap();
    assert!(!tokens.to_string().contains(second["token"].as_str().unwrap()), "a secret is listed");
    tom.client.delete(&format!("/v1/tokens/{id}")).is(204);
    revoked(&mut with_second);
    mei.say(&room, "still here");
    assert_eq!(first.texts(&room, 1), ["still here"]);
    // A new password ends all other sessions, not the one that set it.
    let (mut here, elsewhere) = (site.sign_in(&tom.name), site.sign_in(&tom.name));
    let open = |client: &Client| {
        let mut feed = Feed::begin(site.address(), Transport::Sse, client.auth.clone(), None, "");
        feed.ready();
        feed
    };
    let (mut mine, mut theirs) = (open(&here), open(&elsewhere));
    let wrong = here.post("/v1/password", &json!({"old": "wrong one", "new": "another long one"}));
    assert_eq!((wrong.status, &*wrong.code()), (401, "wrong_password"));
    here.post("/v1/password", &json!({"old": PASSWORD, "new": "another long one"})).is(204);
    revoked(&mut theirs);
    mei.say(&room, "new password");
    assert_eq!(mine.texts(&room, 1), ["new password"]);
    // Sign-out everywhere ends the sessions that are left.
    here.post("/v1/sign-out", &json!({"everywhere": true})).is(204);
    revoked(&mut mine);
    // A disabled account ends with everything.
    let mut feed = by_token(&ann);
    site.owner().delete(&format!("/v1/people/{}", ann.id)).is(204);
    revoked(&mut feed);
    assert_eq!(ann.clone().client.get("/v1/me").is(401).code(), "not_signed_in");
    let body = json!({"name": ann.name, "password": PASSWORD});
    assert_eq!(site.server.visitor().post("/v1/sign-in", &body).is(401).code(), "wrong_password");
}

#[test]
fn the_sixty_fifth_connection_of_a_person_ends_its_oldest() {
    // One shard: the limit is each shard's.
    let site = Site::on(Server::start_with(&["--shards", "1"], &[]));
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let mut feeds: Vec<Feed> = (0..65).map(|_| Feed::now(&site, Transport::Ndjson, &tom)).collect();
    let last = feeds[0].rest().pop().unwrap();
    assert_eq!((&last["reason"], &last["retry"]), (&json!("too_many"), &json!(true)));
    mei.say(&room, "to the rest");
    for feed in &mut feeds[1..] {
        assert_eq!(feed.texts(&room, 1), ["to the rest"]);
    }
}

#[test]
fn typing_and_presence_come_as_signals() {
    let site = Site::start();
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let mut feed = Feed::now(&site, Transport::WebSocket, &tom);
    let signal = |feed: &mut Feed, kind: &str| loop {
        let item = feed.item().unwrap();
        if item["type"] == "signal" && item["kind"] == kind && item["from"] == mei.id.as_str() {
            return item;
        }
    };
    let mut meis = Feed::now(&site, Transport::WebSocket, &mei);
    let online = signal(&mut feed, "presence");
    assert_eq!((&online["body"]["state"], &online["stream"]), (&json!("online"), &json!(room)));
    meis.command(&json!({"type": "typing", "conversation": room, "on": true}));
    let typing = signal(&mut feed, "typing");
    assert_eq!(typing["body"], json!({"on": true}));
    assert!(typing.get("cursor").is_none());
    meis.command(&json!({"type": "presence", "state": "away"}));
    assert_eq!(signal(&mut feed, "presence")["body"]["state"], "away");
    meis.command(&json!({"type": "ping", "id": 2}));
    let pong = eventually("the answer", || meis.item().filter(|i| i["type"] == "ok"));
    assert_eq!(pong, json!({"type": "ok", "id": 2, "result": {}}));
    // Nothing of it is in history.
    assert_eq!(tom.clone().history(&room).len(), 1);
}
