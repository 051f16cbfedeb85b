//! Rooms and the people in them: roles, order, bans, links, own settings, blocks, reports. Each test runs on both stores.

mod blocks;
mod choices;
mod links;
mod moderation;
mod reports;
mod roles;

use encke_engine::{ConversationId, Event, Position, Seq, StreamId};
use serde_json::{Value, json};

use crate::site::{Answer, Call, Signed, TestSite};

/// A site with an owner and some members, who are in a room of the owner.
struct Scene {
    site: TestSite,
    ada: Signed,
    mei: Signed,
    tom: Signed,
    /// Somebody who is not in the room.
    eve: Signed,
    room: String,
}

impl Scene {
    async fn new((site, ada): (TestSite, Signed)) -> Self {
        let (mei, tom) = (site.member(&ada, "mei").await, site.member(&ada, "tom").await);
        let eve = site.member(&ada, "eve").await;
        let room = json!({"kind": "room", "title": "Room", "members": [mei.id, tom.id]});
        let room = site.call(ada.post("/v1/conversations").json(room)).await.body;
        let room = room["id"].as_str().unwrap().to_owned();
        Scene { site, ada, mei, tom, eve, room }
    }

    /// The path of something in the room.
    fn at(&self, rest: &str) -> String {
        format!("/v1/conversations/{}{rest}", self.room)
    }

    async fn call(&self, call: Call) -> Answer {
        self.site.call(call).await
    }

    /// The status and code of an answer.
    async fn ask(&self, call: Call) -> (u16, String) {
        let answer = self.site.call(call).await;
        let (status, code) = answer.refusal();
        (status, code.to_owned())
    }

    async fn done(&self, call: Call) {
        let answer = self.site.call(call).await;
        assert!(answer.status.is_success(), "{}: {}", answer.status, answer.body);
    }

    async fn say(&self, who: &Signed, text: &str) -> (u16, String) {
        self.ask(self.message(who, json!({"text": text}))).await
    }

    fn message(&self, who: &Signed, body: Value) -> Call {
        who.post(&self.at("/messages")).json(body)
    }

    /// Sends a message that may be sent, and returns its number.
    async fn said(&self, who: &Signed, text: &str) -> u64 {
        let sent = self.site.call(self.message(who, json!({"text": text}))).await;
        assert_eq!(sent.status, 201, "{}", sent.body);
        sent.body["seq"].as_u64().unwrap()
    }

    fn role(&self, by: &Signed, of: &Signed, role: &str) -> Call {
        by.patch(&self.at(&format!("/members/{}", of.id))).json(json!({"role": role}))
    }

    fn mute(&self, by: &Signed, of: &Signed, seconds: u64) -> Call {
        by.put(&self.at(&format!("/members/{}/mute", of.id))).json(json!({"seconds": seconds}))
    }

    fn unmute(&self, by: &Signed, of: &Signed) -> Call {
        by.delete(&self.at(&format!("/members/{}/mute", of.id)))
    }

    fn ban(&self, by: &Signed, of: &Signed) -> Call {
        by.put(&self.at(&format!("/bans/{}", of.id)))
    }

    fn lift(&self, by: &Signed, of: &Signed) -> Call {
        by.delete(&self.at(&format!("/bans/{}", of.id)))
    }

    fn remove(&self, by: &Signed, of: &Signed) -> Call {
        by.delete(&self.at(&format!("/members/{}", of.id)))
    }

    fn change(&self, by: &Signed, change: Value) -> Call {
        by.patch(&self.at("")).json(change)
    }

    fn join(&self, who: &Signed) -> Call {
        who.post(&self.at("/join"))
    }

    /// The room as a member sees it.
    async fn seen(&self, who: &Signed) -> Value {
        self.call(who.get(&self.at(""))).await.body["conversation"].clone()
    }

    /// A member as another one sees it.
    async fn member(&self, as_seen_by: &Signed, who: &Signed) -> Value {
        let seen = self.seen(as_seen_by).await;
        let mut members = seen["members"].as_array().unwrap().iter();
        members.find(|m| m["person"] == json!(who.id)).cloned().unwrap_or_default()
    }

    /// The newest event of the room: kind and body.
    async fn newest(&self) -> (String, Value) {
        let id: ConversationId = self.room.parse().unwrap();
        self.newest_of(StreamId::conversation(id)).await
    }

    /// The newest event of a stream: kind and body.
    async fn newest_of(&self, stream: StreamId) -> (String, Value) {
        let found = self.site.site.store.read(move |read| {
            let head = read.head(stream)?;
            let entry = read.event(head.position)?;
            Ok(entry.map(|entry| entry.event.clone()))
        });
        let event: Event = found.await.unwrap().expect("the stream has an event");
        (event.kind.to_string(), serde_json::from_slice(&event.body).unwrap())
    }

    /// The deeds of the audit trail, the newest first: who, what, to whom.
    async fn audit(&self, who: &Signed) -> Vec<(String, String, String)> {
        let page = self.call(who.get(&self.at("/audit"))).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let of = |e: &Value| (text(&e["by"]), text(&e["act"]), text(&e["person"]));
        page.body["entries"].as_array().unwrap().iter().map(of).collect()
    }

    /// How many events the site's log has, and how far the room's stream is.
    async fn head(&self) -> (Position, Seq) {
        let stream = StreamId::conversation(self.room.parse().unwrap());
        let heads =
            self.site.site.store.read(move |read| Ok((read.position(), read.head(stream)?.seq)));
        heads.await.unwrap()
    }
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// Tests that run on an embedded store and in PostgreSQL.
macro_rules! on_both_stores {
    ($($test:ident),* $(,)?) => { $(
        mod $test {
            use crate::rooms::Scene;
            use crate::site::TestSite;

            #[tokio::test]
            async fn sqlite() {
                super::$test(Scene::new(TestSite::with_owner().await).await).await;
            }

            #[tokio::test]
            async fn postgres() {
                super::$test(Scene::new(TestSite::with_owner_in_postgres().await).await).await;
            }
        }
    )* };
}

use on_both_stores;
