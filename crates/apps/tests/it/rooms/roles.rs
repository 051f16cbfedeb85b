//! Owners, moderators and members: what each may do, and who becomes what.

use serde_json::json;

use super::{Scene, on_both_stores, refused};

on_both_stores!(
    a_moderator_keeps_order_among_members_and_leaves_owners_and_moderators_alone,
    roles_are_given_by_owners_to_people_with_an_account,
    the_last_owner_hands_over_to_a_moderator_before_others,
    a_room_shows_its_topic_and_only_owners_change_more,
);

async fn a_moderator_keeps_order_among_members_and_leaves_owners_and_moderators_alone(s: Scene) {
    let forbidden = refused(403, "forbidden");
    let seq = s.said(&s.mei, "spam").await;
    let recall = |who: &crate::site::Signed| who.delete(&s.at(&format!("/messages/{seq}")));
    let pin = |who: &crate::site::Signed| who.put(&s.at(&format!("/messages/{seq}/pin")));
    assert_eq!(s.ask(recall(&s.tom)).await, refused(403, "not_yours"));
    assert_eq!(s.ask(pin(&s.tom)).await, forbidden);
    s.done(s.role(&s.ada, &s.tom, "moderator")).await;
    let (kind, body) = s.newest().await;
    assert_eq!((kind.as_str(), &body["role"]), ("role_changed", &json!("moderator")));
    assert_eq!(s.seen(&s.tom).await["role"], "moderator");
    s.done(pin(&s.tom)).await;
    s.done(recall(&s.tom)).await;
    // `@all` counts for a moderator.
    let all = s.call(s.message(&s.tom, json!({"text": "<@all> quiet"}))).await;
    assert_eq!(all.status, 201);
    assert_eq!(s.newest().await.1["everyone"], true);
    // An owner and another moderator are out of reach, for every deed.
    s.done(s.role(&s.ada, &s.mei, "moderator")).await;
    for other in [&s.ada, &s.mei] {
        assert_eq!(s.ask(s.mute(&s.tom, other, 60)).await, forbidden);
        assert_eq!(s.ask(s.ban(&s.tom, other)).await, forbidden);
        assert_eq!(s.ask(s.remove(&s.tom, other)).await, forbidden);
    }
    assert_eq!(s.ask(s.role(&s.tom, &s.mei, "member")).await, forbidden);
    assert_eq!(s.ask(s.role(&s.tom, &s.tom, "owner")).await, forbidden);
    // What a moderator lost, it can't do in its next request.
    s.done(s.role(&s.ada, &s.mei, "member")).await;
    s.done(s.role(&s.ada, &s.tom, "member")).await;
    assert_eq!(s.ask(s.remove(&s.tom, &s.mei)).await, forbidden);
    s.done(s.role(&s.ada, &s.tom, "moderator")).await;
    s.done(s.remove(&s.tom, &s.mei)).await;
    assert_eq!(s.say(&s.mei, "still here").await, refused(403, "not_member"));
    let (tom, mei, ada) = (s.tom.id.to_string(), s.mei.id.to_string(), s.ada.id.to_string());
    let trail = s.audit(&s.tom).await;
    assert_eq!(trail[0], (tom.clone(), "removed".to_owned(), mei.clone()));
    assert_eq!(trail[1], (ada, "role_changed".to_owned(), tom.clone()));
    assert!(trail.contains(&(tom, "recalled".to_owned(), mei)), "{trail:?}");
}

async fn roles_are_given_by_owners_to_people_with_an_account(s: Scene) {
    s.site.allow_guests(&s.ada).await;
    let guest = s.site.guest("Passer-by").await;
    let invite = s.ada.post(&s.at("/members")).json(json!({"person": guest.id}));
    s.done(invite).await;
    for role in ["moderator", "owner"] {
        assert_eq!(s.ask(s.role(&s.ada, &guest, role)).await, refused(403, "forbidden"));
        assert_eq!(s.ask(s.role(&s.mei, &s.tom, role)).await, refused(403, "forbidden"));
        assert_eq!(s.ask(s.role(&s.eve, &s.tom, role)).await, refused(403, "not_member"));
        assert_eq!(s.ask(s.role(&guest, &s.tom, role)).await, refused(403, "forbidden"));
        assert_eq!(s.ask(s.role(&s.ada, &s.eve, role)).await, refused(404, "not_found"));
    }
    let unknown = s.ask(s.role(&s.ada, &s.tom, "king")).await;
    assert_eq!(unknown, refused(422, "invalid"));
    assert_eq!(s.ask(s.role(&s.ada, &s.ada, "moderator")).await, refused(409, "conflict"));
}

