//! Customer service: each message once.

use std::time::Instant;

use serde_json::{Value, json};

use super::{Asked, Page, TEXTS, TRUST, again, escaped, trusting, wait_for};
use crate::harness::{Server, WAIT};

fn page(server: &Server, name: &str) -> Page {
    Page::with(server, &format!("theme=1; username={name}"))
}

fn say(from: &Page, to: &str, text: &str) {
    let answer = from.post("/kefu/16-kefu-sendmsg.php", &[("rec", to), ("content", text)]).is(200);
    assert_eq!(answer.text(), "ok");
}

fn ajax(page: &Page) -> Asked {
    page.gets("/kefu/16-kefu-ajax.php")
}

/// The frame of the agent, its head read.
pub struct Frame(pub Asked);

impl Frame {
    pub fn open(page: &Page) -> Frame {
        let mut asked = page.gets("/kefu/16-kefu-iframe.php");
        let head = asked.0.head().expect("a head");
        assert!(head.starts_with("HTTP/1.1 200") && !head.contains("Content-Length"), "{head}");
        assert!(head.contains("Content-Type: text/html; charset=utf-8"), "{head}");
        assert!(!head.contains("X-Frame-Options"), "{head}");
        Frame(asked)
    }

    /// The next question, as the script that the parent gets.
    pub fn question(&mut self) -> Value {
        loop {
            let line = self.0.0.line(Instant::now() + WAIT).expect("the frame goes on");
            let line = String::from_utf8(line).unwrap();
            if let Some(rest) = line.strip_prefix("<script>parent.window.comet(") {
                let object = rest.strip_suffix(");</script>").expect("the whole script");
                assert!(!object.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{object}");
                return serde_json::from_str(object).unwrap();
            }
        }
    }
}

#[test]
fn a_message_is_a_row_of_texts() {
    let server = trusting();
    let (agent, user) = (page(&server, "admin"), page(&server, "user5"));
    say(&user, "admin", "a question");
    let row = ajax(&agent).json();
    let mid = row["mid"].as_str().unwrap().to_owned();
    assert!(mid.parse::<u64>().is_ok());
    let expected =
        json!({"mid": mid, "pos": "user5", "rec": "admin", "content": "a question", "isread": "0"});
    assert_eq!(row, expected);
    say(&agent, "user5", "an answer");
    let row = ajax(&user).json();
    assert_eq!((&row["pos"], &row["content"]), (&json!("admin"), &json!("an answer")));
}

#[test]
fn every_text_comes_once_in_order_and_as_fast_as_it_is_asked_for() {
    let server = trusting();
    let (agent, user) = (page(&server, "admin"), page(&server, "user5"));
    for text in TEXTS {
        say(&user, "admin", text);
    }
    for text in TEXTS {
        assert_eq!(ajax(&agent).json()["content"], escaped(text));
    }
    let waits = ajax(&agent);
    wait_for(&server, 1);
    say(&user, "admin", "the next one");
    assert_eq!(waits.json()["content"], "the next one");
}

#[test]
fn the_agents_raw_form_is_taken_as_it_is() {
    let server = trusting();
    let (agent, user) = (page(&server, "admin"), page(&server, "user5"));
    let raw = "rec=user5&content=line\nbreak \"quoted\" <b>100% 你好=x";
    let answer = agent.asks_raw("/kefu/16-kefu-sendmsg.php", raw.as_bytes()).answer().is(200);
    assert_eq!(answer.text(), "ok");
    assert_eq!(ajax(&user).json()["content"], escaped("line\nbreak \"quoted\" <b>100% 你好=x"));
}

#[test]
fn a_row_waits_behind_spaces() {
    let server = trusting();
    let (agent, user) = (page(&server, "admin"), page(&server, "user5"));
    let mut waits = ajax(&user);
    let head = waits.0.head().expect("a head at once");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(waits.0.take(1).unwrap(), b" ");
    say(&agent, "user5", "at last");
    let body = String::from_utf8(waits.0.rest()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["content"], "at last");
}

#[test]
fn the_frame_gives_all_questions_oldest_first_and_each_once() {
    let server = trusting();
    let (agent, a, b) = (page(&server, "admin"), page(&server, "user1"), page(&server, "user2"));
    say(&a, "admin", "from a");
    say(&b, "admin", "from b");
    let mut frame = Frame::open(&agent);
    assert_eq!(frame.question()["content"], "from a");
    assert_eq!(frame.question()["pos"], "user2");
    for text in TEXTS {
        say(&a, "admin", text);
        assert_eq!(frame.question()["content"], escaped(text));
    }
    // Another frame gets only the rest.
    let mut other = Frame::open(&agent);
    frame.0.leave();
    wait_for(&server, 1);
    say(&b, "admin", "next");
    assert_eq!(other.question()["content"], "next");
}

#[test]
fn closed_and_reloaded_pages_swallow_nothing() {
    let server = trusting();
    let (agent, user) = (page(&server, "admin"), page(&server, "user5"));
    say(&agent, "user5", "make it known");
    ajax(&user).json();
    for n in 0..40 {
        let gone = ajax(&user);
        if n % 2 == 0 {
            wait_for(&server, 1);
        }
        gone.leave();
    }
    let frame = Frame::open(&agent);
    frame.0.leave();
    say(&agent, "user5", "you get this");
    say(&user, "admin", "and so do you");
    assert_eq!(ajax(&user).json()["content"], "you get this");
    assert_eq!(Frame::open(&agent).question()["content"], "and so do you");
}

#[test]
fn a_message_goes_to_one_window_and_to_the_next_if_that_one_closes() {
    let server = trusting();
    let (agent, user) = (page(&server, "admin"), page(&server, "user5"));
    for n in 0..30 {
        let windows = [ajax(&user), ajax(&user), ajax(&user)];
        wait_for(&server, 3);
        let [first, second, third] = windows;
        // Some windows leave at that very moment. One that stays gets the message.
        let text = n.to_string();
        std::thread::scope(|scope| {
            scope.spawn(|| drop((first, second)));
            scope.spawn(|| say(&agent, "user5", &text));
        });
        // A window that left may have taken the message already. No message comes twice, and the next one comes in any
        // case.
        for more in ["more", "end"] {
            say(&agent, "user5", more);
        }
        let mut got = vec![third.json()["content"].as_str().unwrap().to_owned()];
        while got.last().unwrap() != "end" {
            got.push(ajax(&user).json()["content"].as_str().unwrap().to_owned());
        }
        let times = |text: &str| got.iter().filter(|g| *g == text).count();
        assert!(times(&text) <= 1 && times("more") == 1 && got.len() <= 3, "{got:?}");
        wait_for(&server, 0);
    }
}

#[test]
fn five_hundred_with_a_reader_that_breaks_off_lose_nothing_and_come_in_order() {
    let server = trusting();
    let (agent, user) = (page(&server, "admin"), page(&server, "user5"));
    let writer = {
        let user = user.clone();
        std::thread::spawn(move || {
            for n in 0..500 {
                say(&user, "admin", &n.to_string());
            }
        })
    };
    let mut got = Vec::new();
    for round in 0.. {
        if got.last() == Some(&499) {
            break;
        }
        let asked = ajax(&agent);
        if round % 5 == 4 {
            // Before anything was written to it, or after. Only this stream gets the messages that it took, so they are
            // read.
            let stream = asked.0.stream();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let rest = {
                let mut wire = asked.0;
                String::from_utf8(wire.rest()).unwrap()
            };
            let body = rest.split("\r\n\r\n").nth(1).unwrap_or_default();
            if let Ok(row) = serde_json::from_str::<Value>(body) {
                got.push(row["content"].as_str().unwrap().parse::<u32>().unwrap());
            }
            continue;
        }
        got.push(asked.json()["content"].as_str().unwrap().parse::<u32>().unwrap());
    }
    writer.join().unwrap();
    assert_eq!(got, (0..500).collect::<Vec<u32>>());
}

#[test]
fn undelivered_messages_come_after_a_restart_and_delivered_ones_do_not() {
    let server = trusting();
    let (agent, user) = (page(&server, "admin"), page(&server, "user5"));
    for text in ["one", "two", "three"] {
        say(&user, "admin", text);
    }
    assert_eq!(ajax(&agent).json()["content"], "one");
    // Acknowledged after it, so what was delivered before is stored too.
    say(&agent, "user5", "got it");
    let server = again(server, &TRUST);
    let agent = page(&server, "admin");
    assert_eq!(ajax(&agent).json()["content"], "two");
    let mut frame = Frame::open(&agent);
    assert_eq!(frame.question()["content"], "three");
}

#[test]
fn names_are_checked_and_the_frame_is_the_agents() {
    let server = trusting();
    let nobody = Page::of(&server);
    nobody.get("/kefu/16-kefu-ajax.php").is(401);
    nobody.get("/kefu/16-kefu-iframe.php").is(401);
    nobody.post("/kefu/16-kefu-sendmsg.php", &[("rec", "admin"), ("content", "x")]).is(401);
    page(&server, "user5").get("/kefu/16-kefu-iframe.php").is(403);
    let long = "u".repeat(65);
    for bad in ["", "<script>", "a b", "用户", "a/b", "'--", "%61", &long] {
        for path in ["/kefu/16-kefu-ajax.php", "/kefu/16-kefu-iframe.php"] {
            let status = page(&server, bad).get(path).status;
            assert_eq!(status, 400, "{bad} {path}");
        }
    }
    page(&server, "a; username=b").get("/kefu/16-kefu-ajax.php").is(400);
    let user = page(&server, "user5");
    for bad in ["", "a b", "<x>", "用户", &long] {
        let pairs = [("rec", bad), ("content", "x")];
        user.post("/kefu/16-kefu-sendmsg.php", &pairs).is(400);
    }
    user.post("/kefu/16-kefu-sendmsg.php", &[("rec", "admin"), ("content", "")]).is(400);
    user.post("/kefu/16-kefu-sendmsg.php", &[("rec", "admin")]).is(400);
}
