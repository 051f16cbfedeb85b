//! Polls: what they are, who votes in them, what is told of a vote, and what stays of a poll that was recalled.

mod votes;

use std::time::{SystemTime, UNIX_EPOCH};

use encke_engine::talk_limits::{
    POLL_AHEAD_MS_MAX, POLL_OPTION_BYTES_MAX, POLL_OPTIONS, POLL_QUESTION_BYTES_MAX,
};
use serde_json::{Value, json};

use crate::feed::{Feed, Transport, over_every_transport};
use crate::harness::{Answer, Person, Server, Site, encode, eventually};

impl Person {
    fn try_poll(&mut self, room: &str, poll: &Value) -> Answer {
        self.client.post(&format!("/v1/conversations/{room}/polls"), poll)
    }

    /// Makes a poll with three options and these further fields; returns its number.
    fn poll(&mut self, room: &str, further: Value) -> u64 {
        let mut poll = json!({"question": "Tea?", "options": ["green", "black", "none"]});
        let fields = poll.as_object_mut().unwrap();
        fields.extend(further.as_object().unwrap().clone());
        seq_of(&self.try_poll(room, &poll).is(201).json())
    }

    fn vote(&mut self, room: &str, seq: u64, options: &[u64]) -> Answer {
        let path = format!("/v1/conversations/{room}/messages/{seq}/vote");
        self.client.send("PUT", &path, &json!({"options": options}))
    }

    fn close(&mut self, room: &str, seq: u64) -> Answer {
        let path = format!("/v1/conversations/{room}/messages/{seq}/closed");
        self.client.ask("PUT", &path, &[], None)
    }

    fn voters(&mut self, room: &str, seq: u64, option: u64, rest: &str) -> Answer {
        let path = format!("/v1/conversations/{room}/messages/{seq}/voters?option={option}{rest}");
        self.client.get(&path)
    }

    /// The names of all voters of an option, by pages of this size.
    fn all_voters(&mut self, room: &str, seq: u64, option: u64, limit: usize) -> Vec<String> {
        let (mut ids, mut after) = (Vec::new(), String::new());
        loop {
            let rest = format!("&limit={limit}{after}");
            let page = self.voters(room, seq, option, &rest).is(200).json();
            let people = page["people"].as_array().unwrap();
            assert!(people.len() <= limit);
            ids.extend(people.iter().map(|person| person["id"].as_str().unwrap().to_owned()));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return ids,
            }
        }
    }

    /// What the person is told of the poll: in the history and as a message of its own it is the same.
    fn result(&mut self, room: &str, seq: u64) -> Value {
        let one = self.client.get(&format!("/v1/conversations/{room}/messages/{seq}"));
        let one = one.is(200).json()["amended"][0]["poll"].clone();
        let before = seq + 1;
        let page = format!("/v1/conversations/{room}/events?limit=1&before={before}");
        let page = self.client.get(&page).is(200).json();
        assert_eq!(page["amended"][0]["poll"], one);
        one
    }
}

fn seq_of(sent: &Value) -> u64 {
    sent["seq"].as_u64().unwrap()
}

/// The status and the code of a refusal.
fn refused(answer: Answer) -> (u16, String) {
    (answer.status, answer.code())
}

fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

/// A site without a quota for members.
fn free_site() -> Site {
    Site::on(Server::start_with(&["--quota-member", "off"], &[]))
}

