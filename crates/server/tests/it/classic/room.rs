//! One room.

use serde_json::json;

use super::{Asked, Page, TEXTS, TRUST, again, escaped, trusting, wait_for};
use crate::harness::{Server, Site, values};

pub fn enter(server: &Server, name: &str) -> Page {
    let answer = Page::of(server).post("/room/chat.php", &[("username", name)]).is(200);
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("Path=/;"), "{cookie}");
    Page::with(server, cookie.split(';').next().unwrap())
}

pub fn add(page: &Page, text: &str) {
    page.post("/room/add.php", &[("message", text)]).is(200);
}

pub fn list(page: &Page, last: u64) -> Asked {
    page.asks("/room/message.php", &[("lastid", &last.to_string())])
}

/// Id, name and text of each message, read as a parser of XML would.
pub fn said(asked: Asked) -> Vec<(u64, String, String)> {
    let answer = asked.answer().is(200);
    let kind = answer.header("content-type").unwrap();
    assert!(kind.starts_with("text/xml"), "{kind}");
    let text = answer.text();
    let inner =
        text.split_once("<messagelist>").and_then(|(_, t)| t.strip_suffix("</messagelist>"));
    let part = |message: &str, name: &str| {
        let (_, rest) = message.split_once(&format!("<{name}>")).unwrap();
        let inner = rest.split_once(&format!("</{name}>")).unwrap().0;
        assert!(!inner.contains(['<', '>']), "{inner}");
        let plain = inner.replace("&lt;", "<").replace("&gt;", ">").replace("&#13;", "\r");
        plain.replace("&amp;", "&")
    };
    let messages = inner.expect("a list").split_inclusive("</message>");
    let read = |m: &str| (part(m, "id").parse().unwrap(), part(m, "user"), part(m, "msg"));
    messages.filter(|m| !m.is_empty()).map(read).collect()
}

#[test]
fn no_text_and_no_name_breaks_the_list() {
    let server = trusting();
    let names =
        ["<b>&\"mei\"", "林美 ☄", &"x".repeat(255), "  two  spaces ", "\u{1F469}\u{200D}\u{1F4BB}"];
    let pages: Vec<Page> = names.iter().map(|name| enter(&server, name)).collect();
    for (n, text) in TEXTS.iter().enumerate() {
        add(&pages[n % pages.len()], text);
    }
    let all = said(list(&pages[0], 0));
    // Characters that XML forbids are replaced; all others stay.
    let allowed = |text: &str| -> String {
        let fits = |c: char| c >= ' ' && c != '\u{FFFF}' || "\t\r\n".contains(c);
        text.chars().map(|c| if fits(c) { c } else { '\u{FFFD}' }).collect()
    };
    assert_eq!(all.len(), TEXTS.len());
    for (n, (_, name, text)) in all.iter().enumerate() {
        let expected = [names[n % names.len()], TEXTS[n]].map(|text| escaped(&allowed(text)));
        assert_eq!([name, text], [&expected[0], &expected[1]]);
    }
    assert!(all.windows(2).all(|w| w[0].0 < w[1].0));
}

#[test]
fn every_waiting_page_hears_new_messages() {
    let server = trusting();
    let (mei, tom) = (enter(&server, "mei"), enter(&server, "tom"));
    add(&mei, "first");
    let last = said(list(&tom, 0)).last().unwrap().0;
    let waits = [list(&mei, last), list(&tom, last), list(&tom, last)];
    wait_for(&server, 3);
    add(&tom, "second");
    for asked in waits {
        let all = said(asked);
        assert_eq!(all.len(), 1);
        assert_eq!((&*all[0].1, &*all[0].2), ("tom", "second"));
        assert!(all[0].0 > last);
    }
    assert_eq!(said(list(&mei, 0)).len(), 2);
    // A person that enters meanwhile is shown by its name.
    let last = said(list(&mei, 0)).last().unwrap().0;
    let waits = list(&mei, last);
    wait_for(&server, 1);
    add(&enter(&server, "late"), "hello");
    assert_eq!(said(waits)[0].1, "late");
}

