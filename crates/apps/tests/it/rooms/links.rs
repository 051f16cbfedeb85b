//! Invite links: whom they let in, how many, and how long.

use encke_engine::limits::{LINK_USES_MAX, LINKS_PER_ROOM_MAX};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Scene, on_both_stores, refused};
use crate::site::{Call, Signed};

on_both_stores!(
    a_link_lets_people_in_until_it_expires_is_revoked_or_used_up,
    a_link_for_some_people_never_lets_in_one_more,
    a_link_is_as_good_as_the_role_of_its_maker,
    a_link_opens_the_room_to_no_banned_person_and_to_guests_only_if_it_says_so,
    links_are_made_listed_and_revoked_by_those_who_keep_order,
    the_store_has_no_secret_of_a_link,
);

impl Scene {
    fn new_link(&self, by: &Signed, link: Value) -> Call {
        by.post(&self.at("/links")).json(link)
    }

    /// Makes a link, and returns its secret and its name.
    async fn link(&self, by: &Signed, link: Value) -> (String, String) {
        let made = self.call(self.new_link(by, link)).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&made.body["secret"]), text(&made.body["link"]["id"]))
    }

    fn join_by(&self, who: &Signed, secret: &str) -> Call {
        who.post("/v1/links/join").json(json!({"secret": secret}))
    }

    fn look_at(&self, who: &Signed, secret: &str) -> Call {
        who.post("/v1/links/look").json(json!({"secret": secret}))
    }

    /// How often each link of the room was used.
    async fn used(&self) -> Vec<u64> {
        let links = self.call(self.ada.get(&self.at("/links"))).await.body;
        links["links"].as_array().unwrap().iter().map(|l| l["used"].as_u64().unwrap()).collect()
    }
}

async fn a_link_lets_people_in_until_it_expires_is_revoked_or_used_up(s: Scene) {
    let gone = refused(404, "not_found");
    let (secret, _) = s.link(&s.ada, json!({"seconds": 60, "uses": 2})).await;
    let seen = s.call(s.look_at(&s.eve, &secret)).await.body;
    let expected = json!({"conversation": s.room, "title": "Room", "members": 3, "joined": false});
    assert_eq!(seen, expected);
    let joined = s.call(s.join_by(&s.eve, &secret)).await;
    assert_eq!((joined.status.as_u16(), &joined.body["id"]), (200, &json!(s.room)));
    assert_eq!(s.newest().await.0, "member_joined");
    assert_eq!(s.say(&s.eve, "hello").await.0, 201);
    // A lost answer is asked for again; members use nothing up.
    for who in [&s.eve, &s.mei] {
        s.done(s.join_by(who, &secret)).await;
    }
    assert_eq!(s.used().await, [1]);
    let more = [s.site.member(&s.ada, "max").await, s.site.member(&s.ada, "moe").await];
    s.done(s.join_by(&more[0], &secret)).await;
    assert_eq!(s.ask(s.join_by(&more[1], &secret)).await, gone);
    assert_eq!(s.ask(s.look_at(&more[1], &secret)).await, gone);
    s.done(s.look_at(&more[0], &secret)).await;
    // Another one expires, and a third is revoked.
    let (expiring, _) = s.link(&s.ada, json!({"seconds": 60})).await;
    s.site.pass_ms(60_000);
    assert_eq!(s.ask(s.join_by(&more[1], &expiring)).await, gone);
    assert_eq!(s.used().await, [0; 0]);
    let (revoked, id) = s.link(&s.ada, json!({})).await;
    s.done(s.ada.delete(&s.at(&format!("/links/{id}")))).await;
    assert_eq!(s.ask(s.join_by(&more[1], &revoked)).await, gone);
    let long = "x".repeat(10_000);
    for secret in ["", "ekl_", "0", "你", &long] {
        assert_eq!(s.ask(s.join_by(&more[1], secret)).await, gone);
        assert_eq!(s.ask(s.look_at(&more[1], secret)).await, gone);
    }
}

/// P11: people come at once, each of them several times.
async fn a_link_for_some_people_never_lets_in_one_more(s: Scene) {
    const USES: usize = 7;
    let (secret, _) = s.link(&s.ada, json!({"uses": USES})).await;
    let mut people = Vec::new();
    for number in 0..2 * USES {
        people.push(s.site.member(&s.ada, &format!("person{number}")).await);
    }
    let tries = people.iter().flat_map(|who| [who, who, who]);
    let answers = join_all(tries.map(|who| s.ask(s.join_by(who, &secret)))).await;
    let (first, others): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|(status, _)| *status == 200);
    assert_eq!(first.len(), 3 * USES, "whoever is in gets the same answer each time");
    assert!(others.iter().all(|refusal| *refusal == refused(404, "not_found")), "{others:?}");
    assert_eq!(s.used().await, [USES as u64]);
    assert_eq!(s.seen(&s.ada).await["member_count"], 3 + USES);
}

