//! Messages that are sent later: once, in time, or kept with the reason why not.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use encke_engine::keep_limits::{PLANNED_AHEAD_MS_MAX, SCHEDULED_PER_PERSON_MAX};
use encke_engine::limits::TEXT_BYTES_MAX;
use serde_json::{Value, json};

use super::{guest_in_a_room, refused, seq_of};
use crate::cluster::Cluster;
use crate::feed::{Feed, Transport};
use crate::harness::{Answer, Person, Site, eventually};

/// A time this long after now, in milliseconds since 1970.
pub fn after(time: Duration) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    (now + time).as_millis() as u64
}

/// Long enough for what comes before it, also on a busy machine.
const SOON: Duration = Duration::from_secs(5);
pub const HOUR: Duration = Duration::from_secs(3_600);

impl Person {
    fn try_plan(&mut self, room: &str, plan: &Value) -> Answer {
        self.client.post(&format!("/v1/conversations/{room}/scheduled"), plan)
    }

    fn plan(&mut self, room: &str, text: &str, at: u64) -> Value {
        self.try_plan(room, &json!({"text": text, "send_at": at})).is(201).json()
    }

    fn planned(&mut self) -> Vec<Value> {
        self.kept("/v1/scheduled", "scheduled", 7)
    }

    fn change(&mut self, id: &Value, change: &Value) -> Answer {
        self.client.send("PATCH", &format!("/v1/scheduled/{}", id.as_str().unwrap()), change)
    }

    fn cancel(&mut self, id: &Value) -> Answer {
        self.client.delete(&format!("/v1/scheduled/{}", id.as_str().unwrap()))
    }

    /// How many messages of a conversation have this text.
    fn count(&mut self, room: &str, text: &str) -> usize {
        self.history(room).iter().filter(|event| event["body"]["text"] == text).count()
    }
}

/// The next thing that a person is told of its plans.
fn told(feed: &mut Feed, who: &Person) -> Value {
    loop {
        let event = feed.event_of(&who.id);
        if event["kind"] == "scheduled" {
            return event["body"].clone();
        }
    }
}

/// Reads a feed until so many plans or reminders are told to be in this state, and then to a marker.
///
/// Returns how often each was told to be in it.
pub fn told_until_marker(
    feed: &mut Feed,
    who: &mut Person,
    room: &str,
    state: &str,
    count: usize,
) -> BTreeMap<String, usize> {
    let mut told = BTreeMap::new();
    loop {
        let event = feed.event();
        let body = &event["body"];
        if body["text"] == "marker" {
            return told;
        }
        if body["state"] == state {
            let id = body["scheduled"].as_str().or(body["reminder"].as_str()).unwrap();
            *told.entry(id.to_owned()).or_insert(0) += 1;
            if told.len() == count {
                who.say(room, "marker");
            }
        }
    }
}

#[test]
fn a_planned_message_is_sent_at_its_time_and_told_to_its_writers_devices() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let question = seq_of(&ben.say(&room, "question"));
    let (mut device, mut other) =
        (Feed::now(&site, Transport::Sse, &ann), Feed::now(&site, Transport::WebSocket, &ben));
    let at = after(SOON);
    let text = format!("later \u{0} <@{}>", ben.id);
    let plan = json!({"text": text, "reply_to": question, "send_at": at});
    let planned = ann.try_plan(&room, &plan).is(201).json();
    assert_eq!((&planned["text"], &planned["send_at"]), (&json!(text), &json!(at)));
    assert_eq!(planned["reply_to"], question);
    let waiting = told(&mut device, &ann);
    let (id, state) = (&planned["id"], &waiting["state"]);
    assert_eq!((&waiting["scheduled"], state), (id, &json!("waiting")));
    assert_eq!((&waiting["conversation"], &waiting["send_at"]), (&json!(room), &json!(at)));
    assert!(waiting.get("text").is_none(), "an event never says the text");
    // Others get it as any other message, and nothing of the plan.
    let message = other.event();
    assert_eq!((&message["kind"], &message["from"]), (&json!("message"), &json!(ann.id)));
    let body = json!({"text": text, "reply_to": question, "mentions": [ben.id]});
    assert_eq!(message["body"], body);
    assert!(message["at"].as_u64().unwrap() >= at, "not before its time");
    let sent = told(&mut device, &ann);
    assert_eq!((&sent["state"], &sent["seq"]), (&json!("sent"), &message["seq"]));
    assert_eq!(ann.planned(), [] as [Value; 0]);
    for answer in [ann.cancel(id), ann.change(id, &json!({"text": "too late"}))] {
        assert_eq!(refused(answer), (404, "not_found".into()));
    }
    assert_eq!(ann.count(&room, &text), 1);
}