#[test]
fn without_a_session_nothing_is_said_and_nothing_heard() {
    let server = trusting();
    let nobody = Page::of(&server);
    nobody.post("/room/add.php", &[("message", "x")]).is(401);
    nobody.post("/room/message.php", &[("lastid", "0")]).is(401);
    let forged = Page::with(&server, "encke_session=eks_nothing; username=mei");
    forged.post("/room/add.php", &[("message", "x"), ("username", "mei")]).is(401);
    let mei = enter(&server, "mei");
    mei.post("/room/add.php", &[("message", "me"), ("username", "tom"), ("user", "tom")]).is(200);
    assert_eq!(said(list(&mei, 0))[0].1, "mei");
    mei.post("/room/add.php", &[]).is(400);
    for bad in [vec![], vec![("username", "")], vec![("username", "a"), ("username", "b")]] {
        nobody.post("/room/chat.php", &bad).is(400);
    }
    nobody.post("/room/chat.php", &[("username", &"x".repeat(5_000))]).is(400);
    // Odd numbers are as good as none.
    for odd in ["", "x", "-1", "1e3", "99999999999999999999"] {
        let asked = mei.asks("/room/message.php", &[("lastid", odd)]);
        assert_eq!(said(asked).len(), 1, "{odd}");
    }
}

#[test]
fn a_restart_keeps_room_sessions_and_history() {
    let server = trusting();
    let mei = enter(&server, "mei");
    add(&mei, "before");
    let server = again(server, &TRUST);
    let last = said(list(&mei, 0));
    assert_eq!(last[0].2, "before");
    let waits = list(&mei, last[0].0);
    wait_for(&server, 1);
    add(&mei, "after");
    assert_eq!(said(waits)[0].2, "after");
}

#[test]
fn the_room_is_a_room_of_the_web_chat() {
    let site = Site::on(trusting());
    let mut owner = site.owner();
    let guest = enter(&site.server, "visitor <1>");
    let rooms = owner.get("/v1/rooms").is(200).json();
    let room = rooms["rooms"][0]["id"].as_str().unwrap().to_owned();
    // The owner of the site is the owner of the room.
    let seen = owner.get(&format!("/v1/conversations/{room}")).is(200).json();
    let seen = &seen["conversation"];
    assert_eq!(seen["role"], "owner");
    assert_eq!(seen["members"].as_array().unwrap().len(), 2);
    let mut tom = site.person("tom");
    tom.client.post(&format!("/v1/conversations/{room}/join"), &json!(null)).is(200);
    let waits = list(&guest, 0);
    wait_for(&site.server, 1);
    tom.say(&room, "hello from the web chat");
    let heard = said(waits);
    assert_eq!((&*heard[0].1, &*heard[0].2), (&*tom.name, "hello from the web chat"));
    add(&guest, "hello from the page");
    let last = tom.history(&room).pop().unwrap();
    assert_eq!(last["body"]["text"], "hello from the page");
    // A removed person can't come back into a closed room.
    let person = last["from"].as_str().unwrap();
    owner.send("PATCH", &format!("/v1/conversations/{room}"), &json!({"open": false})).is(200);
    owner.delete(&format!("/v1/conversations/{room}/members/{person}")).is(204);
    guest.post("/room/add.php", &[("message", "x")]).is(403);
    guest.post("/room/message.php", &[("lastid", "0")]).is(403);
}

#[test]
fn guests_make_room_for_each_other_and_come_back_by_writing() {
    let site = Site::on(trusting());
    let first = enter(&site.server, "the first");
    let pages: Vec<Page> = (0..105).map(|n| enter(&site.server, &format!("guest {n}"))).collect();
    let mut owner = site.owner();
    let room = owner.get("/v1/rooms").json()["rooms"][0].clone();
    assert_eq!(room["members"], 101, "the owner, and as many guests as there may be");
    // A person that was removed to make room still hears the room, and comes back by writing.
    let waits = list(&first, 0);
    wait_for(&site.server, 1);
    add(&pages[104], "crowded");
    assert_eq!(said(waits)[0].2, "crowded");
    add(&first, "still here");
    assert_eq!(said(list(&pages[0], 0)).last().unwrap().1, "the first");
    assert_eq!(owner.get("/v1/rooms").json()["rooms"][0]["members"], 101);
}

#[test]
fn the_name_of_an_account_is_its_own() {
    let site = Site::on(trusting());
    let tom = site.person("tom");
    let nobody = Page::of(&site.server);
    nobody.post("/room/chat.php", &[("username", &tom.name)]).is(403);
    nobody.post("/room/chat.php", &[("username", &tom.name.to_uppercase())]).is(403);
    let crate::harness::Auth::Cookie(session) = site.sign_in(&tom.name).auth else { panic!() };
    let page = Page::with(&site.server, &format!("encke_session={session}"));
    let answer = page.post("/room/chat.php", &[("username", &tom.name)]).is(200);
    let set: Vec<&str> = values(&answer.head, "set-cookie").collect();
    assert!(set[0].contains(&session), "the session stays what it is");
    add(&page, "it is me");
    assert_eq!(said(list(&page, 0))[0].1, tom.name);
}
