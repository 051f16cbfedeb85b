//! Reminders: told once, at their time, and kept until they are dismissed.

use std::time::Duration;

use encke_engine::keep_limits::{
    PLANNED_AHEAD_MS_MAX, REMINDER_NOTE_BYTES_MAX, REMINDERS_PER_PERSON_MAX,
};
use serde_json::{Value, json};

use super::scheduled::{HOUR, after, told_until_marker};
use super::{refused, seq_of};
use crate::cluster::Cluster;
use crate::feed::{Feed, Transport};
use crate::harness::{Answer, Person, Site};

/// Long enough for what comes before it, also on a busy machine.
const SOON: Duration = Duration::from_secs(5);

impl Person {
    fn try_remind(&mut self, reminder: &Value) -> Answer {
        self.client.post("/v1/reminders", reminder)
    }

    fn reminders(&mut self) -> Vec<Value> {
        self.kept("/v1/reminders", "reminders", 7)
    }

    fn put_off(&mut self, id: &Value, at: u64) -> Answer {
        let path = format!("/v1/reminders/{}", id.as_str().unwrap());
        self.client.send("PATCH", &path, &json!({"at": at}))
    }

    fn dismiss(&mut self, id: &Value) -> Answer {
        self.client.delete(&format!("/v1/reminders/{}", id.as_str().unwrap()))
    }
}

/// The next thing that a person is told of its reminders.
fn told(feed: &mut Feed, who: &Person) -> Value {
    loop {
        let event = feed.event_of(&who.id);
        if event["kind"] == "reminder" {
            return event["body"].clone();
        }
    }
}

#[test]
fn a_reminder_is_told_at_its_time_and_stays_until_it_is_dismissed() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let seq = seq_of(&ben.say(&room, "please"));
    let mut device = Feed::now(&site, Transport::Sse, &ann);
    let at = after(SOON);
    let note = "call \u{0} back";
    let reminder = json!({"at": at, "conversation": room, "message": seq, "note": note});
    let made = ann.try_remind(&reminder).is(201).json();
    let id = &made["id"];
    assert_eq!((&made["note"], &made["due"]), (&json!(note), &json!(false)));
    let body = |state: &str, at: u64| json!({"reminder": id, "at": at, "state": state, "conversation": room, "message": seq});
    assert_eq!(told(&mut device, &ann), body("waiting", at));
    assert_eq!(told(&mut device, &ann), body("due", at));
    assert_eq!(ann.reminders()[0]["due"], true);
    let counts = |ann: &mut Person| ann.client.get("/v1/snapshot").json()["reminders"].clone();
    assert_eq!(counts(&mut ann), json!({"waiting": 0, "due": 1}));
    // A reminder that is put off comes again.
    let later = after(SOON);
    assert_eq!(ann.put_off(id, later).is(200).json()["due"], false);
    assert_eq!(told(&mut device, &ann), body("waiting", later));
    assert_eq!(told(&mut device, &ann), body("due", later));
    ann.dismiss(id).is(204);
    assert_eq!(told(&mut device, &ann), body("gone", later));
    assert_eq!(refused(ann.dismiss(id)), (404, "not_found".into()));
    assert_eq!((ann.reminders(), counts(&mut ann)), (vec![], json!({"waiting": 0, "due": 0})));
    assert_eq!(ben.reminders(), [] as [Value; 0]);
}

