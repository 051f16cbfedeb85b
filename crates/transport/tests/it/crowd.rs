//! More connections than places.

use encke_transport::Transport;

use crate::client::{Feed, Wire, get};
use crate::world::{Setup, World};

const PLACES: usize = 128;

fn cramped() -> std::sync::Arc<World> {
    World::with(Setup { shards: 1, connections_max: PLACES, ..Setup::default() })
}

/// Opens silent connections from 127.0.0.`last`.
fn silent(world: &World, last: u8, count: usize) -> Vec<Wire> {
    let accepted = world.shards.stats().accepted;
    let all = (0..count).map(|_| Wire::connect_from(last, world.address)).collect();
    world.until(|w| w.shards.stats().accepted >= accepted + count as u64);
    all
}

#[test]
fn silent_connections_make_room_for_others_and_never_take_that_of_a_session() {
    let world = cramped();
    let mut feeds: Vec<Feed> =
        (0..PLACES / 2).map(|_| Feed::open(world.address, Transport::Sse, 5, None)).collect();
    feeds.iter_mut().for_each(Feed::ready);
    // The connections come one after the other, from this address and from others.
    let _silent: Vec<_> = (1..4).map(|last| silent(&world, last, 2 * PLACES)).collect();
    let mut late = Feed::open(world.address, Transport::WebSocket, 6, None);
    late.ready();
    world.say(&["x"]);
    feeds.push(late);
    assert!(feeds.iter_mut().all(|feed| feed.event().1 == "x"));
    let stats = world.shards.stats();
    assert!(stats.connections <= PLACES as u64 && stats.given_up > 0, "{stats:?}");
}

#[test]
fn one_address_takes_no_place_from_another_that_is_about_to_ask() {
    let world = cramped();
    let (mut half, request) = (Wire::connect_from(3, world.address), get("", 5));
    let (begin, rest) = request.split_at(30);
    half.send(begin);
    let mut kept = Wire::connect_from(4, world.address);
    kept.send(get("", 5).replace("/v1/feed", "/v1/nothing"));
    let _silent = silent(&world, 2, 10 * PLACES);
    assert!(world.shards.stats().given_up >= 9 * PLACES as u64);
    half.send(rest);
    assert!(half.head().unwrap().starts_with("HTTP/1.1 200"));
}

#[test]
fn nobody_finds_room_where_everybody_has_signed_in() {
    let world = World::with(Setup { shards: 1, connections_max: 3, ..Setup::default() });
    let mut feeds: Vec<Feed> =
        (0..3).map(|_| Feed::open(world.address, Transport::Sse, 5, None)).collect();
    feeds.iter_mut().for_each(Feed::ready);
    for _ in 0..20 {
        let (head, _) = Wire::connect_from(2, world.address).answer().unwrap();
        assert!(head.starts_with("HTTP/1.1 503"), "{head}");
    }
    world.say(&["x"]);
    assert!(feeds.iter_mut().all(|feed| feed.event().1 == "x"));
}

#[test]
fn shards_leave_files_to_others() {
    let files = |max| std::sync::Arc::new(encke_transport::Files::new(max));
    let (all, left) = (files(10), 4);
    let setup = || Setup { shards: 1, files: Some((all.clone(), left)), ..Setup::default() };
    let [one, two] = [World::with(setup()), World::with(setup())];
    let open = |world: &World| {
        let mut feed = Feed::open(world.address, Transport::Sse, 5, None);
        feed.ready();
        feed
    };
    let mut feeds: Vec<Feed> = (0..3).flat_map(|_| [open(&one), open(&two)]).collect();
    for world in [&one, &two] {
        let (head, _) = Wire::connect(world.address).answer().unwrap();
        assert!(head.starts_with("HTTP/1.1 503"), "{head}");
    }
    assert!(all.take(4, 0) && !all.take(1, 0), "four are left");
    feeds.pop();
    two.until(|w| w.shards.stats().connections == 2);
    all.give(4);
    // The file that one site gave back is free for the other.
    feeds.push(open(&one));
}
