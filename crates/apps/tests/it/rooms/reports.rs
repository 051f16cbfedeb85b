//! Reports: who sees them, and that they hold nothing of the message.

use encke_engine::StreamId;
use serde_json::{Value, json};

use super::{Scene, on_both_stores, refused};
use crate::site::{Call, Signed};

on_both_stores!(
    a_report_reaches_those_who_keep_order_in_the_room_and_is_resolved_by_them,
    a_report_of_a_direct_message_or_of_a_moderator_reaches_the_owners_of_the_site,
    a_recalled_message_is_gone_from_its_reports,
    only_members_report_and_only_those_meant_see_reports,
);

impl Scene {
    fn report(&self, who: &Signed, seq: u64, reason: &str) -> Call {
        who.post(&self.at(&format!("/messages/{seq}/report"))).json(json!({"reason": reason}))
    }

    async fn reports(&self, who: &Signed, path: &str) -> Vec<Value> {
        let page = self.call(who.get(path)).await;
        assert_eq!(page.status, 200, "{}", page.body);
        page.body["reports"].as_array().unwrap().clone()
    }
}

fn id_of(report: &Value) -> String {
    format!("/v1/reports/{}", report["id"].as_str().unwrap())
}

async fn a_report_reaches_those_who_keep_order_in_the_room_and_is_resolved_by_them(s: Scene) {
    let moderator = s.site.member(&s.ada, "max").await;
    s.done(s.ada.post(&s.at("/members")).json(json!({"person": moderator.id}))).await;
    s.done(s.role(&s.ada, &moderator, "moderator")).await;
    let seq = s.said(&s.mei, "spam").await;
    s.done(s.report(&s.tom, seq, "Spam \u{1F621}")).await;
    let told = ("reported".to_owned(), json!({"conversation": s.room, "message": seq}));
    for who in [&s.ada, &moderator] {
        assert_eq!(s.newest_of(StreamId::person(who.id)).await, told);
    }
    let before = s.head().await;
    s.done(s.report(&s.tom, seq, "again")).await;
    assert_eq!(s.head().await, before, "one report of a person and message");
    let reports = s.reports(&moderator, &s.at("/reports")).await;
    assert_eq!(reports.len(), 1);
    let report = &reports[0];
    assert_eq!((&report["by"], &report["reason"]), (&json!(s.tom.id), &json!("Spam \u{1F621}")));
    assert_eq!(
        (&report["message"], &report["event"]["body"]["text"]),
        (&json!(seq), &json!("spam"))
    );
    assert_eq!(s.reports(&s.ada, "/v1/reports").await, [Value::Null; 0], "not for the site");
    s.done(moderator.delete(&id_of(report))).await;
    assert_eq!(s.reports(&s.ada, &s.at("/reports")).await, [Value::Null; 0]);
    assert_eq!(s.ask(moderator.delete(&id_of(report))).await, refused(404, "not_found"));
    // The number of a resolved report is not given again.
    let seq = s.said(&s.mei, "more spam").await;
    s.done(s.report(&s.tom, seq, "")).await;
    let next = s.reports(&s.ada, &s.at("/reports?limit=1")).await;
    assert_ne!(next[0]["id"], report["id"]);
}

async fn a_report_of_a_direct_message_or_of_a_moderator_reaches_the_owners_of_the_site(s: Scene) {
    let direct = json!({"kind": "direct", "person": s.tom.id});
    let direct = s.call(s.mei.post("/v1/conversations").json(direct)).await.body["id"].clone();
    let path = format!("/v1/conversations/{}", direct.as_str().unwrap());
    for text in ["threat", "private"] {
        s.done(s.tom.post(&format!("{path}/messages")).json(json!({"text": text}))).await;
    }
    s.done(s.mei.post(&format!("{path}/messages/2/report")).json(json!({"reason": "A threat"})))
        .await;
    assert_eq!(s.newest_of(StreamId::person(s.ada.id)).await.0, "reported");
    // The owner sees this one message, which somebody in the conversation has shown, and nothing else of it.
    let reports = s.reports(&s.ada, "/v1/reports").await;
    assert_eq!(reports[0]["event"]["body"]["text"], "threat");
    assert_eq!(s.ask(s.ada.get(&format!("{path}/events"))).await, refused(403, "not_member"));
    // Nobody decides about a report of itself.
    s.done(s.role(&s.ada, &s.tom, "moderator")).await;
    let seq = s.said(&s.tom, "abuse").await;
    s.done(s.report(&s.mei, seq, "abuse")).await;
    assert_eq!(s.reports(&s.tom, &s.at("/reports")).await, [Value::Null; 0]);
    let reports = s.reports(&s.ada, "/v1/reports?limit=1").await;
    assert_eq!(reports.len(), 1);
    let after = reports[0]["id"].as_str().unwrap();
    let reports = s.reports(&s.ada, &format!("/v1/reports?after={after}")).await;
    assert_eq!(reports[0]["event"]["body"]["text"], "abuse");
    assert_eq!(s.ask(s.tom.delete(&id_of(&reports[0]))).await, refused(404, "not_found"));
    s.done(s.ada.delete(&id_of(&reports[0]))).await;
}

async fn a_recalled_message_is_gone_from_its_reports(s: Scene) {
    let seq = s.said(&s.mei, "a secret").await;
    s.done(s.report(&s.tom, seq, "why")).await;
    s.done(s.mei.delete(&s.at(&format!("/messages/{seq}")))).await;
    let page = s.call(s.ada.get(&s.at("/reports"))).await.body;
    assert_eq!(page["reports"][0]["event"], Value::Null);
    assert!(!page.to_string().contains("a secret"));
    assert_eq!(s.ask(s.report(&s.ada, seq, "")).await, refused(410, "erased"));
}

async fn only_members_report_and_only_those_meant_see_reports(s: Scene) {
    let seq = s.said(&s.mei, "spam").await;
    assert_eq!(s.ask(s.report(&s.eve, seq, "")).await, refused(403, "not_member"));
    assert_eq!(s.ask(s.report(&s.mei, seq, "")).await, refused(422, "invalid"));
    let long = "x".repeat(501);
    assert_eq!(s.ask(s.report(&s.tom, seq, &long)).await, refused(422, "invalid"));
    for missing in [0, 1, seq + 1, u64::MAX] {
        assert_eq!(s.ask(s.report(&s.tom, missing, "")).await, refused(404, "not_found"));
    }
    s.done(s.report(&s.tom, seq, "")).await;
    let report = id_of(&s.reports(&s.ada, &s.at("/reports")).await[0]);
    for (who, code) in [(&s.tom, "forbidden"), (&s.mei, "forbidden"), (&s.eve, "not_member")] {
        assert_eq!(s.ask(who.get(&s.at("/reports"))).await, refused(403, code));
        assert_eq!(s.ask(who.get("/v1/reports")).await, refused(403, "forbidden"));
        assert_eq!(s.ask(who.delete(&report)).await, refused(404, "not_found"));
    }
    for id in ["x", "r", "r-1", "r99999999999999999999", "5"] {
        let resolve = s.ada.delete(&format!("/v1/reports/{id}"));
        assert_eq!(s.ask(resolve).await, refused(404, "not_found"), "{id}");
    }
    assert_eq!(s.ask(s.ada.get("/v1/reports?after=x")).await, refused(400, "bad_request"));
}
