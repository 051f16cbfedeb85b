//! Input that is wrong: a 4xx, and the server goes on as if nothing had been.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use super::{FORM, Page, form, trusting};
use crate::bystander::Bystander;
use crate::harness::{Site, Wire, line_of};

const POSTS: [&str; 7] = [
    "/webim/SendMessage.php",
    "/webim/GetMessage.php",
    "/live/SendMsg",
    "/kefu/16-kefu-sendmsg.php",
    "/room/chat.php",
    "/room/add.php",
    "/extchat/comet.php",
];
const GETS: [&str; 4] = [
    "/novcomet/comet.php",
    "/live/backend.php",
    "/kefu/16-kefu-ajax.php",
    "/kefu/16-kefu-iframe.php",
];

fn page(site: &Site) -> Page {
    Page::with(&site.server, "username=admin")
}

fn refused(status: u16) -> bool {
    (400..500).contains(&status)
}

#[test]
fn a_wrong_form_is_refused_everywhere() {
    let site = Site::on(trusting());
    let mut bystander = Bystander::new(&site);
    let page = page(&site);
    let ask = |kind: &str, path: &str, body: &[u8]| {
        let mut headers = vec![("Cookie", page.cookies[0].clone())];
        if !kind.is_empty() {
            headers.push(("Content-Type", kind.to_owned()));
        }
        let mut wire = Wire::connect(page.address);
        let path = format!("/classic{path}");
        wire.try_send(line_of("POST", &path, page.address, &headers, Some(body)));
        wire.answer().expect("an answer, no reset").status
    };
    for path in POSTS {
        for kind in ["", "application/json", "text/plain", "multipart/form-data; boundary=x"] {
            assert!(refused(ask(kind, path, b"message=x&msg=x&username=x")), "{path} {kind}");
        }
        for body in [&b"message=%ff&msg=%ff&username=%ff&rec=a&content=%ff"[..], b"\xff\xfe"] {
            assert!(refused(ask(FORM, path, body)), "{path}");
        }
        for size in [70_000, 1_000_000] {
            let text = "x".repeat(size);
            let names = ["message", "msg", "content", "username", "send_data[]"];
            let pairs: Vec<(&str, &str)> = names.iter().map(|name| (*name, &*text)).collect();
            assert!(refused(ask(FORM, path, form(&pairs).as_bytes())), "{path} {size}");
        }
        // A type may be written in any way. Here only the rest is wrong.
        let kind = "APPLICATION/x-www-form-urlencoded;charset=utf-8";
        assert!(refused(ask(kind, path, b"msg=a&msg=b&message=&username=a&username=b")), "{path}");
    }
    bystander.is_undisturbed();
}

#[test]
fn a_wrong_method_is_405_everywhere() {
    let site = Site::on(trusting());
    let page = page(&site);
    let ask = |method: &str, path: &str| {
        let mut wire = Wire::connect(page.address);
        let headers = [("Cookie", page.cookies[0].clone()), ("Connection", "close".into())];
        wire.send(line_of(method, &format!("/classic{path}"), page.address, &headers, None));
        let head = wire.head().expect("a head");
        head.split(' ').nth(1).unwrap().to_owned()
    };
    for path in POSTS.iter().chain(&["/room/message.php"]) {
        for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH"] {
            assert_eq!(ask(method, path), "405", "{method} {path}");
        }
    }
    for path in GETS {
        for method in ["POST", "HEAD", "PUT", "DELETE", "OPTIONS"] {
            assert_eq!(ask(method, path), "405", "{method} {path}");
        }
    }
    for path in ["/webim/", "/webim/SendMessage", "/kefu/", "/webim/sendmessage.php"] {
        assert_eq!(ask("GET", path), "404", "{path}");
    }
}

#[test]
fn web_im_refuses_invalid_numbers_and_then_confirms_nothing() {
    let site = Site::on(trusting());
    let page = page(&site);
    let good = [("message", "kept"), ("reciver_uid", "2"), ("sender_uid", "1")];
    let id = page.post("/webim/SendMessage.php", &good).is(200).json()["info"].to_string();
    let long = "1".repeat(17);
    let bad =
        ["", "x", "-1", "+1", "1.0", "1e3", " 1", "1 ", "1 OR 1=1", "1;--", "０", "0x1", &long];
    for uid in bad {
        for who in ["reciver_uid", "sender_uid"] {
            let swapped: Vec<(&str, &str)> =
                good.iter().map(|(n, v)| (*n, if *n == who { uid } else { *v })).collect();
            page.post("/webim/SendMessage.php", &swapped).is(400);
            let mut poll = swapped.clone();
            poll[0] = ("request_type", "get_message");
            page.post("/webim/GetMessage.php", &poll).is(400);
        }
        let mut confirm = vec![("request_type", "comfrim_read"), ("reciver_uid", "2")];
        confirm.extend([("sender_uid", "1"), ("send_data[]", &*id), ("send_data[]", uid)]);
        page.post("/webim/GetMessage.php", &confirm).is(400);
    }
    let both = [("reciver_uid", "2"), ("sender_uid", "1")];
    for kind in ["", "comfrim_read", "confirm_read", "get_message' OR '1'='1"] {
        let mut pairs = vec![("request_type", kind)];
        pairs.extend(both);
        page.post("/webim/GetMessage.php", &pairs).is(400);
    }
    page.post("/webim/GetMessage.php", &both).is(400);
    for doubled in good {
        let pairs: Vec<(&str, &str)> = good.into_iter().chain([doubled]).collect();
        page.post("/webim/SendMessage.php", &pairs).is(400);
        let missing: Vec<(&str, &str)> = good.into_iter().filter(|p| *p != doubled).collect();
        page.post("/webim/SendMessage.php", &missing).is(400);
    }
    let mut poll = vec![("request_type", "get_message"), ("send_data", "")];
    poll.extend(both);
    let got = page.post("/webim/GetMessage.php", &poll).is(200).json();
    assert_eq!(got["info"][0]["id"], *id, "nothing of it was confirmed");
}

