//! Previews of links, of a web site outside that this machine serves.

mod hostile;
pub mod outside;

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::feed::{Feed, Transport};
use crate::harness::{Person, Server, Site, eventually, is_on_database};
use outside::Outside;

/// The options with which a site shows previews of the pages of these tests.
const SHOWN: [&str; 3] = ["--preview-on", "--egress-allow", "127.0.0.0/8"];

fn site_with(args: &[&str]) -> Site {
    Site::on(Server::start_with(args, &[]))
}

impl Person {
    /// What amendments have made of a message.
    fn amended(&mut self, room: &str, said: &Value) -> Value {
        let path = format!("/v1/conversations/{room}/messages/{}", said["seq"]);
        let one = self.client.get(&path).is(200).json();
        one["amended"].as_array().unwrap().first().cloned().unwrap_or_default()
    }

    /// The preview of a message, once it has one.
    fn preview(&mut self, room: &str, said: &Value) -> Value {
        let path = format!("/v1/conversations/{room}/messages/{}", said["seq"]);
        eventually("a preview", || {
            // Who asks so often is told to wait a little.
            let one = Some(self.client.get(&path)).filter(|answer| answer.status != 429)?;
            let preview = one.is(200).json()["amended"][0]["preview"].clone();
            (!preview.is_null()).then_some(preview)
        })
    }

    fn reword(&mut self, room: &str, said: &Value, text: &str) {
        let path = format!("/v1/conversations/{room}/messages/{}", said["seq"]);
        self.client.send("PATCH", &path, &json!({"text": text})).is(204);
    }
}

fn picture_of(room: &str, said: &Value) -> String {
    format!("/v1/conversations/{room}/messages/{}/preview/picture", said["seq"])
}

fn preview_of(room: &str, said: &Value) -> String {
    format!("/v1/conversations/{room}/messages/{}/preview", said["seq"])
}

/// Waits for an event of the conversation's amendments that tells of a preview, or of its end.
fn previewed(feed: &mut Feed, room: &str) -> Value {
    loop {
        let event = feed.event_of(&room.replacen('c', "a", 1));
        if event["kind"] == "previewed" {
            return event;
        }
    }
}

