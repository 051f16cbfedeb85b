//! The first visit and the owner.

use encke_engine::limits;
use serde_json::json;

use crate::site::{Answer, PASSWORD, TestSite, get, post};

#[tokio::test]
async fn the_setup_code_creates_the_owner_once() {
    let site = TestSite::new();
    let found = site.call(get("/v1/setup")).await;
    assert_eq!((&found.body["needed"], &found.body["guests"]), (&json!(true), &json!(false)));
    let code = site.setup_code().await;
    let ada = json!({"name": "Ada", "password": PASSWORD, "setup_code": code});
    let eve = json!({"name": "eve", "password": PASSWORD, "setup_code": code});
    let (one, other) = tokio::join!(
        site.call(post("/v1/setup").json(ada.clone())),
        site.call(post("/v1/setup").json(eve)),
    );
    let (made, refused) = if one.status == 201 { (one, other) } else { (other, one) };
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(refused.refusal(), (409, "already_set_up"));
    assert_eq!(made.body["role"], "owner");
    assert_eq!(made.body["site_name"], "Encke");
    assert_eq!(made.body["presence"], "offline");
    for part in ["encke_session=eks_", "; Path=/", "; HttpOnly", "; SameSite=Lax", "; Max-Age="] {
        assert!(made.set_cookie().contains(part), "{}", made.set_cookie());
    }
    assert!(!made.set_cookie().contains("Secure"));
    assert_eq!(site.call(get("/v1/setup")).await.body["needed"], false);
    assert_eq!(site.call(post("/v1/setup").json(ada)).await.refusal(), (409, "already_set_up"));
}

async fn try_setup(site: &TestSite, code: Option<&str>) -> Answer {
    let body = json!({"name": "eve", "password": PASSWORD, "setup_code": code});
    site.call(post("/v1/setup").json(body)).await
}

#[tokio::test]
async fn without_the_setup_code_nobody_becomes_owner() {
    let mut site = TestSite::new();
    // Before the first code, and with all kinds of wrong ones.
    assert_eq!(try_setup(&site, Some("")).await.refusal(), (403, "wrong_setup_code"));
    let code = site.setup_code().await;
    let other = code.replace(|c: char| c != '-', "7");
    for wrong in [None, Some(""), Some("7K3M"), Some(&*other), Some(&code[..code.len() - 1])] {
        assert_eq!(try_setup(&site, wrong).await.refusal(), (403, "wrong_setup_code"), "{wrong:?}");
    }
    assert_eq!(site.call(get("/v1/setup")).await.body["needed"], true);
    // It is in the store, and the store does not give it away.
    site.restart();
    let stored = site.site.store.read(|read| {
        let rows = encke_store::Sql::query(read, "SELECT value FROM setting", &[])?;
        Ok::<_, encke_engine::Error>(
            rows.iter().map(|r| r.get::<String>(0)).collect::<Result<Vec<_>, _>>()?,
        )
    });
    let stored = stored.await.unwrap().concat();
    assert!(!stored.is_empty() && !stored.contains(&code.replace('-', "")), "{stored}");
    let careless = code.to_lowercase().replace('-', " ");
    assert_eq!(try_setup(&site, Some(&careless)).await.status, 201);
    assert_eq!(try_setup(&site, Some(&code)).await.refusal(), (409, "already_set_up"));
    assert_eq!(encke_account::new_setup_code(&site.site, false).await, Ok(None));
}

#[tokio::test]
async fn the_newest_setup_codes_are_good_and_a_renewed_one_is_good_alone() {
    let site = TestSite::new();
    let mut codes = Vec::new();
    for _ in 0..=limits::SETUP_CODES_MAX {
        codes.push(site.setup_code().await);
    }
    assert_eq!(try_setup(&site, Some(&codes[0])).await.refusal(), (403, "wrong_setup_code"));
    let renewed = encke_account::new_setup_code(&site.site, true).await.unwrap().unwrap();
    assert_eq!(
        try_setup(&site, codes.last().map(|c| &**c)).await.refusal(),
        (403, "wrong_setup_code")
    );
    assert_eq!(try_setup(&site, Some(&renewed)).await.status, 201);
}

#[tokio::test]
async fn guesses_of_the_setup_code_run_out() {
    let site = TestSite::new();
    site.setup_code().await;
    let body = json!({"name": "eve", "password": PASSWORD, "setup_code": "7K3M"});
    let guess = || site.call(post("/v1/setup").json(body.clone()).from("192.0.2.1"));
    for _ in 0..limits::SIGN_INS_PER_ADDRESS_PER_MIN {
        assert_eq!(guess().await.refusal(), (403, "wrong_setup_code"));
    }
    assert_eq!(guess().await.refusal(), (429, "rate_limited"));
}
