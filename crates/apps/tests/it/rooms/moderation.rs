//! Announcement rooms, muted members and banned people: they can't get around it.

use encke_engine::limits::{AUDIT_ENTRIES_MAX, AUDIT_PAGE_MAX};
use encke_engine::{ConversationId, PersonId};
use encke_talk::audit::{AuditNote, Deed, note};
use serde_json::{Value, json};

use super::{Scene, on_both_stores, refused};
use crate::site::Signed;

on_both_stores!(
    only_those_who_keep_order_write_in_an_announcement_room,
    a_muted_member_reads_and_does_nothing_that_others_see,
    a_mute_is_over_when_its_time_has_passed,
    leaving_and_joining_again_ends_no_mute,
    a_banned_person_gets_back_in_by_no_way_until_the_ban_is_lifted,
    members_guests_and_strangers_ban_and_mute_nobody,
    the_audit_trail_has_pages_and_is_bounded,
);

async fn only_those_who_keep_order_write_in_an_announcement_room(s: Scene) {
    let early = s.said(&s.mei, "before").await;
    s.done(s.role(&s.ada, &s.tom, "moderator")).await;
    s.done(s.change(&s.ada, json!({"announcement": true}))).await;
    assert_eq!(s.newest().await.1, json!({"announcement": true, "by": s.ada.id}));
    assert_eq!(s.seen(&s.mei).await["announcement"], true);
    let read_only = refused(403, "read_only");
    assert_eq!(s.say(&s.mei, "hello").await, read_only);
    // Nor does a message go that takes the long way, or an edit of an earlier one.
    let answer = s.message(&s.mei, json!({"text": "<@all>", "reply_to": 1}));
    assert_eq!(s.ask(answer).await, read_only);
    let edit = s.mei.patch(&s.at(&format!("/messages/{early}"))).json(json!({"text": "after"}));
    assert_eq!(s.ask(edit).await, read_only);
    let typing = s.mei.post(&s.at("/typing")).json(json!({"on": true}));
    s.done(typing).await;
    assert!(s.site.reach.signals.lock().unwrap().is_empty(), "nobody is told that mei types");
    // Those who keep order write on, the short way and the long way, and who joins later reads.
    let seq = s.said(&s.ada, "news").await;
    s.said(&s.tom, "more news").await;
    s.done(s.message(&s.tom, json!({"text": "in short", "reply_to": seq}))).await;
    s.done(s.change(&s.ada, json!({"open": true}))).await;
    s.done(s.join(&s.eve)).await;
    assert_eq!(s.say(&s.eve, "hello").await, read_only);
    // A member reacts, which is no message.
    s.done(s.mei.put(&s.at(&format!("/messages/{seq}/reactions/%F0%9F%91%8D")))).await;
    // Each change of rights holds in the next request.
    s.done(s.role(&s.ada, &s.tom, "member")).await;
    assert_eq!(s.say(&s.tom, "still I").await, read_only);
    s.done(s.change(&s.ada, json!({"announcement": false}))).await;
    for who in [&s.mei, &s.eve, &s.tom] {
        assert_eq!(s.say(who, "hello").await.0, 201);
    }
}

