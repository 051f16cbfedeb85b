//! Tests with a real NATS server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use encke_bus::{Bus, Message, Nats, OnBusEvent};
use encke_engine::ids::ID_MAX;
use encke_engine::{PersonId, StreamId};
use encke_rig::{Fault, Wire};
use futures_util::StreamExt;
use tokio::runtime::Runtime;

use crate::node::{Node, Nodes, meet, pair};

const KEY: [u8; 32] = [7; 32];

/// Nodes of one space on one server.
struct OnNats {
    url: String,
    space: String,
    runtime: Runtime,
}

impl OnNats {
    fn at(url: String) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let space = format!("space{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        OnNats { url, space, runtime }
    }

    fn new() -> Self {
        OnNats::at(encke_rig::Nats::shared().url())
    }
}

impl Nodes for OnNats {
    fn join(&self, hear: OnBusEvent) -> Arc<dyn Bus> {
        Arc::new(self.runtime.block_on(Nats::connect(&self.url, &self.space, KEY, hear)).unwrap())
    }
}

macro_rules! suite {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            crate::conformance::$name(&OnNats::new());
        }
    )* };
}
crate::conformance::list!(suite);

#[test]
fn a_server_that_comes_back_is_found_and_the_loss_is_told() {
    let server = encke_rig::Nats::start();
    let nodes = OnNats::at(server.url());
    let (a, b) = pair(&nodes);
    for _ in 0..2 {
        server.kill();
        b.lost();
        a.say("into the dark");
        server.start_again();
        meet(&a, &b);
        meet(&b, &a);
    }
}

#[test]
fn a_server_that_is_not_there_yet_is_waited_for() {
    let server = encke_rig::Nats::start();
    server.kill();
    let nodes = OnNats::at(server.url());
    let (a, b) = (Node::of(&nodes), Node::of(&nodes));
    server.start_again();
    meet(&a, &b);
}

#[test]
fn the_credentials_of_the_url_let_nodes_in() {
    let server = encke_rig::Nats::start_locked("node", "s/cret@");
    let nodes = OnNats::at(format!("nats://node:s%2Fcret%40@127.0.0.1:{}", server.port()));
    let (a, b) = (Node::of(&nodes), Node::of(&nodes));
    meet(&a, &b);
}

#[test]
fn a_wire_that_was_cut_is_mended() {
    let wire = Wire::to(encke_rig::Nats::shared().port());
    let nodes = OnNats::at(encke_rig::Nats::shared().url_by(wire.port()));
    let (a, b) = pair(&nodes);
    wire.set(Fault::Cut);
    a.lost();
    a.say("into the dark");
    wire.set(Fault::None);
    meet(&a, &b);
    meet(&b, &a);
}

/// A stranger who reaches the server and has no key.
struct Stranger<'a> {
    nodes: &'a OnNats,
    client: async_nats::Client,
    all: async_nats::Subscriber,
}

impl<'a> Stranger<'a> {
    fn on(nodes: &'a OnNats) -> Self {
        nodes.runtime.block_on(async {
            let client = async_nats::connect(&nodes.url).await.unwrap();
            let all = client.subscribe(format!("encke.{}", nodes.space)).await.unwrap();
            Stranger { nodes, client, all }
        })
    }

    /// A node's message, as it travels. It is sent until it is recorded, because the server may hear of the
    /// subscription later.
    fn record(&mut self, by: &Node, message: &Message) -> Bytes {
        self.nodes.runtime.block_on(async {
            loop {
                by.bus.send(message.clone());
                let soon = std::time::Duration::from_millis(50);
                if let Ok(message) = tokio::time::timeout(soon, self.all.next()).await {
                    return message.unwrap().payload;
                }
            }
        })
    }

    /// Publishes a payload on the subject of these nodes.
    fn say(&self, to: &OnNats, payload: impl Into<Bytes>) {
        self.nodes.runtime.block_on(async {
            self.client.publish(format!("encke.{}", to.space), payload.into()).await.unwrap();
            self.client.flush().await.unwrap();
        });
    }
}

/// All messages that are heard until another node has sent this one, without it.
fn heard_until(node: &Node, last: &str) -> Vec<Message> {
    let is_last = |m: &Message| matches!(m, Message::Note(n) if n == last.as_bytes());
    std::iter::repeat_with(|| node.message()).take_while(|m| !is_last(m)).collect()
}

