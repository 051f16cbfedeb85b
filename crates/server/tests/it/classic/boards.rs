//! The two boards: texts that everybody sees.

use serde_json::{Value, json};

use super::{Asked, Page, TEXTS, TRUST, again, escaped, form, trusting, wait_for};
use crate::harness::{Wire, encode};

fn put(page: &Page, text: &str) {
    let answer = page.get(&format!("/live/backend.php?msg={}", encode(text))).is(200);
    assert_eq!(answer.body, b"");
}

fn live(page: &Page, held: u64) -> Asked {
    page.gets(&format!("/live/backend.php?timestamp={held}"))
}

fn ext(page: &Page, held: u64) -> Asked {
    page.asks("/extchat/comet.php", &[("timestamp", &held.to_string())])
}

fn number(answer: &Value) -> u64 {
    answer["timestamp"].as_u64().filter(|n| *n > 0 && *n < 1 << 53).expect("a number")
}

#[test]
fn every_text_comes_back_whole() {
    let server = trusting();
    let page = Page::of(&server);
    let mut on_live = 0;
    for text in TEXTS {
        put(&page, text);
        let answer = live(&page, on_live).json();
        assert_eq!(answer["msg"], escaped(text));
        assert!(number(&answer) > on_live);
        on_live = number(&answer);
    }
}

#[test]
fn an_editors_html_comes_back_as_the_editor_made_it() {
    let server = trusting();
    let page = Page::of(&server);
    let mut held = 0;
    for html in [
        "<b>bold</b>, <i>italic</i>, <u>你好 \u{1F600}</u><br>",
        "<font color=\"#ff0000\" size=\"5\">red</font>",
        "<span style=\"background-color: rgb(255, 255, 0)\">marked</span>",
        "<ul><li>1 &lt; 2 &amp; \"3\"</li></ul>",
        "no markup at all",
    ] {
        let sent = page.post("/extchat/comet.php", &[("msg", html)]).is(200);
        assert_eq!(sent.body, b"");
        let answer = ext(&page, held).json();
        assert_eq!(answer["msg"], html);
        held = number(&answer);
    }
}

#[test]
fn texts_beyond_one_answer_come_with_the_next() {
    let server = trusting();
    let page = Page::of(&server);
    // Quotes are six times as long when they are escaped.
    let texts: Vec<String> = (0..30).map(|n| format!("{n}{}", "\"".repeat(20_000))).collect();
    for text in &texts {
        page.post("/live/SendMsg", &[("msg", text)]).is(200);
    }
    let (mut held, mut shown, mut answers) = (1, Vec::new(), 0);
    while shown.len() < texts.len() {
        let answer = live(&page, held).json();
        let msg = answer["msg"].as_str().unwrap();
        assert!(msg.len() <= 1024 * 1024, "{}", msg.len());
        shown.extend(msg.split("<br>").map(str::to_owned));
        held = number(&answer);
        answers += 1;
    }
    assert_eq!(shown, texts.iter().map(|text| escaped(text)).collect::<Vec<_>>());
    assert!(answers > 3);
}

#[test]
fn a_text_between_two_polls_comes_with_the_next() {
    let server = trusting();
    let page = Page::of(&server);
    put(&page, "first");
    let first = number(&live(&page, 0).json());
    for n in 0..500 {
        put(&page, &n.to_string());
    }
    let all: Vec<String> = (0..500).map(|n| n.to_string()).collect();
    let answer = live(&page, first).json();
    assert_eq!(answer["msg"], all.join("<br>"));
    // With 0 a page gets the newest message alone, and with 1 all messages ever.
    assert_eq!(live(&page, 0).json()["msg"], "499");
    let ever = live(&page, 1).json();
    assert_eq!(ever["msg"], format!("first<br>{}", all.join("<br>")));
    assert_eq!(number(&ever), number(&answer));
    // Boards are two.
    page.post("/extchat/comet.php", &[("msg", "elsewhere")]).is(200);
    assert_eq!(ext(&page, 0).json()["msg"], "elsewhere");
    assert_eq!(live(&page, 0).json()["msg"], "499");
}

