//! Restarts: what waits is answered as its page expects, and nothing is lost.

use serde_json::{Value, json};

use super::room::{add, enter, list, said};
use super::{Asked, Page, TRUST, again, trusting, wait_for};
use crate::harness::Server;

fn poll(page: &Page) -> Asked {
    let pairs = [("request_type", "get_message"), ("reciver_uid", "2"), ("sender_uid", "1")];
    page.asks("/webim/GetMessage.php", &pairs)
}

fn send(page: &Page, text: &str) {
    let pairs = [("message", text), ("reciver_uid", "2"), ("sender_uid", "1")];
    assert_eq!(page.post("/webim/SendMessage.php", &pairs).is(200).json()["status"], 1);
}

/// The body of an answer that sent its head earlier.
fn late(asked: Asked) -> Value {
    let answer = asked.answer().is(200);
    serde_json::from_slice(&answer.body).unwrap()
}

#[test]
fn a_server_that_goes_down_answers_each_wait_in_its_own_protocol() {
    let mut server = trusting();
    let (page, agent) = (Page::of(&server), Page::with(&server, "username=admin"));
    let mei = enter(&server, "mei");
    let im = poll(&page);
    let nov = page.gets("/novcomet/comet.php?subscribed[a]=0");
    let live = page.gets("/live/backend.php");
    let ext = page.asks("/extchat/comet.php", &[]);
    let room = list(&mei, 0);
    let ajax = agent.gets("/kefu/16-kefu-ajax.php");
    let frame = agent.gets("/kefu/16-kefu-iframe.php");
    wait_for(&server, 7);
    server.terminate();
    assert_eq!(im.json(), json!({"status": 1, "response_type": "is_connecting", "info": ""}));
    assert_eq!(nov.json(), json!({"s": 0}));
    assert_eq!(live.json(), json!({"msg": "", "timestamp": 0}));
    assert_eq!(late(ext), json!({"msg": "", "timestamp": 0}));
    assert!(said(room).is_empty());
    assert_eq!(late(ajax)["content"], "");
    // The frame loads itself again when somebody answers.
    assert!(frame.answer().text().ends_with("<script>r()</script>\n"));
    assert_eq!(server.ended().code(), Some(0));
}

fn everything_arrives(server: Server, mei: &Page, held: &[u64; 3]) {
    let (page, agent) = (Page::of(&server), Page::with(&server, "username=admin"));
    let [nov, live, ext] = held;
    let answer = poll(&page).json();
    assert_eq!(answer["info"][0]["content"], "im");
    let answer = page.gets(&format!("/novcomet/comet.php?subscribed[a]={nov}")).json();
    assert_eq!(answer["s"], 1);
    let answer = page.gets(&format!("/live/backend.php?timestamp={live}")).json();
    assert_eq!(answer["msg"], "one<br>two");
    let answer = page.asks("/extchat/comet.php", &[("timestamp", &ext.to_string())]).json();
    assert_eq!(answer["msg"], "three");
    assert_eq!(said(list(mei, 0)).last().unwrap().2, "room");
    assert_eq!(agent.gets("/kefu/16-kefu-ajax.php").json()["content"], "question");
}

fn everything_is_sent(server: &Server, mei: &Page) -> [u64; 3] {
    let (page, user) = (Page::of(server), Page::with(server, "username=user5"));
    page.get("/novcomet/comet.php?publish=a").is(200);
    page.get("/live/backend.php?msg=zero").is(200);
    page.post("/extchat/comet.php", &[("msg", "zero")]).is(200);
    let nov = page.gets("/novcomet/comet.php?subscribed[a]=1").json()["k"]["a"].as_u64().unwrap();
    let live = page.gets("/live/backend.php").json()["timestamp"].as_u64().unwrap();
    let ext = page.asks("/extchat/comet.php", &[]).json()["timestamp"].as_u64().unwrap();
    page.get("/novcomet/comet.php?publish=a").is(200);
    page.get("/live/backend.php?msg=one").is(200);
    page.get("/live/backend.php?msg=two").is(200);
    page.post("/extchat/comet.php", &[("msg", "three")]).is(200);
    user.post("/kefu/16-kefu-sendmsg.php", &[("rec", "admin"), ("content", "question")]).is(200);
    send(&page, "im");
    add(mei, "room");
    [nov, live, ext]
}

#[test]
fn a_kill_right_after_the_answers_loses_nothing() {
    let mut server = trusting();
    let mei = enter(&server, "mei");
    let held = everything_is_sent(&server, &mei);
    server.kill();
    everything_arrives(again(server, &TRUST), &mei, &held);
}

#[test]
fn a_kill_in_mid_wait_loses_nothing() {
    let mut server = trusting();
    let (page, agent) = (Page::of(&server), Page::with(&server, "username=admin"));
    let mei = enter(&server, "mei");
    let waits = [
        poll(&page),
        page.gets("/novcomet/comet.php?subscribed[a]=0"),
        page.gets("/live/backend.php"),
        list(&mei, 0),
        agent.gets("/kefu/16-kefu-iframe.php"),
    ];
    wait_for(&server, waits.len());
    server.kill();
    drop(waits);
    let server = again(server, &TRUST);
    let held = everything_is_sent(&server, &mei);
    everything_arrives(server, &mei, &held);
}

#[test]
fn a_restored_backup_gives_no_number_twice() {
    if crate::harness::is_on_database() {
        return; // A database has its own backups.
    }
    let server = trusting();
    let page = Page::of(&server);
    page.get("/live/backend.php?msg=kept").is(200);
    let data = server.data();
    let backup = server.folder.path().join("backup.db");
    let done = crate::harness::encke(&["backup", backup.to_str().unwrap()], Some(&data), "");
    assert!(done.status.success());
    for n in 0..10 {
        page.get(&format!("/live/backend.php?msg=lost{n}")).is(200);
    }
    let last = page.gets("/live/backend.php").json()["timestamp"].as_u64().unwrap();
    let mut server = server;
    server.stop();
    std::fs::copy(&backup, data.join("space.db")).unwrap();
    let server = again(server, &TRUST);
    page.get("/live/backend.php?msg=new").is(200);
    let answer = page.gets("/live/backend.php").json();
    assert_eq!(answer["msg"], "new");
    assert!(answer["timestamp"].as_u64().unwrap() > last);
    // A page with a higher number than the newest still gets new messages.
    let answer = page.gets(&format!("/live/backend.php?timestamp={last}")).json();
    assert!(answer["msg"].as_str().unwrap().ends_with("new"), "{answer}");
    drop(server);
}