#[test]
fn a_plan_is_listed_changed_and_cancelled_by_its_writer_alone() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let (late, later) = (after(HOUR), after(2 * HOUR));
    let second = ann.plan(&room, "second", later);
    let first = ann.plan(&room, "first", late);
    let ids = |all: Vec<Value>| all.iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(ann.planned()), [first["id"].clone(), second["id"].clone()]);
    assert_eq!(ben.planned(), [] as [Value; 0]);
    let missing = (404, "not_found".to_owned());
    assert_eq!(refused(ben.cancel(&first["id"])), missing);
    assert_eq!(refused(ben.change(&first["id"], &json!({"text": "his"}))), missing);
    for id in ["s1", "s", "x", "s00000000000000%00", "n0000000000000000", "s000000000000000G"] {
        assert_eq!(refused(ann.cancel(&json!(id))), missing, "{id}");
    }
    let mut device = Feed::now(&site, Transport::Sse, &ann);
    let changed = ann.change(&first["id"], &json!({"text": "third", "send_at": later + 1}));
    let changed = changed.is(200).json();
    assert_eq!((&changed["text"], &changed["send_at"]), (&json!("third"), &json!(later + 1)));
    assert_eq!(told(&mut device, &ann)["send_at"], later + 1);
    assert_eq!(ids(ann.planned()), [second["id"].clone(), first["id"].clone()]);
    let snapshot = ann.client.get("/v1/snapshot").is(200).json();
    assert_eq!(snapshot["scheduled"], json!({"waiting": 2, "failed": 0}));
    ann.cancel(&second["id"]).is(204);
    assert_eq!(told(&mut device, &ann)["state"], "cancelled");
    assert_eq!(refused(ann.cancel(&second["id"])), missing);
    assert_eq!(ids(ann.planned()), [first["id"].clone()]);
    // What was moved to now is sent now.
    ann.change(&first["id"], &json!({"send_at": after(SOON)})).is(200);
    assert_eq!(device.texts(&room, 1), ["third"]);
}

#[test]
fn a_plan_has_the_bounds_of_a_message_and_of_time() {
    let site = Site::shared();
    let (mut ann, mut eve) = (site.person("ann"), site.person("eve"));
    let room = ann.room(&[]);
    let at = after(HOUR);
    let invalid = (422, "invalid".to_owned());
    let far = after(Duration::from_millis(PLANNED_AHEAD_MS_MAX) + HOUR);
    for time in [json!(0), json!(after(Duration::ZERO)), json!(far), json!(u64::MAX), json!(-1)] {
        let plan = json!({"text": "text", "send_at": time});
        assert_eq!(refused(ann.try_plan(&room, &plan)), invalid, "{time}");
    }
    let long = "x".repeat(TEXT_BYTES_MAX + 1);
    let plan = |text: &str| json!({"text": text, "send_at": at});
    assert_eq!(refused(ann.try_plan(&room, &plan(""))), invalid);
    assert_eq!(refused(ann.try_plan(&room, &plan(&long))), (413, "too_large".into()));
    let answer = json!({"text": "text", "send_at": at, "reply_to": 99});
    assert_eq!(refused(ann.try_plan(&room, &answer)), invalid);
    assert_eq!(refused(eve.try_plan(&room, &plan("hers"))), (403, "not_member".into()));
    assert_eq!(ann.planned(), [] as [Value; 0]);
    let planned = ann.plan(&room, &long[1..], at);
    assert_eq!(refused(ann.change(&planned["id"], &json!({"send_at": 1}))), invalid);
    assert_eq!(refused(ann.change(&planned["id"], &json!({"text": ""}))), invalid);
    for number in 1..SCHEDULED_PER_PERSON_MAX {
        ann.plan(&room, &format!("{number}"), at);
    }
    assert_eq!(refused(ann.try_plan(&room, &plan("more"))), (409, "conflict".into()));
    ann.cancel(&planned["id"]).is(204);
    ann.plan(&room, "more", at);
    assert_eq!(ann.planned().len(), SCHEDULED_PER_PERSON_MAX);
}

