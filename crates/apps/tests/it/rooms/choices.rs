//! One's own settings of conversations: they come to one's own devices, and to nobody else.

use encke_engine::StreamId;
use encke_engine::limits::{CONVERSATIONS_PINNED_MAX, FOLDERS_PER_PERSON_MAX};
use serde_json::{Value, json};

use super::{Scene, on_both_stores, refused};
use crate::site::{Call, Signed};

on_both_stores!(
    choices_are_seen_wherever_the_conversation_is_and_by_nobody_else,
    a_choice_that_changes_nothing_is_told_to_nobody,
    the_list_of_conversations_is_sifted_by_folder_pin_and_archive,
    choices_are_bounded_and_refused_to_strangers,
    leaving_a_room_forgets_ones_choices,
);

impl Scene {
    fn choose(&self, who: &Signed, choices: Value) -> Call {
        who.patch(&self.at("/choices")).json(choices)
    }

    async fn new_room(&self, who: &Signed) -> String {
        self.site.pass_ms(2_000);
        let room = json!({"kind": "room", "title": "Another"});
        let made = self.call(who.post("/v1/conversations").json(room)).await;
        made.body["id"].as_str().unwrap().to_owned()
    }

    async fn listed(&self, who: &Signed, query: &str) -> Vec<String> {
        let page = self.call(who.get(&format!("/v1/conversations?{query}"))).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let all = page.body["conversations"].as_array().unwrap().iter();
        all.map(|c| c["id"].as_str().unwrap().to_owned()).collect()
    }
}

async fn choices_are_seen_wherever_the_conversation_is_and_by_nobody_else(s: Scene) {
    assert!(s.seen(&s.mei).await.get("choices").is_none());
    let new = json!({"notify": "mentions", "muted_until": 5, "pinned": true, "folder": "工作"});
    let changed = s.call(s.choose(&s.mei, new)).await;
    let choices = json!({
        "notify": "mentions", "muted_until": 5, "pinned": true, "archived": false, "folder": "工作",
    });
    assert_eq!((changed.status.as_u16(), &changed.body), (200, &choices));
    let told = s.newest_of(StreamId::person(s.mei.id)).await;
    let expected = json!({"conversation": s.room, "choices": choices});
    assert_eq!(told, ("choices_changed".to_owned(), expected));
    assert_eq!(s.seen(&s.mei).await["choices"], choices);
    for path in ["/v1/snapshot", "/v1/conversations"] {
        let answer = s.call(s.mei.get(path)).await.body;
        assert_eq!(answer["conversations"][0]["choices"], choices, "{path}");
        // The facts of the room are remembered for all its members, the choices of one are not.
        let answer = s.call(s.tom.get(path)).await.body;
        assert!(answer["conversations"][0].get("choices").is_none(), "{path}");
    }
    let snapshot = s.call(s.mei.get("/v1/snapshot")).await.body;
    assert_eq!((&snapshot["pinned"], &snapshot["folders"]), (&json!([s.room]), &json!(["工作"])));
    let list = s.call(s.mei.get("/v1/choices")).await.body;
    assert_eq!(list, json!({"choices": [{"conversation": s.room, "choices": choices}]}));
    assert_eq!(s.call(s.tom.get("/v1/choices")).await.body, json!({"choices": []}));
    // The last choice that is taken back leaves nothing.
    let back = json!({"notify": "all", "muted_until": 0, "pinned": false, "folder": ""});
    s.done(s.choose(&s.mei, back)).await;
    assert!(s.seen(&s.mei).await.get("choices").is_none());
    assert_eq!(s.call(s.mei.get("/v1/choices")).await.body, json!({"choices": []}));
}

async fn a_choice_that_changes_nothing_is_told_to_nobody(s: Scene) {
    s.done(s.choose(&s.mei, json!({"archived": true}))).await;
    let before = s.head().await;
    for same in [json!({"archived": true}), json!({}), json!({"archived": null, "folder": ""})] {
        let answer = s.call(s.choose(&s.mei, same)).await;
        assert_eq!(answer.body["archived"], true);
    }
    assert_eq!(s.head().await, before);
}