#[test]
fn texts_that_are_too_long_are_refused_and_those_that_are_not_are_kept() {
    let site = Site::on(trusting());
    let page = page(&site);
    for text in ["x".repeat(200_000), "彗".repeat(200_000), "x".repeat(1_000_000)] {
        let status = page
            .post(
                "/webim/SendMessage.php",
                &[("message", &text), ("reciver_uid", "2"), ("sender_uid", "1")],
            )
            .status;
        assert_eq!(status, 413);
        let pairs = [("rec", "user1"), ("content", &*text)];
        page.post("/kefu/16-kefu-sendmsg.php", &pairs).is(413);
        page.post("/live/SendMsg", &[("msg", &text)]).is(413);
        page.post("/extchat/comet.php", &[("msg", &text)]).is(413);
    }
    let text = "\u{1F600}".repeat(1_000);
    let pairs = [("rec", "user1"), ("content", &*text)];
    page.post("/kefu/16-kefu-sendmsg.php", &pairs).is(200);
    page.post("/extchat/comet.php", &[("msg", &text)]).is(200);
}

#[test]
fn half_requests_and_broken_ones_hold_nobody_up() {
    let site = Site::on(trusting());
    let mut bystander = Bystander::new(&site);
    let page = page(&site);
    let mut kept = Vec::new();
    for half in [
        "POST /classic/webim/SendMessage.php HTTP/1.1\r\nHost: localhost\r\n",
        "POST /classic/live/SendMsg HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: 100\r\n\r\nmsg=",
        "GET /classic/live/backend.php?timestamp=",
        "POST /classic/extchat/comet.php HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ] {
        for _ in 0..10 {
            let mut stream = TcpStream::connect(page.address).unwrap();
            stream.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
            stream.write_all(half.as_bytes()).unwrap();
            kept.push(stream);
        }
    }
    page.get("/live/backend.php?msg=still").is(200);
    assert_eq!(page.get("/live/backend.php?timestamp=0").is(200).json()["msg"], "still");
    drop(kept);
    bystander.is_undisturbed();
}

#[test]
fn a_body_is_never_taken_for_the_next_request() {
    let site = Site::on(trusting());
    let page = page(&site);
    let hidden = "GET /classic/live/backend.php?msg=smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for path in [
        "/live/backend.php?timestamp=0",
        "/novcomet/comet.php?subscribed[a]=0",
        "/kefu/16-kefu-ajax.php",
        "/kefu/16-kefu-iframe.php",
    ] {
        let length = format!("Content-Length: {}", hidden.len());
        let chunks = format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len());
        for (line, body) in [(&*length, hidden), ("Transfer-Encoding: chunked", &*chunks)] {
            let mut wire = Wire::connect(page.address);
            let cookie = &page.cookies[0];
            wire.send(format!(
                "GET /classic{path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n{line}\r\n\r\n{body}"
            ));
            wire.answer().expect("an answer").is(400);
            // A request that follows gets its own answer, if the connection goes on.
            if wire.try_send("GET /classic/none HTTP/1.1\r\nHost: localhost\r\n\r\n") {
                assert!(wire.answer().is_none_or(|answer| answer.status == 404));
            }
        }
    }
    page.get("/live/backend.php?msg=own").is(200);
    assert_eq!(page.get("/live/backend.php?timestamp=1").is(200).json()["msg"], "own");
}

#[test]
fn a_refusal_never_repeats_text_of_the_page() {
    let site = Site::on(trusting());
    let script = "<script>alert(1)</script>";
    let cookie = Page::with(&site.server, &format!("username={script}"));
    let page = page(&site);
    let answers = [
        cookie.get("/kefu/16-kefu-ajax.php"),
        page.get("/novcomet/comet.php?publish=%3Cscript%3Ealert(1)%3C/script%3E"),
        page.get("/live/backend.php?timestamp=%3Cscript%3E"),
        page.post("/webim/GetMessage.php", &[("request_type", script)]),
        page.post("/room/chat.php", &[("username", &script.repeat(1_000))]),
        page.get("/%3Cscript%3E"),
    ];
    for answer in answers {
        assert!(refused(answer.status));
        assert!(!answer.text().contains("script"), "{}", answer.text());
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
}
