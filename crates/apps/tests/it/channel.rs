//! Channels: who may append, and which events.

use encke_engine::Seq;
use encke_store::Read;
use serde_json::{Value, json};

use crate::site::{Call, Signed, TestSite, post};

const NEWS: &str = "/v1/channels/news/events";

async fn bodies(site: &TestSite, name: &str) -> Vec<String> {
    let stream = site.site.store.channels().stream(name).unwrap();
    let read = move |read: &mut Read<'_>| {
        let (entries, _) = read.after(stream, Seq(0), 100)?;
        let body = |e: &std::sync::Arc<encke_engine::Entry>| e.event.body.to_vec();
        Ok(entries.iter().map(|e| String::from_utf8(body(e)).unwrap()).collect::<Vec<_>>())
    };
    site.site.store.read(read).await.unwrap()
}

fn text(owner: &Signed, text: &str) -> Call {
    owner.post(NEWS).raw("text/plain; charset=utf-8", text.to_owned())
}

#[tokio::test]
async fn owners_and_bots_append_and_nobody_else() {
    let (site, ada) = TestSite::with_owner().await;
    let mei = site.member(&ada, "mei").await;
    site.allow_guests(&ada).await;
    let guest = site.guest("Passer-by").await;
    let bot = encke_account::bot(&site.site, "Weather").await.unwrap();
    let token = site.token(bot).await;
    let sent = site.call(ada.post(NEWS).json(json!({"n": 1}))).await;
    assert_eq!(sent.status, 201, "{}", sent.body);
    assert_eq!(sent.body["seq"], 1);
    assert!(sent.body["cursor"].is_string() && sent.body["at"].is_u64(), "{}", sent.body);
    let sent = site.call(post(NEWS).bearer(&token).json(json!({"n": 2}))).await;
    assert_eq!((sent.status.as_u16(), &sent.body["seq"]), (201, &json!(2)));
    for other in [&mei, &guest] {
        let refused = site.call(other.post(NEWS).json(json!(1))).await;
        assert_eq!(refused.refusal(), (403, "forbidden"));
    }
    assert_eq!(site.call(post(NEWS).json(json!(1))).await.refusal(), (401, "not_signed_in"));
    assert_eq!(bodies(&site, "news").await, [r#"{"n":1}"#, r#"{"n":2}"#]);
}

#[tokio::test]
async fn json_passes_byte_for_byte_and_text_becomes_a_string() {
    let (site, ada) = TestSite::with_owner().await;
    let odd = r#"{ "b":1.50, "a":[1e2,"\u4f60\/😀"],  "b":null }"#;
    for body in [odd, " \t7 ", "\"\"", "{\r\n \"a\":\n1}"] {
        let sent = site.call(ada.post(NEWS).raw("application/json", body)).await;
        assert_eq!(sent.status, 201, "{body}: {}", sent.body);
    }
    assert_eq!(site.call(text(&ada, "线\n\"\u{0}\u{10FFFF}")).await.status, 201);
    assert_eq!(site.call(text(&ada, "")).await.status, 201);
    let found = bodies(&site, "news").await;
    // Events travel in lines, so line breaks between values become blanks. These mean the same.
    assert_eq!(found[..4], [odd, "7", "\"\"", "{   \"a\": 1}"]);
    let texts: Vec<Value> = found[4..].iter().map(|b| serde_json::from_str(b).unwrap()).collect();
    assert_eq!(texts, [json!("线\n\"\u{0}\u{10FFFF}"), json!("")]);
}

#[tokio::test]
async fn an_invalid_event_is_refused_and_leaves_nothing() {
    let (site, ada) = TestSite::with_owner().await;
    let json = |body: &str| ada.post(NEWS).raw("application/json", body.to_owned());
    let deep = |levels| "[".repeat(levels) + &"]".repeat(levels);
    let cases = [
        (json("{"), 400, "bad_json"),
        (json(""), 400, "bad_json"),
        (json("1 2"), 400, "bad_json"),
        (json("{\"a\":1}\n{}"), 400, "bad_json"),
        (json("\"a\nb\""), 400, "bad_json"),
        (ada.post(NEWS).raw("application/json", vec![b'"', 0xff, b'"']), 400, "bad_json"),
        (json(&deep(101)), 422, "invalid"),
        (json(&format!("\"{}\"", "a".repeat(16_383))), 413, "too_large"),
        (json(&format!("\"{}\"", "a".repeat(70_000))), 413, "too_large"),
        (ada.post(NEWS).raw("text/plain", vec![0xff, 0xfe]), 422, "invalid"),
        (ada.post(NEWS).raw("text/plain", "a".repeat(16_385)), 413, "too_large"),
        (ada.post(NEWS).raw("text/html", "<p>"), 415, "wrong_type"),
        (ada.post(NEWS), 415, "wrong_type"),
        (ada.post("/v1/channels/no%20blank/events").json(json!(1)), 422, "invalid"),
        (ada.post("/v1/channels/%FF/events").json(json!(1)), 400, "bad_request"),
        (json("1").header("idempotency-key", "no blanks"), 422, "invalid"),
        (json("1").header("idempotency-key", ""), 422, "invalid"),
        (json("1").header("idempotency-key", &"k".repeat(129)), 422, "invalid"),
    ];
    for (number, (call, status, code)) in cases.into_iter().enumerate() {
        let refused = site.call(call).await;
        assert_eq!(refused.refusal(), (status, code), "case {number}");
    }
    assert_eq!(bodies(&site, "news").await, [""; 0]);
    for fits in [format!("\"{}\"", "a".repeat(16_382)), deep(100)] {
        assert_eq!(site.call(json(&fits)).await.status, 201);
    }
    assert_eq!(site.call(text(&ada, &"\u{1}".repeat(16_384))).await.status, 201);
}

#[tokio::test]
async fn a_repeated_append_is_one_append() {
    let (site, ada) = TestSite::with_owner().await;
    let send = |body: Value| ada.post(NEWS).json(body).header("idempotency-key", "k1");
    let first = site.call(send(json!({"n": 1}))).await;
    site.pass_ms(5_000);
    let again = site.call(send(json!({"n": 1}))).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 200));
    assert_eq!(first.body, again.body);
    assert_eq!(site.call(send(json!({"n": 2}))).await.refusal(), (409, "key_reused"));
    assert_eq!(bodies(&site, "news").await.len(), 1);
}