async fn a_link_is_as_good_as_the_role_of_its_maker(s: Scene) {
    s.done(s.role(&s.ada, &s.tom, "moderator")).await;
    let (secret, _) = s.link(&s.tom, json!({})).await;
    s.done(s.role(&s.ada, &s.tom, "member")).await;
    assert_eq!(s.ask(s.join_by(&s.eve, &secret)).await, refused(404, "not_found"));
    s.done(s.role(&s.ada, &s.tom, "moderator")).await;
    s.done(s.look_at(&s.eve, &secret)).await;
    s.done(s.remove(&s.ada, &s.tom)).await;
    assert_eq!(s.ask(s.join_by(&s.eve, &secret)).await, refused(404, "not_found"));
    assert_eq!(s.ask(s.join_by(&s.tom, &secret)).await, refused(404, "not_found"));
}

async fn a_link_opens_the_room_to_no_banned_person_and_to_guests_only_if_it_says_so(s: Scene) {
    s.done(s.ban(&s.ada, &s.eve)).await;
    let (secret, _) = s.link(&s.ada, json!({})).await;
    assert_eq!(s.ask(s.join_by(&s.eve, &secret)).await, refused(403, "banned"));
    s.site.allow_guests(&s.ada).await;
    let guest = s.site.guest("Passer-by").await;
    assert_eq!(s.ask(s.join_by(&guest, &secret)).await, refused(403, "forbidden"));
    assert_eq!(s.used().await, [0], "who was refused used nothing up");
    let (for_guests, _) = s.link(&s.ada, json!({"guests": true})).await;
    s.done(s.join_by(&guest, &for_guests)).await;
    assert_eq!(s.say(&guest, "hello").await.0, 201);
}

async fn links_are_made_listed_and_revoked_by_those_who_keep_order(s: Scene) {
    s.site.allow_guests(&s.ada).await;
    let guest = s.site.guest("Passer-by").await;
    s.done(s.ada.post(&s.at("/members")).json(json!({"person": guest.id}))).await;
    s.done(s.role(&s.ada, &s.tom, "moderator")).await;
    let (_, id) = s.link(&s.tom, json!({})).await;
    for (who, code) in [(&s.mei, "forbidden"), (&guest, "forbidden"), (&s.eve, "not_member")] {
        let refusal = refused(403, code);
        assert_eq!(s.ask(s.new_link(who, json!({}))).await, refusal);
        assert_eq!(s.ask(who.get(&s.at("/links"))).await, refusal);
        assert_eq!(s.ask(who.delete(&s.at(&format!("/links/{id}")))).await, refusal);
    }
    let mut bad = vec![json!({"seconds": 59}), json!({"seconds": 31_622_401}), json!({"uses": 0})];
    bad.push(json!({"uses": LINK_USES_MAX + 1}));
    for link in bad {
        assert_eq!(
            s.ask(s.new_link(&s.ada, link.clone())).await,
            refused(422, "invalid"),
            "{link}"
        );
    }
    // The link of another room is out of reach, even for its owner.
    let other = json!({"kind": "room", "title": "Other"});
    let other = s.call(s.mei.post("/v1/conversations").json(other)).await.body["id"].clone();
    let revoke = s.mei.delete(&format!("/v1/conversations/{}/links/{id}", other.as_str().unwrap()));
    assert_eq!(s.ask(revoke).await, refused(404, "not_found"));
    let direct = json!({"kind": "direct", "person": s.mei.id});
    let direct = s.call(s.ada.post("/v1/conversations").json(direct)).await.body["id"].clone();
    let link = s.ada.post(&format!("/v1/conversations/{}/links", direct.as_str().unwrap()));
    assert_eq!(s.ask(link.json(json!({}))).await, refused(403, "forbidden"));
    let list = s.call(s.ada.get(&s.at("/links"))).await.body;
    assert_eq!((&list["links"][0]["id"], &list["links"][0]["by"]), (&json!(id), &json!(s.tom.id)));
    assert_eq!(list["people"][0]["id"], json!(s.tom.id));
    assert!(!list.to_string().contains("ekl_"), "a list shows no secret");
    for _ in 1..LINKS_PER_ROOM_MAX {
        s.site.pass_ms(2_000);
        s.link(&s.ada, json!({})).await;
    }
    s.site.pass_ms(2_000);
    assert_eq!(s.ask(s.new_link(&s.ada, json!({}))).await, refused(409, "conflict"));
    let (deed, ada) = ("link_made".to_owned(), s.ada.id.to_string());
    assert_eq!(s.audit(&s.ada).await[0], (ada, deed, String::new()));
}

async fn the_store_has_no_secret_of_a_link(s: Scene) {
    let (secret, _) = s.link(&s.ada, json!({})).await;
    let bytes = encke_account::hash_of_secret(&secret).to_vec();
    let found = s.site.site.store.read(move |read| {
        use encke_store::{Sql, params};
        let query = "SELECT 1 FROM link WHERE hash = ?1";
        Ok(read.query(query, params![bytes])?.len())
    });
    assert_eq!(found.await.unwrap(), 1);
    let folder = s.site.folder().join("data");
    // With a store in PostgreSQL there are few files, and folders.
    let files = std::fs::read_dir(folder).into_iter().flatten().map(|file| file.unwrap().path());
    for file in files.filter(|path| path.is_file()) {
        let held = std::fs::read(file).unwrap();
        assert!(!held.windows(secret.len()).any(|part| part == secret.as_bytes()));
    }
}
