//! People: their names, guests, and the search for people.

use serde_json::{Value, json};

use crate::site::{Answer, PASSWORD, TestSite, get, post};

pub fn ids(answer: &Answer) -> Vec<&str> {
    let people = answer.body["people"].as_array().unwrap();
    people.iter().map(|p| p["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn names_that_differ_only_in_case_are_one_name() {
    let (site, ada) = TestSite::with_owner().await;
    let add = |name: &str| {
        let body = json!({"name": name, "password": PASSWORD});
        site.call(ada.post("/v1/people").json(body))
    };
    assert_eq!(add("ADA").await.refusal(), (409, "name_taken"));
    let added = add("Äpfel.林_1-x").await;
    assert_eq!(added.status, 201);
    assert_eq!(added.body["name"], "Äpfel.林_1-x");
    assert_eq!(added.body["display_name"], "Äpfel.林_1-x");
    assert_eq!(added.body["role"], "member");
    assert_eq!(add("äpfel.林_1-X").await.refusal(), (409, "name_taken"));
    site.sign_in("ÄPFEL.林_1-X").await;
    for bad in ["", "a b", "a@b", "<b>", "a\u{0}", "😀", &"n".repeat(65)] {
        assert_eq!(add(bad).await.refusal(), (422, "invalid"), "{bad}");
    }
    for bad in ["", "  ", "a\nb", "\u{7f}", &"n".repeat(65)] {
        let body = json!({"name": "tom", "password": PASSWORD, "display_name": bad});
        let answer = site.call(ada.post("/v1/people").json(body)).await;
        assert_eq!(answer.refusal(), (422, "invalid"), "{bad:?}");
    }
}

#[tokio::test]
async fn guests_enter_only_if_the_owner_lets_them() {
    let (site, ada) = TestSite::with_owner().await;
    let mei = site.member(&ada, "mei").await;
    let knock = || post("/v1/guest").json(json!({"display_name": "Passer-by"}));
    assert_eq!(site.call(knock()).await.refusal(), (403, "forbidden"));
    let refused = site.call(mei.patch("/v1/settings").json(json!({"guests": true}))).await;
    assert_eq!(refused.refusal(), (403, "forbidden"));
    assert_eq!(site.call(mei.get("/v1/settings")).await.refusal(), (403, "forbidden"));
    let mut all = json!({"guests": true, "guest_channels": ["news:*"], "site_name": "Comet 彗星"});
    let changed = site.call(ada.patch("/v1/settings").json(all.clone())).await;
    all["previews"] = true.into();
    assert_eq!((changed.status.as_u16(), &changed.body), (200, &all));
    assert_eq!(site.call(ada.get("/v1/settings")).await.body, all);
    assert_eq!(site.call(get("/v1/setup")).await.body["guests"], true);
    let entered = site.call(knock()).await;
    assert_eq!(entered.status, 201, "{}", entered.body);
    assert_eq!(entered.body["role"], "guest");
    assert_eq!(entered.body["name"], Value::Null);
    assert_eq!(entered.body["site_name"], "Comet 彗星");
}

#[tokio::test]
async fn guests_may_do_little_and_see_only_people_they_talk_with() {
    let (site, ada) = TestSite::with_owner().await;
    site.member(&ada, "mei").await;
    site.allow_guests(&ada).await;
    let guest = site.guest("Passer-by").await;
    let account = json!({"name": "tom", "password": PASSWORD});
    let passwords = json!({"old": PASSWORD, "new": "another password"});
    let refused = [
        (guest.post("/v1/people").json(account), 403),
        (guest.post("/v1/tokens").json(json!({"label": "x"})), 403),
        (guest.get("/v1/settings"), 403),
        (guest.delete(&format!("/v1/people/{}", ada.id)), 403),
        (guest.post("/v1/password").json(passwords), 401),
    ];
    for (number, (call, status)) in refused.into_iter().enumerate() {
        assert_eq!(site.call(call).await.status, status, "case {number}");
    }
    assert_eq!(ids(&site.call(guest.get("/v1/people")).await), [""; 0]);
    let room = json!({"kind": "room", "title": "Help", "members": [guest.id]});
    let made = site.call(ada.post("/v1/conversations").json(room)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let found = site.call(guest.get("/v1/people?q=")).await;
    assert_eq!(ids(&found), [ada.id.to_string(), guest.id.to_string()]);
    let by_owner = json!({"person": guest.id, "label": "x", "password": PASSWORD});
    let refused = site.call(ada.post("/v1/tokens").json(by_owner)).await;
    assert_eq!(refused.refusal(), (403, "forbidden"));
}

#[tokio::test]
async fn people_are_found_by_any_part_of_their_names() {
    let (site, ada) = TestSite::with_owner().await;
    for (name, shown) in [("mei", "林美 Mei"), ("per_cent", "100% Ärger"), ("zoe", "Zoë \\ Z")]
    {
        let body = json!({"name": name, "password": PASSWORD, "display_name": shown});
        assert_eq!(site.call(ada.post("/v1/people").json(body)).await.status, 201);
    }
    let cases = [
        ("", "4"),
        ("mei", "林美 Mei"),
        ("MEI", "林美 Mei"),
        ("%E7%BE%8E", "林美 Mei"),
        ("%25", "100% Ärger"),
        ("_", "100% Ärger"),
        ("%C3%84rg", "100% Ärger"),
        ("%5C", "Zoë \\ Z"),
        ("nobody", "0"),
    ];
    for (q, expected) in cases {
        let found = site.call(ada.get(&format!("/v1/people?q={q}"))).await;
        let people = found.body["people"].as_array().unwrap();
        let names: Vec<_> = people.iter().map(|p| p["display_name"].as_str().unwrap()).collect();
        match expected.parse::<usize>() {
            Ok(count) => assert_eq!(names.len(), count, "{q}: {names:?}"),
            Err(_) => assert_eq!(names, [expected], "{q}"),
        }
    }
    assert_eq!(ids(&site.call(ada.get("/v1/people?limit=2")).await).len(), 2);
    let long = format!("/v1/people?q={}", "n".repeat(65));
    assert_eq!(site.call(ada.get(&long)).await.refusal(), (422, "invalid"));
}

async fn knock(site: &TestSite, name: &str) -> Answer {
    // Each guest has an address of its own, so that no limit is reached.
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let address = std::net::Ipv4Addr::from(0x0A00_0000 + number);
    let body = json!({"display_name": name});
    site.call(post("/v1/guest").json(body).from(&address.to_string())).await
}

#[tokio::test]
async fn no_guest_looks_like_somebody_with_an_account() {
    let (site, ada) = TestSite::with_owner().await;
    site.allow_guests(&ada).await;
    let alice = json!({"name": "alice", "password": PASSWORD, "display_name": "林美 Mei"});
    assert_eq!(site.call(ada.post("/v1/people").json(alice)).await.status, 201);
    let bot = encke_account::bot(&site.site, "Support").await.unwrap();
    let alike = [
        "Ada",
        "alice",
        "ALICE",
        " Alice ",
        "AIice",
        "\u{410}lice",
        "ａｌｉｃｅ",
        "𝓐𝓵𝓲𝓬𝓮",
        "A l\u{200A}i c e",
        "林美 mei",
        "林\u{3000}美\u{A0}MEI",
        "林美Mei",
        "Supp\u{43E}rt",
    ];
    for name in alike {
        assert_eq!(knock(&site, name).await.refusal(), (409, "name_taken"), "{name}");
    }
    for name in ["Al\u{200B}ice", "\u{3164}", "Otto\u{202E}", "\u{FFA0}Otto", "Otto\u{FE0F}"] {
        assert_eq!(knock(&site, name).await.refusal(), (422, "bad_name"), "{name:?}");
    }
    for name in ["Alicia", "Mei", "\u{1F469}\u{200D}\u{1F4BB} Otto", "Otto", "Otto"] {
        assert_eq!(knock(&site, name).await.status, 201, "{name}");
    }
    assert_eq!(knock(&site, "  Otto \u{3000} K ").await.body["display_name"], "Otto K");
    // A disabled person is not impersonated either.
    let path = format!("/v1/people/{bot}");
    assert_eq!(site.call(ada.delete(&path)).await.status, 204);
    assert_eq!(knock(&site, "support").await.refusal(), (409, "name_taken"));
}

#[tokio::test]
async fn accounts_have_sign_in_names_that_differ_and_win_over_guests() {
    let (site, ada) = TestSite::with_owner().await;
    site.allow_guests(&ada).await;
    let add = |name: &str, shown: &str| {
        let body = json!({"name": name, "password": PASSWORD, "display_name": shown});
        site.call(ada.post("/v1/people").json(body))
    };
    for name in ["аda", "ａda", "Ad\u{430}"] {
        assert_eq!(add(name, "Somebody").await.refusal(), (409, "name_taken"), "{name}");
    }
    for name in ["ad\u{3164}a", "\u{FFA0}", "\u{115F}x"] {
        assert_eq!(add(name, "Somebody").await.refusal(), (422, "invalid"), "{name:?}");
    }
    assert_eq!(add("zoe", "Zo\u{2066}e").await.refusal(), (422, "bad_name"));
    // Two people may be shown by the same name, as two who are called Ada are.
    assert_eq!(add("ada2", " Ada ").await.body["display_name"], "Ada");
    assert_eq!(knock(&site, "Zoe").await.status, 201);
    assert_eq!(add("zoe", "Zoe").await.status, 201);
    assert_eq!(knock(&site, "Zoe").await.refusal(), (409, "name_taken"));
}

#[tokio::test]
async fn people_from_before_names_were_compared_are_not_impersonated_either() {
    let (site, ada) = TestSite::with_owner().await;
    site.allow_guests(&ada).await;
    site.member(&ada, "mei").await;
    // This is the store of an older version.
    let older = site.site.store.write(|tx| {
        tx.execute("DELETE FROM look", encke_store::params![])?;
        let insert = "INSERT INTO person (name, shown_name, display_name, role, created_ms)
                      VALUES (?1, ?1, ?2, 'member', 1)";
        for n in 0..700u64 {
            tx.execute(
                insert,
                encke_store::params![format!("old{n}"), format!("Otto \u{3164}{n}")],
            )?;
        }
        Ok(tx.execute("UPDATE person SET skeleton = NULL", encke_store::params![])?)
    });
    older.await.unwrap();
    for name in ["MEI", "old0", "\u{43E}ld699", "Otto 350", "Ada"] {
        assert_eq!(knock(&site, name).await.refusal(), (409, "name_taken"), "{name}");
    }
    assert_eq!(knock(&site, "Otto 700").await.status, 201);
    let again = json!({"name": "\u{43E}ld7", "password": PASSWORD});
    assert_eq!(site.call(ada.post("/v1/people").json(again)).await.refusal(), (409, "name_taken"));
}