async fn a_muted_member_reads_and_does_nothing_that_others_see(s: Scene) {
    let seq = s.said(&s.mei, "spam").await;
    let first = s.message(&s.mei, json!({"text": "once", "key": "k"}));
    s.done(first).await;
    s.done(s.mute(&s.ada, &s.mei, 600)).await;
    let until = s.member(&s.tom, &s.mei).await["muted_until"].as_u64().unwrap();
    assert_eq!(until, s.site.site.now_ms() + 600_000);
    assert_eq!(
        s.newest().await,
        ("member_muted".to_owned(), json!({"person": s.mei.id, "until": until, "by": s.ada.id}),)
    );
    let muted = refused(403, "muted");
    let answer = s.call(s.message(&s.mei, json!({"text": "more"}))).await;
    assert_eq!(answer.refusal(), (403, "muted"));
    assert_eq!(answer.body["error"]["retry_after_ms"], 600_000);
    assert_eq!(s.ask(s.message(&s.mei, json!({"text": "x", "reply_to": 1}))).await, muted);
    let message = s.at(&format!("/messages/{seq}"));
    assert_eq!(s.ask(s.mei.patch(&message).json(json!({"text": "worse"}))).await, muted);
    let thumb = format!("{message}/reactions/%F0%9F%91%8D");
    assert_eq!(s.ask(s.mei.put(&thumb)).await, muted);
    s.done(s.mei.post(&s.at("/typing")).json(json!({"on": true}))).await;
    assert!(s.site.reach.signals.lock().unwrap().is_empty());
    // It reads, leaves a reaction away, and takes back what it wrote. A retry gets its first answer (P3).
    s.done(s.mei.get(&s.at("/events"))).await;
    s.done(s.mei.delete(&thumb)).await;
    let again = s.call(s.message(&s.mei, json!({"text": "once", "key": "k"}))).await;
    assert_eq!(again.status, 200, "{}", again.body);
    s.done(s.mei.delete(&message)).await;
    // The others, and mei elsewhere, write as before.
    assert_eq!(s.say(&s.tom, "quiet").await.0, 201);
    let direct = json!({"kind": "direct", "person": s.tom.id});
    let direct = s.call(s.mei.post("/v1/conversations").json(direct)).await.body["id"].clone();
    let path = format!("/v1/conversations/{}/messages", direct.as_str().unwrap());
    s.done(s.mei.post(&path).json(json!({"text": "help"}))).await;
    // It can't lift the mute by itself; whoever keeps order can, and a new role does.
    assert_eq!(s.ask(s.unmute(&s.mei, &s.mei)).await, refused(403, "forbidden"));
    s.done(s.unmute(&s.ada, &s.mei)).await;
    assert_eq!(s.newest().await.1["until"], Value::Null);
    assert!(s.member(&s.tom, &s.mei).await.get("muted_until").is_none());
    assert_eq!(s.say(&s.mei, "thanks").await.0, 201);
    s.done(s.mute(&s.ada, &s.mei, 600)).await;
    s.done(s.role(&s.ada, &s.mei, "moderator")).await;
    assert_eq!(s.say(&s.mei, "I keep order now").await.0, 201);
    for seconds in [0, 59, 31_622_401, u64::MAX] {
        assert_eq!(s.ask(s.mute(&s.ada, &s.tom, seconds)).await, refused(422, "invalid"));
    }
}

async fn a_mute_is_over_when_its_time_has_passed(s: Scene) {
    s.done(s.mute(&s.ada, &s.mei, 60)).await;
    s.site.pass_ms(59_999);
    let answer = s.call(s.message(&s.mei, json!({"text": "early"}))).await;
    assert_eq!(answer.refusal(), (403, "muted"));
    assert_eq!(answer.body["error"]["retry_after_ms"], 1);
    s.site.pass_ms(1);
    assert_eq!(s.say(&s.mei, "on time").await.0, 201);
    assert!(s.member(&s.tom, &s.mei).await.get("muted_until").is_none());
    assert_eq!(s.say(&s.mei, "and again").await.0, 201);
}

async fn leaving_and_joining_again_ends_no_mute(s: Scene) {
    s.done(s.change(&s.ada, json!({"open": true}))).await;
    s.done(s.mute(&s.ada, &s.mei, 600)).await;
    s.done(s.remove(&s.mei, &s.mei)).await;
    s.done(s.join(&s.mei)).await;
    assert_eq!(s.say(&s.mei, "a new start").await, refused(403, "muted"));
    assert!(s.member(&s.tom, &s.mei).await["muted_until"].is_u64());
    s.done(s.remove(&s.mei, &s.mei)).await;
    s.site.pass_ms(600_000);
    s.done(s.join(&s.mei)).await;
    assert_eq!(s.say(&s.mei, "a new start").await.0, 201);
}

async fn a_banned_person_gets_back_in_by_no_way_until_the_ban_is_lifted(s: Scene) {
    s.done(s.change(&s.ada, json!({"open": true}))).await;
    s.done(s.role(&s.ada, &s.tom, "moderator")).await;
    s.done(s.ban(&s.tom, &s.mei)).await;
    let left = json!({"person": s.mei.id, "by": s.tom.id, "banned": true});
    assert_eq!(s.newest().await, ("member_left".to_owned(), left));
    assert_eq!(s.say(&s.mei, "hey").await, refused(403, "not_member"));
    let banned = refused(403, "banned");
    assert_eq!(s.ask(s.join(&s.mei)).await, banned);
    let invite = || s.ada.post(&s.at("/members")).json(json!({"person": s.mei.id}));
    assert_eq!(s.ask(invite()).await, banned);
    // A ban of somebody who is not in the room counts, too, and a second one changes nothing.
    s.done(s.ban(&s.ada, &s.eve)).await;
    let before = s.head().await;
    s.done(s.ban(&s.ada, &s.eve)).await;
    assert_eq!(s.head().await, before);
    assert_eq!(s.ask(s.join(&s.eve)).await, banned);
    let page = s.call(s.tom.get(&s.at("/bans?limit=1"))).await.body;
    assert_eq!(page["bans"][0]["person"], json!(s.mei.id));
    assert_eq!((&page["bans"][0]["by"], &page["next"]), (&json!(s.tom.id), &json!(s.mei.id)));
    let rest = s.at(&format!("/bans?after={}", s.mei.id));
    let page = s.call(s.tom.get(&rest)).await.body;
    assert_eq!(page["bans"].as_array().unwrap().len(), 1);
    assert_eq!((&page["bans"][0]["person"], page.get("next")), (&json!(s.eve.id), None));
    let named: Vec<_> = page["people"].as_array().unwrap().iter().map(|p| &p["id"]).collect();
    assert_eq!(named, [&json!(s.ada.id), &json!(s.eve.id)]);
    s.done(s.lift(&s.tom, &s.mei)).await;
    assert_eq!(s.ask(s.lift(&s.tom, &s.mei)).await, refused(404, "not_found"));
    s.done(s.join(&s.mei)).await;
    assert_eq!(s.say(&s.mei, "hello").await.0, 201);
    assert_eq!(s.ask(s.join(&s.eve)).await, banned);
    let deeds: Vec<_> = s.audit(&s.ada).await.into_iter().map(|(_, deed, _)| deed).collect();
    assert_eq!(deeds, ["unbanned", "banned", "banned", "role_changed", "opened"]);
}