#[test]
fn everybody_sees_what_the_page_says_and_its_picture() {
    let (site, outside) = (site_with(&SHOWN), Outside::start());
    let (mut mei, mut tom, mut eve) = (site.person("mei"), site.person("tom"), site.person("eve"));
    let room = mei.room(&[&tom]);
    let before = tom.now();
    let mut feed = Feed::now(&site, Transport::Sse, &tom);
    let link = outside.url("/page#part");
    let said = mei.say(&room, &format!("look: {link}."));
    let event = previewed(&mut feed, &room);
    let preview = json!({"link": link, "title": "Comet /page", "description": "It comes back & soonest",
        "site": "The Sky", "picture": {"width": 192, "height": 101}});
    assert_eq!(event["body"], json!({"message": said["seq"], "preview": preview}));
    assert!(event.get("from").is_none_or(Value::is_null));
    assert_eq!(tom.amended(&room, &said)["preview"], preview);
    // Somebody who was away gets it from its cursor.
    let mut late = Feed::at(&site, Transport::LongPoll, &tom, &before);
    assert_eq!(previewed(&mut late, &room), event);
    let path = picture_of(&room, &said);
    let picture = tom.client.get(&path).is(200);
    assert_eq!(picture.header("content-type"), Some("image/jpeg"));
    assert_eq!(picture.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(picture.header("cache-control"), Some("private, no-cache"));
    let known = picture.header("etag").unwrap().to_owned();
    tom.client.ask("GET", &path, &[("If-None-Match", &known)], None).is(304);
    eve.client.get(&path).is(403);
    // Another message with the same link, written by somebody else, needs no further request.
    let other = tom.room(&[&eve]);
    let again = tom.say(&other, &outside.url("/page"));
    assert_eq!(tom.preview(&other, &again)["title"], "Comet /page");
    assert_eq!((outside.asked("/page"), outside.asked("/picture.png")), (1, 1));
    eve.client.get(&picture_of(&other, &again)).is(200);
}

#[test]
fn a_site_shows_no_previews_unless_it_was_switched_on() {
    let outside = Outside::start();
    let (off, on) = (site_with(&["--egress-allow", "127.0.0.0/8"]), site_with(&SHOWN));
    let (mut mei, mut tom) = (off.person("mei"), on.person("tom"));
    let (quiet, room) = (mei.room(&[]), tom.room(&[]));
    let said = mei.say(&quiet, &outside.url("/quiet"));
    let mut earlier = Vec::new();
    for number in 0..3 {
        let link = outside.url(&format!("/{number}"));
        let said = tom.say(&room, &link);
        assert_eq!(tom.preview(&room, &said)["link"], link);
        earlier.push(said);
    }
    assert_eq!(outside.asked("/quiet"), 0);
    assert_eq!(mei.amended(&quiet, &said), Value::Null);
    // An owner may switch them off without a restart. What was shown stays.
    on.owner().send("PATCH", "/v1/settings", &json!({"previews": false})).is(200);
    let shown = tom.say(&room, &outside.url("/between"));
    // What follows in the log was looked after, one turn after the other, so this was, too.
    for said in &earlier {
        tom.client.delete(&format!("/v1/conversations/{room}/messages/{}", said["seq"])).is(204);
        eventually("the end of the picture", || {
            let status = tom.client.get(&picture_of(&room, said)).status;
            (status == 404).then_some(())
        });
    }
    assert_eq!(tom.amended(&room, &shown), Value::Null);
    on.owner().send("PATCH", "/v1/settings", &json!({"previews": true})).is(200);
    let shown = tom.say(&room, &outside.url("/after"));
    tom.preview(&room, &shown);
    assert_eq!(outside.asked("/between"), 0);
    // Addresses in code, or between angle brackets, have none.
    tom.say(&room, &format!("`{0}` <{0}>", outside.url("/quiet")));
    let shown = tom.say(&room, &outside.url("/last"));
    tom.preview(&room, &shown);
    assert_eq!(outside.asked("/quiet"), 0);
}

#[test]
fn a_recalled_message_takes_its_preview_along_unless_another_one_holds_the_page() {
    let (mut site, outside) = (site_with(&SHOWN), Outside::start());
    let (mut mei, mut tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let start = tom.now();
    let link = outside.url("/lighthouse");
    let (first, second) = (mei.say(&room, &link), tom.say(&room, &link));
    mei.preview(&room, &first);
    tom.preview(&room, &second);
    assert_eq!(outside.asked("/lighthouse"), 1);
    let recall = |who: &mut Person, said: &Value| {
        let path = format!("/v1/conversations/{room}/messages/{}", said["seq"]);
        who.client.delete(&path).is(204);
    };
    recall(&mut mei, &first);
    eventually("the end of the picture", || {
        let status = tom.client.get(&picture_of(&room, &first)).status;
        (status == 404).then_some(())
    });
    tom.client.get(&picture_of(&room, &second)).is(200);
    recall(&mut tom, &second);
    eventually("the end of the picture", || {
        let status = tom.client.get(&picture_of(&room, &second)).status;
        (status == 404).then_some(())
    });
    // Whoever was away gets nothing of it.
    let mut late = Feed::at(&site, Transport::Sse, &tom, &start);
    let mut recalled = 0;
    while recalled < 2 {
        let event = late.event();
        assert!(!event.to_string().contains("lighthouse"), "{event}");
        recalled += usize::from(event["kind"] == "recalled");
    }
    // The page was forgotten, so it is fetched anew.
    let third = tom.say(&room, &link);
    tom.preview(&room, &third);
    assert_eq!(outside.asked("/lighthouse"), 2);
    recall(&mut tom, &third);
    eventually("the end of the picture", || {
        let status = tom.client.get(&picture_of(&room, &third)).status;
        (status == 404).then_some(())
    });
    if is_on_database() {
        return;
    }
    let data = site.server.data();
    site.server.stop();
    for file in std::fs::read_dir(&data).unwrap().flatten().filter(|file| file.path().is_file()) {
        let bytes = std::fs::read(file.path()).unwrap();
        let found = bytes.windows(10).any(|part| part == b"lighthouse");
        assert!(!found, "{}", file.path().display());
    }
}

#[test]
fn a_preview_goes_with_its_link_and_comes_with_another_one() {
    let (site, outside) = (site_with(&SHOWN), Outside::start());
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let mut feed = Feed::now(&site, Transport::Sse, &tom);
    let said = mei.say(&room, &outside.url("/one"));
    assert_eq!(previewed(&mut feed, &room)["body"]["preview"]["title"], "Comet /one");
    // Other words around it change nothing; another link takes the preview away in the same write.
    mei.reword(&room, &said, &format!("more words: {}", outside.url("/one")));
    assert_eq!(mei.amended(&room, &said)["preview"]["title"], "Comet /one");
    mei.reword(&room, &said, &format!("another: {}", outside.url("/two")));
    assert_eq!(previewed(&mut feed, &room)["body"], json!({"message": said["seq"]}));
    assert_eq!(previewed(&mut feed, &room)["body"]["preview"]["title"], "Comet /two");
    mei.reword(&room, &said, "none at all");
    assert_eq!(mei.amended(&room, &said).get("preview"), None);
    assert_eq!(previewed(&mut feed, &room)["body"], json!({"message": said["seq"]}));
    eventually("the end of the picture", || {
        let status = mei.client.get(&picture_of(&room, &said)).status;
        (status == 404).then_some(())
    });
    // A message that had none may get one.
    mei.reword(&room, &said, &outside.url("/three"));
    assert_eq!(previewed(&mut feed, &room)["body"]["preview"]["title"], "Comet /three");
}

#[test]
fn its_author_or_a_moderator_removes_a_preview_for_good() {
    let (site, outside) = (site_with(&SHOWN), Outside::start());
    let (mut mei, mut tom, mut eve) = (site.person("mei"), site.person("tom"), site.person("eve"));
    let room = mei.room(&[&tom, &eve]);
    let link = outside.url("/page");
    let said = tom.say(&room, &link);
    tom.preview(&room, &said);
    let path = preview_of(&room, &said);
    assert_eq!(eve.client.delete(&path).is(403).code(), "not_yours");
    tom.client.delete(&path).is(204);
    tom.client.delete(&path).is(204);
    assert_eq!(tom.amended(&room, &said), Value::Null);
    tom.reword(&room, &said, &format!("again: {link}"));
    // By the time that a later message has its preview, this one would have had it.
    let of_eve = eve.say(&room, &outside.url("/other"));
    eve.preview(&room, &of_eve);
    assert_eq!(tom.amended(&room, &said).get("preview"), None);
    // The owner of the room removes any.
    mei.client.delete(&preview_of(&room, &of_eve)).is(204);
    assert_eq!(eve.amended(&room, &of_eve), Value::Null);
    mei.client.delete(&preview_of(&room, &of_eve)).is(204);
    // The trail of the room has that alone, and once.
    let trail = mei.client.get(&format!("/v1/conversations/{room}/audit")).is(200).json();
    let entries = trail["entries"].as_array().unwrap();
    let told: Vec<_> = entries.iter().filter(|one| one["act"] == "preview_removed").collect();
    let [entry] = told[..] else { panic!("{trail}") };
    assert_eq!(
        (&entry["by"], &entry["person"], &entry["message"]),
        (&json!(mei.id), &json!(eve.id), &of_eve["seq"])
    );
    tom.client.delete(&format!("/v1/conversations/{room}/messages/999/preview")).is(404);
}

#[test]
fn exactly_one_of_two_nodes_fetches_a_page_and_the_other_one_shows_it() {
    let cluster = Cluster::with_bus_and(2, &SHOWN);
    let (a, b) = cluster.two();
    let (mut mei, mut tom) = (a.person("mei"), b.person("tom"));
    let room = mei.room(&[&tom]);
    let outside = Outside::start();
    let mut feed = Feed::now(b, Transport::Sse, &tom);
    for number in 0..4 {
        let link = outside.url(&format!("/{number}"));
        let said = [mei.say(&room, &link), tom.say(&room, &link), mei.say(&room, &link)];
        for said in &said {
            assert_eq!(tom.preview(&room, said)["link"], link);
            assert_eq!(tom.client.get(&picture_of(&room, said)).status, 200);
            previewed(&mut feed, &room);
        }
        assert_eq!(outside.asked(&format!("/{number}")), 1, "{number}");
    }
}