#[test]
fn a_poll_is_a_message_like_any_other() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let (room, other) = (ann.room(&[&ben]), ben.room(&[]));
    let mut feed = Feed::now(&site, Transport::Sse, &ben);
    let question = format!("Wohin, <@{}>?", ben.id);
    let poll = json!({
        "question": question, "options": ["Zugspitze", "<b>海边</b>"], "multiple": true, "key": "one"
    });
    let sent = ann.try_poll(&room, &poll).is(201).json();
    let seq = seq_of(&sent);
    let told = feed.event_of(&room);
    let body = json!({
        "text": question, "mentions": [ben.id],
        "poll": {"options": ["Zugspitze", "<b>海边</b>"], "multiple": true}
    });
    assert_eq!((&told["kind"], &told["body"]), (&json!("message"), &body));
    // A retry is the same send, another poll with its key is not.
    assert_eq!(ann.try_poll(&room, &poll).is(200).json()["seq"], seq);
    let changed = json!({"question": question, "options": ["Zugspitze", "Meer"], "key": "one"});
    assert_eq!(refused(ann.try_poll(&room, &changed)), refusal(409, "key_reused"));
    let plain = json!({"text": question, "key": "one"});
    let path = format!("/v1/conversations/{room}/messages");
    assert_eq!(refused(ann.client.post(&path, &plain)), refusal(409, "key_reused"));
    let seen = ben.conversation(&room);
    assert_eq!((&seen["last"]["body"], &seen["mentions"]), (&body, &json!([seq])));
    // It is quoted, pinned and starred.
    let quote = json!({"text": "good question", "reply_to": seq});
    ben.client.post(&path, &quote).is(201);
    for deed in ["pin", "star"] {
        let path = format!("/v1/conversations/{room}/messages/{seq}/{deed}");
        ann.client.ask("PUT", &path, &[], None).is(204);
    }
    // Its options are found like its question.
    for words in ["wohin", "zugspitze", "海边"] {
        eventually("the index has it", || {
            let path = format!("/v1/search?q={}&conversation={room}", encode(words));
            let found = ben.client.get(&path).is(200).json()["events"].clone();
            (found[0]["seq"] == seq).then_some(())
        });
    }
    // A copy is its text. The votes stay where they were given.
    ben.vote(&room, seq, &[1]).is(204);
    let copy = json!({"conversation": room, "message": seq});
    let copy = ben.client.post(&format!("/v1/conversations/{other}/forwards"), &copy).is(201);
    let copy = seq_of(&copy.json());
    let copy = ben.client.get(&format!("/v1/conversations/{other}/messages/{copy}")).is(200).json();
    let text = format!("Wohin, @{}?\n- Zugspitze\n- <b>海边</b>", ben.name);
    assert_eq!(copy["event"]["body"]["text"], text);
    assert_eq!((&copy["event"]["body"]["poll"], &copy["amended"]), (&Value::Null, &json!([])));
    // What was asked stays what was asked.
    let path = format!("/v1/conversations/{room}/messages/{seq}");
    let edit = ann.client.send("PATCH", &path, &json!({"text": "Another question"}));
    assert_eq!(refused(edit), refusal(409, "conflict"));
}

