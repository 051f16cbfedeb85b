//! What people are told of besides messages: reminders that have come, and tickets of a desk that wait or were given.

use serde_json::json;

use super::service::Browser;
use super::{now_ms, scene_with};
use crate::desk::let_in;
use crate::harness::eventually;

#[test]
fn a_reminder_that_has_come_reaches_a_closed_browser_unless_it_was_dismissed() {
    let mut s = scene_with(&[]);
    let browser = Browser::new(&s.service);
    browser.subscribe(&mut s.tom.client);
    let said = s.mei.say(&s.room, "lunch at noon");
    let at = now_ms() + 1_000;
    let dismissed = json!({"at": at, "note": "never mind"});
    let dismissed = s.tom.client.post("/v1/reminders", &dismissed).is(201).json();
    let wanted = json!({"at": at + 1_000, "conversation": s.room, "message": said["seq"], "note": "带伞 umbrella"});
    s.tom.client.post("/v1/reminders", &wanted).is(201);
    eventually("it has come", || {
        let list = s.tom.client.get("/v1/reminders").is(200).json();
        (list["reminders"][0]["due"] == true).then_some(())
    });
    let path = format!("/v1/reminders/{}", dismissed["id"].as_str().unwrap());
    s.tom.client.delete(&path).is(204);
    let texts = s.service.wait(&browser, 2);
    let read: Vec<_> = texts.iter().map(|pushed| browser.read(pushed)).collect();
    let reminder = json!({"type": "reminder", "conversation": s.room, "seq": said["seq"],
        "text": "带伞 umbrella", "count": 1});
    assert!(read.contains(&reminder), "{read:?}");
}

#[test]
fn an_agent_without_a_page_is_called_to_the_queue_and_to_a_ticket_that_it_was_given() {
    let mut s = scene_with(&[]);
    let desk = s.mei.desk(&[&s.tom, &s.eve]);
    let (toms, eves) = (Browser::new(&s.service), Browser::new(&s.service));
    toms.subscribe(&mut s.tom.client);
    eves.subscribe(&mut s.eve.client);
    let away = json!({"availability": "away"});
    s.eve.client.send("PUT", &format!("/v1/desks/{}/me", desk.id), &away).is(204);
    let mut visitor = let_in(&s.site, &desk);
    let ticket = visitor.ask_desk(&desk, "Does it fit a wall?");
    let waits = json!({"type": "ticket_waits", "conversation": ticket, "desk": desk.id,
        "title": "Shop", "from": visitor.name, "count": 1});
    assert_eq!(toms.read(&s.service.wait(&toms, 1)[0]), waits);

    let path = format!("/v1/tickets/{ticket}/transfer");
    s.mei.client.post(&path, &json!({"person": s.tom.id})).is(200);
    let given = json!({"type": "ticket_given", "conversation": ticket, "desk": desk.id,
        "title": "Shop", "from": visitor.name, "count": 1});
    assert_eq!(toms.read(&s.service.wait(&toms, 2)[1]), given);

    // What the visitor says in it is a message like any other, which names its desk.
    let said = visitor.say(&ticket, "Hello?");
    let message = json!({"type": "message", "conversation": ticket, "seq": said["seq"], "desk": desk.id,
        "title": null, "from": visitor.name, "text": "Hello?", "files": 0, "count": 1, "mention": false});
    assert_eq!(toms.read(&s.service.wait(&toms, 3)[2]), message);
    // All of this was settled while the other agent was away: it was called to none of it.
    let marker = s.mei.say(&s.room, "marker");
    assert_eq!(eves.read(&s.service.wait(&eves, 1)[0])["seq"], marker["seq"]);
    assert_eq!(s.service.all(&eves).len(), 1);
}
