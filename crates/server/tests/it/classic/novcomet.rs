//! The page that learns which channels changed.

use serde_json::{Value, json};

use super::{Asked, Page, TRUST, again, start, trusting, wait_for};
use crate::harness::{Server, Wire, line_of};

fn publish(page: &Page, id: &str) {
    let answer = page.get(&format!("/novcomet/comet.php?publish={id}")).is(200);
    assert_eq!(answer.text(), "true");
}

fn path(asked: &[(&str, u64)]) -> String {
    let pairs: Vec<String> =
        asked.iter().map(|(id, held)| format!("subscribed%5B{id}%5D={held}")).collect();
    format!("/novcomet/comet.php?{}", pairs.join("&"))
}

fn changed(answer: &Value, id: &str) -> u64 {
    assert_eq!(answer["s"], 1);
    let number = answer["k"][id].as_u64().unwrap_or_else(|| panic!("{id} is not in {answer}"));
    assert!(number < 1 << 53);
    number
}

#[test]
fn two_changes_in_one_second_are_two() {
    let server = trusting();
    let page = Page::of(&server);
    publish(&page, "news");
    let mut last = changed(&page.gets(&path(&[("news", 1)])).json(), "news");
    for _ in 0..20 {
        let waits = page.gets(&path(&[("news", last)]));
        wait_for(&server, 1);
        publish(&page, "news");
        let next = changed(&waits.json(), "news");
        assert!(next > last);
        // This also works when nobody waits.
        publish(&page, "news");
        let after = changed(&page.gets(&path(&[("news", next)])).json(), "news");
        assert!(after > next);
        last = after;
    }
}

#[test]
fn zero_means_from_now_on() {
    let server = trusting();
    let page = Page::of(&server);
    publish(&page, "a");
    let waits = page.gets(&path(&[("a", 0)]));
    wait_for(&server, 1);
    publish(&page, "b");
    publish(&page, "a");
    changed(&waits.json(), "a");
}

#[test]
fn only_changed_channels_are_told() {
    let server = trusting();
    let page = Page::of(&server);
    publish(&page, "b");
    let b = changed(&page.gets(&path(&[("b", 1)])).json(), "b");
    publish(&page, "a");
    let answer = page.gets(&path(&[("a", 1), ("b", b), ("c", 1)])).json();
    let a = changed(&answer, "a");
    assert_eq!(answer, json!({"s": 1, "k": {"a": a}}));
    let waits = page.gets(&path(&[("a", a), ("b", b), ("c", 1)]));
    wait_for(&server, 1);
    publish(&page, "c");
    let answer = waits.json();
    assert_eq!(answer["k"].as_object().unwrap().len(), 1);
    assert!(changed(&answer, "c") > a);
}

#[test]
fn the_last_change_is_remembered_and_a_time_is_a_position() {
    let server = trusting();
    let page = Page::of(&server);
    let before = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() - 1;
    publish(&page, "x.y:z-1_2");
    let told = changed(&page.gets(&path(&[("x.y:z-1_2", before)])).json(), "x.y:z-1_2");
    let server = again(server, &TRUST);
    let page = Page::of(&server);
    for held in [1, before, before * 1_000_000, told - 1] {
        let answer = page.gets(&path(&[("x.y:z-1_2", held)])).json();
        assert_eq!(changed(&answer, "x.y:z-1_2"), told, "{held}");
    }
    // A time in the future, in seconds or microseconds, stands for everything up to now.
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() + 3_600;
    for held in [told, now, now * 1_000_000] {
        let waits = page.gets(&path(&[("x.y:z-1_2", held)]));
        wait_for(&server, 1);
        publish(&page, "x.y:z-1_2");
        let next = changed(&waits.json(), "x.y:z-1_2");
        assert!(next > told);
        let waits = page.gets(&path(&[("x.y:z-1_2", next)]));
        wait_for(&server, 1);
        waits.leave();
        wait_for(&server, 0);
    }
}

#[test]
fn an_id_never_leaves_its_place() {
    let server = trusting();
    let page = Page::of(&server);
    let long = "i".repeat(128);
    publish(&page, &long);
    changed(&page.gets(&path(&[(&long, 1)])).json(), &long);
    let longer = format!("{long}i");
    for bad in ["..", "../etc/passwd", "a/b", "a%2Fb", "a%00", "%E5%BD%97", "a+b", "a..b", &longer]
    {
        let status = page.get(&format!("/novcomet/comet.php?publish={bad}")).status;
        assert_eq!(status, 400, "{bad}");
        page.get(&format!("/novcomet/comet.php?subscribed[{bad}]=1")).is(400);
    }
    for bad in
        ["", "?publish=", "?subscribed=1", "?subscribed[]=1", "?subscribed[a]=", "?subscribed[a]=x"]
    {
        page.get(&format!("/novcomet/comet.php{bad}")).is(400);
    }
    for bad in [
        "?subscribed[a]=-1",
        "?subscribed[a]=1.5",
        "?subscribed[a]=12345678901234567",
        "?subscribed[a]=1&subscribed[a]=2",
        "?subscribed[a][b]=1",
        "?publish=a&publish=b",
        "?other=1",
    ] {
        page.get(&format!("/novcomet/comet.php{bad}")).is(400);
    }
    let many: Vec<String> = (0..101).map(|n| format!("subscribed[i{n}]=1")).collect();
    page.get(&format!("/novcomet/comet.php?{}", many.join("&"))).is(400);
}

/// Asks from 127.0.0.`from` for ids without any event.
fn asks_from(from: u8, server: &Server, ids: std::ops::Range<usize>) -> Asked {
    let ids: Vec<String> = ids.map(|id| format!("i{id}")).collect();
    let asked: Vec<(&str, u64)> = ids.iter().map(|id| (&**id, 0)).collect();
    let mut wire = Wire::connect_from(from, server.address);
    let path = format!("/classic{}", path(&asked));
    wire.send(line_of("GET", &path, server.address, &[], None));
    Asked(wire)
}

#[test]
fn ids_of_visitors_without_a_session_are_bounded_by_address() {
    let server = start(&[&TRUST[..], &["--shards", "1"]].concat());
    let quiet = asks_from(2, &server, 0..100);
    wait_for(&server, 1);
    // Another visitor has more wide waits than one person may, and then as many ids as one address.
    let mut waits: Vec<Asked> =
        (0..12).map(|n| asks_from(3, &server, n * 11..n * 11 + 11)).collect();
    wait_for(&server, 13);
    waits.extend((2..11).map(|n| asks_from(3, &server, n * 100..n * 100 + 100)));
    wait_for(&server, 22);
    let refused = asks_from(3, &server, 2_000..2_100).answer().is(429);
    assert_eq!(refused.header("retry-after"), Some("5"));
    let other = asks_from(4, &server, 2_000..2_100);
    wait_for(&server, 23);
    publish(&Page::of(&server), "i0");
    changed(&quiet.json(), "i0");
    publish(&Page::of(&server), "i2000");
    changed(&other.json(), "i2000");
    // A visitor that closes pages may open others.
    drop(waits);
    wait_for(&server, 0);
    let again = asks_from(3, &server, 2_000..2_100);
    wait_for(&server, 1);
    publish(&Page::of(&server), "i2001");
    changed(&again.json(), "i2001");
}
