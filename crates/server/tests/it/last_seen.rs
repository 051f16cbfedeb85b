//! When people were last seen: who learns it, who doesn't, and on which nodes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::feed::{Feed, Transport};
use crate::harness::{Answer, Person, Site, eventually};

fn minute() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64 / 60_000 * 60_000
}

/// Between two questions, because reads have a quota.
fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

impl Person {
    fn person(&mut self, other: &Person) -> Value {
        self.client.get(&format!("/v1/people/{}", other.id)).is(200).json()
    }

    fn last_seen(&mut self, other: &Person) -> Option<u64> {
        self.person(other).get("last_seen").map(|at| at.as_u64().unwrap())
    }

    fn hide_last_seen(&mut self, hidden: bool) -> Answer {
        self.client.send("PUT", "/v1/profile/last-seen", &json!({"hidden": hidden})).is(200)
    }

    /// Waits until this person sees when another one was last seen.
    fn learns(&mut self, other: &Person) -> u64 {
        eventually(&format!("{} was seen", other.name), || {
            pause();
            self.last_seen(other)
        })
    }

    /// Connects a device, and waits until the person is seen there.
    fn comes(&self, site: &Site) -> Feed {
        let feed = Feed::now(site, Transport::WebSocket, self);
        let mut me = self.at(site);
        let there = || {
            pause();
            (me.person(self)["presence"] == "online").then_some(())
        };
        eventually("it is there", there);
        feed
    }

    /// Comes and goes.
    fn drops_in(&self, site: &Site) {
        drop(self.comes(site));
    }
}

#[test]
fn the_minute_at_which_the_last_device_left_is_shown_to_all_but_those_that_one_blocks() {
    let site = Site::shared();
    let [mut ann, mut ben, mut eve] = ["ann", "ben", "eve"].map(|name| site.person(name));
    let room = ann.room(&[&ben, &eve]);
    assert_eq!(ben.last_seen(&ann), None, "it was never there");
    ann.client.ask("PUT", &format!("/v1/blocks/{}", eve.id), &[], None).is(204);
    let before = minute();
    let phone = Feed::now(&site, Transport::WebSocket, &ann);
    let desk = Feed::now(&site, Transport::Sse, &ann);
    let online = || {
        pause();
        (ben.person(&ann)["presence"] == "online").then_some(())
    };
    eventually("online", online);
    drop(phone);
    assert_eq!(ben.last_seen(&ann), None, "one is still there");
    drop(desk);
    let at = ben.learns(&ann);
    assert!(at % 60_000 == 0 && (before..=minute()).contains(&at), "{at}");
    for path in ["/v1/snapshot", &format!("/v1/conversations/{room}/members")] {
        let answer = ben.client.get(path).is(200).json();
        let people = answer["people"].as_array().unwrap();
        let listed = people.iter().find(|p| p["id"] == ann.id.as_str()).unwrap();
        assert_eq!(listed["last_seen"], json!(at), "{path}");
    }
    assert_eq!(eve.last_seen(&ann), None, "it is blocked");
    assert_eq!(ann.last_seen(&ann.clone()), None, "nobody needs one's own");
    // No event has it.
    let carl = site.person("carl");
    let path = format!("/v1/conversations/{room}/members");
    ann.client.post(&path, &json!({"person": carl.id})).is(204);
    assert!(!json!(ben.history(&room)).to_string().contains("last_seen"));
}

#[test]
fn who_hides_it_is_not_noted_and_sees_nobody_elses() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    for person in [&ann, &ben] {
        person.drops_in(&site);
    }
    ben.learns(&ann);
    ann.learns(&ben);
    let mut feed = Feed::now(&site, Transport::LongPoll, &ben);
    assert_eq!(ann.hide_last_seen(true).json()["hides_last_seen"], true);
    let told = feed.event();
    assert_eq!(
        (&told["kind"], &told["body"]["person"]),
        (&json!("person_changed"), &json!(ann.id))
    );
    assert_eq!(told["stream"], json!(room.replacen('c', "a", 1)));
    assert_eq!(ben.last_seen(&ann), None);
    assert!(ben.person(&ann).get("hides_last_seen").is_none(), "that it is hidden is hidden");
    drop(feed);
    assert_eq!(ann.last_seen(&ben), None);
    let me = ann.client.get("/v1/snapshot").is(200).json()["me"].clone();
    assert_eq!(me["hides_last_seen"], true);
    // What was hidden does not come back, and what happened meanwhile was not noted.
    ann.drops_in(&site);
    let carl = site.person("carl");
    carl.drops_in(&site);
    ben.learns(&carl);
    assert!(ann.hide_last_seen(false).json().get("hides_last_seen").is_none());
    assert_eq!(ben.last_seen(&ann), None);
    ann.learns(&ben);
    ann.drops_in(&site);
    ben.learns(&ann);
}

#[test]
fn a_server_that_goes_down_notes_those_that_are_there() {
    let site = Site::start();
    let (mut ann, ben) = (site.person("ann"), site.person("ben"));
    ann.room(&[&ben]);
    let _there = ben.comes(&site);
    let before = minute();
    let (site, code) = site.stop_and_restart();
    assert_eq!(code, Some(0));
    let at = ann.at(&site).last_seen(&ben).expect("it was noted");
    assert!((before..=minute()).contains(&at), "{at}");
}

#[test]
fn it_is_the_last_device_on_all_nodes_that_counts() {
    let mut cluster = Cluster::with_bus(2);
    let (a, b) = cluster.two();
    let (mut ann, mut ben) = (a.person("ann"), a.person("ben"));
    ann.room(&[&ben]);
    let here = ben.comes(a);
    let there = ben.comes(b);
    let mut at_b = ann.at(b);
    for seer in [&mut ann, &mut at_b] {
        let online = || {
            pause();
            (seer.person(&ben)["presence"] == "online").then_some(())
        };
        eventually("online", online);
    }
    drop(here);
    // Somebody else leaves later, and is noted: the first has not been.
    let carl = a.person("carl");
    carl.drops_in(a);
    ann.learns(&carl);
    assert_eq!((ann.last_seen(&ben), at_b.last_seen(&ben)), (None, None));
    // The other node dies, and its people with it. The node that is left notes them.
    drop(there);
    cluster.nodes[1].server.kill();
    ann.learns(&ben);
    ben.hide_last_seen(true);
    assert_eq!(ann.last_seen(&ben), None);
}