async fn the_last_owner_hands_over_to_a_moderator_before_others(s: Scene) {
    s.done(s.role(&s.ada, &s.tom, "moderator")).await;
    s.done(s.remove(&s.ada, &s.ada)).await;
    assert_eq!(s.member(&s.mei, &s.tom).await["role"], "owner", "not mei, who came first");
    s.done(s.remove(&s.tom, &s.tom)).await;
    assert_eq!(s.member(&s.mei, &s.mei).await["role"], "owner");
    s.done(s.remove(&s.mei, &s.mei)).await;
}

async fn a_room_shows_its_topic_and_only_owners_change_more(s: Scene) {
    let seen = s.seen(&s.mei).await;
    assert!(seen.get("topic").is_none() && seen.get("announcement").is_none(), "{seen}");
    s.done(s.role(&s.ada, &s.tom, "moderator")).await;
    let topic = "Comets \u{2604}, 彗星";
    s.done(s.change(&s.tom, json!({"topic": topic}))).await;
    assert_eq!(s.seen(&s.mei).await["topic"], topic);
    let (kind, body) = s.newest().await;
    assert_eq!((kind, body), ("changed".to_owned(), json!({"topic": topic, "by": s.tom.id})));
    // The snapshot and the page of conversations say the same as the conversation itself.
    for path in ["/v1/snapshot", "/v1/conversations"] {
        let answer = s.call(s.mei.get(path)).await.body;
        let mut all = answer["conversations"].as_array().unwrap().iter();
        let listed = all.find(|c| c["id"] == s.room.as_str()).unwrap();
        assert_eq!(listed["topic"], topic, "{path}");
    }
    let before = s.head().await;
    s.done(s.change(&s.tom, json!({"topic": topic}))).await;
    assert_eq!(s.head().await, before, "nothing has changed, so nobody is told");
    let forbidden = refused(403, "forbidden");
    assert_eq!(s.ask(s.change(&s.mei, json!({"topic": "mine"}))).await, forbidden);
    for change in [json!({"title": "Ours"}), json!({"topic": "x", "open": true})] {
        assert_eq!(s.ask(s.change(&s.tom, change)).await, forbidden);
    }
    assert_eq!(s.ask(s.change(&s.tom, json!({"announcement": true}))).await, forbidden);
    assert_eq!(s.ask(s.change(&s.eve, json!({"topic": "x"}))).await, refused(403, "not_member"));
    for bad in ["a\nb", &"x".repeat(251)] {
        let answer = s.ask(s.change(&s.ada, json!({"topic": bad}))).await;
        assert_eq!(answer, refused(422, "invalid"), "{bad}");
    }
    s.done(s.change(&s.ada, json!({"topic": ""}))).await;
    assert!(s.seen(&s.mei).await.get("topic").is_none());
    // A direct conversation has no order to keep.
    let direct = json!({"kind": "direct", "person": s.mei.id});
    let direct = s.call(s.ada.post("/v1/conversations").json(direct)).await.body["id"].clone();
    let direct = format!("/v1/conversations/{}", direct.as_str().unwrap());
    for change in [json!({"topic": "x"}), json!({"announcement": true})] {
        assert_eq!(s.ask(s.ada.patch(&direct).json(change)).await, forbidden);
    }
    let ban = s.ada.put(&format!("{direct}/bans/{}", s.mei.id));
    assert_eq!(s.ask(ban).await, forbidden);
    assert_eq!(s.ask(s.ada.get(&format!("{direct}/audit"))).await, forbidden);
}
