//! A real NATS server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use encke_bus::{Bus, Hear, Nats};
use encke_rig::{Fault, Wire};
use tokio::runtime::Runtime;

use crate::node::{Node, Nodes, meet, pair};

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
    fn join(&self, hear: Hear) -> Arc<dyn Bus> {
        Arc::new(self.runtime.block_on(Nats::connect(&self.url, &self.space, hear)).unwrap())
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

#[test]
fn garbage_on_the_subject_is_nothing() {
    let nodes = OnNats::new();
    let (a, b) = pair(&nodes);
    let mut bytes = Vec::new();
    // A real message, for damaged copies of it.
    let heard = nodes.runtime.block_on(async {
        use futures_util::StreamExt;
        let client = async_nats::connect(&nodes.url).await.unwrap();
        let mut all = client.subscribe(format!("encke.{}", nodes.space)).await.unwrap();
        // The server may hear of the subscription after the message: so it is sent until it is heard.
        let message = loop {
            a.bus.send(encke_bus::Message::Commit(crate::node::commit(b"body")));
            let soon = std::time::Duration::from_millis(50);
            if let Ok(message) = tokio::time::timeout(soon, all.next()).await {
                break message.unwrap();
            }
        };
        bytes.extend_from_slice(&message.payload);
        client
    });
    let mut garbage: Vec<Vec<u8>> =
        vec![vec![], vec![0], vec![0xff; 100], b"{\"json\":1}".to_vec()];
    garbage.extend((0..bytes.len()).map(|cut| bytes[..cut].to_vec()));
    // Another version; an end that does not fit; a number of steps without end.
    let mut version = bytes.clone();
    version[0] = 2;
    garbage.push(version);
    nodes.runtime.block_on(async {
        for payload in garbage {
            heard.publish(format!("encke.{}", nodes.space), Bytes::from(payload)).await.unwrap();
        }
        heard.flush().await.unwrap();
    });
    a.say("after");
    // What was real comes as it was; of the rest nothing.
    let real = std::iter::repeat_with(|| b.message())
        .take_while(|heard| !matches!(heard, encke_bus::Message::Note(_)));
    let mut count = 0;
    for heard in real {
        assert!(matches!(heard, encke_bus::Message::Commit(c) if c.mark == u64::MAX));
        count += 1;
    }
    assert!(count >= 1);
}

#[test]
fn spaces_do_not_hear_each_other() {
    let (one, two) = (OnNats::new(), OnNats::new());
    let ((a, b), (c, d)) = (pair(&one), pair(&two));
    a.say("one");
    c.say("two");
    assert_eq!((b.note(), d.note()), ("one".into(), "two".into()));
}
