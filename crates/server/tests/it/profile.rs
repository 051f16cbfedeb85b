//! What people show of themselves: names, pictures and statuses, who is told, and what hostile ones become.

use std::time::{SystemTime, UNIX_EPOCH};

use encke_engine::people_limits::{
    PORTRAIT_BYTES_MAX, PROFILE_CONVERSATIONS_MAX, STATUS_AHEAD_MS_MAX, STATUS_CHARS_MAX,
};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::feed::{Feed, Transport};
use crate::files::pictures::{PLACE, jpeg, with_place};
use crate::files::{send, upload, url_of};
use crate::harness::{Answer, Auth, Client, Person, Server, Site, eventually, is_on_database};

/// Words that stand in a status, and nowhere else.
const SECRET: &str = "lighthouse keeper";

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

impl Person {
    fn status(&mut self, status: &Value) -> Answer {
        self.client.send("PUT", "/v1/profile/status", status)
    }

    fn rename(&mut self, name: &str) -> Answer {
        self.client.send("PUT", "/v1/profile/name", &json!({"display_name": name}))
    }

    fn picture(&mut self, file: &Value) -> Answer {
        self.client.send("PUT", "/v1/profile/picture", &json!({"file": file["id"]}))
    }

    /// Another person as this one sees it, by each way there is; they all say the same.
    #[track_caller]
    fn sees(&mut self, other: &Person) -> Value {
        let one = self.client.get(&format!("/v1/people/{}", other.id)).is(200).json();
        for path in ["/v1/snapshot", &format!("/v1/people?q={}", other.name)] {
            let answer = self.client.get(path).is(200).json();
            let people = answer["people"].as_array().unwrap();
            let listed = people.iter().find(|p| p["id"] == other.id.as_str()).unwrap();
            assert_eq!(*listed, one, "{path}");
        }
        one
    }
}

/// The next change of a person that a feed tells in a stream.
fn told(feed: &mut Feed, stream: &str, person: &Person) {
    let event = feed.event_of(stream);
    assert_eq!(
        (&event["kind"], &event["from"], &event["body"]),
        (&json!("person_changed"), &json!(person.id), &json!({"person": person.id}))
    );
}

fn amendments_of(room: &str) -> String {
    room.replacen('c', "a", 1)
}

#[test]
fn a_status_is_told_to_those_who_share_a_conversation_and_ends_by_itself() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let direct = ann.direct(&ben);
    let away = ben.now();
    let mut device = Feed::now(&site, Transport::Sse, &ann);
    let mut other = Feed::now(&site, Transport::WebSocket, &ben);
    let until = now_ms() + 6_000;
    let set = json!({"emoji": "\u{1F4C5}", "text": "  in a   meeting ", "until": until});
    let kept = json!({"emoji": "\u{1F4C5}", "text": "in a meeting", "until": until});
    assert_eq!(ann.status(&set).is(200).json()["status"], kept);
    told(&mut device, &ann.id, &ann);
    for stream in [&room, &direct] {
        told(&mut other, &amendments_of(stream), &ann);
    }
    assert_eq!(ben.sees(&ann)["status"], kept);
    // To set the same again changes nothing, and nobody is told.
    ann.status(&set).is(200);
    ann.say(&room, "marker");
    assert_eq!(other.event()["body"]["text"], "marker");
    assert_eq!(ben.conversation(&direct)["unread"], 0, "it is no message");
    // It ends without anybody's doing, also for a device that was away.
    let path = format!("/v1/people/{}", ann.id);
    let ended = || {
        std::thread::sleep(std::time::Duration::from_millis(50));
        ben.client.get(&path).is(200).json().get("status").is_none().then_some(())
    };
    eventually("it has ended", ended);
    assert!(now_ms() >= until);
    let mut late = Feed::at(&site, Transport::LongPoll, &ben, &away);
    told(&mut late, &amendments_of(&room), &ann);
    assert!(ben.sees(&ann).get("status").is_none());
}

