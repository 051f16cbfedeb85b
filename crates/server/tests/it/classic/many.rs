//! Many at once, from one address.

use std::io::Read;
use std::time::Duration;

use serde_json::json;

use super::{Asked, Page, trusting, wait_for};
use crate::harness::{WAIT, Wire, line_of};

#[test]
fn two_hundred_wait_at_once_and_each_hears_its_own() {
    let server = trusting();
    let page = Page::of(&server);
    let poll = |to: &str| {
        let pairs = [("request_type", "get_message"), ("reciver_uid", to)];
        page.asks(
            "/webim/GetMessage.php",
            &[&pairs[..], &[("sender_uid", "1"), ("send_data", "")]].concat(),
        )
    };
    let waits: Vec<Asked> = (100..300).map(|n| poll(&n.to_string())).collect();
    wait_for(&server, 200);
    for n in 100..300 {
        let to = n.to_string();
        let pairs = [("message", &*to), ("reciver_uid", &to), ("sender_uid", "1")];
        page.post("/webim/SendMessage.php", &pairs).is(200);
    }
    for (n, asked) in waits.into_iter().enumerate() {
        assert_eq!(asked.json()["info"][0]["content"], (n + 100).to_string());
    }
}

#[test]
fn two_hundred_windows_of_one_session_wait_and_none_blocks_another() {
    let server = trusting();
    let mei = super::room::enter(&server, "mei");
    let waits: Vec<Asked> = (0..200).map(|_| super::room::list(&mei, 0)).collect();
    wait_for(&server, 200);
    super::room::add(&mei, "one for all");
    for asked in waits {
        assert_eq!(super::room::said(asked)[0].2, "one for all");
    }
    let frames: Vec<Asked> = (0..50)
        .map(|_| Page::with(&server, "username=admin").gets("/kefu/16-kefu-iframe.php"))
        .collect();
    wait_for(&server, 50);
    frames.into_iter().for_each(Asked::leave);
    wait_for(&server, 0);
}

#[test]
fn a_kept_alive_connection_serves_one_poll_after_the_other() {
    let server = trusting();
    let page = Page::of(&server);
    let mut wire = Wire::connect(server.address);
    let mut held = 0;
    for n in 0..5 {
        let path = format!("/classic/live/backend.php?timestamp={held}");
        wire.send(line_of("GET", &path, server.address, &[], None));
        wait_for(&server, 1);
        page.get(&format!("/live/backend.php?msg={n}")).is(200);
        let answer = wire.answer().expect("the connection is kept").is(200).json();
        assert_eq!(answer["msg"], n.to_string());
        held = answer["timestamp"].as_u64().unwrap();
    }
}

#[test]
fn a_poll_without_a_message_is_answered_as_its_page_expects() {
    let server = trusting();
    let page = Page::of(&server);
    let mei = super::room::enter(&server, "mei");
    let poll = [("request_type", "get_message"), ("reciver_uid", "2"), ("sender_uid", "1")];
    let expected = [
        (
            page.asks("/webim/GetMessage.php", &poll),
            r#"{"status":1,"response_type":"is_connecting","info":""}"#,
        ),
        (page.gets("/novcomet/comet.php?subscribed[a]=0"), r#"{"s":0}"#),
        (
            page.gets("/live/backend.php?timestamp=1234567890123456"),
            r#"{"msg":"","timestamp":1234567890123456}"#,
        ),
        (
            super::room::list(&mei, 999),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<messagelist></messagelist>",
        ),
    ];
    wait_for(&server, expected.len());
    for (asked, body) in expected {
        // The longest of them waits for longer than everything else in these tests.
        let (mut stream, ahead) = asked.0.into_parts();
        stream.set_read_timeout(Some(WAIT * 2)).unwrap();
        let mut text = ahead;
        let mut chunk = [0; 4096];
        while !text.ends_with(body.as_bytes()) {
            let n = stream.read(&mut chunk).expect("an answer in time");
            assert!(n > 0, "{}", String::from_utf8_lossy(&text));
            text.extend_from_slice(&chunk[..n]);
        }
        assert!(text.starts_with(b"HTTP/1.1 200 OK\r\n"));
        // The connection serves the next one.
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    }
    wait_for(&server, 0);
    page.get("/live/backend.php?msg=on").is(200);
    assert_eq!(page.gets("/live/backend.php").json()["msg"], json!("on"));
}
