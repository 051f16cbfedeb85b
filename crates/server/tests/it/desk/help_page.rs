//! The pages of articles, as a browser without scripts gets them; and the list of blocked visitors.

use serde_json::{Value, json};

use super::{free_site, let_in};
use crate::harness::{Client, Person, Site, Wire, line_of};

fn page(client: &mut Client, path: &str, language: &str) -> (u16, String, String) {
    let headers = [("Accept-Language", language)];
    let answer = client.ask("GET", path, &headers, None);
    let policy = answer.header("content-security-policy").unwrap_or_default().to_owned();
    (answer.status, policy, answer.text().to_owned())
}

#[test]
fn published_articles_are_pages_without_a_script_and_others_are_not() {
    let site = free_site();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let path = format!("/v1/desks/{}/articles", desk.id);
    let returns = json!({"title": {"en": "Returning <b>things", "zh-CN": "如何退货"},
        "text": {"en": "Send it **back**.\n\n<script>alert(1)</script>", "zh-CN": "三十天内可以退货。"},
        "published": true});
    let id = ann.client.post(&path, &returns).is(201).json()["id"].clone();
    let draft = json!({"title": {"en": "Plans"}, "text": {"en": "SECRET"}});
    let draft = ann.client.post(&path, &draft).is(201).json()["id"].clone();
    let mut anybody = site.server.visitor();
    let home = format!("/help/{}", desk.key);

    let (status, policy, html) = page(&mut anybody, &home, "en-US,en;q=0.9");
    assert_eq!(status, 200);
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(
        html.contains("<html lang=\"en\">") && html.contains("Returning &lt;b&gt;things"),
        "{html}"
    );
    assert!(html.contains(&format!("{home}/{id}/returning-b-things?lang=en")), "{html}");
    assert!(!html.contains("Plans") && !html.contains("SECRET"), "{html}");

    let (_, _, html) = page(&mut anybody, &home, "zh-CN,zh;q=0.9,en;q=0.8");
    assert!(html.contains("<html lang=\"zh-CN\">") && html.contains("如何退货"), "{html}");
    let (_, _, html) =
        page(&mut anybody, &format!("{home}?q=%E8%A6%81%E9%80%80%E8%B4%A7&lang=zh-CN"), "en");
    assert!(html.contains("如何退货") && html.contains("noindex"), "{html}");
    let (_, _, html) =
        page(&mut anybody, &format!("{home}?q=%22%3E%3Cscrapt%3Enowhere&lang=en"), "en");
    assert!(html.contains("No article") && !html.contains("<scrapt"), "{html}");

    let (status, _, html) = page(&mut anybody, &format!("{home}/{id}/whatever"), "en");
    assert_eq!(status, 200);
    assert!(html.contains("<strong>back</strong>") && !html.contains("<script"), "{html}");
    let canonical = format!("{home}/{id}/returning-b-things?lang=en");
    let link = html.lines().find(|line| line.contains("canonical")).unwrap();
    assert!(link.contains("href=\"http://127.0.0.1") && link.contains(&canonical), "{link}");
    assert!(html.contains("hreflang=\"zh-CN\""), "{html}");
    let (_, _, html) = page(&mut anybody, &format!("{home}/{id}?lang=zh-CN"), "en");
    assert!(html.contains("三十天内可以退货"), "{html}");

    for wrong in [
        format!("{home}/{draft}"),
        format!("{home}/x/y"),
        "/help/AAAAAAAAAAAAAAAA".to_owned(),
        "/help/x".to_owned(),
    ] {
        let (status, policy, html) = page(&mut anybody, &wrong, "en");
        assert_eq!(status, 404, "{wrong}");
        assert!(
            policy.contains("default-src 'none'") && html.contains("There is nothing here"),
            "{wrong}"
        );
        assert!(!html.contains("SECRET"), "{wrong}");
    }
    let hidden = json!({"title": returns["title"], "text": returns["text"], "published": false});
    ann.client.send("PUT", &format!("{path}/{id}"), &hidden).is(200);
    assert_eq!(page(&mut anybody, &format!("{home}/{id}"), "en").0, 404);
}

