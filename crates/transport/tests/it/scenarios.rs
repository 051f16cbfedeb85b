//! The scenarios that hold for every transport.

use std::thread;

use encke_transport::Transport;

use crate::client::{Feed, Wire};
use crate::world::{Setup, World, cursor};

fn each(run: impl Fn(Transport)) {
    for transport in Transport::ALL {
        println!("over {}", transport.name());
        run(transport);
    }
}

#[test]
fn events_arrive_in_order_and_a_cursor_brings_the_rest() {
    each(|transport| {
        let world = World::new();
        let mut feed = Feed::open(world.address, transport, 5, None);
        feed.ready();
        world.say(&["a"]);
        world.say(&["b", "c"]);
        for (n, text) in [(1, "a"), (2, "b"), (3, "c")] {
            assert_eq!(feed.event(), (n, text.to_owned()));
        }
        let held = feed.cursor.clone();
        drop(feed);
        world.say(&["d", "e"]);
        let mut feed = Feed::open(world.address, transport, 5, held);
        assert_eq!(feed.event(), (4, "d".to_owned()));
        assert_eq!(feed.event(), (5, "e".to_owned()));
        feed.ready();
        world.say(&["f"]);
        assert_eq!(feed.event(), (6, "f".to_owned()));
    });
}

#[test]
fn nothing_is_lost_or_doubled_between_replay_and_live() {
    each(|transport| {
        let world = World::new();
        let writer = thread::spawn({
            let world = world.clone();
            move || {
                for n in 0..1000 {
                    world.say(&[&n.to_string()]);
                    if n % 50 == 0 {
                        thread::yield_now();
                    }
                }
            }
        });
        let readers: Vec<_> = (0..4)
            .map(|person| {
                let address = world.address;
                thread::spawn(move || {
                    let mut feed = Feed::open(address, transport, person + 1, Some(cursor(0)));
                    for n in 0..1000 {
                        assert_eq!(feed.event(), (n + 1, n.to_string()));
                    }
                })
            })
            .collect();
        writer.join().unwrap();
        readers.into_iter().for_each(|r| r.join().unwrap());
    });
}

#[test]
fn a_client_may_change_its_transport_at_any_moment() {
    let world = World::new();
    let mut held = Some(cursor(0));
    let writer = thread::spawn({
        let world = world.clone();
        move || (0..360).for_each(|n| world.say(&[&n.to_string()]))
    });
    let mut next = 1;
    for turn in 0..36 {
        let from = Transport::ALL[turn % 6];
        let mut feed = Feed::open(world.address, from, 3, held.clone());
        for _ in 0..10 {
            assert_eq!(feed.event(), (next, (next - 1).to_string()));
            next += 1;
        }
        held = feed.cursor.clone();
    }
    writer.join().unwrap();
}

#[test]
fn a_cursor_that_cannot_be_replayed_is_reset_with_its_reason() {
    each(|transport| {
        let history = (0..10).map(|n| n.to_string()).collect();
        let world = World::with(Setup { history, trimmed: 4, ..Setup::default() });
        let reasons = [("f.5", "unknown_epoch"), ("e.3", "trimmed"), ("e.b", "ahead")];
        for (held, reason) in reasons {
            let mut feed = Feed::open(world.address, transport, 5, Some(held.to_owned()));
            let reset = feed.next().unwrap();
            assert_eq!((&reset["type"], &reset["reason"]), (&"reset".into(), &reason.into()));
            assert_eq!(feed.cursor, Some(cursor(10)));
            if !transport.is_poll() {
                assert_eq!(feed.next(), None, "the connection ends");
            }
        }
        let mut feed = Feed::open(world.address, transport, 5, Some(cursor(4)));
        assert_eq!(feed.event().0, 5);
    });
}