#[test]
fn a_poll_that_nobody_could_vote_in_is_refused() {
    let site = free_site();
    let mut ann = site.person("ann");
    let room = ann.room(&[]);
    let seq = seq_of(&ann.say(&room, "no poll"));
    let many: Vec<String> = (0..=*POLL_OPTIONS.end()).map(|n| n.to_string()).collect();
    let (question, option) =
        ("x".repeat(POLL_QUESTION_BYTES_MAX), "x".repeat(POLL_OPTION_BYTES_MAX));
    let options = |options: Value| json!({"question": "?", "options": options});
    let ends = |at: u64| json!({"question": "?", "options": ["a", "b"], "ends_at": at});
    let invalid = refusal(422, "invalid");
    let wrong = [
        (options(json!([])), &invalid),
        (options(json!(["a"])), &invalid),
        (options(json!(many)), &invalid),
        (options(json!(["a", ""])), &invalid),
        (options(json!(["a", " \t "])), &invalid),
        (options(json!(["a", "a "])), &invalid),
        (options(json!(["a", "b\u{0}"])), &invalid),
        (options(json!(["a", option.clone() + "x"])), &refusal(413, "too_large")),
        (json!({"question": "", "options": ["a", "b"]}), &invalid),
        (json!({"question": " \n ", "options": ["a", "b"]}), &invalid),
        (
            json!({"question": question.clone() + "x", "options": ["a", "b"]}),
            &refusal(413, "too_large"),
        ),
        (ends(0), &invalid),
        (ends(now_ms() - 1_000), &invalid),
        (ends(now_ms() + POLL_AHEAD_MS_MAX + 60_000), &invalid),
        (ends(u64::MAX), &invalid),
        (json!({"question": "?", "options": ["a", "b"], "reply_to": 99}), &invalid),
        (
            json!({"question": "?", "options": ["a", "b"], "text": "?"}),
            &refusal(422, "unknown_field"),
        ),
    ];
    for (poll, code) in wrong {
        assert_eq!(&refused(ann.try_poll(&room, &poll)), code, "{poll}");
    }
    let longest = json!({"question": question, "options": [option, "b"]});
    ann.try_poll(&room, &longest).is(201);
    // A message that is no poll takes no votes.
    let missing = refusal(404, "not_found");
    for seq in [seq, 1, 0, 99, u64::MAX] {
        assert_eq!(refused(ann.vote(&room, seq, &[0])), missing, "{seq}");
        assert_eq!(refused(ann.close(&room, seq)), missing, "{seq}");
        assert_eq!(refused(ann.voters(&room, seq, 0, "")), missing, "{seq}");
    }
}

#[test]
fn a_person_counts_once_for_an_option_and_may_change_its_mind() {
    let site = free_site();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let (one, several) = (ann.poll(&room, json!({})), ann.poll(&room, json!({"multiple": true})));
    assert_eq!(ann.result(&room, one), Value::Null);
    let invalid = refusal(422, "invalid");
    assert_eq!(refused(ben.vote(&room, one, &[0, 1])), invalid);
    for option in [3, 256, u64::MAX] {
        assert_eq!(refused(ben.vote(&room, one, &[option])), invalid);
        assert_eq!(refused(ben.voters(&room, one, option, "")), invalid);
    }
    let amendments = |ann: &mut Person| {
        let page = ann.client.get(&format!("/v1/conversations/{room}/events")).is(200).json();
        page["amendments_seq"].as_u64().unwrap()
    };
    for _ in 0..2 {
        ben.vote(&room, one, &[2]).is(204);
        ben.vote(&room, several, &[2, 0, 0]).is(204);
    }
    assert_eq!(amendments(&mut ann), 2, "the same vote again is told to nobody");
    ann.vote(&room, one, &[2]).is(204);
    assert_eq!(ann.result(&room, one), json!({"counts": [0, 0, 2], "voters": 2, "mine": [2]}));
    assert_eq!(
        ben.result(&room, several),
        json!({"counts": [1, 0, 1], "voters": 1, "mine": [0, 2]})
    );
    assert_eq!(ann.result(&room, several), json!({"counts": [1, 0, 1], "voters": 1, "mine": []}));
    ben.vote(&room, one, &[0]).is(204);
    ben.vote(&room, several, &[1, 2]).is(204);
    assert_eq!(ben.result(&room, one), json!({"counts": [1, 0, 1], "voters": 2, "mine": [0]}));
    let mut both = [ann.id.clone(), ben.id.clone()];
    both.sort_by_key(|id| id[1..].parse::<u64>().unwrap());
    ann.vote(&room, several, &[1]).is(204);
    assert_eq!(ann.all_voters(&room, several, 1, 1), both);
    assert_eq!(ben.all_voters(&room, several, 0, 50), [""; 0]);
    for _ in 0..2 {
        ben.vote(&room, one, &[]).is(204);
        ben.vote(&room, several, &[]).is(204);
    }
    assert_eq!(ben.result(&room, one), json!({"counts": [0, 0, 1], "voters": 1, "mine": []}));
    assert_eq!(ann.all_voters(&room, several, 2, 50), [""; 0]);
}

