//! A visitor that is erased while its browser goes on asking, looking and rating (P10).

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::{free_site, let_in};
use crate::cluster::Cluster;
use crate::harness::Site;

const SECRET: &str = "SECRET-in-flight";

fn erased_while_it_asks(a: &Site, b: &Site) {
    let mut ann = a.person("ann");
    let desk = ann.desk(&[]);
    for _ in 0..6 {
        let mut guest = let_in(a, &desk);
        let ticket = guest.ask_desk(&desk, SECRET);
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for (site, kind) in [(a, 0), (b, 1), (a, 2), (b, 3), (a, 4)] {
                let (mut guest, desk, ticket, over) = (guest.at(site), &desk, &ticket, &over);
                scope.spawn(move || {
                    let text = json!({"text": SECRET});
                    let visit = json!({"url": format!("https://shop.example/{SECRET}"),
                        "title": SECRET, "attributes": {"plan": SECRET}});
                    let rating = json!({"stars": 1, "comment": SECRET});
                    let (method, path, body) = match kind {
                        0 | 1 => ("PUT", format!("/v1/desks/{}/visit", desk.key), visit),
                        2 => ("PUT", format!("/v1/tickets/{ticket}/rating"), rating),
                        3 => ("POST", format!("/v1/conversations/{ticket}/messages"), text),
                        _ => ("PATCH", format!("/v1/conversations/{ticket}/messages/2"), text),
                    };
                    // Until it is told that it is nobody here any more.
                    while !over.load(Ordering::Relaxed) {
                        if guest.client.send(method, &path, &body).status == 401 {
                            break;
                        }
                    }
                });
            }
            let path = format!("/v1/desks/{}/contacts/{}", desk.id, guest.id);
            ann.client.delete(&path).is(204);
            crate::harness::eventually("nobody lets it in", || {
                let seen = guest.at(b).client.get("/v1/me").status;
                (seen == 401).then_some(())
            });
            over.store(true, Ordering::Relaxed);
        });
        for path in [
            format!("/v1/desks/{}/visitors", desk.id),
            format!("/v1/tickets/{ticket}"),
            format!("/v1/conversations/{ticket}/events?limit=200"),
            format!("/v1/desks/{}/tickets?state=resolved", desk.id),
            format!("/v1/desks/{}/tickets?state=open", desk.id),
        ] {
            let answer = ann.client.get(&path).is(200);
            assert!(!answer.text().contains(SECRET), "{path}: {}", answer.text());
        }
    }
}

#[test]
fn nothing_comes_back_of_a_visitor_that_was_erased_in_mid_flight() {
    let site = free_site();
    erased_while_it_asks(&site, &site);
}

#[test]
fn nothing_comes_back_of_a_visitor_that_was_erased_in_mid_flight_at_two_nodes() {
    let cluster = Cluster::with_bus_and(2, &["--quota-member", "off", "--quota-guest", "off"]);
    let (a, b) = cluster.two();
    erased_while_it_asks(a, b);
}