#[test]
fn a_message_without_the_seal_of_the_space_is_refused() {
    let nodes = OnNats::new();
    let (a, b) = pair(&nodes);
    let mut stranger = Stranger::on(&nodes);
    let real = stranger.record(&a, &Message::Commit(crate::node::commit(b"body")));
    a.say("recorded");
    heard_until(&b, "recorded");
    let sealed: &[u8] = &real;
    let mut wrong: Vec<Vec<u8>> = vec![vec![], vec![0], vec![0xff; 100], b"{\"json\":1}".to_vec()];
    wrong.push(sealed[..sealed.len() - 32].to_vec());
    wrong.extend((0..sealed.len()).map(|cut| sealed[..cut].to_vec()));
    for place in 0..sealed.len() {
        let mut changed = sealed.to_vec();
        changed[place] ^= 1;
        wrong.push(changed);
    }
    wrong.into_iter().for_each(|payload| stranger.say(&nodes, payload));
    // The key of a node may be another one: of another space, or of the same space before a new epoch.
    let hear: OnBusEvent = Arc::new(|_| {});
    let connecting = Nats::connect(&nodes.url, &nodes.space, [8; 32], hear);
    let rogue = nodes.runtime.block_on(connecting).unwrap();
    for tries in 0.. {
        if rogue.refused().forged > 0 {
            break;
        }
        assert!(tries < 3_000, "the node with another key hears nothing that it refuses");
        rogue.send(Message::Note(Bytes::from_static(b"forged")));
        a.say("real");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    a.say("after");
    let others = |m: &&Message| !matches!(m, Message::Note(n) if &n[..] == b"real");
    let heard = heard_until(&b, "after");
    assert_eq!(heard.iter().filter(others).count(), 0, "{heard:?}");
}

#[test]
fn an_event_that_no_store_could_hold_is_refused() {
    let nodes = OnNats::new();
    let (a, b) = pair(&nodes);
    let by = |number| crate::node::commit_by(PersonId(number));
    a.bus.send(Message::Commit(by(ID_MAX + 1)));
    // One number has one of the first four classes in the form of the later ones, and one has 64 bits.
    for raw in [1 << 62 | 12 << 8, 1 << 63] {
        let stream = StreamId::from_raw(raw);
        a.bus.send(Message::Signal(stream, Bytes::from_static(b"{}")));
    }
    a.say("odd");
    assert!(heard_until(&b, "odd").is_empty());
    a.bus.send(Message::Commit(by(ID_MAX)));
    let amendments = StreamId::amendments(encke_engine::ConversationId(ID_MAX));
    a.bus.send(Message::Signal(amendments, Bytes::from_static(b"{}")));
    a.say("good");
    assert_eq!(heard_until(&b, "good").len(), 2);
}

#[test]
fn a_message_is_not_heard_a_second_time() {
    let nodes = OnNats::new();
    let (a, b) = pair(&nodes);
    let mut stranger = Stranger::on(&nodes);
    let stream = StreamId::channel(9);
    let said = [
        Message::Commit(crate::node::commit(b"body")),
        Message::Signal(stream, Bytes::from_static(b"{}")),
        Message::Note(Bytes::from_static(b"note")),
    ];
    let recorded = said.map(|message| stranger.record(&a, &message));
    a.say("recorded");
    heard_until(&b, "recorded");
    for payload in recorded.iter().chain(recorded.iter().rev()) {
        stranger.say(&nodes, payload.clone());
    }
    a.say("after");
    assert!(heard_until(&b, "after").is_empty());
    // The payload is nothing on another subject either, even under the same key.
    let other = OnNats::new();
    let (c, d) = pair(&other);
    for payload in recorded {
        stranger.say(&other, payload);
    }
    c.say("after");
    assert!(heard_until(&d, "after").is_empty());
}

#[test]
fn nodes_that_notice_a_new_key_one_after_the_other_hear_each_other_all_the_time() {
    let nodes = OnNats::new();
    let connect = |heard: std::sync::mpsc::Sender<Message>| {
        let heard = std::sync::Mutex::new(heard);
        let hear: OnBusEvent = Arc::new(move |what| {
            if let encke_bus::BusEvent::Message(message) = what {
                let _ = heard.lock().unwrap().send(message);
            }
        });
        let connecting = Nats::connect(&nodes.url, &nodes.space, KEY, hear);
        nodes.runtime.block_on(connecting).unwrap()
    };
    let ((of_a, a_hears), (of_b, b_hears)) =
        (std::sync::mpsc::channel(), std::sync::mpsc::channel());
    let (a, b) = (connect(of_a), connect(of_b));
    let meet = |from: &Nats, hears: &std::sync::mpsc::Receiver<Message>, text: &'static str| {
        let mut tries = 0;
        loop {
            tries += 1;
            assert!(tries < 3_000, "{text} is never heard");
            from.send(Message::Note(Bytes::from_static(text.as_bytes())));
            let soon = std::time::Duration::from_millis(10);
            if let Ok(Message::Note(note)) = hears.recv_timeout(soon)
                && note == text.as_bytes()
            {
                return;
            }
        }
    };
    meet(&a, &b_hears, "before, from a");
    meet(&b, &a_hears, "before, from b");
    a.turn_key([9; 32]);
    meet(&a, &b_hears, "between, from a");
    meet(&b, &a_hears, "between, from b");
    b.turn_key([9; 32]);
    meet(&a, &b_hears, "after, from a");
    meet(&b, &a_hears, "after, from b");
    assert_eq!((a.refused(), b.refused()), Default::default());
}

#[test]
fn spaces_do_not_hear_each_other() {
    let (one, two) = (OnNats::new(), OnNats::new());
    let ((a, b), (c, d)) = (pair(&one), pair(&two));
    a.say("one");
    c.say("two");
    assert_eq!((b.note(), d.note()), ("one".into(), "two".into()));
}