mod run {
    use super::*;

    pub fn who_was_away_sees_the_same_result_as_who_was_there(transport: Transport) {
        let site = Site::shared();
        let (mut ann, mut ben, mut cem) =
            (site.person("ann"), site.person("ben"), site.person("cem"));
        let room = ann.room(&[&ben, &cem]);
        let start = ann.now();
        let mut live = Feed::now(&site, transport, &cem);
        let seq = ann.poll(&room, json!({}));
        ann.vote(&room, seq, &[0]).is(204);
        ben.vote(&room, seq, &[1]).is(204);
        ben.vote(&room, seq, &[0]).is(204);
        ann.close(&room, seq).is(204);
        let amendments = room.replacen('c', "a", 1);
        let to_the_end = |feed: &mut Feed| {
            let mut last = Value::Null;
            while last["body"]["closed_at"].is_null() {
                last = feed.event_of(&amendments);
            }
            last
        };
        let told = to_the_end(&mut live);
        assert_eq!((&told["kind"], &told["from"]), (&json!("polled"), &json!(ann.id)));
        let late = to_the_end(&mut Feed::at(&site, transport, &ben, &start));
        assert_eq!(late, told);
        let mut result = cem.result(&room, seq);
        assert_eq!(result["counts"], json!([2, 0, 0]));
        for (field, value) in
            [("counts", "counts"), ("voters", "voters"), ("closed_at", "closed_at")]
        {
            assert_eq!(told["body"][field], result[value], "{field}");
        }
        result["mine"] = json!([0]);
        assert_eq!(ben.result(&room, seq), result);
    }

    pub fn nobody_is_told_who_has_voted_in_an_anonymous_poll(transport: Transport) {
        let site = Site::shared();
        let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
        let room = ann.room(&[&ben]);
        let seq = ann.poll(&room, json!({"anonymous": true}));
        let start = ann.now();
        let mut author = Feed::now(&site, transport, &ann);
        let mut device = Feed::now(&site, transport, &ben);
        ben.vote(&room, seq, &[1]).is(204);
        // The author and keeper of the room gets the counts alone, live and later.
        let amendments = room.replacen('c', "a", 1);
        let told = author.event_of(&amendments);
        let body = json!({"message": seq, "counts": [0, 1, 0], "voters": 1});
        assert_eq!((&told["kind"], &told["body"]), (&json!("polled"), &body));
        assert_eq!(told.get("from"), None);
        let marker = ann.say(&room, "marker");
        let mut later = Feed::at(&site, transport, &ann, &start);
        for feed in [&mut author, &mut later] {
            loop {
                let event = feed.event();
                if event["stream"] == room.as_str() && event["seq"] == marker["seq"] {
                    break;
                }
                // Marks tell what somebody has received, whatever it does.
                if event["kind"] != "receipts" {
                    let ben = format!("\"{}\"", ben.id);
                    assert!(!event.to_string().contains(&ben), "{event}");
                }
            }
        }
        assert_eq!(ann.result(&room, seq), json!({"counts": [0, 1, 0], "voters": 1, "mine": []}));
        for who in [&mut ann, &mut ben] {
            assert_eq!(refused(who.voters(&room, seq, 1, "")), refusal(403, "forbidden"));
        }
        // The other devices of the voter learn that it has voted, and ask for what.
        let told = device.event_of(&ben.id);
        assert_eq!(told["kind"], "voted");
        assert_eq!(told["body"], json!({"conversation": room, "message": seq}));
        assert_eq!(ben.result(&room, seq)["mine"], json!([1]));
    }
}
over_every_transport!(
    who_was_away_sees_the_same_result_as_who_was_there,
    nobody_is_told_who_has_voted_in_an_anonymous_poll,
);

