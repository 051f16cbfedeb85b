//! Requests of other protocols that wait. Their sessions are like any other, with another framing.

use std::io::Read;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use encke_engine::hub::Follow;
use encke_engine::reach::Reach;
use encke_engine::{Entry, PersonId, Position, StreamId};
use encke_transport::{
    ConnectionKind, Files, ForeignAnswer, ForeignRequest, ParkedWait, Reply, Timing, Transport,
    Wait, WaitEnd, Who,
};
use serde_json::Value;

use crate::client::Wire;
use crate::world::{ROOM, Setup, World};

#[derive(Default)]
struct Seen {
    texts: Mutex<Vec<String>>,
    taken: AtomicUsize,
    dropped: AtomicUsize,
    later: Mutex<Vec<Reply<ForeignAnswer>>>,
}

/// A protocol that does what the texts of events say.
struct Parrot(Arc<Seen>);

impl ForeignRequest for Parrot {
    fn begin(&mut self) -> Bytes {
        Bytes::from_static(b"begin\n")
    }

    fn on_events(&mut self, entries: &[Arc<Entry>]) -> ForeignAnswer {
        let text = |e: &Arc<Entry>| {
            let body: Value = serde_json::from_slice(&e.event.body).unwrap();
            body["text"].as_str().unwrap().to_owned()
        };
        let texts: Vec<String> = entries.iter().map(text).collect();
        self.0.texts.lock().unwrap().extend(texts.iter().cloned());
        let all = Bytes::from(texts.join("+"));
        match texts.last().map(String::as_str) {
            Some("nothing") => ForeignAnswer::Nothing,
            Some("panic") => panic!("told to panic"),
            Some("lose") => ForeignAnswer::Later(Box::new(drop)),
            Some("later") => {
                let seen = self.0.clone();
                ForeignAnswer::Later(Box::new(move |reply| seen.later.lock().unwrap().push(reply)))
            }
            Some("big") => ForeignAnswer::Part(vec![b'x'; 64 << 20].into()),
            Some(text) if text.starts_with("part") => ForeignAnswer::Part(all),
            _ => ForeignAnswer::Whole(all),
        }
    }

    fn on_end(&mut self, why: WaitEnd) -> (u16, Bytes) {
        let status = if why == WaitEnd::Revoked { 401 } else { 200 };
        (status, format!("{why:?}").into())
    }

