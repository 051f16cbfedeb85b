//! Readers that read slowly.

use encke_transport::{Timing, Transport};

use crate::client::Feed;
use crate::world::{Setup, World, cursor};

const STREAMS: [Transport; 4] =
    [Transport::Sse, Transport::Ndjson, Transport::Iframe, Transport::WebSocket];

#[test]
fn a_slow_reader_falls_behind_and_catches_up_without_loss() {
    for transport in STREAMS {
        let world = World::new();
        let mut slow = Feed::open(world.address, transport, 5, None);
        let mut quick = Feed::open(world.address, transport, 6, None);
        slow.ready();
        quick.ready();
        let big = "x".repeat(100_000);
        for n in 1..=200 {
            world.say(&[&big]);
            assert_eq!(quick.event().0, n, "others notice nothing");
        }
        world.until(|w| w.shards.stats().fell_behind > 0);
        for n in 1..=200 {
            assert_eq!(slow.event().0, n);
        }
        let stats = world.shards.stats();
        assert!(stats.replayed > 0, "it was not queued for but read from the log: {stats:?}");
        world.say(&["live again"]);
        assert_eq!(slow.event(), (201, "live again".to_owned()));
    }
}

#[test]
fn a_reader_that_takes_nothing_is_cut_and_comes_back_with_its_cursor() {
    for transport in STREAMS {
        let timing = Timing { tick_ms: 20, slow_reader_ms: 200, ..Timing::default() };
        let world = World::with(Setup { timing, ..Setup::default() });
        let mut stuck = Feed::open(world.address, transport, 5, None);
        stuck.ready();
        let big = "x".repeat(100_000);
        for _ in 0..200 {
            world.say(&[&big]);
        }
        world.until(|w| w.shards.stats().slow_cut == 1);
        assert_eq!(world.gate.seen.lock().unwrap().closed, 1);
        let mut back = Feed::open(world.address, transport, 5, Some(cursor(0)));
        let mut next = 1;
        while next <= 200 {
            match back.next() {
                Some(item) if item["type"] == "event" => {
                    assert_eq!(item["seq"], next);
                    next += 1;
                }
                Some(_) => {}
                // The machine may be so busy that the client was too slow once more. It comes back all the same.
                None => back = Feed::open(world.address, transport, 5, back.cursor),
            }
        }
    }
}

#[test]
fn a_slow_reader_may_still_talk() {
    let world = World::new();
    let mut slow = Feed::open(world.address, Transport::WebSocket, 5, None);
    slow.ready();
    let big = "x".repeat(100_000);
    let batch = [big.as_str(); 100];
    world.say(&batch);
    world.until(|w| w.shards.stats().fell_behind == 1);
    for id in 0..16 {
        slow.command(&serde_json::json!({"type": "ping", "id": id}));
    }
    for n in 1..=100 {
        assert_eq!(slow.event().0, n);
    }
    for id in 0..16 {
        assert_eq!(slow.next_of("ok")["id"], id);
    }
}

#[test]
fn a_slow_poll_is_answered_whole() {
    let world = World::with(Setup {
        history: (0..100).map(|_| "x".repeat(100_000)).collect(),
        ..Setup::default()
    });
    let mut feed = Feed::open(world.address, Transport::LongPoll, 5, Some(cursor(0)));
    for n in 1..=100 {
        assert_eq!(feed.event().0, n);
    }
}

#[test]
fn answers_that_nobody_reads_are_bounded() {
    let world = World::new();
    let mut feed = Feed::open(world.address, Transport::WebSocket, 5, None);
    feed.ready();
    let command = serde_json::json!({"id": 1, "text": "x".repeat(50_000)});
    let frame = crate::client::masked(0x81, command.to_string().as_bytes());
    use std::io::Write;
    feed.wire.stream.set_write_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
    let mut cut = false;
    for _ in 0..2000 {
        cut = feed.wire.stream.write_all(&frame).is_err();
        if cut {
            break;
        }
    }
    assert!(cut, "it is cut long before 100 MB of answers");
    world.until(|w| w.shards.stats().slow_cut == 1);
}