#[test]
fn those_who_lead_see_who_is_blocked() {
    let site = free_site();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let desk = ann.desk(&[&ben]);
    let guests: Vec<String> = (0..3).map(|_| let_in(&site, &desk).id).collect();
    let path = format!("/v1/desks/{}/blocked", desk.id);
    for guest in &guests[..2] {
        ann.client.ask("PUT", &format!("{path}/{guest}"), &[], None).is(204);
    }
    let ids = |list: Value| -> Vec<String> {
        let all = list["people"].as_array().unwrap().iter();
        all.map(|person| person["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(ann.client.get(&path).is(200).json()), guests[..2]);
    assert_eq!(
        ids(ann.client.get(&format!("{path}?after={}", guests[0])).is(200).json()),
        guests[1..2]
    );
    assert_eq!(ben.client.get(&path).is(403).code(), "forbidden");
    ann.client.delete(&format!("{path}/{}", guests[0])).is(204);
    assert_eq!(ids(ann.client.get(&path).is(200).json()), guests[1..2]);
}

/// Answers "Did this help?" from an address; returns the status and the page.
fn helped(site: &Site, from: u8, path: &str, origin: Option<&str>) -> (u16, String) {
    let mut wire = Wire::connect_from(from, site.address());
    let headers: Vec<_> = origin.map(|origin| ("Origin", origin.to_owned())).into_iter().collect();
    wire.send(line_of("POST", path, site.address(), &headers, Some(b"")));
    let answer = wire.answer().expect("an answer");
    (answer.status, answer.text().to_owned())
}

#[test]
fn readers_say_whether_an_article_helped_once_a_day_and_the_staff_sees_how_many() {
    let site = free_site();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let path = format!("/v1/desks/{}/articles", desk.id);
    let both = json!({"title": {"en": "Returns", "zh-CN": "退货"},
        "text": {"en": "Within 30 days.", "zh-CN": "三十天内。"}, "published": true});
    let id = ann.client.post(&path, &both).is(201).json()["id"].clone();
    let draft = json!({"title": {"en": "Plans"}, "text": {"en": "SECRET"}});
    let draft = ann.client.post(&path, &draft).is(201).json()["id"].clone();
    let counts = |ann: &mut Person| {
        let all = ann.client.get(&path).is(200).json();
        all["articles"][0]["helped"].clone()
    };
    let none = json!({"yes": 0, "no": 0});
    assert_eq!(counts(&mut ann), json!({"en": none, "zh-CN": none}));

    let article = format!("/help/{}/{id}", desk.key);
    let (_, policy, html) = page(&mut site.server.visitor(), &article, "en");
    let yes = format!("{article}?lang=en&amp;helped=yes");
    assert!(html.contains("Did this help?") && html.contains(&yes), "{html}");
    assert!(policy.contains("form-action 'self'"), "{policy}");
    let (_, _, html) = page(&mut site.server.visitor(), &format!("{article}?lang=zh-CN"), "en");
    assert!(html.contains("有帮助吗"), "{html}");

    let says = |from: u8, lang: &str, word: &str| {
        let path = format!("{article}?lang={lang}&helped={word}");
        helped(&site, from, &path, None)
    };
    let (status, html) = says(21, "en", "yes");
    assert!(status == 200 && html.contains("Thank you") && html.contains("Within 30"), "{html}");
    assert!(!html.contains("<form method=\"post\""), "it is asked once: {html}");
    says(21, "en", "yes");
    says(22, "en", "yes");
    says(22, "en", "no");
    says(22, "zh-CN", "no");
    let wanted = json!({"en": {"yes": 1, "no": 1}, "zh-CN": {"yes": 0, "no": 1}});
    assert_eq!(counts(&mut ann), wanted);

    // A page of another site answers for nobody, and what is not there is not told apart.
    let foreign = format!("{article}?lang=en&helped=yes");
    for origin in ["https://evil.example", "null"] {
        let (status, text) = helped(&site, 23, &foreign, Some(origin));
        assert!(status == 403 && text.contains("foreign_origin"), "{text}");
    }
    let own = format!("http://{}", site.address());
    assert_eq!(helped(&site, 22, &foreign, Some(&own)).0, 200);
    assert_eq!(counts(&mut ann)["en"], json!({"yes": 2, "no": 0}));
    assert_eq!(says(24, "en", "perhaps").0, 400);
    for wrong in [format!("/help/{}/{draft}", desk.key), "/help/AAAAAAAAAAAAAAAA/1".into()] {
        let (status, html) = helped(&site, 24, &format!("{wrong}?helped=no"), None);
        assert!(status == 404 && !html.contains("SECRET"), "{html}");
    }
    ann.client.delete(&format!("{path}/{id}")).is(204);
    assert_eq!(says(24, "en", "yes").0, 404);
}
