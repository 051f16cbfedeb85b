//! Blocked people: nothing of theirs comes, and they see nothing.

use encke_engine::StreamId;
use encke_engine::limits::BLOCKS_PER_PERSON_MAX;
use encke_engine::presence::Presence;
use serde_json::{Value, json};

use super::{Scene, on_both_stores, refused};
use crate::site::{Call, Signed};

on_both_stores!(
    neither_side_writes_in_a_direct_conversation_until_the_block_is_lifted,
    each_side_lifts_its_own_block_alone,
    a_blocked_person_begins_nothing_with_the_one_who_blocked_it,
    neither_presence_nor_typing_passes_a_block,
    blocks_are_ones_own_listed_and_bounded,
);

impl Scene {
    fn block(&self, who: &Signed, whom: &Signed) -> Call {
        who.put(&format!("/v1/blocks/{}", whom.id))
    }

    fn unblock(&self, who: &Signed, whom: &Signed) -> Call {
        who.delete(&format!("/v1/blocks/{}", whom.id))
    }

    fn open(&self, who: &Signed, with: &Signed) -> Call {
        who.post("/v1/conversations").json(json!({"kind": "direct", "person": with.id}))
    }

    /// The direct conversation of two people.
    async fn direct(&self, a: &Signed, b: &Signed) -> String {
        let made = self.call(self.open(a, b)).await;
        format!("/v1/conversations/{}", made.body["id"].as_str().unwrap())
    }

    /// The presence of a person as somebody sees it in a snapshot, and in a list of members.
    async fn presences(&self, who: &Signed, of: &Signed) -> Vec<Value> {
        let mut found = Vec::new();
        let members = self.at("/members");
        for path in
            ["/v1/snapshot", "/v1/conversations", &members, "/v1/people?q=mei", &self.at("")]
        {
            let answer = self.call(who.get(path)).await.body;
            let mut people = answer["people"].as_array().unwrap().iter();
            found.extend(people.find(|p| p["id"] == json!(of.id)).map(|p| p["presence"].clone()));
        }
        found
    }
}

async fn neither_side_writes_in_a_direct_conversation_until_the_block_is_lifted(s: Scene) {
    let direct = s.direct(&s.mei, &s.tom).await;
    let say = |who: &Signed, text: &str| {
        who.post(&format!("{direct}/messages")).json(json!({"text": text}))
    };
    let sent = s.call(say(&s.tom, "hello")).await.body;
    s.done(s.block(&s.mei, &s.tom)).await;
    let told = s.newest_of(StreamId::person(s.mei.id)).await;
    assert_eq!(told, ("blocked".to_owned(), json!({"person": s.tom.id, "on": true})));
    let blocked = refused(403, "blocked");
    let message = format!("{direct}/messages/{}", sent["seq"]);
    for who in [&s.tom, &s.mei] {
        assert_eq!(s.ask(say(who, "hey")).await, blocked);
        assert_eq!(s.ask(who.put(&format!("{message}/reactions/%F0%9F%91%8D"))).await, blocked);
        assert_eq!(s.ask(who.put(&format!("{message}/pin"))).await, blocked);
    }
    let answer = s.tom.post(&format!("{direct}/messages"));
    assert_eq!(s.ask(answer.json(json!({"text": "hey", "reply_to": 1}))).await, blocked);
    assert_eq!(s.ask(s.tom.patch(&message).json(json!({"text": "hey"}))).await, blocked);
    // What is there can be read, and taken back. In a room both write on.
    s.done(s.tom.get(&format!("{direct}/events"))).await;
    s.done(s.tom.delete(&message)).await;
    assert_eq!(s.say(&s.tom, "in a room").await.0, 201);
    assert_eq!(s.say(&s.mei, "in a room").await.0, 201);
    // The conversation is still found, and the block ends where it began.
    s.done(s.open(&s.tom, &s.mei)).await;
    s.done(s.unblock(&s.mei, &s.tom)).await;
    s.done(say(&s.tom, "sorry")).await;
    s.done(say(&s.mei, "fine")).await;
}

async fn each_side_lifts_its_own_block_alone(s: Scene) {
    let direct = s.direct(&s.mei, &s.tom).await;
    let say = |who: &Signed| who.post(&format!("{direct}/messages")).json(json!({"text": "x"}));
    s.done(s.block(&s.mei, &s.tom)).await;
    s.done(s.unblock(&s.tom, &s.mei)).await;
    assert_eq!(s.ask(say(&s.tom)).await, refused(403, "blocked"));
    s.done(s.block(&s.tom, &s.mei)).await;
    s.done(s.unblock(&s.mei, &s.tom)).await;
    assert_eq!(s.ask(say(&s.mei)).await, refused(403, "blocked"));
    s.done(s.unblock(&s.tom, &s.mei)).await;
    s.done(say(&s.mei)).await;
}

