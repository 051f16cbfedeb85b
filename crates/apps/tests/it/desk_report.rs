//! Reports of a desk over days whose sums are kept: they say what the tickets say, after any sequence of acts.

use encke_account::Account;
use encke_channel::Channel;
use encke_chat::Chat;
use encke_desk::Desk;
use encke_engine::Error;
use encke_files::Files;
use encke_site::{Product, Products};
use encke_store::{Sql, params};
use encke_talk::Talk;
use serde_json::{Value, json};

use crate::site::{Signed, TestSite, post};

const WITH_DESK: Products = &[&Account, &Files, &Talk, &Chat, &Channel, &Desk];
const HOUR_MS: u64 = 60 * 60 * 1000;
/// One look of housekeeping sums up this many days.
const DAYS_AT_ONCE: u64 = 20;

/// Numbers that follow from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// A desk with tickets, and what is done to them by chance.
struct Scene {
    site: TestSite,
    owner: Signed,
    desk: String,
    key: String,
    /// Visitors by their tokens, each with its ticket.
    tickets: Vec<(String, String)>,
    random: Random,
}

impl Scene {
    async fn of((site, owner): (TestSite, Signed), seed: u64) -> Self {
        let made = site.call(owner.post("/v1/desks").json(json!({"name": "Shop"}))).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let text = |name: &str| made.body[name].as_str().unwrap().to_owned();
        let (desk, key) = (text("id"), text("key"));
        Scene { site, owner, desk, key, tickets: Vec::new(), random: Random(seed) }
    }

    async fn ask(&mut self) {
        let enter = post(&format!("/v1/desks/{}/visitors", self.key)).json(json!({}));
        let entered = self.site.call(enter).await;
        assert_eq!(entered.status, 201, "{}", entered.body);
        let token = entered.body["token"].as_str().unwrap().to_owned();
        let ask = post(&format!("/v1/desks/{}/tickets", self.key)).json(json!({"text": "Hello?"}));
        let asked = self.site.call(ask.bearer(&token)).await;
        assert_eq!(asked.status, 201, "{}", asked.body);
        self.tickets.push((token, asked.body["ticket"]["id"].as_str().unwrap().to_owned()));
    }

    /// Does something. Whether the desk allows it does not matter.
    async fn act(&mut self) {
        let hours = [0, 0, 1, 5, 30][self.random.below(5) as usize];
        self.site.pass_ms(30_000 + hours * HOUR_MS);
        if self.tickets.is_empty() || self.random.below(4) == 0 {
            return self.ask().await;
        }
        let number = self.random.below(self.tickets.len() as u64) as usize;
        let (token, id) = &self.tickets[number];
        let path = format!("/v1/tickets/{id}");
        let say = format!("/v1/conversations/{id}/messages");
        let tag = ["late", "refund", "vip"][self.random.below(3) as usize];
        let call = match self.random.below(9) {
            0 => self.owner.post(&format!("{path}/claim")),
            1 => self.owner.post(&format!("{path}/return")),
            2 => self.owner.post(&say).json(json!({"text": "Hi!"})),
            3 => self.owner.patch(&path).json(json!({"state": "resolved"})),
            4 => self.owner.patch(&path).json(json!({"tags": [tag]})),
            5 => self.owner.post(&format!("{path}/transfer")).json(json!({"team": tag})),
            6 => post(&say).bearer(token).json(json!({"text": "And?"})),
            7 => {
                let settings =
                    json!({"settings": {"answer_within_s": self.random.below(3) * 3600}});
                self.owner.patch(&format!("/v1/desks/{}", self.desk)).json(settings)
            }
            _ => {
                let stars = json!({"stars": 1 + self.random.below(5)});
                let rate = crate::site::Call::new(http::Method::PUT, &format!("{path}/rating"));
                rate.bearer(token).json(stars)
            }
        };
        let answer = self.site.call(call).await;
        assert!(answer.status.as_u16() < 500, "{}", answer.body);
    }

    async fn look(&self) {
        // The turn with the number 0 is one in which everything is looked at.
        let housekeeping = Desk.extras().housekeeping.expect("desks have housekeeping");
        housekeeping.turn(&self.site.site, 0).await;
    }

    async fn report(&self) -> Value {
        let now = self.site.site.now_ms();
        // It begins and ends in the middle of days.
        let from = now - 40 * 24 * HOUR_MS - 5 * HOUR_MS;
        let path =
            format!("/v1/desks/{}/report?from={from}&to={now}&time_zone=Asia/Kolkata", self.desk);
        let answer = self.site.call(self.owner.get(&path)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    async fn days_kept(&self) -> u64 {
        let count = self.site.site.store.read(|read| {
            let row =
                read.query_one("SELECT count(*) FROM desk_day WHERE sums IS NOT NULL", params![])?;
            Ok::<_, Error>(row.expect("a count").get(0)?)
        });
        count.await.unwrap()
    }

    async fn forget_days(&self) {
        let forget = self.site.site.store.write(|tx| {
            tx.execute("DELETE FROM desk_day", params![])?;
            Ok::<_, Error>(())
        });
        forget.await.unwrap();
    }
}

async fn a_report_says_what_the_tickets_say(mut scene: Scene, acts: usize) {
    let mut seen = 0;
    for number in 0..acts {
        scene.act().await;
        if number % 3 == 0 {
            scene.look().await;
        }
        if number % 5 == 0 {
            seen = seen.max(scene.days_kept().await);
            let with_days = scene.report().await;
            if number % 2 == 0 {
                scene.forget_days().await;
            }
            assert_eq!(with_days, scene.report().await, "after {number} acts");
        }
    }
    scene.look().await;
    let with_days = scene.report().await;
    assert!(seen > 3 && scene.days_kept().await > 3, "{seen} days were kept");
    assert!(scene.days_kept().await <= DAYS_AT_ONCE + seen);
    scene.forget_days().await;
    assert_eq!(with_days, scene.report().await);
    assert!(with_days["total"]["asked"].as_u64() > Some(5), "{with_days}");
}

#[tokio::test]
async fn a_report_of_kept_days_says_what_the_tickets_say() {
    for seed in 1..=3 {
        let scene = Scene::of(TestSite::with_owner_and(WITH_DESK).await, seed).await;
        a_report_says_what_the_tickets_say(scene, 150).await;
    }
}

#[tokio::test]
async fn a_report_of_kept_days_says_what_the_tickets_say_in_postgres() {
    let scene = Scene::of(TestSite::with_owner_in_postgres_and(WITH_DESK).await, 4).await;
    a_report_says_what_the_tickets_say(scene, 100).await;
}

#[tokio::test]
async fn a_change_of_an_old_ticket_shows_in_the_next_report() {
    let mut scene = Scene::of(TestSite::with_owner_and(WITH_DESK).await, 1).await;
    scene.ask().await;
    scene.site.pass_ms(72 * HOUR_MS);
    scene.look().await;
    assert_eq!(scene.days_kept().await, 1);
    assert_eq!(scene.report().await["total"]["resolved"], 0);
    let path = format!("/v1/tickets/{}", scene.tickets[0].1);
    let resolved = scene.owner.patch(&path).json(json!({"state": "resolved"}));
    assert_eq!(scene.site.call(resolved).await.status, 200);
    assert_eq!(scene.days_kept().await, 0);
    assert_eq!(scene.report().await["total"]["resolved"], 1);
    scene.look().await;
    assert_eq!(scene.days_kept().await, 1);
    assert_eq!(scene.report().await["total"]["resolved"], 1);
}