    fn on_written(&mut self) {
        self.0.taken.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for Parrot {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

/// A client with a request that the shards hold.
struct Waiter {
    wire: Wire,
    seen: Arc<Seen>,
}

fn park(world: &World, set: impl FnOnce(&mut Wait)) -> Waiter {
    park_as(world, ConnectionKind::Direct, set)
}

fn park_as(world: &World, kind: ConnectionKind, set: impl FnOnce(&mut Wait)) -> Waiter {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let wire = Wire::connect(listener.local_addr().unwrap());
    let (stream, peer) = listener.accept().unwrap();
    let seen = Arc::new(Seen::default());
    let mut wait = Wait {
        who: Some(Who { person: PersonId(3), credential: 7, rank: 0, client: "".into() }),
        visitor: None,
        follows: vec![Follow { stream: StreamId::conversation(ROOM), from: Position(0) }],
        as_of: Position(0),
        revocations_seen: world.shards.revocations(),
        ends_in_ms: u64::MAX,
        at: Position(0),
        wait_ms: None,
        beats: false,
        transport: Transport::LongPoll,
        content_type: "text/plain",
        lines: "X-More: yes\r\n",
        keep_alive: true,
        protocol: Box::new(Parrot(seen.clone())),
    };
    set(&mut wait);
    let leftover = Bytes::new();
    world.shards.wait(ParkedWait { io: stream.into(), peer, leftover, kind, wait });
    Waiter { wire, seen }
}

fn live(world: &World, count: u64) {
    world.until(|w| w.shards.stats().sessions.iter().sum::<u64>() == count);
}

fn answer(wire: &mut Wire) -> (String, String) {
    let head = wire.head().expect("an answer");
    let length = crate::client::header(&head, "content-length").expect("a length").parse().unwrap();
    (head, String::from_utf8(wire.take(length).unwrap()).unwrap())
}

#[test]
fn an_answer_comes_with_the_event_and_the_connection_goes_on() {
    let world = World::new();
    let mut waiter = park(&world, |_| ());
    live(&world, 1);
    world.say(&["nothing"]);
    world.say(&["a", "b"]);
    let (head, body) = answer(&mut waiter.wire);
    assert_eq!(body, "a+b");
    for line in
        ["HTTP/1.1 200 OK", "Content-Type: text/plain", "Cache-Control: no-store", "X-More: yes"]
    {
        assert!(head.contains(line), "{head}");
    }
    assert!(!head.contains("Connection: close"));
    live(&world, 0);
    world.until(|_| waiter.seen.dropped.load(Ordering::SeqCst) == 1);
    assert_eq!(waiter.seen.taken.load(Ordering::SeqCst), 1);
    // The next request is not for the feed.
    waiter.wire.send("GET /elsewhere HTTP/1.1\r\n\r\n");
    let (_, read) = world.handed_off();
    assert_eq!(read, b"GET /elsewhere HTTP/1.1\r\n\r\n");
}

#[test]
fn earlier_events_come_from_the_store_and_later_ones_follow() {
    let history = (0..50).map(|n| format!("part{n} ")).collect();
    let world = World::with(Setup { history, ..Setup::default() });
    let mut waiter = park(&world, |wait| {
        (wait.beats, wait.at, wait.as_of) = (true, Position(10), Position(50));
    });
    waiter.wire.head().expect("a head at once");
    assert_eq!(waiter.wire.until(b"\n").unwrap(), b"begin\n");
    world.until(|_| waiter.seen.texts.lock().unwrap().len() >= 40);
    for n in 50..60 {
        world.say(&[&format!("part{n} ")]);
    }
    world.until(|_| waiter.seen.texts.lock().unwrap().len() >= 50);
    world.say(&["the end"]);
    assert!(
        String::from_utf8(waiter.wire.until(b"the end").unwrap()).unwrap().starts_with("part10 ")
    );
    let texts = waiter.seen.texts.lock().unwrap().clone();
    let expected = (10..60).map(|n| format!("part{n} ")).chain(["the end".to_owned()]);
    assert!(texts.iter().eq(&expected.collect::<Vec<_>>()), "{texts:?}");
    assert!(waiter.wire.is_at_end());
}

#[test]
fn an_answer_that_needs_a_look_up_comes_later_and_nothing_overtakes_it() {
    let world = World::new();
    let mut waiter = park(&world, |wait| wait.beats = true);
    live(&world, 1);
    world.say(&["later"]);
    world.until(|_| waiter.seen.later.lock().unwrap().len() == 1);
    world.say(&["part two "]);
    world.say(&["the end"]);
    let reply = waiter.seen.later.lock().unwrap().pop().unwrap();
    assert_eq!(*waiter.seen.texts.lock().unwrap(), ["later"]);
    reply.say(ForeignAnswer::Part("part one ".into()));
    let all = String::from_utf8(waiter.wire.until(b"the end").unwrap()).unwrap();
    assert!(all.ends_with("begin\npart one part two +the end"), "{all}");
    // A lost answer, and one that panics, end only their own connection.
    let bystander = park(&world, |wait| wait.follows.clear());
    for text in ["lose", "panic"] {
        let at = Position(if text == "lose" { 3 } else { 4 });
        let mut waiter = park(&world, |wait| wait.at = at);
        live(&world, 2);
        bystander_hears(&world, &mut waiter, text);
    }
    drop(bystander);
}

/// Sends a text that ends a waiter without an answer.
fn bystander_hears(world: &World, waiter: &mut Waiter, text: &str) {
    world.say(&[text]);
    assert!(waiter.wire.head().is_none(), "{text}");
    assert_eq!(waiter.seen.taken.load(Ordering::SeqCst), 0);
}

#[test]
fn a_wait_ends_in_its_own_words() {
    let timing = Timing { tick_ms: 20, ..Timing::default() };
    let world = World::with(Setup { timing, ..Setup::default() });
    let mut short = park(&world, |wait| wait.wait_ms = Some(60));
    assert_eq!(answer(&mut short.wire).1, "Time");
    let mut signed_out = park(&world, |_| ());
    live(&world, 1);
    world.shards.revoke(PersonId(3), Some(7));
    let (head, body) = answer(&mut signed_out.wire);
    assert!(head.starts_with("HTTP/1.1 401") && head.contains("Connection: close"), "{head}");
    assert_eq!(body, "Revoked");
    let mut over = park(&world, |wait| wait.ends_in_ms = 60);
    assert_eq!(answer(&mut over.wire).1, "Revoked");
    // The credential was revoked between the check and the opening.
    let mut late = park(&world, |wait| wait.revocations_seen = 0);
    assert_eq!(answer(&mut late.wire).1, "Revoked");
    let mut drained = park(&world, |_| ());
    let mut begun = park(&world, |wait| wait.beats = true);
    live(&world, 2);
    world.shards.drain(Duration::from_secs(10));
    assert_eq!(answer(&mut drained.wire).1, "Drain");
    assert!(
        String::from_utf8(begun.wire.until(b"Drain").unwrap()).unwrap().ends_with("begin\nDrain")
    );
    let mut refused = park(&world, |wait| wait.beats = true);
    assert_eq!(answer(&mut refused.wire).1, "begin\nDrain");
}

#[test]
fn a_client_that_left_took_nothing_and_one_that_stays_may_look_again() {
    let world = World::new();
    for _ in 0..20 {
        let gone = park(&world, |wait| wait.at = Position(u64::MAX >> 1));
        drop(gone.wire);
        world.until(|_| gone.seen.dropped.load(Ordering::SeqCst) == 1);
        assert_eq!(gone.seen.taken.load(Ordering::SeqCst), 0);
    }
    // A client that only stops sending counts as gone as well, because nobody can tell whether it reads.
    let gone = park(&world, |_| ());
    live(&world, 1);
    gone.wire.stream.shutdown(Shutdown::Write).unwrap();
    world.say(&["for whoever is there"]);
    world.until(|_| gone.seen.dropped.load(Ordering::SeqCst) == 1);
    assert_eq!(gone.seen.taken.load(Ordering::SeqCst), 0);
    let mut stays = park(&world, |wait| (wait.at, wait.beats) = (Position(1), true));
    live(&world, 1);
    world.say(&["nothing"]);
    world.until(|_| stays.seen.texts.lock().unwrap().len() == 1);
    world.shards.look_again(PersonId(3), Position(0));
    world.until(|_| stays.seen.texts.lock().unwrap().len() == 3);
    assert_eq!(*stays.seen.texts.lock().unwrap(), ["nothing", "for whoever is there", "nothing"]);
    world.say(&["the end"]);
    assert!(stays.wire.until(b"the end").is_some());
}

#[test]
fn a_part_counts_as_taken_when_all_of_it_is() {
    let world = World::new();
    let mut waiter = park(&world, |wait| wait.beats = true);
    waiter.wire.head().expect("a head");
    world.until(|_| waiter.seen.taken.load(Ordering::SeqCst) == 1);
    world.say(&["big"]);
    world.until(|_| waiter.seen.texts.lock().unwrap().len() == 1);
    world.say(&["the end"]);
    assert_eq!(waiter.seen.taken.load(Ordering::SeqCst), 1, "more than the kernel takes");
    let mut stream: &TcpStream = &waiter.wire.stream;
    let (mut chunk, mut read) = (vec![0; 1 << 20], waiter.wire.buffer.len());
    while read < "begin\n".len() + (64 << 20) + "the end".len() {
        read += stream.read(&mut chunk).unwrap();
    }
    world.until(|_| waiter.seen.taken.load(Ordering::SeqCst) >= 3);
}

#[test]
fn a_wait_of_nobody_gives_way_in_its_own_words_and_one_of_somebody_stays() {
    let world = World::with(Setup { shards: 1, connections_max: 2, ..Setup::default() });
    let mut somebody = park(&world, |_| ());
    let mut nobody = park(&world, |wait| wait.who = None);
    live(&world, 2);
    let mut late = park(&world, |_| ());
    assert_eq!(answer(&mut nobody.wire).1, "Drain");
    let mut refused = park(&world, |_| ());
    assert_eq!(answer(&mut refused.wire).1, "Drain");
    live(&world, 2);
    world.say(&["x"]);
    assert_eq!(answer(&mut somebody.wire).1, "x");
    assert_eq!(answer(&mut late.wire).1, "x");
}

#[test]
fn a_bridge_counts_with_both_of_its_ends() {
    let files = Arc::new(Files::new(6));
    let setup = Setup { shards: 1, files: Some((files.clone(), 0)), ..Setup::default() };
    let world = World::with(setup);
    let bridged: Vec<Waiter> =
        (0..3).map(|_| park_as(&world, ConnectionKind::Bridged, |_| ())).collect();
    live(&world, 3);
    assert!(!files.take(1, 0));
    let mut refused = park_as(&world, ConnectionKind::Bridged, |_| ());
    assert_eq!(answer(&mut refused.wire).1, "Drain");
    drop(bridged);
    world.until(|w| w.shards.stats().connections == 0);
    assert!(files.take(6, 0), "all are given back");
}