async fn a_blocked_person_begins_nothing_with_the_one_who_blocked_it(s: Scene) {
    s.done(s.block(&s.mei, &s.eve)).await;
    let blocked = refused(403, "blocked");
    assert_eq!(s.ask(s.open(&s.eve, &s.mei)).await, blocked);
    assert_eq!(s.ask(s.open(&s.mei, &s.eve)).await, blocked);
    let room = json!({"kind": "room", "title": "Come", "members": [s.mei.id]});
    assert_eq!(s.ask(s.eve.post("/v1/conversations").json(room)).await, blocked);
    let room = json!({"kind": "room", "title": "Come"});
    let made = s.call(s.eve.post("/v1/conversations").json(room)).await.body;
    let members = format!("/v1/conversations/{}/members", made["id"].as_str().unwrap());
    let invite = || s.eve.post(&members).json(json!({"person": s.mei.id}));
    assert_eq!(s.ask(invite()).await, blocked);
    s.done(s.unblock(&s.mei, &s.eve)).await;
    s.done(invite()).await;
}

async fn neither_presence_nor_typing_passes_a_block(s: Scene) {
    let direct = s.direct(&s.mei, &s.tom).await;
    let id: encke_engine::ConversationId = direct.rsplit('/').next().unwrap().parse().unwrap();
    let sessions = s.site.site.products().iter().filter_map(|p| p.extras().sessions);
    sessions.for_each(|sessions| sessions.opened(&s.site.site, s.mei.id, "tab"));
    assert_eq!(s.presences(&s.tom, &s.mei).await, vec![json!(Presence::Online); 5]);
    s.done(s.block(&s.mei, &s.tom)).await;
    assert_eq!(s.presences(&s.tom, &s.mei).await, vec![json!(Presence::Offline); 5]);
    assert_eq!(s.presences(&s.ada, &s.mei).await, vec![json!(Presence::Online); 5]);
    for who in [&s.tom, &s.mei] {
        s.done(who.post(&format!("{direct}/typing")).json(json!({"on": true}))).await;
        let away = json!({"state": "away", "client": "tab"});
        s.done(who.post("/v1/presence").json(away)).await;
    }
    // The signals of the room come at the same time as those of the direct conversation, and after them. The one that mei
    // is online was on its way before the block.
    let room = StreamId::conversation(s.room.parse().unwrap());
    let told = |stream: StreamId| {
        let signals = s.site.reach.signals.lock().unwrap();
        let of =
            signals.iter().filter(|(to, item)| *to == stream && item["body"]["state"] != "online");
        of.map(|(_, item)| item["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    while !told(room).contains(&"presence".to_owned()) {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    assert_eq!(told(StreamId::conversation(id)), [""; 0]);
    s.done(s.unblock(&s.mei, &s.tom)).await;
    s.done(s.tom.post(&format!("{direct}/typing")).json(json!({"on": true}))).await;
    assert_eq!(told(StreamId::conversation(id)), ["typing"]);
}

async fn blocks_are_ones_own_listed_and_bounded(s: Scene) {
    s.done(s.block(&s.mei, &s.tom)).await;
    let before = s.head().await;
    s.done(s.block(&s.mei, &s.tom)).await;
    s.done(s.unblock(&s.mei, &s.ada)).await;
    assert_eq!(s.head().await, before, "nothing has changed, so nothing is told");
    s.site.pass_ms(1);
    s.done(s.block(&s.mei, &s.eve)).await;
    let list = s.call(s.mei.get("/v1/blocks")).await.body;
    let people: Vec<&Value> =
        list["blocks"].as_array().unwrap().iter().map(|block| &block["person"]).collect();
    assert_eq!(people, [&json!(s.eve.id), &json!(s.tom.id)]);
    assert_eq!(list["people"].as_array().unwrap().len(), 2);
    let snapshot = s.call(s.mei.get("/v1/snapshot")).await.body;
    assert_eq!(snapshot["blocked"], json!([s.eve.id, s.tom.id]));
    for who in [&s.tom, &s.ada] {
        let blocks = s.call(who.get("/v1/blocks")).await.body;
        assert_eq!(blocks, json!({"blocks": [], "people": []}), "nobody learns that it is blocked");
    }
    assert_eq!(s.ask(s.block(&s.mei, &s.mei)).await, refused(422, "invalid"));
    for id in ["p99999", "x", "c1"] {
        let block = s.mei.put(&format!("/v1/blocks/{id}"));
        assert_eq!(s.ask(block).await, refused(404, "not_found"));
    }
    let me = s.mei.id;
    let fill = s.site.site.store.write(move |tx| {
        use encke_store::{Sql, params};
        for _ in 2..BLOCKS_PER_PERSON_MAX {
            let insert = "INSERT INTO person (display_name, role, created_ms)
                          VALUES ('somebody', 'member', 1) RETURNING id";
            let other: u64 = tx.query_one(insert, params![])?.unwrap().get(0)?;
            tx.execute("INSERT INTO block VALUES (?1, ?2, 1)", params![me, other])?;
        }
        Ok(())
    });
    fill.await.unwrap();
    assert_eq!(s.ask(s.block(&s.mei, &s.ada)).await, refused(409, "conflict"));
    s.done(s.block(&s.mei, &s.tom)).await;
}