#[test]
fn ten_megabytes_of_history_come_through_pages() {
    let history: Vec<String> = (0..1000).map(|n| format!("{n} {}", "x".repeat(10_240))).collect();
    each(|transport| {
        let world = World::with(Setup { history: history.clone(), ..Setup::default() });
        let mut feed = Feed::open(world.address, transport, 5, Some(cursor(0)));
        for (n, text) in (1..).zip(&history) {
            let (seq, got) = feed.event();
            assert!(seq == n && got == *text, "{n}");
        }
        feed.ready();
        world.say(&["and on"]);
        assert_eq!(feed.event(), (1001, "and on".to_owned()));
        assert!(world.gate.seen.lock().unwrap().pages >= 10);
    });
}

#[test]
fn every_character_arrives_byte_for_byte() {
    let mut planes = String::from(
        "\0\u{1}\u{7f}\r\n\t\"\\</script><!--]]>&amp;\u{2028}\u{2029}\u{feff}\u{fffe}",
    );
    planes.extend((0..=16u32).flat_map(|plane| {
        [0, 1, 0x4e2d, 0xfffd].map(|low| char::from_u32(plane << 16 | low).unwrap_or('?'))
    }));
    planes.push_str("👩‍👩‍👧‍👦 é e\u{301} שלום 你好 data: x\n\nid: 1\n\n");
    each(|transport| {
        let world = World::new();
        let mut feed = Feed::open(world.address, transport, 5, None);
        feed.ready();
        world.say(&[&planes]);
        assert_eq!(feed.event().1, planes);
        let mut again = Feed::open(world.address, transport, 6, Some(cursor(0)));
        assert_eq!(again.event().1, planes);
    });
}

#[test]
fn presenting_a_cursor_is_an_ack() {
    each(|transport| {
        let world = World::new();
        world.say(&["a", "b"]);
        let mut feed = Feed::open(world.address, transport, 5, Some(cursor(1)));
        feed.event();
        assert_eq!(world.gate.seen.lock().unwrap().acked[0].0, 1);
    });
}

#[test]
fn a_signal_reaches_live_sessions_and_has_no_cursor() {
    use encke_engine::reach::Reach;
    use encke_engine::{PersonId, StreamId, item};
    each(|transport| {
        if transport == Transport::ShortPoll {
            return;
        }
        let world = World::new();
        let room = StreamId::conversation(crate::world::ROOM);
        let typing = item::signal("typing", room, PersonId(9), &serde_json::json!({"on": true}));
        let mut feed = Feed::open(world.address, transport, 5, None);
        feed.ready();
        if transport == Transport::LongPoll {
            // The poll gets the signal only while it waits, and nothing shows that it does. So the signal is sent until
            // it arrives.
            let shards = world.shards.clone();
            thread::spawn(move || {
                for _ in 0..200 {
                    shards.signal(room, typing.clone());
                    thread::sleep(std::time::Duration::from_millis(10));
                }
            });
        } else {
            world.shards.signal(room, typing);
        }
        let heard = feed.next_of("signal");
        assert_eq!((&heard["kind"], &heard["from"]), (&"typing".into(), &"p9".into()));
        world.say(&["after"]);
        assert_eq!(feed.event(), (1, "after".to_owned()));
    });
}

#[test]
fn a_refused_request_is_told_so_before_any_stream() {
    each(|transport| {
        let world = World::new();
        let mut wire = Wire::connect(world.address);
        let request = match transport {
            Transport::WebSocket => format!(
                "GET /v1/feed HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n\r\n",
                crate::client::KEY
            ),
            Transport::ShortPoll => "GET /v1/feed HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
            other => format!("GET /v1/feed?live={} HTTP/1.1\r\nHost: x\r\n\r\n", other.name()),
        };
        // The request comes twice on one connection, because a refusal does not end it.
        for _ in 0..2 {
            wire.send(&request);
            let (head, body) = wire.answer().unwrap();
            assert!(head.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{head}");
            assert!(head.contains("\r\nCache-Control: no-store\r\n"));
            assert_eq!(body["error"]["code"], "not_signed_in");
        }
    });
}