#[test]
fn the_rights_of_the_room_hold_in_polls() {
    let site = free_site();
    let (mut ann, mut ben, mut cem, mut eve) =
        (site.person("ann"), site.person("ben"), site.person("cem"), site.person("eve"));
    let room = ann.room(&[&ben, &cem]);
    let (seq, noted) = (ben.poll(&room, json!({})), ben.poll(&room, json!({})));
    let not_member = refusal(403, "not_member");
    assert_eq!(refused(eve.vote(&room, seq, &[0])), not_member);
    assert_eq!(refused(eve.close(&room, seq)), not_member);
    assert_eq!(refused(eve.voters(&room, seq, 0, "")), not_member);
    let poll = json!({"question": "?", "options": ["a", "b"]});
    assert_eq!(refused(eve.try_poll(&room, &poll)), not_member);
    // Muted members do nothing that others see.
    let muted = format!("/v1/conversations/{room}/members/{}/mute", cem.id);
    ann.client.send("PUT", &muted, &json!({"seconds": 60})).is(204);
    assert_eq!(refused(cem.vote(&room, seq, &[0])), refusal(403, "muted"));
    assert_eq!(refused(cem.try_poll(&room, &poll)), refusal(403, "muted"));
    ann.client.delete(&muted).is(204);
    cem.vote(&room, seq, &[1]).is(204);
    // In an announcement room the others vote in what moderators ask, as they react to it.
    let change = json!({"announcement": true});
    ann.client.send("PATCH", &format!("/v1/conversations/{room}"), &change).is(200);
    assert_eq!(refused(cem.try_poll(&room, &poll)), refusal(403, "read_only"));
    let asked = ann.poll(&room, json!({}));
    cem.vote(&room, asked, &[1]).is(204);
    // Authors close, and those who keep order.
    assert_eq!(refused(cem.close(&room, seq)), refusal(403, "not_yours"));
    assert_eq!(refused(ben.close(&room, asked)), refusal(403, "not_yours"));
    for _ in 0..2 {
        ann.close(&room, noted).is(204);
    }
    ben.close(&room, seq).is(204);
    ann.close(&room, seq).is(204);
    // The trail of the room has the poll of somebody else, once.
    let trail = ann.client.get(&format!("/v1/conversations/{room}/audit")).is(200).json();
    let all = trail["entries"].as_array().unwrap();
    let closed: Vec<_> = all.iter().filter(|entry| entry["act"] == "poll_closed").collect();
    let [entry] = closed[..] else { panic!("{trail}") };
    assert_eq!(
        (&entry["by"], &entry["person"], &entry["message"]),
        (&json!(ann.id), &json!(ben.id), &json!(noted))
    );
    assert_eq!(refused(cem.vote(&room, seq, &[0])), refusal(409, "conflict"));
    assert_eq!(refused(cem.vote(&room, seq, &[])), refusal(409, "conflict"));
    // Who has left votes no more, and keeps its vote.
    let leave = format!("/v1/conversations/{room}/members/{}", cem.id);
    ann.client.delete(&leave).is(204);
    assert_eq!(refused(cem.vote(&room, asked, &[0])), not_member);
    assert_eq!(ann.all_voters(&room, asked, 1, 50), [cem.id.clone()]);
    // In a direct conversation no side votes once one blocks the other.
    let direct = ann.direct(&ben);
    let asked = ann.poll(&direct, json!({}));
    ben.vote(&direct, asked, &[0]).is(204);
    ben.client.ask("PUT", &format!("/v1/blocks/{}", ann.id), &[], None).is(204);
    for who in [&mut ann, &mut ben] {
        assert_eq!(refused(who.vote(&direct, asked, &[1])), refusal(403, "blocked"));
    }
    // One that a person has hidden from itself is not there for it.
    let hide = format!("/v1/conversations/{direct}/messages/{asked}/hide");
    ann.client.ask("PUT", &hide, &[], None).is(204);
    assert_eq!(refused(ann.voters(&direct, asked, 0, "")), refusal(404, "not_found"));
}