#[test]
fn a_status_that_is_replaced_is_in_no_event_and_no_file() {
    let site = Site::start();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let start = ben.now();
    for person in [&mut ben, &mut ann] {
        person.status(&json!({"text": SECRET})).is(200);
    }
    assert_eq!(ben.sees(&ann)["status"], json!({"text": SECRET}));
    // What names the person tells no more of it than its name.
    let (eve, other) = (site.person("eve"), ann.room(&[&ben]));
    let path = format!("/v1/conversations/{other}/members");
    ann.client.post(&path, &json!({"person": eve.id})).is(204);
    ann.direct(&eve);
    ann.status(&json!({"emoji": "\u{1F334}"})).is(200);
    ben.client.delete("/v1/profile/status").is(200);
    assert_eq!(ben.sees(&ann)["status"], json!({"emoji": "\u{1F334}", "text": ""}));
    ann.say(&room, "marker");
    let mut feed = Feed::at(&site, Transport::Sse, &ben, &start);
    loop {
        let event = feed.event();
        assert!(!event.to_string().contains(SECRET), "{event}");
        if event["body"]["text"] == "marker" {
            break;
        }
    }
    if is_on_database() {
        return;
    }
    // The write-ahead log is emptied on the way down.
    let mut site = site;
    assert_eq!(site.server.stop(), Some(0));
    for file in std::fs::read_dir(site.server.data()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap_or_default();
        let holds = bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
        assert!(!holds, "{}", path.display());
    }
}

#[test]
fn a_status_that_has_ended_leaves_the_store_by_itself() {
    if is_on_database() {
        return;
    }
    let mut site = Site::start();
    let mut ann = site.person("ann");
    ann.status(&json!({"text": SECRET, "until": now_ms() + 1_000})).is(200);
    let mut ben = site.person("ben");
    ben.status(&json!({"text": "stays"})).is(200);
    let lies = |site: &Site, text: &str| {
        let files = std::fs::read_dir(site.server.data()).unwrap();
        let mut all = files.map(|file| std::fs::read(file.unwrap().path()).unwrap_or_default());
        all.any(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
    };
    for tries in 0.. {
        assert!(tries < 60, "it lies there still");
        // The write-ahead log is emptied on the way down.
        let (again, code) = site.stop_and_restart();
        assert_eq!(code, Some(0));
        site = again;
        if !lies(&site, SECRET) {
            break;
        }
    }
    assert!(lies(&site, "stays"));
}

#[test]
fn a_status_is_one_line_that_shows_what_it_is() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    ann.direct(&ben);
    let long = "x".repeat(STATUS_CHARS_MAX + 1);
    for text in ["", "a\nb", "a\u{202E}b", "\u{200B}", "a\u{0}b", "a\u{2066}b", &long] {
        let refused = ann.status(&json!({"text": text})).is(422);
        assert_eq!(refused.code(), "invalid", "{text:?}");
    }
    for emoji in ["", "x", "\u{1F600}\u{1F600}", "<b>", &"\u{1F468}\u{200D}".repeat(99)] {
        assert_eq!(ann.status(&json!({"emoji": emoji, "text": "x"})).is(422).code(), "invalid");
    }
    for until in [0, 1_000, now_ms() - 1, now_ms() + STATUS_AHEAD_MS_MAX + 60_000] {
        assert_eq!(ann.status(&json!({"text": "x", "until": until})).is(422).code(), "invalid");
    }
    assert!(ben.sees(&ann).get("status").is_none());
    // What looks like markup is text.
    let script = "<img src=x onerror=alert(1)>";
    ann.status(&json!({"text": script})).is(200);
    assert_eq!(ben.sees(&ann)["status"]["text"], script);
}

