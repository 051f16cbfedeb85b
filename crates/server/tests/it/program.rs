//! The client for programs (`crates/client`) against the server: the scenarios that every client has to pass.

use std::io::{Read, Write};
use std::net::TcpListener;

use encke_client::{Client as Program, Error, Feed, News};
use encke_rig::{Fault, Wire};
use serde_json::json;

use crate::harness::{Auth, Person, Site};

/// The client of a person, over this port.
fn program(person: &Person, port: u16) -> Program {
    let Auth::Bearer(token) = person.auth() else { panic!("a token") };
    Program::new(&format!("http://127.0.0.1:{port}/"), &token)
}

/// The text of the next message; pauses are gone through.
#[track_caller]
fn next_text(feed: &mut Feed<'_>) -> String {
    loop {
        if let News::Item(item) = feed.news().unwrap()
            && let Some(text) = item.value["body"]["text"].as_str()
        {
            return text.to_owned();
        }
    }
}

#[test]
fn a_break_loses_nothing_and_doubles_nothing() {
    let site = Site::shared();
    let (mut mei, mut tom) = (site.person("mei"), site.person("tom"));
    let room = mei.direct(&tom);
    let wire = Wire::to(site.address().port());
    let program = program(&tom, wire.port());
    let mut feed = program.follow(Some(&tom.now()), &[]);
    for number in 0..6 {
        mei.say(&room, &format!("before {number}"));
        assert_eq!(next_text(&mut feed), format!("before {number}"));
        if number % 2 == 0 {
            wire.set(Fault::Cut);
            mei.say(&room, &format!("meanwhile {number}"));
            wire.set(Fault::None);
            assert_eq!(next_text(&mut feed), format!("meanwhile {number}"));
        }
    }
    // Whoever keeps the cursor goes on behind what was handed out.
    let kept = feed.cursor().unwrap().to_owned();
    mei.say(&room, "after a restart");
    assert_eq!(next_text(&mut program.follow(Some(&kept), &[])), "after a restart");
}

#[test]
fn a_send_whose_answer_is_lost_is_one_send_with_its_key() {
    let site = Site::shared();
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.direct(&tom);
    let wire = Wire::to(site.address().port());
    let program = program(&mei, wire.port());
    wire.set(Fault::LoseAnswer(b"POST".to_vec(), b"\"seq\"".to_vec()));
    let lost = program.send(&room, "once", Some("k")).unwrap_err();
    assert!(matches!(lost, Error::Unreachable(_)) && lost.may_retry(), "{lost}");
    let sent = program.send(&room, "once", Some("k")).unwrap();
    let again = program.send(&room, "once", Some("k")).unwrap();
    assert_eq!(sent["seq"], again["seq"]);
    let said = |e: &&serde_json::Value| e["kind"] == "message";
    assert_eq!(mei.history(&room).iter().filter(said).count(), 1);
    let Error::Refused { status, code, retry, .. } =
        program.send(&room, "another text", Some("k")).unwrap_err()
    else {
        panic!("it is refused");
    };
    assert_eq!((status, code.as_str(), retry), (409, "key_reused", false));
}

#[test]
fn a_cursor_that_can_not_be_replayed_is_told_and_never_a_hole() {
    let site = Site::shared();
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.direct(&tom);
    let program = program(&tom, site.address().port());
    let mut feed = program.follow(Some("5f2a91c07d3e4b18.2f"), &[]);
    let News::Reset { reason } = feed.news().unwrap() else { panic!("a reset") };
    assert_eq!(reason, "unknown_epoch");
    mei.say(&room, "later");
    assert_eq!(next_text(&mut feed), "later");
}

#[test]
fn a_token_that_is_revoked_or_wrong_ends_it() {
    let site = Site::shared();
    let mut tom = site.person("tom");
    let program_of_tom = program(&tom, site.address().port());
    let mut feed = program_of_tom.follow(Some(&tom.now()), &[]);
    assert!(matches!(feed.news().unwrap(), News::Item(item) if item.value["type"] == "ready"));
    let path = format!("/v1/people/{}", tom.id);
    site.owner().delete(&path).is(204);
    let end = loop {
        match feed.news() {
            Ok(_) => {}
            Err(end) => break end,
        }
    };
    assert!(!end.may_retry() && end.to_string().contains("revoked"), "{end}");
    let wrong = Program::new(&format!("http://{}", site.address()), "ekt_wrong");
    let refused = wrong.follow(None, &[]).news().unwrap_err();
    assert!(matches!(refused, Error::Refused { status: 401, .. }), "{refused}");
    let refused = wrong.publish("news", &json!("x"), None).unwrap_err();
    assert!(matches!(refused, Error::Refused { status: 401, .. }), "{refused}");
}

#[test]
fn a_redirect_leads_the_token_nowhere() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let there = elsewhere.local_addr().unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let answering = std::thread::spawn(move || {
        let (mut near, _) = listener.accept().unwrap();
        let _ = near.read(&mut [0; 4096]).unwrap();
        let head = format!(
            "HTTP/1.1 302 Found\r\nLocation: http://{there}/v1/me\r\nContent-Length: 0\r\n\r\n"
        );
        near.write_all(head.as_bytes()).unwrap();
    });
    let refused = Program::new(&format!("http://127.0.0.1:{port}"), "ekt_x").get("/v1/me");
    let Err(Error::Refused { status, code, retry, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!((status, code.as_str(), retry), (302, "not_encke", false));
    answering.join().unwrap();
    assert!(elsewhere.accept().is_err(), "nobody has come");
}
