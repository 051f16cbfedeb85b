//! Accounts: rights, and the end of each kind of credential.

use std::sync::mpsc;
use std::time::Duration;

use encke_account::{NewAccount, add};
use encke_engine::limits;
use encke_site::Credentials;
use http::{Method, StatusCode, header};
use serde_json::json;
use tokio::runtime::Handle;
use tower::ServiceExt;

use crate::people::ids;
use crate::site::{ALLOWED, Answer, Call, ORIGIN, PASSWORD, Signed, TestSite, get, post};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

pub async fn is_signed_in(site: &TestSite, who: &Signed) -> bool {
    let answer = site.call(who.get("/v1/me")).await;
    assert!(matches!(answer.status.as_u16(), 200 | 401), "{}", answer.body);
    answer.status == StatusCode::OK
}

pub async fn try_password(site: &TestSite, name: &str, password: &str, address: &str) -> Answer {
    let body = json!({"name": name, "password": password});
    site.call(post("/v1/sign-in").json(body).from(address)).await
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_look_the_same() {
    let (site, _) = TestSite::with_owner().await;
    let wrong = try_password(&site, "ada", "not the password", "192.0.2.1").await;
    let unknown = try_password(&site, "nobody", "not the password", "192.0.2.1").await;
    let no_name = try_password(&site, "no name", "not the password", "192.0.2.1").await;
    let too_long = try_password(&site, "ada", &"p".repeat(10_000), "192.0.2.1").await;
    assert_eq!(wrong.refusal(), (401, "wrong_password"));
    for other in [unknown, no_name, too_long] {
        assert_eq!((wrong.status, &wrong.body), (other.status, &other.body));
        assert_eq!(wrong.headers, other.headers);
    }
}

#[tokio::test]
async fn tries_for_a_name_run_out_and_come_back() {
    let (site, _) = TestSite::with_owner().await;
    for _ in 0..9 {
        let wrong = try_password(&site, "ada", "wrong wrong", "192.0.2.1").await;
        assert_eq!(wrong.refusal(), (401, "wrong_password"));
    }
    // A successful sign-in gives all tries back.
    assert_eq!(try_password(&site, "ada", PASSWORD, "192.0.2.1").await.status, 200);
    for _ in 0..10 {
        let wrong = try_password(&site, "ADA", "wrong wrong", "192.0.2.1").await;
        assert_eq!(wrong.refusal(), (401, "wrong_password"));
    }
    let refused = try_password(&site, "ada", PASSWORD, "192.0.2.1").await;
    assert_eq!(refused.refusal(), (429, "rate_limited"));
    assert_eq!(refused.body["error"]["retry"], true);
    let wait = refused.body["error"]["retry_after_ms"].as_u64().unwrap();
    assert!((1..=6_001).contains(&wait), "{wait}");
    assert_eq!(refused.headers[header::RETRY_AFTER], wait.div_ceil(1_000).to_string());
    assert_eq!(try_password(&site, "tom", "wrong wrong", "192.0.2.1").await.status, 401);
    // Guesses from one address do not lock the person out at another.
    assert_eq!(try_password(&site, "ada", PASSWORD, "192.0.2.2").await.status, 200);
    site.pass_ms(wait);
    assert_eq!(try_password(&site, "ada", PASSWORD, "192.0.2.1").await.status, 200);
}

/// The cookie that proves an earlier sign-in on this device.
fn device_of(answer: &Answer) -> String {
    let lines = answer.headers.get_all(header::SET_COOKIE).into_iter().map(|v| v.to_str().unwrap());
    let line = lines.into_iter().find(|line| line.starts_with("encke_device=")).expect("a device");
    for part in ["; Path=/v1/sign-in;", "; HttpOnly;", "; SameSite=Strict;", "; Max-Age="] {
        assert!(line.contains(part), "{line}");
    }
    line.split(';').next().unwrap().to_owned()
}

async fn try_on(site: &TestSite, device: &str, name: &str, password: &str) -> Answer {
    let body = json!({"name": name, "password": password});
    let call = post("/v1/sign-in").json(body).from("192.0.2.1");
    site.call(call.header("cookie", device)).await
}

/// Guesses until the name is refused everywhere.
async fn guess_from_everywhere(site: &TestSite, name: &str) {
    let mut addresses = (1..=255).map(|last| format!("198.51.100.{last}"));
    loop {
        let address = addresses.next().expect("a limit for the name itself");
        for _ in 0..limits::SIGN_INS_PER_NAME_AND_ADDRESS_PER_MIN {
            match try_password(site, name, "wrong wrong", &address).await.refusal() {
                (401, "wrong_password") => {}
                (429, "rate_limited") => return,
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn guesses_from_everywhere_do_not_lock_a_known_device_out() {
    let (mut site, _) = TestSite::with_owner().await;
    let device = device_of(&try_password(&site, "ada", PASSWORD, "192.0.2.1").await);
    guess_from_everywhere(&site, "ada").await;
    // An unknown device has to wait at any address, and so has a device with a proof for another password.
    assert_eq!(try_password(&site, "ada", PASSWORD, "203.0.113.1").await.refusal().0, 429);
    let forged = format!("{}AAAA", &device[..device.len() - 4]);
    for unknown in ["encke_device=", "encke_device=a.b~c", &forged] {
        assert_eq!(try_on(&site, unknown, "ada", PASSWORD).await.refusal().0, 429, "{unknown}");
    }
    // The address is used up, too.
    for _ in 0..limits::SIGN_INS_PER_ADDRESS_PER_MIN {
        try_password(&site, "nobody", "wrong wrong", "192.0.2.1").await;
    }
    let again = try_on(&site, &device, "ada", PASSWORD).await;
    assert_eq!(again.status, 200, "{}", again.body);
    // Its own allowance ends as well.
    for _ in 0..limits::SIGN_INS_PER_DEVICE_PER_MIN {
        assert_eq!(try_on(&site, &device, "ada", "wrong wrong").await.refusal().0, 401);
    }
    assert_eq!(try_on(&site, &device, "ada", PASSWORD).await.refusal().0, 429);
    // It is known after a restart and on any node, for this name alone, and until the password is another.
    site.restart();
    assert_eq!(try_on(&site, &device, "ada", PASSWORD).await.status, 200);
    guess_from_everywhere(&site, "ada").await;
    guess_from_everywhere(&site, "tom").await;
    assert_eq!(try_on(&site, &device, "tom", "wrong wrong").await.refusal().0, 429);
    encke_account::set_password(&site.site, "ada", "another password").await.unwrap();
    assert_eq!(try_on(&site, &device, "ada", "another password").await.refusal().0, 429);
}

#[tokio::test]
async fn a_device_knows_several_people() {
    let (site, ada) = TestSite::with_owner().await;
    site.member(&ada, "mei").await;
    let first = device_of(&try_on(&site, "a=b", "ada", PASSWORD).await);
    let both = device_of(&try_on(&site, &first, "mei", PASSWORD).await);
    for name in ["ada", "mei"] {
        guess_from_everywhere(&site, name).await;
        assert_eq!(try_on(&site, &both, name, PASSWORD).await.status, 200, "{name}");
    }
}

#[tokio::test]
async fn tries_from_an_address_run_out_and_come_back() {
    let (site, _) = TestSite::with_owner().await;
    let knock = |address: &'static str| {
        site.call(post("/v1/guest").json(json!({"display_name": "G"})).from(address))
    };
    for host in 0..30 {
        let address = if host % 2 == 0 { "2001:db8::1" } else { "2001:db8::2:1" };
        assert_eq!(knock(address).await.refusal(), (403, "forbidden"));
    }
    assert_eq!(knock("2001:db8::3").await.refusal(), (429, "rate_limited"));
    let sign_in = try_password(&site, "ada", PASSWORD, "2001:db8::4").await;
    assert_eq!(sign_in.refusal(), (429, "rate_limited"));
    assert_eq!(knock("2001:db8:0:1::1").await.refusal(), (403, "forbidden"));
    site.pass_ms(2_001);
    assert_eq!(knock("2001:db8::3").await.refusal(), (403, "forbidden"));
}

#[tokio::test]
async fn sign_out_ends_this_session_at_once() {
    let (site, ada) = TestSite::with_owner().await;
    let phone = site.sign_in("ada").await;
    assert!(is_signed_in(&site, &ada).await && is_signed_in(&site, &phone).await);
    let gone = site.call(ada.post("/v1/sign-out")).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.body);
    assert!(gone.set_cookie().starts_with("encke_session=; "), "{}", gone.set_cookie());
    assert!(gone.set_cookie().contains("Max-Age=0"));
    assert!(!is_signed_in(&site, &ada).await);
    assert!(is_signed_in(&site, &phone).await);
    let revoked = site.reach.revoked.lock().unwrap().clone();
    assert!(matches!(revoked[..], [(id, Some(_))] if id == ada.id), "{revoked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reconnects_the_moment_it_is_signed_out_is_refused() {
    let (site, ada) = TestSite::with_owner().await;
    // It is remembered.
    assert!(is_signed_in(&site, &ada).await);
    let (router, again, handle) = (site.router(), ada.get("/v1/me"), Handle::current());
    let (answered, answer) = mpsc::sync_channel(1);
    let come_back = move || {
        let (at_once, came) = mpsc::sync_channel(1);
        std::thread::spawn(move || {
            let response = handle.block_on(router.oneshot(again.request())).unwrap();
            answered.send(response.status()).unwrap();
            let _ = at_once.send(());
        });
        // A client that the remembered identity let in would have come by now.
        let _ = came.recv_timeout(Duration::from_millis(300));
    };
    *site.reach.when_revoked.lock().unwrap() = Some(Box::new(come_back));
    assert_eq!(site.call(ada.post("/v1/sign-out")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.recv_timeout(Duration::from_secs(30)), Ok(StatusCode::UNAUTHORIZED));
}

#[tokio::test]
async fn sign_out_everywhere_ends_all_sessions_and_no_token() {
    let (site, ada) = TestSite::with_owner().await;
    let (phone, mei) = (site.sign_in("ada").await, site.member(&ada, "mei").await);
    let token = site.token(ada.id).await;
    for who in [&ada, &phone, &mei] {
        assert!(is_signed_in(&site, who).await);
    }
    let gone = site.call(ada.post("/v1/sign-out").json(json!({"everywhere": true}))).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert!(!is_signed_in(&site, &ada).await && !is_signed_in(&site, &phone).await);
    assert!(is_signed_in(&site, &mei).await);
    assert_eq!(site.call(get("/v1/me").bearer(&token)).await.status, 200);
    assert_eq!(site.reach.revoked.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_page_that_signs_out_and_is_closed_is_signed_out() {
    let (site, ada) = TestSite::with_owner().await;
    assert!(is_signed_in(&site, &ada).await);
    let router = site.router();
    tokio::select! {
        biased;
        // Looked at once; the store's thread may be quicker than that, mostly it is not.
        _ = router.oneshot(ada.post("/v1/sign-out").request()) => {}
        () = std::future::ready(()) => {}
    }
    let ended = async {
        while is_signed_in(&site, &ada).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ended).await.expect("the session ends");
}

#[tokio::test]
async fn a_disabled_person_has_no_session_no_token_and_no_pass() {
    let (mut site, ada) = TestSite::with_owner().await;
    let mei = site.member(&ada, "mei").await;
    let token = site.token(mei.id).await;
    let ticket = site.call(mei.post("/v1/tickets")).await;
    let ticket = ticket.body["ticket"].as_str().unwrap().to_owned();
    assert_eq!(site.call(get("/v1/me").bearer(&token)).await.status, 200);
    let path = format!("/v1/people/{}", mei.id);
    assert_eq!(site.call(mei.delete(&path)).await.refusal(), (403, "forbidden"));
    assert_eq!(site.call(ada.delete(&path)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(*site.reach.revoked.lock().unwrap(), [(mei.id, None)]);
    for restarted in [false, true] {
        if restarted {
            site.restart();
        }
        assert!(!is_signed_in(&site, &mei).await);
        let by_token = site.call(get("/v1/me").bearer(&token)).await;
        assert_eq!(by_token.refusal(), (401, "not_signed_in"));
        assert_eq!(site.site.redeem(&ticket), None);
        let again = try_password(&site, "mei", PASSWORD, "192.0.2.1").await;
        assert_eq!(again.refusal(), (401, "wrong_password"));
    }
    let found = site.call(ada.get("/v1/people?q=mei")).await;
    assert_eq!(ids(&found), [""; 0]);
    // The answer to the first call may have been lost.
    assert_eq!(site.call(ada.delete(&path)).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn the_last_owner_stays() {
    let (site, ada) = TestSite::with_owner().await;
    let path = format!("/v1/people/{}", ada.id);
    assert_eq!(site.call(ada.delete(&path)).await.refusal(), (409, "conflict"));
    for nobody in ["p999", "p0", "c1", "%F0%9F%98%80"] {
        let answer = site.call(ada.delete(&format!("/v1/people/{nobody}"))).await;
        assert_eq!(answer.refusal(), (404, "not_found"), "{nobody}");
    }
    let account = NewAccount { name: "bea".into(), password: PASSWORD.into(), display_name: None };
    let owner = encke_site::Role::Owner;
    add(&site.site, account, owner).await.unwrap();
    assert_eq!(site.call(ada.delete(&path)).await.status, StatusCode::NO_CONTENT);
    assert!(!is_signed_in(&site, &ada).await);
    assert!(is_signed_in(&site, &site.sign_in("bea").await).await);
}

#[tokio::test]
async fn a_cookie_is_only_for_pages_of_the_site() {
    let (site, ada) = TestSite::with_owner().await;
    let change = |origin: Option<&str>| {
        let call = Call::new(Method::POST, "/v1/tickets").cookie(&ada.cookie);
        origin.into_iter().fold(call, |call, origin| call.header("origin", origin))
    };
    let look = |origin: &str| ada.get("/v1/me").header("origin", origin);
    for good in [ORIGIN, ALLOWED] {
        assert_eq!(site.call(change(Some(good))).await.status, 201, "{good}");
        assert_eq!(site.call(look(good)).await.status, 200, "{good}");
    }
    assert_eq!(site.call(change(None)).await.refusal(), (403, "foreign_origin"));
    assert_eq!(site.call(ada.get("/v1/me")).await.status, 200);
    let foreign = [
        "null",
        "",
        "https://evil.test",
        "https://encke.test",
        "http://encke.test.evil.test",
        "http://evil.test/encke.test",
        "http://encke.test:8080",
        "http://encke.test/",
        "ftp://encke.test",
        "encke.test",
        "http://partner.test",
        "https://partner.test:8443",
    ];
    for origin in foreign {
        let refused = site.call(change(Some(origin))).await;
        assert_eq!(refused.refusal(), (403, "foreign_origin"), "{origin}");
        let refused = site.call(look(origin)).await;
        assert_eq!(refused.refusal(), (403, "foreign_origin"), "{origin}");
    }
}

#[tokio::test]
async fn nobody_is_signed_in_by_a_foreign_page() {
    let (site, ada) = TestSite::with_owner().await;
    site.allow_guests(&ada).await;
    let account = json!({"name": "ada", "password": PASSWORD});
    let calls = [
        ("/v1/sign-in", account.clone(), 200),
        ("/v1/guest", json!({"display_name": "G"}), 201),
        ("/v1/setup", account, 409),
    ];
    for (path, body, status) in calls {
        for origin in ["https://evil.test", "null"] {
            let call = post(path).json(body.clone()).header("origin", origin);
            assert_eq!(site.call(call).await.refusal(), (403, "foreign_origin"), "{path}");
        }
        assert_eq!(site.call(post(path).json(body.clone())).await.status, status, "{path}");
        let own = post(path).json(body).header("origin", ORIGIN);
        assert_eq!(site.call(own).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_bad_body_gets_the_code_that_the_protocol_names() {
    let (site, ada) = TestSite::with_owner().await;
    let people = |kind: &str, body: &str| ada.post("/v1/people").raw(kind, body.to_owned());
    let json = |body: &str| people("application/json", body);
    let good = json!({"name": "mei", "password": PASSWORD}).to_string();
    let long = format!("{{\"name\":\"{}\"}}", "n".repeat(70_000));
    let cases = [
        (people("text/plain", &good), 415, "wrong_type"),
        (people("application/jsonp", &good), 415, "wrong_type"),
        (ada.post("/v1/people"), 415, "wrong_type"),
        (json(""), 400, "bad_json"),
        (json("{"), 400, "bad_json"),
        (json(&format!("{good} {{}}")), 400, "bad_json"),
        (json("[]"), 422, "invalid"),
        (json(r#"{"name":"mei"}"#), 422, "invalid"),
        (json(r#"{"name":7,"password":"long enough"}"#), 422, "invalid"),
        (json(r#"{"name":"mei","password":"long enough","role":"owner"}"#), 422, "unknown_field"),
        (json(r#"{"name":"mei","password":"short"}"#), 422, "invalid"),
        (json(&long), 413, "too_large"),
        (ada.post("/v1/sign-out").raw("text/plain", r#"{"everywhere":true}"#), 415, "wrong_type"),
        (ada.post("/v1/sign-out").json(json!({"everywhere": "yes"})), 422, "invalid"),
        (ada.post("/v1/sign-out").json(json!({"every": true})), 422, "unknown_field"),
        (ada.patch("/v1/settings").json(json!({"role": "owner"})), 422, "unknown_field"),
        (ada.patch("/v1/settings").json(json!({"site_name": " "})), 422, "invalid"),
        (ada.get("/v1/people?limit=many"), 400, "bad_request"),
        (ada.get("/v1/people?who=me"), 400, "bad_request"),
    ];
    for (number, (call, status, code)) in cases.into_iter().enumerate() {
        let answer = site.call(call).await;
        assert_eq!(answer.refusal(), (status, code), "case {number}: {}", answer.body);
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    }
    let added = site.call(people("Application/JSON; charset=utf-8", &good)).await;
    assert_eq!(added.status, 201, "{}", added.body);
    assert_eq!(added.headers[header::CACHE_CONTROL], "no-store");
    assert!(is_signed_in(&site, &ada).await);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let (site, ada) = TestSite::with_owner().await;
    let phone = site.sign_in("ada").await;
    let change = |old: &str, new: &str| {
        site.call(ada.post("/v1/password").json(json!({"old": old, "new": new})))
    };
    assert_eq!(change("not the old one", "another password").await.refusal().1, "wrong_password");
    assert_eq!(change(PASSWORD, "short").await.refusal(), (422, "invalid"));
    assert_eq!(change(PASSWORD, &"p".repeat(257)).await.refusal(), (422, "invalid"));
    assert!(is_signed_in(&site, &phone).await);
    assert_eq!(change(PASSWORD, "another password").await.status, StatusCode::NO_CONTENT);
    assert!(is_signed_in(&site, &ada).await);
    assert!(!is_signed_in(&site, &phone).await);
    assert_eq!(try_password(&site, "ada", PASSWORD, "192.0.2.1").await.status, 401);
    assert_eq!(try_password(&site, "ada", "another password", "192.0.2.1").await.status, 200);
    for _ in 0..10 {
        assert_eq!(change("a guess of it", "whatever it is").await.status, 401);
    }
    assert_eq!(change("a guess of it", "whatever it is").await.refusal(), (429, "rate_limited"));
    // Guesses with a stolen session do not keep its owner out.
    assert_eq!(try_password(&site, "ada", "another password", "192.0.2.1").await.status, 200);
}

#[tokio::test]
async fn a_pass_is_good_once_and_for_ten_seconds() {
    let (site, ada) = TestSite::with_owner().await;
    let ticket = async || {
        let made = site.call(ada.post("/v1/tickets")).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert_eq!(made.body["expires_in_ms"], 10_000);
        made.body["ticket"].as_str().unwrap().to_owned()
    };
    let (first, late) = (ticket().await, ticket().await);
    site.pass_ms(9_999);
    let credentials = Credentials { bearer: None, cookie: Some(&ada.cookie) };
    let by_cookie = site.site.identify(credentials).await.unwrap();
    let redeemed = site.site.redeem(&first).unwrap();
    assert!(by_cookie.by_cookie && !redeemed.by_cookie);
    assert_eq!((redeemed.person, redeemed.credential), (ada.id, by_cookie.credential));
    assert_eq!(redeemed.expires_ms, by_cookie.expires_ms);
    assert_eq!(site.site.redeem(&first), None);
    site.pass_ms(1);
    assert_eq!(site.site.redeem(&late), None);
    assert_eq!(site.site.redeem("ekk_made-up"), None);

    let dies = ticket().await;
    assert_eq!(site.call(ada.post("/v1/sign-out")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(site.site.redeem(&dies), None);
    let refused = site.call(post("/v1/tickets").header("origin", ORIGIN)).await;
    assert_eq!(refused.refusal(), (401, "not_signed_in"));
}

#[tokio::test]
async fn a_session_lives_on_as_long_as_it_is_used() {
    let (mut site, ada) = TestSite::with_owner().await;
    let idle = site.sign_in("ada").await;
    for _ in 0..3 {
        site.pass_ms(29 * DAY_MS);
        assert!(is_signed_in(&site, &ada).await);
        // The first look brings it into memory, the second one finds it worth extending.
        assert!(is_signed_in(&site, &ada).await);
    }
    // A write after those that extend, so that they are done.
    site.site.store.write(|_| Ok(())).await.unwrap();
    site.restart();
    site.pass_ms(29 * DAY_MS);
    assert!(is_signed_in(&site, &ada).await);
    assert!(!is_signed_in(&site, &idle).await);
    site.pass_ms(31 * DAY_MS);
    assert!(!is_signed_in(&site, &ada).await);
    site.restart();
    assert!(!is_signed_in(&site, &ada).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_of_a_credential_moves_with_its_use_and_ends_with_it() {
    let (mut site, ada) = TestSite::with_owner().await;
    let identity = |cookie: String| {
        let site = site.site.clone();
        async move {
            let credentials = Credentials { bearer: None, cookie: Some(&cookie) };
            site.identify(credentials).await.unwrap()
        }
    };
    let used = identity(ada.cookie.clone()).await;
    let idle = identity(site.sign_in("ada").await.cookie).await;
    let token = site.token(ada.id).await;
    let credentials = Credentials { bearer: Some(&token), cookie: None };
    let by_token = site.site.identify(credentials).await.unwrap();
    let left = |site: &TestSite, credential: u64| {
        let (tell, told) = mpsc::channel();
        site.site.submit_left(ada.id, credential, move |left| tell.send(left).unwrap());
        tokio::task::block_in_place(|| told.recv_timeout(Duration::from_secs(10))).unwrap().unwrap()
    };
    assert_eq!(left(&site, used.credential), 30 * DAY_MS);
    site.pass_ms(29 * DAY_MS);
    // Extended in memory first; also once only the store knows.
    assert!(is_signed_in(&site, &ada).await);
    assert_eq!(left(&site, used.credential), 30 * DAY_MS);
    site.site.store.write(|_| Ok(())).await.unwrap();
    site.restart();
    assert_eq!(left(&site, used.credential), 30 * DAY_MS);
    assert_eq!(left(&site, idle.credential), DAY_MS);
    site.pass_ms(DAY_MS);
    assert_eq!(left(&site, idle.credential), 0);
    site.pass_ms(40 * DAY_MS);
    assert_eq!(left(&site, used.credential), 0);
    assert!(left(&site, by_token.credential) > 1_000 * DAY_MS);
    assert_eq!(left(&site, 1), 0);
}

#[tokio::test]
async fn signing_in_again_ends_the_session_that_the_browser_had() {
    let (site, ada) = TestSite::with_owner().await;
    assert!(is_signed_in(&site, &ada).await);
    let body = json!({"name": "ada", "password": PASSWORD});
    let call = ada.post("/v1/sign-in").json(body);
    assert_eq!(site.call(call).await.status, 200);
    assert!(!is_signed_in(&site, &ada).await);
}
