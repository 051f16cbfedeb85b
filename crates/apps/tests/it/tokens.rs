//! Tokens of scripts: who makes them, and when they end.

use encke_engine::{PersonId, limits};
use http::StatusCode;
use serde_json::json;

use crate::account::is_signed_in;
use crate::site::{PASSWORD, TestSite, get, post};

#[tokio::test]
async fn a_token_needs_no_origin_and_is_no_cookie() {
    let (site, ada) = TestSite::with_owner().await;
    let token = site.token(ada.id).await;
    let ticket = || post("/v1/tickets").bearer(&token);
    assert_eq!(site.call(ticket()).await.status, 201);
    assert_eq!(site.call(ticket().header("origin", "https://evil.test")).await.status, 201);
    for call in [get("/v1/me").cookie(&token), get("/v1/me").bearer(&ada.cookie)] {
        assert_eq!(site.call(call).await.refusal(), (401, "not_signed_in"));
    }
}

#[tokio::test]
async fn a_stolen_session_makes_no_token_and_a_token_makes_none() {
    let (site, ada) = TestSite::with_owner().await;
    let refused = site.call(ada.post("/v1/tokens").json(json!({"label": "x"}))).await;
    assert_eq!(refused.refusal(), (422, "invalid"));
    let wrong = json!({"label": "x", "password": "not the password"});
    for _ in 0..limits::PASSWORD_GUESSES_PER_MIN {
        let refused = site.call(ada.post("/v1/tokens").json(wrong.clone())).await;
        assert_eq!(refused.refusal(), (401, "wrong_password"));
    }
    let refused = site.call(ada.post("/v1/tokens").json(wrong)).await;
    assert_eq!(refused.refusal(), (429, "rate_limited"));
    let token = site.token(ada.id).await;
    let right = json!({"label": "x", "password": PASSWORD});
    let refused = site.call(post("/v1/tokens").bearer(&token).json(right)).await;
    assert_eq!(refused.refusal(), (403, "forbidden"));
    assert_eq!(site.call(ada.get("/v1/tokens")).await.body["tokens"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_token_expires_when_it_was_told_to() {
    let (mut site, ada) = TestSite::with_owner().await;
    let make = |expires: serde_json::Value| {
        let body = json!({"label": "x", "password": PASSWORD, "expires_in_s": expires});
        site.call(ada.post("/v1/tokens").json(body))
    };
    for wrong in [0, 59, 10 * 365 * 24 * 60 * 60 + 1] {
        assert_eq!(make(json!(wrong)).await.refusal(), (422, "invalid"), "{wrong}");
    }
    let made = make(json!(60)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let token = made.body["token"].as_str().unwrap().to_owned();
    let lasting = site.token(ada.id).await;
    let listed = site.call(ada.get("/v1/tokens")).await.body["tokens"].clone();
    // Both were made in the same millisecond.
    let (never, once): (Vec<_>, Vec<_>) =
        listed.as_array().unwrap().iter().partition(|token| token["expires"].is_null());
    assert_eq!((never.len(), once.len()), (1, 1), "{listed}");
    assert_eq!(once[0]["expires"], once[0]["created"].as_u64().unwrap() + 60_000);
    for restarted in [false, true] {
        assert_eq!(site.call(get("/v1/me").bearer(&token)).await.status, 200);
        if restarted {
            site.pass_ms(60_000);
        }
        site.restart();
    }
    assert_eq!(site.call(get("/v1/me").bearer(&token)).await.refusal(), (401, "not_signed_in"));
    assert_eq!(site.call(get("/v1/me").bearer(&lasting)).await.status, 200);
}

#[tokio::test]
async fn a_recovery_ends_sessions_and_tokens() {
    let (site, ada) = TestSite::with_owner().await;
    let mei = site.member(&ada, "mei").await;
    let (adas, meis) = (site.token(ada.id).await, site.token(mei.id).await);
    // The person itself revokes its tokens.
    let tokens_alone = site.call(ada.post("/v1/sign-out").json(json!({"tokens": true}))).await;
    assert_eq!(tokens_alone.refusal(), (422, "invalid"));
    assert_eq!(site.call(get("/v1/me").bearer(&adas)).await.status, 200);
    let all = json!({"everywhere": true, "tokens": true});
    assert_eq!(site.call(ada.post("/v1/sign-out").json(all)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(site.call(get("/v1/me").bearer(&adas)).await.refusal(), (401, "not_signed_in"));
    assert!(!is_signed_in(&site, &ada).await);
    // The operator revokes a person's tokens.
    assert_eq!(site.call(get("/v1/me").bearer(&meis)).await.status, 200);
    let ended = encke_account::set_password(&site.site, "mei", "another password").await.unwrap();
    assert_eq!((ended.sessions, ended.tokens), (1, 1));
    assert_eq!(site.call(get("/v1/me").bearer(&meis)).await.refusal(), (401, "not_signed_in"));
    assert!(!is_signed_in(&site, &mei).await);
    assert_eq!(*site.reach.revoked.lock().unwrap(), [(ada.id, None), (mei.id, None)]);
}

#[tokio::test]
async fn tokens_are_made_listed_and_revoked() {
    let (site, ada) = TestSite::with_owner().await;
    let mei = site.member(&ada, "mei").await;
    let bot = encke_account::bot(&site.site, "Weather").await.unwrap();
    assert_eq!(encke_account::bot(&site.site, "Weather").await.unwrap(), bot);
    let for_other =
        |person: PersonId| json!({"person": person, "label": "x", "password": PASSWORD});
    let refused = site.call(mei.post("/v1/tokens").json(for_other(ada.id))).await;
    assert_eq!(refused.refusal(), (403, "forbidden"));
    let made = site
        .call(mei.post("/v1/tokens").json(json!({"label": "backup", "password": PASSWORD})))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["person"], mei.id.to_string());
    let token = made.body["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("ekt_") && token.len() == 47, "{token}");
    let me = site.call(get("/v1/me").bearer(&token)).await;
    assert_eq!(me.body["id"], mei.id.to_string());

    let made = site.call(ada.post("/v1/tokens").json(for_other(bot))).await;
    let bots = made.body["token"].as_str().unwrap().to_owned();
    assert_eq!(site.call(get("/v1/me").bearer(&bots)).await.body["role"], "bot");
    let path = format!("/v1/tokens?person={bot}");
    assert_eq!(site.call(mei.get(&path)).await.refusal(), (403, "forbidden"));
    let listed = site.call(ada.get(&path)).await;
    let id = listed.body["tokens"][0]["id"].as_str().unwrap();
    let path = format!("/v1/tokens/{id}?person={bot}");
    assert_eq!(site.call(mei.delete(&path)).await.refusal(), (403, "forbidden"));
    assert_eq!(site.call(ada.delete(&path)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(site.call(get("/v1/me").bearer(&bots)).await.status, 401);

    let listed = site.call(mei.get("/v1/tokens")).await;
    let all = listed.body["tokens"].as_array().unwrap();
    assert_eq!((all.len(), &all[0]["label"]), (1, &json!("backup")));
    assert!(!listed.body.to_string().contains(&token));
    let path = format!("/v1/tokens/{}", all[0]["id"].as_str().unwrap());
    assert_eq!(site.call(ada.delete(&path)).await.refusal(), (404, "not_found"));
    assert_eq!(site.call(mei.delete(&path)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(site.call(get("/v1/me").bearer(&token)).await.status, 401);
    assert_eq!(site.call(mei.delete(&path)).await.refusal(), (404, "not_found"));
    assert!(is_signed_in(&site, &mei).await);
}