#[test]
fn a_person_gives_itself_another_name_that_is_told_to_all_who_show_it() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let direct = ann.direct(&ben);
    let mut device = Feed::now(&site, Transport::Sse, &ann);
    let mut other = Feed::now(&site, Transport::WebSocket, &ben);
    let new = format!("林 美 {}", ann.name);
    let named = ann.rename(&format!("  林  美\u{3000}{} ", ann.name)).is(200).json();
    assert_eq!((&named["display_name"], &named["name"]), (&json!(new), &json!(ann.name)));
    told(&mut device, &ann.id, &ann);
    for stream in [&room, &direct] {
        told(&mut other, &amendments_of(stream), &ann);
    }
    assert_eq!(ben.sees(&ann)["display_name"], json!(new));
    assert_eq!(ann.client.get("/v1/me").is(200).json()["display_name"], json!(new));
    // The same name again changes nothing, and nobody is told.
    ann.rename(&new).is(200);
    ann.say(&room, "marker");
    assert_eq!(other.event()["body"]["text"], "marker");
}

#[test]
fn nobody_takes_a_name_that_looks_like_somebody_elses() {
    let site = Site::on(Server::start_with(&["--quota-member", "off"], &[]));
    site.owner().send("PATCH", "/v1/settings", &json!({"guests": true})).is(200);
    let enter =
        |name: &str| site.server.visitor().post("/v1/guest", &json!({"display_name": name}));
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    ann.rename("Alice Miller").is(200);
    for taken in ["Alice Miller", "alice miller", "AIice Mi11er", "\u{410}lice Miller", &ann.name] {
        assert_eq!(ben.rename(taken).is(409).code(), "name_taken", "{taken}");
        assert_eq!(enter(taken).is(409).code(), "name_taken", "{taken}");
    }
    for bad in ["Al\u{200B}ice", "\u{202E}ben", "\u{2066}ben"] {
        assert_eq!(ben.rename(bad).is(422).code(), "bad_name", "{bad:?}");
    }
    for bad in ["", " ", "a\nb", &"n".repeat(65)] {
        assert_eq!(ben.rename(bad).is(422).code(), "invalid", "{bad:?}");
    }
    // One's own name may be written in another way, and what looks like markup is text.
    ann.rename("ALICE MILLER").is(200);
    ben.rename("<b>Ben</b>").is(200);
    // A name that somebody has given up is free, and that to sign in with never is.
    ann.rename("Ann").is(200);
    ben.rename("Alice Miller").is(200);
    assert_eq!(ann.rename("Alice Miller").is(409).code(), "name_taken");
    let own = ann.name.clone();
    ann.rename(&own).is(200);
    ann.rename("Ann").is(200);
    assert_eq!(ben.rename(&own).is(409).code(), "name_taken");
    // Guests are held to it, and a bot keeps the name by which the operator finds it.
    let entered = enter("Visitor").is(201);
    let mut guest = Client::new(site.address(), Auth::Cookie(entered.session()));
    let mut rename =
        |name: &str| guest.send("PUT", "/v1/profile/name", &json!({"display_name": name})).status;
    assert_eq!((rename("ann"), rename("Guest of Ann")), (409, 200));
}