#[test]
fn a_retry_of_a_plan_is_the_same_plan_also_after_it_was_sent() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let room = ann.room(&[]);
    let plan = |text: &str, at: u64| json!({"text": text, "send_at": at, "key": "once"});
    let at = after(SOON);
    let first = ann.try_plan(&room, &plan("later", at)).is(201).json();
    assert_eq!(ann.try_plan(&room, &plan("later", at)).is(200).json(), first);
    assert_eq!(ann.try_plan(&room, &plan("other", at)).is(409).code(), "key_reused");
    assert_eq!(ann.try_plan(&room, &plan("later", at + 1)).is(409).code(), "key_reused");
    eventually("it was sent", || ann.planned().is_empty().then_some(()));
    assert_eq!(ann.try_plan(&room, &plan("later", at)).is(200).json(), first);
    assert_eq!(ann.planned(), [] as [Value; 0], "it is not planned a second time");
    let message = json!({"text": "later", "key": "once"});
    let path = format!("/v1/conversations/{room}/messages");
    assert_eq!(ann.client.post(&path, &message).is(409).code(), "key_reused");
    assert_eq!(ann.count(&room, "later"), 1);
}

#[test]
fn what_became_impossible_is_kept_as_failed_with_its_reason_until_its_writer_decides() {
    let site = Site::start();
    let (mut ann, mut ben, mut cem) = (site.person("ann"), site.person("ben"), site.person("cem"));
    let room = ann.room(&[&ben, &cem]);
    let start = ben.now();
    let at = after(2 * SOON);
    let planned = ben.plan(&room, "from outside", at);
    cem.plan(&room, "from nowhere", at);
    ben.leave(&room);
    site.owner().delete(&format!("/v1/people/{}", cem.id)).is(204);
    let mut device = Feed::at(&site, Transport::Sse, &ben, &start);
    assert_eq!(told(&mut device, &ben)["state"], "waiting");
    let failed = told(&mut device, &ben);
    assert_eq!((&failed["state"], &failed["code"]), (&json!("failed"), &json!("not_member")));
    let listed = ben.planned();
    assert_eq!(listed[0]["failed"]["code"], "not_member");
    assert!(listed[0]["failed"]["message"].is_string() && listed[0]["failed"]["at"].is_u64());
    let snapshot = ben.client.get("/v1/snapshot").is(200).json();
    assert_eq!(snapshot["scheduled"], json!({"waiting": 0, "failed": 1}));
    // It does not go by itself when the way is free again.
    ann.bring_in(&room, &mut ben);
    assert_eq!(
        refused(ben.change(&planned["id"], &json!({"text": "again"}))),
        (422, "invalid".into())
    );
    assert_eq!(ben.planned().len(), 1);
    let again = json!({"text": "from inside", "send_at": after(SOON)});
    assert!(ben.change(&planned["id"], &again).is(200).json().get("failed").is_none());
    assert_eq!(told(&mut device, &ben)["state"], "waiting");
    assert_eq!(told(&mut device, &ben)["state"], "sent");
    assert_eq!((ann.count(&room, "from inside"), ann.count(&room, "from outside")), (1, 0));
    assert_eq!(ann.count(&room, "from nowhere"), 0, "a disabled account says nothing");
}

#[test]
fn a_plan_of_somebody_who_is_muted_at_its_time_is_kept_until_it_is_deleted() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let start = ben.now();
    let planned = ben.plan(&room, "too loud", after(SOON));
    let mute = format!("/v1/conversations/{room}/members/{}/mute", ben.id);
    ann.client.send("PUT", &mute, &json!({"seconds": 3600})).is(204);
    let mut device = Feed::at(&site, Transport::Sse, &ben, &start);
    assert_eq!(told(&mut device, &ben)["state"], "waiting");
    assert_eq!(told(&mut device, &ben)["code"], "muted");
    assert_eq!(ben.planned()[0]["failed"]["code"], "muted");
    ben.cancel(&planned["id"]).is(204);
    assert_eq!(told(&mut device, &ben)["state"], "cancelled");
    assert_eq!((ben.planned(), ann.count(&room, "too loud")), (vec![], 0));
}