#[test]
fn reminders_are_their_persons_alone_and_bounded() {
    let site = Site::shared();
    let (mut ann, mut eve) = (site.person("ann"), site.person("eve"));
    let room = ann.room(&[]);
    let seq = seq_of(&ann.say(&room, "mine"));
    let at = after(HOUR);
    let of_message = |seq: u64| json!({"at": at, "conversation": room, "message": seq});
    assert_eq!(refused(eve.try_remind(&of_message(seq))), (403, "not_member".into()));
    assert_eq!(refused(ann.try_remind(&of_message(seq + 1))), (404, "not_found".into()));
    let gone = seq_of(&ann.say(&room, "gone"));
    ann.client.delete(&format!("/v1/conversations/{room}/messages/{gone}")).is(204);
    assert_eq!(refused(ann.try_remind(&of_message(gone))), (410, "erased".into()));
    let far = after(Duration::from_millis(PLANNED_AHEAD_MS_MAX) + HOUR);
    for wrong in [
        json!({"at": at}),
        json!({"at": at, "note": ""}),
        json!({"at": at, "conversation": room}),
        json!({"at": at, "message": seq, "note": "x"}),
        json!({"at": 1, "note": "x"}),
        json!({"at": far, "note": "x"}),
        json!({"at": u64::MAX, "note": "x"}),
        json!({"at": -1, "note": "x"}),
    ] {
        assert_eq!(refused(ann.try_remind(&wrong)), (422, "invalid".into()), "{wrong}");
    }
    let long = "x".repeat(REMINDER_NOTE_BYTES_MAX + 1);
    let noted = |note: &str| json!({"at": at, "note": note});
    assert_eq!(refused(ann.try_remind(&noted(&long))), (413, "too_large".into()));
    let made = ann.try_remind(&noted(&long[1..])).is(201).json();
    assert_eq!(refused(eve.dismiss(&made["id"])), (404, "not_found".into()));
    assert_eq!(refused(eve.put_off(&made["id"], at)), (404, "not_found".into()));
    assert_eq!(refused(ann.put_off(&made["id"], 1)), (422, "invalid".into()));
    for number in 1..REMINDERS_PER_PERSON_MAX {
        ann.try_remind(&noted(&format!("{number}"))).is(201);
    }
    assert_eq!(refused(ann.try_remind(&noted("more"))), (409, "conflict".into()));
    assert_eq!(ann.reminders().len(), REMINDERS_PER_PERSON_MAX);
    ann.dismiss(&made["id"]).is(204);
    ann.try_remind(&noted("more")).is(201);
}

#[test]
fn a_reminder_says_nothing_of_a_message_that_its_person_may_not_read_any_more() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let seq = seq_of(&ann.say(&room, "lighthouse"));
    let start = ben.now();
    let reminder =
        json!({"at": after(2 * SOON), "conversation": room, "message": seq, "key": "once"});
    let made = ben.try_remind(&reminder).is(201).json();
    assert_eq!(ben.try_remind(&reminder).is(200).json(), made);
    ben.leave(&room);
    let mut device = Feed::at(&site, Transport::Sse, &ben, &start);
    assert_eq!(told(&mut device, &ben)["state"], "waiting");
    assert_eq!(told(&mut device, &ben)["state"], "due");
    assert!(!json!(ben.reminders()).to_string().contains("lighthouse"));
    let other = json!({"at": after(HOUR), "note": "x", "key": "once"});
    assert_eq!(refused(ben.try_remind(&other)), (409, "key_reused".into()));
}

#[test]
fn a_reminder_is_told_once_by_several_nodes_and_also_when_one_dies() {
    let mut cluster = Cluster::start(3, None);
    let dying = cluster.nodes.pop().unwrap();
    let mut ann = cluster.nodes[0].person("ann");
    let start = ann.now();
    let at = after(2 * SOON);
    for number in 0..15 {
        let note = json!({"at": at, "note": format!("{number}")});
        ann.at(&dying).try_remind(&note).is(201);
    }
    let room = ann.room(&[]);
    let mut server = dying.server;
    server.kill();
    let mut feed = Feed::at(&cluster.nodes[1], Transport::Sse, &ann, &start);
    let due = told_until_marker(&mut feed, &mut ann, &room, "due", 15);
    assert!(due.values().all(|count| *count == 1), "{due:?}");
    assert!(ann.reminders().iter().all(|one| one["due"] == true));
}