#[test]
fn guests_vote_in_the_rooms_that_they_are_in() {
    let site = free_site();
    let (mut ann, mut guest, room) = crate::keeping::guest_in_a_room(&site);
    let elsewhere = ann.room(&[]);
    let (seq, other) = (ann.poll(&room, json!({})), ann.poll(&elsewhere, json!({})));
    guest.vote(&room, seq, &[2]).is(204);
    assert_eq!(refused(guest.vote(&elsewhere, other, &[2])), refusal(403, "not_member"));
    assert_eq!(ann.all_voters(&room, seq, 2, 50), [guest.id.clone()]);
}

#[test]
fn a_thread_has_polls_for_all_who_may_read_it() {
    let site = free_site();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let message = seq_of(&ann.say(&room, "Let us decide"));
    let path = format!("/v1/conversations/{room}/messages/{message}/thread");
    let answered = ann.client.post(&path, &json!({"text": "here"})).is(201).json();
    let thread = answered["thread"].as_str().unwrap().to_owned();
    let seq = ann.poll(&thread, json!({}));
    ben.vote(&thread, seq, &[1]).is(204);
    assert_eq!(ann.result(&thread, seq)["counts"], json!([0, 1, 0]));
}

#[test]
fn a_poll_ends_at_its_time_without_anybody_acting() {
    let site = free_site();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let ends_at = now_ms() + 1_500;
    let seq = ann.poll(&room, json!({"ends_at": ends_at}));
    ben.vote(&room, seq, &[0]).is(204);
    let mut taken = 0;
    eventually("the poll ends", || {
        let answer = ben.vote(&room, seq, &[1 + taken % 2]);
        match answer.status {
            204 => taken += 1,
            _ => assert_eq!(refused(answer), refusal(409, "conflict")),
        }
        (now_ms() > ends_at).then_some(())
    });
    let result = ann.result(&room, seq);
    assert_eq!(refused(ben.vote(&room, seq, &[0])), refusal(409, "conflict"));
    // Closing it changes nothing, nor does a vote whose answer was lost.
    ann.close(&room, seq).is(204);
    assert_eq!(ann.result(&room, seq), result);
    assert_eq!((&result["voters"], result.get("closed_at")), (&json!(1), None));
    let mine = ben.result(&room, seq)["mine"][0].as_u64().unwrap();
    ben.vote(&room, seq, &[mine]).is(204);
}

#[test]
fn nothing_is_left_of_a_poll_that_was_recalled() {
    let site = Site::shared();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let start = ann.now();
    let poll = json!({"question": "lighthouse?", "options": ["lighthouse one", "lighthouse two"]});
    let seq = seq_of(&ann.try_poll(&room, &poll).is(201).json());
    for option in [0, 1, 0] {
        ben.vote(&room, seq, &[option]).is(204);
    }
    ann.vote(&room, seq, &[1]).is(204);
    ann.close(&room, seq).is(204);
    let path = format!("/v1/conversations/{room}/messages/{seq}");
    ann.client.delete(&path).is(204);
    let erased = refusal(410, "erased");
    assert_eq!(refused(ben.vote(&room, seq, &[1])), erased);
    assert_eq!(refused(ann.close(&room, seq)), erased);
    assert_eq!(refused(ann.voters(&room, seq, 0, "")), erased);
    let all = [path, format!("/v1/conversations/{room}/events"), "/v1/snapshot".to_owned()]
        .map(|path| ben.client.get(&path).text().to_owned())
        .concat();
    assert!(!all.contains("lighthouse") && !all.contains("\"poll\""), "{all}");
    let mut late = Feed::at(&site, Transport::Sse, &ben, &start);
    loop {
        let event = late.event();
        let text = event.to_string();
        assert!(!text.contains("lighthouse") && !text.contains("counts"), "{text}");
        if event["kind"] == "recalled" {
            break;
        }
    }
}