#[test]
fn a_plan_that_its_writer_sends_earlier_under_its_key_is_one_message() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let room = ann.room(&[]);
    let mut device = Feed::now(&site, Transport::Sse, &ann);
    let planned = ann.plan(&room, "once", after(SOON));
    let key = format!("scheduled-{}", planned["id"].as_str().unwrap());
    let path = format!("/v1/conversations/{room}/messages");
    let first = ann.client.post(&path, &json!({"text": "once", "key": key})).is(201).json();
    assert_eq!(told(&mut device, &ann)["state"], "waiting");
    let sent = told(&mut device, &ann);
    assert_eq!((&sent["state"], &sent["seq"]), (&json!("sent"), &first["seq"]));
    assert_eq!(ann.count(&room, "once"), 1);
}

#[test]
fn guests_send_nothing_later() {
    let site = Site::start();
    let (_ann, mut guest, room) = guest_in_a_room(&site);
    let plan = json!({"text": "later", "send_at": after(HOUR)});
    assert_eq!(refused(guest.try_plan(&room, &plan)), (403, "forbidden".into()));
    assert_eq!(guest.planned(), [] as [Value; 0]);
    assert_eq!(site.server.visitor().get("/v1/scheduled").is(401).code(), "not_signed_in");
}

#[test]
fn a_server_that_is_killed_around_the_time_of_a_plan_sends_it_once() {
    let mut site = Site::start();
    let (mut ann, ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    for round in 0..4_u32 {
        let at = after(SOON);
        let texts: Vec<String> = (0..10).map(|number| format!("round {round}, {number}")).collect();
        for (number, text) in texts.iter().enumerate() {
            ann.plan(&room, text, at + 20 * number as u64);
        }
        // The first rounds die before the time or in the middle of it; the next server finds what is left.
        std::thread::sleep(SOON * (round + 1) / 3);
        site = site.again();
        ann = ann.at(&site);
        eventually("all were sent", || ann.planned().is_empty().then_some(()));
        for text in &texts {
            assert_eq!(ann.count(&room, text), 1, "{text}");
        }
    }
}

#[test]
fn several_nodes_that_come_to_a_plan_at_once_send_it_once() {
    let cluster = Cluster::start(3, None);
    let mut ann = cluster.nodes[0].person("ann");
    let room = ann.room(&[]);
    let start = ann.now();
    let at = after(2 * SOON);
    let texts: Vec<String> = (0..15).map(|number| format!("plan {number:02}")).collect();
    for (number, text) in texts.iter().enumerate() {
        ann.at(&cluster.nodes[number % 3]).plan(&room, text, at);
    }
    let mut feed = Feed::at(&cluster.nodes[1], Transport::Sse, &ann, &start);
    let sent = told_until_marker(&mut feed, &mut ann, &room, "sent", texts.len());
    assert!(sent.values().all(|count| *count == 1), "{sent:?}");
    assert_eq!(ann.planned(), [] as [Value; 0]);
    let said = ann.history(&room);
    let said = said.iter().filter_map(|event| event["body"]["text"].as_str());
    let mut said: Vec<_> = said.filter(|text| *text != "marker").collect();
    said.sort_unstable();
    assert_eq!(said, texts);
}

#[test]
fn a_plan_of_a_node_that_died_is_sent_by_another_one() {
    let mut cluster = Cluster::start(2, None);
    let dying = cluster.nodes.pop().unwrap();
    let mut ann = cluster.nodes[0].person("ann");
    let room = ann.room(&[]);
    let start = ann.now();
    ann.at(&dying).plan(&room, "survives", after(2 * SOON));
    let mut server = dying.server;
    server.kill();
    let mut feed = Feed::at(&cluster.nodes[0], Transport::Sse, &ann, &start);
    let sent = told_until_marker(&mut feed, &mut ann, &room, "sent", 1);
    assert!(sent.values().all(|count| *count == 1), "{sent:?}");
    assert_eq!(ann.count(&room, "survives"), 1);
}