#[test]
fn a_picture_is_for_everybody_who_is_signed_in_and_gone_when_it_is_replaced() {
    let site = Site::shared();
    let [mut ann, mut ben, mut eve] = ["ann", "ben", "eve"].map(|name| site.person(name));
    let room = ann.room(&[&ben]);
    let mut feed = Feed::now(&site, Transport::Ndjson, &ben);
    let first = upload(&mut ann.client, "secret name.jpg", &with_place(&jpeg(800, 600)));
    assert_eq!(eve.client.get(&url_of(&first)).is(404).code(), "not_found");
    let address = ann.picture(&first).is(200).json()["picture"].as_str().unwrap().to_owned();
    assert_eq!(address, format!("{}/thumbnail", url_of(&first)));
    told(&mut feed, &amendments_of(&room), &ann);
    assert_eq!(ben.sees(&ann)["picture"], json!(address));
    for who in [&mut ben, &mut eve, &mut ann] {
        let shown = who.client.get(&address).is(200);
        assert_eq!(shown.header("content-type"), Some("image/jpeg"));
        assert_eq!(shown.header("x-content-type-options"), Some("nosniff"));
        assert!(!shown.body.windows(PLACE.len()).any(|part| part == PLACE));
        let whole = who.client.get(&url_of(&first)).is(200);
        assert!(!whole.head.contains("secret"), "{}", whole.head);
    }
    assert_eq!(site.server.visitor().get(&address).is(401).code(), "not_signed_in");
    // No message takes it along, and it goes by the profile alone.
    let own = eve.room(&[]);
    assert_eq!(send(&mut eve, &own, &[&first]).is(404).code(), "not_found");
    assert_eq!(send(&mut ann, &room, &[&first]).is(404).code(), "not_found");
    assert_eq!(ann.client.delete(&url_of(&first)).is(409).code(), "conflict");
    assert_eq!(ann.picture(&first).is(200).json()["picture"], json!(address));
    // A small one is its own thumbnail. The one before is gone.
    let second = upload(&mut ann.client, "b.jpg", &jpeg(64, 64));
    assert_eq!(ann.picture(&second).is(200).json()["picture"], json!(url_of(&second)));
    told(&mut feed, &amendments_of(&room), &ann);
    for who in [&mut ben, &mut eve, &mut ann] {
        assert_eq!(who.client.get(&address).is(404).code(), "not_found");
        who.client.get(&url_of(&second)).is(200);
    }
    assert!(ann.client.delete("/v1/profile/picture").is(200).json().get("picture").is_none());
    told(&mut feed, &amendments_of(&room), &ann);
    assert!(ben.sees(&ann).get("picture").is_none());
    assert_eq!(ben.client.get(&url_of(&second)).is(404).code(), "not_found");
    if !is_on_database() {
        let lies = |file: &Value| {
            let id = file["id"].as_str().unwrap().to_owned();
            let mut folders = vec![site.server.data()];
            while let Some(folder) = folders.pop() {
                for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                    if entry.path().is_dir() {
                        folders.push(entry.path());
                    } else if entry.file_name().to_string_lossy().contains(&id[1..]) {
                        return true;
                    }
                }
            }
            false
        };
        let gone = || (!lies(&first) && !lies(&second)).then_some(());
        eventually("the bytes are deleted", gone);
    }
}