async fn members_guests_and_strangers_ban_and_mute_nobody(s: Scene) {
    s.site.allow_guests(&s.ada).await;
    let guest = s.site.guest("Passer-by").await;
    s.done(s.ada.post(&s.at("/members")).json(json!({"person": guest.id}))).await;
    let former = s.site.member(&s.ada, "former").await;
    s.done(s.ada.post(&s.at("/members")).json(json!({"person": former.id}))).await;
    s.done(s.role(&s.ada, &former, "moderator")).await;
    s.done(s.remove(&s.ada, &former)).await;
    let cases: [(&Signed, &str); 4] = [
        (&s.mei, "forbidden"),
        (&guest, "forbidden"),
        (&s.eve, "not_member"),
        (&former, "not_member"),
    ];
    for (who, code) in cases {
        let calls = [
            s.mute(who, &s.tom, 60),
            s.unmute(who, &s.tom),
            s.ban(who, &s.tom),
            s.lift(who, &s.tom),
            s.remove(who, &s.tom),
            who.get(&s.at("/bans")),
            who.get(&s.at("/audit")),
        ];
        for (number, call) in calls.into_iter().enumerate() {
            assert_eq!(s.ask(call).await, refused(403, code), "{number}");
        }
    }
    let missing = refused(404, "not_found");
    assert_eq!(s.ask(s.mute(&s.ada, &s.eve, 60)).await, missing);
    for id in ["p999999", "x", "p-1", "c1"] {
        let ban = s.ada.put(&s.at(&format!("/bans/{id}")));
        assert_eq!(s.ask(ban).await, missing, "{id}");
    }
    assert_eq!(s.ask(s.ban(&s.ada, &s.ada)).await, refused(422, "invalid"));
    for query in ["after=x", "limit=x", "more=1"] {
        let list = s.ada.get(&s.at(&format!("/bans?{query}")));
        assert_eq!(s.ask(list).await, refused(400, "bad_request"), "{query}");
    }
}

async fn the_audit_trail_has_pages_and_is_bounded(s: Scene) {
    let (id, by): (ConversationId, PersonId) = (s.room.parse().unwrap(), s.ada.id);
    let most = AUDIT_ENTRIES_MAX as u64;
    let fill = s.site.site.store.write(move |tx| {
        (0..most + 5).try_for_each(|_| note(tx, id, by, AuditNote::of_room(Deed::Renamed)))
    });
    fill.await.unwrap();
    let page = |before: u64| s.ada.get(&s.at(&format!("/audit?before={before}&limit=1000")));
    let first = s.call(s.ada.get(&s.at("/audit?limit=1"))).await.body;
    assert_eq!(
        (&first["entries"][0]["number"], &first["before"]),
        (&json!(most + 5), &json!(most + 5))
    );
    let next = s.call(page(most + 5)).await.body;
    let numbers: Vec<_> =
        next["entries"].as_array().unwrap().iter().map(|e| e["number"].as_u64().unwrap()).collect();
    let expected: Vec<_> = (0..AUDIT_PAGE_MAX as u64).map(|n| most + 4 - n).collect();
    assert_eq!(numbers, expected);
    let last = s.call(page(7)).await.body;
    assert_eq!(last["entries"].as_array().unwrap().len(), 1, "the oldest went");
    assert_eq!((&last["entries"][0]["number"], last.get("before")), (&json!(6), None));
}
