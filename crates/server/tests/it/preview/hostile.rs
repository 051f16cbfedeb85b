//! Pages that want to hurt the server, its network, or whoever sees their preview.

use serde_json::Value;

use super::outside::Outside;
use super::{SHOWN, site_with};
use crate::harness::eventually;

#[test]
fn a_redirect_leads_nowhere_that_the_server_may_not_go() {
    // Only 127.0.0.2 may be reached. What must not be reached listens beside it.
    let (outside, inside) = (Outside::start_at("127.0.0.2:0"), Outside::start());
    let site = site_with(&["--preview-on", "--egress-allow", "127.0.0.2/32"]);
    let mut mei = site.person("mei");
    let room = mei.room(&[]);
    let mapped = format!("http://[::ffff:127.0.0.1]:{}/x", inside.address.port());
    let mut said = vec![mei.say(&room, &inside.url("/direct")), mei.say(&room, &mapped)];
    for (number, to) in [
        inside.url("/x"),
        mapped.clone(),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        format!("http://localhost:{}/x", inside.address.port()),
        "file:///etc/passwd".to_owned(),
        "//127.1/x".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        outside.lead_away(to);
        let away = format!("/away?{number}");
        said.push(mei.say(&room, &outside.url(&away)));
        eventually("the request", || (outside.asked(&away) > 0).then_some(()));
        let marker = mei.say(&room, &outside.url(&format!("/marker-{number}")));
        mei.preview(&room, &marker);
    }
    said.push(mei.say(&room, &outside.url("/loop")));
    let followed = mei.say(&room, &outside.url("/hop"));
    assert_eq!(mei.preview(&room, &followed)["title"], "Comet /page");
    for said in &said {
        assert_eq!(mei.amended(&room, said), Value::Null, "{said}");
    }
    assert_eq!(inside.asked_at_all(), 0);
    assert!(outside.asked("/loop") <= 5);
}

#[test]
fn a_hostile_page_gives_no_preview_or_a_harmless_one() {
    let (site, outside) = (site_with(&SHOWN), Outside::start());
    let mut mei = site.person("mei");
    let room = mei.room(&[]);
    let none = ["/slow", "/packed", "/text", "/missing", "/untitled"];
    let none = none.map(|path| mei.say(&room, &outside.url(path)));
    let mut title = |path: &str| {
        let said = mei.say(&room, &outside.url(path));
        let preview = mei.preview(&room, &said);
        (preview["title"].as_str().unwrap().to_owned(), preview["picture"].clone())
    };
    // The slow one delays nobody.
    assert_eq!(title("/endless"), ("Endless".to_owned(), Value::Null));
    assert_eq!(title("/script"), ("<script>alert(1)</script>".to_owned(), Value::Null));
    assert_eq!(title("/gbk"), ("彗星".to_owned(), Value::Null));
    assert_eq!(title("/big-picture"), ("Big picture".to_owned(), Value::Null));
    let (long, _) = title("/long");
    assert!(long.starts_with("long long") && long.chars().count() <= 201, "{long}");
    for said in &none {
        assert_eq!(mei.amended(&room, said), Value::Null, "{said}");
    }
    let memory = site.server.memory();
    assert!(memory < 300 * 1024 * 1024, "{memory}");
}