#[test]
fn a_picture_is_a_picture_of_ones_own_that_nobody_was_sent() {
    let site = Site::shared();
    let (mut ann, mut eve) = (site.person("ann"), site.person("eve"));
    for (name, bytes) in [
        ("a.svg", &b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"[..]),
        ("a.png", b"<!DOCTYPE html><script>alert(1)</script>"),
        ("a.png", b"\x89PNG\r\n\x1a\n<script>alert(1)</script>"),
        ("a.gif", b"GIF89a/*<svg onload=alert(1)>*/=1;alert(1)"),
        ("a.txt", b"text"),
    ] {
        let file = upload(&mut ann.client, name, bytes);
        assert_eq!(ann.picture(&file).is(422).code(), "invalid", "{name}");
    }
    let large = [jpeg(64, 64), vec![0; PORTRAIT_BYTES_MAX as usize]].concat();
    let large = upload(&mut ann.client, "large.jpg", &large);
    if large["bytes"].as_u64().unwrap() > PORTRAIT_BYTES_MAX {
        assert_eq!(ann.picture(&large).is(413).code(), "too_large");
    }
    let file = upload(&mut ann.client, "a.jpg", &jpeg(64, 64));
    for other in [&file, &json!({"id": "../../x"}), &json!({"id": format!("f{}", "0".repeat(32))})]
    {
        assert_eq!(eve.picture(other).is(404).code(), "not_found");
    }
    let coming = ann.client.post("/v1/files", &json!({"name": "b.jpg", "bytes": 9})).is(201).json();
    assert_eq!(ann.picture(&coming).is(404).code(), "not_found");
    let room = ann.room(&[]);
    send(&mut ann, &room, &[&file]).is(201);
    assert_eq!(ann.picture(&file).is(409).code(), "conflict");
    assert!(ann.sees(&ann.clone()).get("picture").is_none());
}

#[test]
fn guests_see_those_whom_they_share_a_conversation_with_and_need_room_for_a_picture() {
    let site = Site::on(Server::start_with(&["--files-guest-mib", "0"], &[]));
    site.owner().send("PATCH", "/v1/settings", &json!({"guests": true})).is(200);
    let entered = site.server.visitor().post("/v1/guest", &json!({"display_name": "Visitor"}));
    let entered = entered.is(201);
    let id = entered.json()["id"].as_str().unwrap().to_owned();
    let client = Client::new(site.address(), Auth::Cookie(entered.session()));
    let mut guest = Person { id, name: "Visitor".into(), client };
    let (mut ann, eve) = (site.person("ann"), site.person("eve"));
    ann.room(&[&guest]);
    ann.status(&json!({"text": "here"})).is(200);
    let path = |who: &Person| format!("/v1/people/{}", who.id);
    assert_eq!(guest.client.get(&path(&ann)).is(200).json()["status"], json!({"text": "here"}));
    assert_eq!(guest.client.get(&path(&eve)).is(404).code(), "not_found");
    for nobody in ["p999999", "x", "p0", "-1"] {
        let answer = ann.client.get(&format!("/v1/people/{nobody}"));
        assert_eq!(answer.is(404).code(), "not_found");
    }
    let announced = json!({"name": "a.jpg", "bytes": 100});
    assert_eq!(guest.client.post("/v1/files", &announced).is(409).code(), "no_room");
    guest.status(&json!({"text": "just looking"})).is(200);
    let seen = ann.client.get(&path(&guest)).is(200).json();
    assert_eq!(seen["status"]["text"], "just looking");
}

#[test]
fn one_change_is_told_in_a_bounded_number_of_conversations() {
    let site = Site::on(Server::start_with(&["--quota-member", "off"], &[]));
    let (mut ann, ben) = (site.person("ann"), site.person("ben"));
    let rooms: Vec<String> = (0..PROFILE_CONVERSATIONS_MAX + 3).map(|_| ann.room(&[])).collect();
    let oldest = &rooms[0];
    let body = json!({"person": ben.id});
    ann.client.post(&format!("/v1/conversations/{oldest}/members"), &body).is(204);
    let mut feed = Feed::now(&site, Transport::Sse, &ann);
    ann.status(&json!({"text": "here"})).is(200);
    ann.say(oldest, "marker");
    let mut streams = Vec::new();
    loop {
        let event = feed.event();
        if event["body"]["text"] == "marker" {
            break;
        }
        assert_eq!(event["kind"], "person_changed");
        streams.push(event["stream"].as_str().unwrap().to_owned());
    }
    assert_eq!(streams.len(), PROFILE_CONVERSATIONS_MAX + 1);
    // The latest activity decides, and not the age.
    assert!(streams.contains(&amendments_of(oldest)));
    assert!(!streams.contains(&amendments_of(&rooms[1])));
}

#[test]
fn changes_count_like_things_that_are_made() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let mut change = |number: usize| ann.status(&json!({"text": format!("{number}")})).status;
    let refused = (0..1_000).map(&mut change).find(|status| *status != 200);
    assert_eq!(refused, Some(429));
}

#[test]
fn a_change_is_told_and_seen_on_every_node() {
    let cluster = Cluster::with_bus(2);
    let (a, b) = cluster.two();
    let (mut ann, ben) = (a.person("ann"), a.person("ben"));
    let room = ann.room(&[&ben]);
    let mut there = ben.at(b);
    let mut feed = Feed::now(b, Transport::WebSocket, &ben);
    for text in ["one", "two"] {
        ann.status(&json!({"text": text})).is(200);
        told(&mut feed, &amendments_of(&room), &ann);
        assert_eq!(there.sees(&ann)["status"], json!({"text": text}));
    }
    // Of two changes at once each is told, and both nodes show the same one.
    let mut at_b = ann.at(b);
    std::thread::scope(|scope| {
        scope.spawn(|| ann.status(&json!({"text": "here"})).is(200));
        at_b.status(&json!({"text": "there"})).is(200);
    });
    for _ in 0..2 {
        told(&mut feed, &amendments_of(&room), &at_b);
    }
    let mut here = ben.at(a);
    assert_eq!(here.sees(&at_b)["status"], there.sees(&at_b)["status"]);
}
