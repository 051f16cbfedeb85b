//! Two people by their numbers.

use serde_json::{Value, json};

use super::{Page, TEXTS, TRUST, again, escaped, trusting, wait_for};

fn send(page: &Page, from: &str, to: &str, text: &str) -> u64 {
    let pairs = [("message", text), ("reciver_uid", to), ("sender_uid", from)];
    let sent = page.post("/webim/SendMessage.php", &pairs).is(200).json();
    assert_eq!(sent["status"], 1, "{sent}");
    sent["info"].as_u64().filter(|id| *id > 0).expect("a number")
}

fn poll<'a>(to: &'a str, from: &'a str) -> [(&'a str, &'a str); 4] {
    [("request_type", "get_message"), ("reciver_uid", to), ("sender_uid", from), ("send_data", "")]
}

fn get(page: &Page, to: &str, from: &str) -> Value {
    page.post("/webim/GetMessage.php", &poll(to, from)).is(200).json()
}

fn confirming(page: &Page, to: &str, from: &str, ids: &[u64]) -> super::Asked {
    let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
    let mut pairs =
        vec![("request_type", "comfrim_read"), ("reciver_uid", to), ("sender_uid", from)];
    pairs.extend(ids.iter().map(|id| ("send_data[]", id.as_str())));
    page.asks("/webim/GetMessage.php", &pairs)
}

fn texts(answer: &Value) -> Vec<&str> {
    assert_eq!((&answer["status"], &answer["response_type"]), (&json!(1), &json!("is_read")));
    answer["info"].as_array().unwrap().iter().map(|m| m["content"].as_str().unwrap()).collect()
}

fn ids(answer: &Value) -> Vec<u64> {
    let id = |m: &Value| m["id"].as_str().unwrap().parse().unwrap();
    answer["info"].as_array().unwrap().iter().map(id).collect()
}

#[test]
fn a_message_has_the_fields_that_the_page_reads() {
    let server = trusting();
    let page = Page::of(&server);
    let id = send(&page, "4294967295", "0", "hello");
    let answer = page.post("/webim/GetMessage.php", &poll("0", "4294967295")).is(200);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let message = answer.json()["info"][0].clone();
    let seconds: i64 = message["create_time"].as_str().unwrap().parse().unwrap();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64;
    assert!((now - 60..=now).contains(&seconds), "{seconds}");
    let told = message["send_time"].as_str().unwrap();
    let shape: String = told.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00 00:00:00");
    assert_eq!(
        message,
        json!({
            "id": id.to_string(), "reciver_uid": "0", "sender_uid": "4294967295", "content": "hello",
            "create_time": seconds.to_string(), "status": "1", "send_time": told,
        })
    );
}

#[test]
fn every_text_comes_back_whole_and_in_order() {
    let server = trusting();
    let page = Page::of(&server);
    for text in TEXTS {
        send(&page, "1", "2", text);
    }
    assert_eq!(texts(&get(&page, "2", "1")), TEXTS.map(escaped));
    let long = "彗".repeat(1_000);
    send(&page, "1", "3", &long);
    assert_eq!(texts(&get(&page, "3", "1")), [long]);
}

#[test]
fn a_message_right_after_a_confirmed_one_comes_at_once() {
    let server = trusting();
    let page = Page::of(&server);
    let waits = page.asks("/webim/GetMessage.php", &poll("2", "1"));
    wait_for(&server, 1);
    let first = send(&page, "1", "2", "first");
    assert_eq!(texts(&waits.json()), ["first"]);
    for n in 0..20 {
        let last = ids(&get(&page, "2", "1"));
        let waits = confirming(&page, "2", "1", &last);
        wait_for(&server, 1);
        send(&page, "1", "2", &n.to_string());
        assert_eq!(texts(&waits.json()), [n.to_string()]);
    }
    assert!(first > 0);
}

#[test]
fn two_windows_take_nothing_from_each_other() {
    let server = trusting();
    let page = Page::of(&server);
    let [a, b] = [0, 1].map(|_| page.asks("/webim/GetMessage.php", &poll("2", "1")));
    wait_for(&server, 2);
    let id = send(&page, "1", "2", "to both");
    assert_eq!((texts(&a.json()), texts(&b.json())), (vec!["to both"], vec!["to both"]));
    // One confirms; the other's poll waits and still gets what comes.
    let other = page.asks("/webim/GetMessage.php", &poll("2", "1"));
    assert_eq!(ids(&other.json()), [id], "it was not confirmed");
    let a = confirming(&page, "2", "1", &[id]);
    wait_for(&server, 1);
    let b = page.asks("/webim/GetMessage.php", &poll("2", "1"));
    wait_for(&server, 2);
    send(&page, "1", "2", "again");
    assert_eq!((texts(&a.json()), texts(&b.json())), (vec!["again"], vec!["again"]));
}