async fn the_list_of_conversations_is_sifted_by_folder_pin_and_archive(s: Scene) {
    let (other, plain) = (s.new_room(&s.mei).await, s.new_room(&s.mei).await);
    s.done(s.choose(&s.mei, json!({"folder": "Work", "pinned": true}))).await;
    let choose = s.mei.patch(&format!("/v1/conversations/{other}/choices"));
    s.done(choose.json(json!({"folder": "Work", "archived": true}))).await;
    let (room, other, plain) = (s.room.as_str(), other.as_str(), plain.as_str());
    assert_eq!(s.listed(&s.mei, "folder=Work").await, [other, room]);
    assert_eq!(s.listed(&s.mei, "folder=Work&archived=false").await, [room]);
    assert_eq!(s.listed(&s.mei, "archived=true").await, [other]);
    assert_eq!(s.listed(&s.mei, "archived=false").await, [plain, room]);
    assert_eq!(s.listed(&s.mei, "pinned=true").await, [room]);
    assert_eq!(s.listed(&s.mei, "pinned=false").await, [plain, other]);
    assert_eq!(s.listed(&s.mei, "folder=None").await, [""; 0]);
    let quoted = s.listed(&s.mei, "folder=%27%20OR%201=1%20--").await;
    assert_eq!(quoted, [""; 0]);
}

async fn choices_are_bounded_and_refused_to_strangers(s: Scene) {
    assert_eq!(s.ask(s.choose(&s.eve, json!({"pinned": true}))).await, refused(403, "not_member"));
    let invalid = refused(422, "invalid");
    let long = "x".repeat(51);
    for bad in [
        json!({"notify": "some"}),
        json!({"folder": long}),
        json!({"folder": "a\nb"}),
        json!({"folder": "  "}),
        json!({"muted_until": -1}),
    ] {
        assert_eq!(s.ask(s.choose(&s.mei, bad.clone())).await, invalid, "{bad}");
    }
    let far = s.call(s.choose(&s.mei, json!({"muted_until": u64::MAX}))).await;
    assert_eq!(far.body["muted_until"], 253_402_300_799_999_u64);
    assert_eq!(s.ask(s.choose(&s.mei, json!({"more": 1}))).await, refused(422, "unknown_field"));
    let most = CONVERSATIONS_PINNED_MAX.max(FOLDERS_PER_PERSON_MAX);
    for number in 0..most {
        let room = s.new_room(&s.mei).await;
        let own = json!({"pinned": true, "folder": format!("{number}")});
        s.done(s.mei.patch(&format!("/v1/conversations/{room}/choices")).json(own)).await;
    }
    let conflict = refused(409, "conflict");
    assert_eq!(s.ask(s.choose(&s.mei, json!({"pinned": true}))).await, conflict);
    assert_eq!(s.ask(s.choose(&s.mei, json!({"folder": "one more"}))).await, conflict);
    s.done(s.choose(&s.mei, json!({"folder": "7"}))).await;
    let page = s.call(s.mei.get("/v1/choices?limit=50")).await.body;
    assert_eq!(page["choices"].as_array().unwrap().len(), 50);
    let next = page["next"].as_str().unwrap();
    let rest = s.call(s.mei.get(&format!("/v1/choices?after={next}"))).await.body;
    assert_eq!((rest["choices"].as_array().unwrap().len(), rest.get("next")), (1, None));
    assert_eq!(s.ask(s.mei.get("/v1/choices?after=x")).await, refused(400, "bad_request"));
}

async fn leaving_a_room_forgets_ones_choices(s: Scene) {
    s.done(s.change(&s.ada, json!({"open": true}))).await;
    s.done(s.choose(&s.mei, json!({"archived": true, "folder": "Old"}))).await;
    s.done(s.remove(&s.mei, &s.mei)).await;
    assert_eq!(s.call(s.mei.get("/v1/snapshot")).await.body["folders"], json!([]));
    s.done(s.join(&s.mei)).await;
    assert!(s.seen(&s.mei).await.get("choices").is_none());
}