#[test]
fn an_answer_is_no_json_by_its_type_and_no_markup_by_its_bytes() {
    let server = trusting();
    let page = Page::of(&server);
    put(&page, "<script>alert(1)</script>");
    let answer = page.get("/live/backend.php").is(200);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(!answer.text().contains('<'));
}

#[test]
fn every_waiting_page_hears_everything() {
    let server = trusting();
    let page = Page::of(&server);
    let waits: Vec<Asked> = (0..10).map(|_| live(&page, 0)).collect();
    let others: Vec<Asked> = (0..10).map(|_| ext(&page, 0)).collect();
    wait_for(&server, 20);
    put(&page, "to all");
    page.post("/extchat/comet.php", &[("msg", "to all")]).is(200);
    for asked in waits.into_iter().chain(others) {
        assert_eq!(asked.json()["msg"], "to all");
    }
}

#[test]
fn a_post_answers_with_its_result() {
    let server = trusting();
    let page = Page::of(&server);
    let answer = page.post("/live/SendMsg", &[("msg", "posted & done")]).is(200).json();
    assert_eq!(answer, json!({"data": {"msg": "posted &amp; done"}, "info": "OK", "status": 100}));
    let answer = page.post("/live/SendMsg", &[("msg", "")]).is(200).json();
    assert_eq!(answer, json!({"data": {"msg": ""}, "info": "on", "status": 0}));
    assert_eq!(live(&page, 0).json()["msg"], "posted &amp; done");
    page.post("/live/SendMsg", &[]).is(400);
}

#[test]
fn texts_in_urls_may_be_long_and_longer_ones_are_refused_readably() {
    let server = trusting();
    let page = Page::of(&server);
    for text in ["彗".repeat(1_000), "\u{1F600}".repeat(1_000), "x".repeat(65_536 - 60)] {
        put(&page, &text);
        assert_eq!(live(&page, 0).json()["msg"], text);
    }
    for length in [90_000, 200_000, 1_000_000] {
        let mut wire = Wire::connect(page.address);
        let line = format!("GET /classic/live/backend.php?msg={} HTTP/1.1\r\n", "x".repeat(length));
        wire.try_send(format!("{line}Host: localhost\r\n\r\n"));
        let status = wire.answer().expect("no reset").status;
        assert!((400..500).contains(&status), "{status}");
    }
    page.get("/live/backend.php?timestamp=0").is(200);
}

#[test]
fn numbers_grow_over_a_restart() {
    let server = trusting();
    let page = Page::of(&server);
    put(&page, "before");
    let before = number(&live(&page, 0).json());
    let server = again(server, &TRUST);
    let page = Page::of(&server);
    put(&page, "after");
    let answer = live(&page, before).json();
    assert_eq!(answer["msg"], "after");
    assert!(number(&answer) > before);
}

#[test]
fn every_refused_poll_of_the_editors_page_can_be_read_and_goes_on() {
    let server = trusting();
    let page = Page::of(&server);
    page.post("/extchat/comet.php", &[("msg", "there")]).is(200);
    let now = number(&ext(&page, 0).json());
    let raw = |body: &str| page.asks_raw("/extchat/comet.php", body.as_bytes()).answer();
    let long = form(&[("msg", &"x".repeat(200_000))]);
    let bad = ["timestamp=x", "timestamp=-1", "timestamp=1&timestamp=2", "timestamp=%ff", &long];
    for answer in bad.map(raw).into_iter().chain([page.get("/extchat/comet.php")]) {
        assert!((400..500).contains(&answer.status), "{}", answer.head);
        let json = answer.json();
        assert_eq!(json["msg"], "");
        assert!(number(&json) >= now);
        // The page goes on from there.
        let waits = ext(&page, number(&json));
        wait_for(&server, 1);
        waits.leave();
        wait_for(&server, 0);
    }
}

#[test]
fn a_waiting_editors_page_has_its_head_and_then_spaces() {
    let server = trusting();
    let page = Page::of(&server);
    let mut waits = ext(&page, 0);
    let head = waits.0.head().expect("a head at once");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    // A heartbeat comes before any proxy gives up.
    assert_eq!(waits.0.take(1).unwrap(), b" ");
    page.post("/extchat/comet.php", &[("msg", "at last")]).is(200);
    let body = String::from_utf8(waits.0.rest()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["msg"], "at last");
}
