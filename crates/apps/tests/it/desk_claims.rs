//! Claims that come at once and are decided in one write: each is answered by itself.

use encke_account::Account;
use encke_channel::Channel;
use encke_chat::Chat;
use encke_desk::Desk;
use encke_engine::Error;
use encke_files::Files;
use encke_site::Products;
use encke_store::params;
use encke_talk::Talk;
use futures_util::future::join_all;
use serde_json::json;

use crate::site::{Signed, TestSite, post};

const WITH_DESK: Products = &[&Account, &Files, &Talk, &Chat, &Channel, &Desk];

async fn ask(site: &TestSite, key: &str, from: &str) -> String {
    let enter = post(&format!("/v1/desks/{key}/visitors")).json(json!({})).from(from);
    let entered = site.call(enter).await;
    let token = entered.body["token"].as_str().expect("a token").to_owned();
    let ask = post(&format!("/v1/desks/{key}/tickets")).json(json!({"text": "Hello?"}));
    let asked = site.call(ask.bearer(&token)).await;
    assert_eq!(asked.status, 201, "{}", asked.body);
    asked.body["ticket"]["id"].as_str().unwrap().to_owned()
}

async fn claimed_at_once((site, ada): (TestSite, Signed)) {
    let made = site.call(ada.post("/v1/desks").json(json!({"name": "Shop"}))).await;
    let text = |name: &str| made.body[name].as_str().unwrap().to_owned();
    let (desk, key) = (text("id"), text("key"));
    let (ben, cy) = (site.member(&ada, "ben").await, site.member(&ada, "cy").await);
    let (reader, eve) = (site.member(&ada, "rae").await, site.member(&ada, "eve").await);
    for agent in [&ben, &cy, &reader] {
        let add = ada.post(&format!("/v1/conversations/{desk}/members"));
        assert_eq!(site.call(add.json(json!({"person": agent.id}))).await.status, 204);
    }
    let (house, person): (u64, _) = (desk[1..].parse().unwrap(), reader.id);
    let reads = site.site.store.write(move |tx| {
        tx.execute("INSERT INTO desk_reader VALUES (?1, ?2)", params![house, person])?;
        Ok::<_, Error>(())
    });
    reads.await.unwrap();
    let mut tickets = Vec::new();
    for number in 1..=5 {
        tickets.push(ask(&site, &key, &format!("10.0.0.{number}")).await);
    }
    // The last one was put off, so it is taken up again in a write of its own.
    let path = format!("/v1/tickets/{}", tickets[4]);
    assert_eq!(site.call(ada.patch(&path).json(json!({"state": "snoozed"}))).await.status, 200);
    site.pass_ms(60_000);

    let who = [&ben, &reader, &cy, &eve, &ben];
    let clicks = tickets.iter().flat_map(|ticket| who.map(|agent| (ticket, agent)));
    let click = |(ticket, agent): (&String, &Signed)| {
        let (site, call) = (&site, agent.post(&format!("/v1/tickets/{ticket}/claim")));
        async move { site.call(call).await }
    };
    let answers = join_all(clicks.map(click)).await;
    for (ticket, answers) in tickets.iter().zip(answers.chunks(who.len())) {
        let [by_ben, by_reader, by_cy, by_eve, again] = answers else { unreachable!() };
        assert_eq!(by_reader.refusal(), (403, "forbidden"), "{ticket}");
        assert_eq!(by_eve.refusal(), (403, "not_member"), "{ticket}");
        assert_eq!(by_ben.status == 200, by_cy.status == 409, "{ticket} has one owner");
        assert_eq!(by_ben.status, again.status, "{ticket}: a click that comes twice is one");
        let (won, lost) = if by_ben.status == 200 { (by_ben, by_cy) } else { (by_cy, by_ben) };
        assert_eq!(lost.refusal(), (409, "taken"), "{ticket}");
        let owner = if by_ben.status == 200 { "ben" } else { "cy" };
        let why = lost.body["error"]["message"].as_str().unwrap();
        assert_eq!(why, format!("{owner} has this ticket already."));
        assert_eq!((&won.body["state"], &won.body["speaker"]), (&json!("open"), &json!("person")));
        let shown = site.call(ada.get(&format!("/v1/tickets/{ticket}"))).await.body;
        assert_eq!(shown["ticket"], won.body, "the answer is what is stored");
    }
    let unknown = site.call(ben.post("/v1/tickets/c999/claim")).await;
    assert_eq!(unknown.refusal(), (403, "not_member"));
}

#[tokio::test]
async fn claims_that_come_at_once_are_answered_each_by_itself() {
    claimed_at_once(TestSite::with_owner_and(WITH_DESK).await).await;
}

#[tokio::test]
async fn claims_that_come_at_once_are_answered_each_by_itself_in_postgres() {
    claimed_at_once(TestSite::with_owner_in_postgres_and(WITH_DESK).await).await;
}
