//! Rooms with many members: what joining writes, members by pages, marks.

use std::collections::BTreeSet;

use encke_engine::{PersonId, Position, StreamId};
use encke_store::{Sql, params};
use encke_talk::member::put;
use serde_json::{Value, json};

use crate::site::{Answer, Signed, TestSite, get};

/// Members that a conversation shows by itself.
const SHOWN: usize = 20;
/// Members up to which marks are told to all.
const TOLD: usize = 200;

/// People without a password.
async fn crowd(site: &TestSite, stem: &'static str, count: usize) -> Vec<PersonId> {
    let made = site.site.store.write(move |tx| {
        let one = |number| {
            let insert = "INSERT INTO person (display_name, role, created_ms)
                          VALUES (?1, 'member', 1) RETURNING id";
            let row = tx.query_one(insert, params![format!("{stem} {number}")])?;
            Ok(row.unwrap().get(0)?)
        };
        (0..count).map(one).collect()
    });
    made.await.unwrap()
}

/// A room of ada's with these members. One write puts them in, as an invitation does.
async fn room(site: &TestSite, ada: &Signed, members: &[PersonId]) -> String {
    let body = json!({"kind": "room", "title": "Room", "open": true});
    let made = site.call(ada.post("/v1/conversations").json(body)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.body["id"].as_str().unwrap().to_owned();
    let (held, number, by, members) =
        (site.site.clone(), id.parse().unwrap(), ada.id, members.to_vec());
    let filled = site.site.store.write(move |tx| {
        let role = encke_talk::conversation::MemberRole::Member;
        members.iter().try_for_each(|one| put(tx, &held, number, *one, role, by).map(drop))
    });
    filled.await.unwrap();
    id
}

async fn bring(site: &TestSite, by: &Signed, room: &str, person: PersonId) {
    site.pass_ms(60_000);
    let invite = by.post(&format!("/v1/conversations/{room}/members"));
    let answer = site.call(invite.json(json!({"person": person}))).await;
    assert_eq!(answer.status, 204, "{}", answer.body);
}

async fn remove(site: &TestSite, by: &Signed, room: &str, person: PersonId) {
    let answer = site.call(by.delete(&format!("/v1/conversations/{room}/members/{person}"))).await;
    assert_eq!(answer.status, 204, "{}", answer.body);
}

async fn page(site: &TestSite, who: &Signed, room: &str, query: &str) -> Answer {
    site.pass_ms(1_000);
    site.call(who.get(&format!("/v1/conversations/{room}/members?{query}"))).await
}

async fn conversation(site: &TestSite, who: &Signed, room: &str) -> Value {
    site.pass_ms(1_000);
    site.call(who.get(&format!("/v1/conversations/{room}"))).await.body["conversation"].clone()
}

fn ids(of: &Value) -> Vec<PersonId> {
    let members = of["members"].as_array().unwrap().iter();
    members.map(|m| m["person"].as_str().unwrap().parse().unwrap()).collect()
}

/// The newest events, as stream, kind and body.
async fn events_after(site: &TestSite, after: Position) -> Vec<(StreamId, String, Value)> {
    let found = site.site.store.read(move |read| Ok(read.log_after(after, 10_000)?)).await;
    let event = |e: encke_engine::Event| {
        let body = serde_json::from_slice(&e.body).unwrap();
        (e.stream, e.kind.to_string(), body)
    };
    found.unwrap().into_iter().map(event).collect()
}

/// Events, and bytes of their bodies, that a join writes.
async fn cost_of_a_join(site: &TestSite, ada: &Signed, members: usize) -> (usize, usize) {
    let people = crowd(site, "Somebody", members).await;
    let (newcomer, others) = people.split_first().unwrap();
    let id = room(site, ada, others).await;
    assert_eq!(conversation(site, ada, &id).await["member_count"], members);
    let before = site.site.store.position();
    bring(site, ada, &id, *newcomer).await;
    let written = events_after(site, before).await;
    (written.len(), written.iter().map(|(.., body)| body.to_string().len()).sum())
}

#[tokio::test]
async fn joining_writes_as_much_into_a_room_of_400_as_into_one_of_20() {
    let (site, ada) = TestSite::with_owner().await;
    let (few_events, few_bytes) = cost_of_a_join(&site, &ada, SHOWN).await;
    let (many_events, many_bytes) = cost_of_a_join(&site, &ada, 20 * SHOWN).await;
    assert_eq!((few_events, many_events), (2, 2));
    assert!(many_bytes.abs_diff(few_bytes) * 20 < few_bytes, "{few_bytes} and {many_bytes} bytes");
    assert!(many_bytes < 8 * 1024, "{many_bytes} bytes");
}

#[tokio::test]
async fn a_large_room_shows_oneself_its_owners_and_who_joined_first() {
    let (site, ada) = TestSite::with_owner().await;
    let mei = site.member(&ada, "mei").await;
    let people = crowd(&site, "Somebody", 40).await;
    let id = room(&site, &ada, &people).await;
    bring(&site, &ada, &id, mei.id).await;
    let late = people[39];
    let role = ada.patch(&format!("/v1/conversations/{id}/members/{late}"));
    assert_eq!(site.call(role.json(json!({"role": "owner"}))).await.status, 204);
    let seen = conversation(&site, &mei, &id).await;
    let mut due = vec![ada.id, late];
    due.extend(&people[..SHOWN - 3]);
    due.push(mei.id);
    assert_eq!((ids(&seen), &seen["member_count"]), (due.clone(), &json!(42)));
    assert_eq!(seen["role"], "member");
    let snapshot = site.call(mei.get("/v1/snapshot")).await.body;
    assert_eq!(snapshot["conversations"][0], seen);
    assert_eq!(snapshot["people"].as_array().unwrap().len(), SHOWN);
    // Down to the number that is shown, everybody is.
    for person in &people[..22] {
        remove(&site, &ada, &id, *person).await;
    }
    let seen = conversation(&site, &mei, &id).await;
    let mut due = vec![ada.id];
    due.extend(&people[22..]);
    due.push(mei.id);
    assert_eq!((ids(&seen), &seen["member_count"]), (due, &json!(SHOWN)));
}

#[tokio::test]
async fn pages_hold_everybody_who_stays_once_while_others_come_and_go() {
    let (site, ada) = TestSite::with_owner().await;
    let people = crowd(&site, "Somebody", 60).await;
    let id = room(&site, &ada, &people[..50]).await;
    let (mut seen, mut query, mut pages) = (Vec::new(), "limit=7".to_owned(), 0);
    loop {
        let page = page(&site, &ada, &id, &query).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let named = page.body["people"].as_array().unwrap().iter().map(|p| p["id"].clone());
        assert_eq!(json!(ids(&page.body)), Value::Array(named.collect()));
        seen.extend(ids(&page.body));
        // One person already seen leaves, one still unseen leaves, and one joins.
        if pages < 5 {
            remove(&site, &ada, &id, people[pages]).await;
            remove(&site, &ada, &id, people[49 - pages]).await;
            bring(&site, &ada, &id, people[50 + pages]).await;
        }
        pages += 1;
        let Some(next) = page.body["next"].as_str() else { break };
        query = format!("limit=7&after={next}");
    }
    let once: BTreeSet<PersonId> = seen.iter().copied().collect();
    assert_eq!(once.len(), seen.len(), "nobody twice: {seen:?}");
    let stayed = [ada.id].into_iter().chain(people[5..45].iter().copied());
    assert!(stayed.clone().all(|person| once.contains(&person)), "{seen:?}");
    assert!(people[50..55].iter().all(|person| once.contains(person)), "the newcomers are last");
}

#[tokio::test]
async fn only_members_see_members_and_a_page_that_was_not_given_is_refused() {
    let (site, ada) = TestSite::with_owner().await;
    let mei = site.member(&ada, "mei").await;
    let id = room(&site, &ada, &[]).await;
    assert_eq!(page(&site, &mei, &id, "").await.refusal(), (403, "not_member"));
    for wrong in ["after=x", "after=1", "after=1:c1", "after=99999999999999999999:p1", "limit=x"] {
        assert_eq!(page(&site, &ada, &id, wrong).await.refusal(), (400, "bad_request"), "{wrong}");
    }
    let long = format!("q={}", "x".repeat(65));
    assert_eq!(page(&site, &ada, &id, &long).await.refusal(), (422, "invalid"));
    assert_eq!(ids(&page(&site, &ada, &id, "limit=0").await.body), [ada.id]);
}

#[tokio::test]
async fn a_search_among_members_looks_at_a_bounded_part_and_goes_on() {
    let (site, ada) = TestSite::with_owner().await;
    let many = crowd(&site, "Somebody", 2_500).await;
    let wanted = crowd(&site, "Wanted 彗星", 3).await;
    let mut all = many;
    all.splice(1..1, [wanted[0]]);
    all.extend(&wanted[1..]);
    let id = room(&site, &ada, &all).await;
    let first = page(&site, &ada, &id, "q=wANTED").await;
    assert_eq!(ids(&first.body), [wanted[0]], "{}", first.body);
    let next = first.body["next"].as_str().unwrap();
    let second = page(&site, &ada, &id, &format!("q=wANTED&after={next}")).await;
    assert_eq!(ids(&second.body), wanted[1..]);
    assert_eq!(second.body["next"], Value::Null);
    let by_word =
        page(&site, &ada, &id, &format!("q=%E5%BD%97%E6%98%9F&after={next}&limit=1")).await;
    assert_eq!(ids(&by_word.body), [wanted[1]]);
    assert!(by_word.body["next"].is_string());
}

#[tokio::test]
async fn marks_of_a_large_room_are_told_to_the_persons_own_devices_alone() {
    let (site, ada) = TestSite::with_owner().await;
    let mei = site.member(&ada, "mei").await;
    for (members, large) in [(TOLD, false), (TOLD + 1, true)] {
        let mut people = crowd(&site, "Somebody", members - 2).await;
        people.insert(0, mei.id);
        let id = room(&site, &ada, &people).await;
        let path = format!("/v1/conversations/{id}");
        let said = ada.post(&format!("{path}/messages")).json(json!({"text": "hello"}));
        let said = site.call(said).await;
        assert_eq!(said.status, 201);
        site.site.settle().await;
        let head = said.body["seq"].as_u64().unwrap();
        let before = site.site.store.position();
        // An ack moves the delivered mark, which a large room does not keep.
        let ack = mei.post("/v1/acks").json(json!({"cursor": said.body["cursor"]}));
        assert_eq!(site.call(ack).await.status, 204);
        site.site.settle().await;
        let delivered = events_after(&site, before).await;
        let of_this_room =
            delivered.iter().filter(|(.., body)| body["conversation"] == id.as_str());
        assert_eq!(of_this_room.count(), usize::from(!large), "{delivered:?}");
        let before = site.site.store.position();
        let read = mei.post(&format!("{path}/receipts")).json(json!({"read": head}));
        assert_eq!(site.call(read).await.status, 204);
        site.site.settle().await;
        let told = events_after(&site, before).await;
        let marks = json!({"conversation": id, "marks": [
            {"person": mei.id, "delivered": head, "read": head}
        ]});
        let (stream, kind) = if large {
            (StreamId::person(mei.id), "marked")
        } else {
            (StreamId::receipts(id.parse().unwrap()), "receipts")
        };
        assert_eq!(told, [(stream, kind.to_owned(), marks)]);
        // A client that asks sees the mark all the same.
        let fresh = conversation(&site, &mei, &id).await;
        assert_eq!((&fresh["read_seq"], &fresh["unread"]), (&json!(head), &json!(0)));
        let page = page(&site, &ada, &id, "limit=2").await;
        assert_eq!(page.body["members"][1]["read"], head, "{}", page.body);
    }
}

#[tokio::test]
async fn the_longest_member_owns_a_large_room_after_its_last_owner() {
    let (site, ada) = TestSite::with_owner().await;
    let people = crowd(&site, "Somebody", 30).await;
    let id = room(&site, &ada, &people).await;
    let token = site.token(people[3]).await;
    for person in [people[0], people[1]] {
        remove(&site, &ada, &id, person).await;
    }
    bring(&site, &ada, &id, people[0]).await;
    remove(&site, &ada, &id, ada.id).await;
    let seen = site.call(get(&format!("/v1/conversations/{id}")).bearer(&token)).await.body["conversation"].clone();
    let owners = seen["members"].as_array().unwrap().iter().filter(|m| m["role"] == "owner");
    let owners: Vec<_> = owners.map(|m| m["person"].clone()).collect();
    assert_eq!(owners, [json!(people[2])]);
    assert_eq!(seen["member_count"], 29);
}
