//! The guest book as a client and an operator see it.

use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;

use bytes::Bytes;
use encke_account::Account;
use encke_channel::Channel;
use encke_chat::Chat;
use encke_engine::{Code, StreamClass};
use encke_rig::Postgres;
use encke_site::product::tables;
use encke_site::{Credentials, Posted, Product, Products, Role, Sender};
use encke_store::Database;
use encke_talk::Talk;
use serde_json::{Value, json};

use super::product::{ENTRY_AGE_MS, GuestBook, Seen};
use crate::site::TestSite;

/// All apps and the guest book: the one line that a server has for it.
const PRODUCTS: Products = &[&Account, &Talk, &Chat, &Channel, &GuestBook];

#[tokio::test]
async fn a_product_serves_its_route_and_its_part_of_the_snapshot() {
    let (site, ada) = TestSite::with_owner_and(PRODUCTS).await;
    let mei = site.member(&ada, "mei").await;
    let written = site.call(ada.post("/v1/guest-book").json(json!({"text": "Hello"}))).await;
    assert_eq!(written.status, 204, "{}", written.body);
    let empty = site.call(ada.post("/v1/guest-book").json(json!({"text": ""}))).await;
    assert_eq!(empty.refusal(), (422, "invalid"));
    assert_eq!(site.call(mei.get("/v1/guest-book")).await.body[0]["text"], "Hello");
    let snapshot = site.call(mei.get("/v1/snapshot")).await.body;
    assert_eq!(snapshot["guest_book"][0]["author"], ada.id.to_string());
    // They share no conversation. The guest book itself mentions its author.
    assert_eq!(snapshot["people"][0]["id"], ada.id.to_string());
    assert_eq!(snapshot["conversations"], json!([]));
    let seen = site.site.part::<Seen>();
    assert_eq!(seen.entries.load(Ordering::Relaxed), 1);
    site.site.noted(&Bytes::from_static(br#"{"product":"guest_book","note":"thanks"}"#));
    site.site.noted(&Bytes::from_static(br#"{"product":"talk","note":"thanks"}"#));
    assert_eq!(seen.thanks.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_product_takes_its_commands_and_its_sends() {
    let (site, ada) = TestSite::with_owner_and(PRODUCTS).await;
    let sender = Sender { person: ada.id, role: Role::Owner, device: "" };
    let say = |frame: &str| {
        let (done, answer) = channel();
        let tell = move |item: Option<Bytes>| done.send(item).unwrap();
        encke_site::command(&site.site, sender, frame.as_bytes(), tell);
        serde_json::from_slice::<Value>(&answer.recv().unwrap().unwrap()).unwrap()
    };
    let signed = say(r#"{"type":"sign","id":3,"text":"By wire"}"#);
    assert_eq!((&signed["type"], &signed["id"]), (&json!("ok"), &json!(3)));
    assert_eq!(say(r#"{"type":"sign","id":4}"#)["error"]["code"], "invalid");
    assert_eq!(say(r#"{"type":"ping","id":5}"#)["id"], 5);
    let unknown = say(r#"{"type":"carve","id":6}"#);
    assert_eq!((&unknown["id"], &unknown["error"]["code"]), (&json!(6), &json!("invalid")));
    let shown = Credentials { bearer: None, cookie: Some(&ada.cookie) };
    let identity = site.site.identify(shown).await.unwrap();
    let post = |path: &str| {
        let (done, answer) = channel();
        let tell = Box::new(move |result| done.send(result).unwrap());
        let posted = Posted { key: None, content_type: "text/plain", body: "Posted".into() };
        encke_site::post(&site.site, identity, path, posted, tell);
        answer.recv().unwrap()
    };
    assert_eq!(post("/v1/guest-book/main/entries").unwrap().seq.0, 2);
    assert_eq!(post("/v1/guest-book/main/pages").unwrap_err().code, Code::NotFound);
}

/// A product that has taken the stream class of the guest book.
struct Twin;

impl Product for Twin {
    fn name(&self) -> &'static str {
        "twin"
    }

    fn classes(&self) -> &'static [StreamClass] {
        GuestBook.classes()
    }
}

#[tokio::test]
#[should_panic(expected = "the products guest_book and twin both have the stream class 135")]
async fn products_that_share_a_stream_class_do_not_start() {
    TestSite::with_owner_and(&[&Account, &GuestBook, &Twin]).await;
}

#[tokio::test]
#[should_panic(expected = "the products twin and twin both have the name twin")]
async fn products_that_share_a_name_do_not_start() {
    TestSite::with_owner_and(&[&Account, &Twin, &Twin]).await;
}

#[tokio::test]
async fn a_product_keeps_house() {
    let (site, ada) = TestSite::with_owner_and(PRODUCTS).await;
    let entries = async || site.call(ada.get("/v1/guest-book")).await.body;
    site.call(ada.post("/v1/guest-book").json(json!({"text": "Old"}))).await;
    site.pass_ms(ENTRY_AGE_MS + 1);
    site.call(ada.post("/v1/guest-book").json(json!({"text": "New"}))).await;
    assert_eq!(entries().await.as_array().unwrap().len(), 2);
    for product in site.site.products().iter().filter_map(|p| p.extras().housekeeping) {
        product.turn(&site.site, 1).await;
    }
    let left = entries().await;
    assert_eq!((left.as_array().unwrap().len(), &left[0]["text"]), (1, &json!("New")));
}

#[tokio::test]
async fn the_table_of_a_product_moves_to_the_other_engine() {
    let (site, ada) = TestSite::with_owner_and(PRODUCTS).await;
    site.call(ada.post("/v1/guest-book").json(json!({"text": "你好"}))).await;
    let data = site.closed();
    let postgres = Postgres::shared();
    let space = Postgres::fresh_space();
    let to = Database { url: postgres.url(), space: space.clone() };
    let from = data.path().join("data");
    let moving = move || encke_store::migrate(&from, &to, &tables(PRODUCTS), |_, _| {});
    let moved = std::thread::spawn(moving).join().unwrap().unwrap();
    let table = moved.iter().find(|m| m.table == "guest_entry").unwrap();
    assert_eq!(table.sum.rows, 1);
    let text = format!("SELECT text FROM encke_{space}.guest_entry");
    assert_eq!(postgres.sql(&text), ["你好"]);
}
