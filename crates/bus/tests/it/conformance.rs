//! The checks that every bus passes.

use std::sync::Arc;

use bytes::Bytes;
use encke_bus::Message;
use encke_engine::{Committed, Step, StreamId, limits};

use crate::node::{Node, Nodes, commit, commit_with_rights, meet, pair};

macro_rules! list {
    ($suite:ident) => {
        $suite! {
            all_others_hear_what_one_says_and_it_does_not_hear_itself
            everything_arrives_as_it_was
            of_a_commit_that_changes_rights_only_its_end_is_heard
            a_commit_of_any_size_is_heard_of
            any_number_of_messages_may_be_sent_without_waiting
            a_node_that_left_is_not_missed
        }
    };
}
pub(crate) use list;

pub fn all_others_hear_what_one_says_and_it_does_not_hear_itself<N: Nodes>(nodes: &N) {
    let (a, b) = pair(nodes);
    let c = Node::of(nodes);
    meet(&a, &c);
    while b.note() != "met" {}
    a.say("one");
    assert_eq!((b.note(), c.note()), ("one".into(), "one".into()));
    b.say("two");
    assert_eq!((a.note(), c.note()), ("two".into(), "two".into()));
}

/// A whole commit, as text.
fn text(committed: &Committed) -> String {
    let step = |step: &Step| match step {
        Step::Event(entry) => format!("{:?}", entry.event),
        other => format!("{other:?}"),
    };
    let steps: Vec<String> = committed.batch.steps.iter().map(step).collect();
    let Committed { epoch, before, after, mark, .. } = committed;
    format!("{epoch:?} {before:?} {after:?} {mark} {steps:#?}")
}

pub fn everything_arrives_as_it_was<N: Nodes>(nodes: &N) {
    let (a, b) = pair(nodes);
    let sent = commit(&(0..=255).collect::<Vec<u8>>());
    a.bus.send(Message::Commit(sent.clone()));
    match b.message() {
        Message::Commit(heard) => assert_eq!(text(&heard), text(&sent)),
        other => panic!("{other:?}"),
    }
    a.bus.send(Message::End(sent.epoch, sent.after));
    assert!(matches!(b.message(), Message::End(e, p) if e == sent.epoch && p == sent.after));
    let stream = StreamId::channel(9);
    a.bus.send(Message::Signal(stream, Bytes::from_static(b"{}")));
    assert!(matches!(b.message(), Message::Signal(s, item) if s == stream && &item[..] == b"{}"));
}

pub fn of_a_commit_that_changes_rights_only_its_end_is_heard<N: Nodes>(nodes: &N) {
    let (a, b) = pair(nodes);
    let sent = commit_with_rights(b"{}");
    a.bus.send(Message::Commit(sent.clone()));
    assert!(matches!(b.message(), Message::End(e, p) if e == sent.epoch && p == sent.after));
}

pub fn a_commit_of_any_size_is_heard_of<N: Nodes>(nodes: &N) {
    let (a, b) = pair(nodes);
    for size in [limits::BUS_MESSAGE_BYTES_MAX / 3, limits::BUS_MESSAGE_BYTES_MAX, 4 << 20] {
        let sent = commit(&vec![b'x'; size]);
        a.bus.send(Message::Commit(sent.clone()));
        match b.message() {
            Message::Commit(heard) => assert_eq!(text(&heard), text(&sent)),
            Message::End(epoch, after) => assert_eq!((epoch, after), (sent.epoch, sent.after)),
            other => panic!("{other:?}"),
        }
    }
    // A message that is too large, and is no hint, is lost. The next one arrives.
    a.say(&"x".repeat(4 << 20));
    a.say("after");
    let heard = b.note();
    assert!(heard == "after" || b.note() == "after");
}

pub fn any_number_of_messages_may_be_sent_without_waiting<N: Nodes>(nodes: &N) {
    let (a, b) = pair(nodes);
    let much = Arc::new(commit(&vec![b'x'; 1_000]));
    for _ in 0..50_000 {
        a.bus.send(Message::Commit((*much).clone()));
    }
    // Some messages may be lost; later ones arrive.
    let mut tries = 0;
    loop {
        tries += 1;
        assert!(tries < 1_000_000);
        if tries % 1_000 == 1 {
            a.say("last");
        }
        if matches!(b.message(), Message::Note(_)) {
            break;
        }
    }
}

pub fn a_node_that_left_is_not_missed<N: Nodes>(nodes: &N) {
    let (a, b) = pair(nodes);
    let c = Node::of(nodes);
    meet(&a, &c);
    while b.note() != "met" {}
    drop(c);
    a.say("one");
    assert_eq!(b.note(), "one");
    b.say("two");
    assert_eq!(a.note(), "two");
}