#[test]
fn only_messages_of_the_two_are_confirmed_in_any_order_and_for_good() {
    let server = trusting();
    let page = Page::of(&server);
    let sent: Vec<u64> = ["a", "b", "c", "d"].map(|text| send(&page, "1", "2", text)).into();
    let foreign = send(&page, "3", "4", "not yours");
    let own = send(&page, "2", "1", "my own");
    // Others can't confirm these messages, and the sender can't either. A page that confirms others' messages confirms
    // nothing.
    for (me, with) in [("4", "3"), ("2", "3"), ("1", "2"), ("9", "1")] {
        let mut waits = confirming(&page, me, with, &sent);
        let kept = waits.0.stream().try_clone().unwrap();
        if me == "1" || me == "4" {
            waits.0.answer().unwrap().is(200);
        }
        drop((waits, kept));
    }
    assert_eq!(texts(&get(&page, "2", "1")), ["a", "b", "c", "d"]);
    let answer = confirming(&page, "2", "1", &[sent[2], foreign, own, 999_999_999]).json();
    assert_eq!(texts(&answer), ["a", "b", "d"]);
    assert_eq!(texts(&get(&page, "4", "3")), ["not yours"]);
    assert_eq!(texts(&get(&page, "1", "2")), ["my own"]);
    assert_eq!(texts(&confirming(&page, "2", "1", &[sent[0], sent[0]]).json()), ["b", "d"]);
    let server = again(server, &TRUST);
    let page = Page::of(&server);
    assert_eq!(texts(&get(&page, "2", "1")), ["b", "d"]);
    let waits = confirming(&page, "2", "1", &[sent[3], sent[1]]);
    wait_for(&server, 1);
    send(&page, "1", "2", "e");
    assert_eq!(texts(&waits.json()), ["e"]);
}

#[test]
fn many_confirmations_are_folded_and_nothing_comes_back() {
    let server = trusting();
    let page = Page::of(&server);
    for n in 0..150 {
        send(&page, "1", "2", &n.to_string());
    }
    let all = ids(&get(&page, "2", "1"));
    assert_eq!(all.len(), 150);
    let (even, odd): (Vec<_>, Vec<_>) = all.iter().enumerate().partition(|(n, _)| n % 2 == 0);
    let only = |half: Vec<(usize, &u64)>| half.into_iter().map(|(_, id)| *id).collect::<Vec<u64>>();
    let (even, odd) = (only(even), only(odd));
    assert_eq!(ids(&confirming(&page, "2", "1", &even).json()), odd);
    let waits = confirming(&page, "2", "1", &odd);
    wait_for(&server, 1);
    let next = send(&page, "1", "2", "next");
    assert_eq!(ids(&waits.json()), [next]);
    assert_eq!(ids(&get(&page, "2", "1")), [next]);
}

#[test]
fn a_conversation_that_begins_while_somebody_waits_is_heard() {
    let server = trusting();
    let page = Page::of(&server);
    let waits = page.asks("/webim/GetMessage.php", &poll("20", "10"));
    wait_for(&server, 1);
    // The poll does not get messages of others.
    send(&page, "30", "20", "from another");
    send(&page, "10", "30", "to another");
    send(&page, "10", "20", "the first word");
    assert_eq!(texts(&waits.json()), ["the first word"]);
    assert_eq!(texts(&get(&page, "20", "30")), ["from another"]);
}

#[test]
fn broken_polls_hold_nothing() {
    let server = trusting();
    let page = Page::of(&server);
    send(&page, "1", "2", "make them known");
    let id = ids(&get(&page, "2", "1"));
    for _ in 0..40 {
        confirming(&page, "2", "1", &id).leave();
    }
    let waits = confirming(&page, "2", "1", &id);
    wait_for(&server, 1);
    send(&page, "1", "2", "heard");
    assert_eq!(texts(&waits.json()), ["heard"]);
}

#[test]
fn five_hundred_messages_and_a_reader_that_breaks_off_lose_nothing() {
    let server = trusting();
    let page = Page::of(&server);
    let writer = {
        let page = page.clone();
        std::thread::spawn(move || {
            for n in 0..500 {
                send(&page, "1", "2", &n.to_string());
            }
        })
    };
    let (mut got, mut turn): (Vec<String>, Vec<u64>) = (Vec::new(), Vec::new());
    for round in 0.. {
        if got.len() == 500 {
            break;
        }
        let asked = match turn.is_empty() {
            true => page.asks("/webim/GetMessage.php", &poll("2", "1")),
            false => confirming(&page, "2", "1", &turn),
        };
        if round % 3 == 2 {
            asked.leave();
            continue;
        }
        let answer = asked.json();
        turn = ids(&answer);
        for text in texts(&answer) {
            if !got.iter().any(|t| t == text) {
                got.push(text.to_owned());
            }
        }
    }
    writer.join().unwrap();
    assert_eq!(got, (0..500).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[test]
fn a_person_that_can_not_be_written_to_does_not_break_the_page() {
    let server = trusting();
    let pairs = [("message", "to myself"), ("reciver_uid", "1"), ("sender_uid", "1")];
    let answer = Page::of(&server).post("/webim/SendMessage.php", &pairs).is(200);
    assert_eq!(answer.text(), r#"{"status":0,"info":""}"#);
}
