//! Several nodes on one space.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use encke_engine::{Code, Committed, Error, PersonId, Position, Seq, Step, StreamId, limits};
use encke_store::{Guard, params};

use super::OnPostgres;
use crate::space::{Space, event, keyed};

pub fn stream(id: u64) -> StreamId {
    StreamId::channel(id)
}

/// Asks until the condition is true.
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !so() {
        assert!(Instant::now() < end, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The batches that a node published, as text.
fn told(space: &Space) -> Vec<String> {
    let text = |step: Step| match step {
        Step::Event(e) => {
            let e = &e.event;
            format!("{} {:?} {} {} {:?}", e.position.0, e.stream, e.seq.0, e.back.0, e.body)
        }
        other => format!("{other:?}"),
    };
    space.steps().into_iter().map(text).collect()
}

fn check_gapless(space: &Space) {
    let mut newest = std::collections::BTreeMap::<StreamId, (u64, Position)>::new();
    for (entry, position) in space.events().iter().zip(1..) {
        let event = &entry.event;
        let (seq, back) = newest.get(&event.stream).copied().unwrap_or_default();
        assert_eq!((event.position.0, event.seq.0, event.back), (position, seq + 1, back));
        newest.insert(event.stream, (event.seq.0, event.position));
    }
}

/// Runs the writer of one node: appends, writes with changes, and writes that fail.
fn write(space: &Space, writer: u64, count: u64) {
    for number in 0..count {
        let (room, person) = (stream(1 + (writer + number) % 5), PersonId(writer));
        match number % 5 {
            0 => {
                let done = space.write(move |tx| {
                    tx.subscribe(person, room)?;
                    tx.append(event(room, "\"joined\""))?;
                    tx.unsubscribe(person, room)?;
                    tx.revoke(person, Some(number))?;
                    tx.append(event(room, "\"left\""))
                });
                done.unwrap();
            }
            1 => {
                let failed = space.write(move |tx| {
                    tx.append(event(room, "\"never\""))?;
                    Err::<(), _>(Error::new(Code::Conflict, "no"))
                });
                assert_eq!(failed.unwrap_err().code, Code::Conflict);
            }
            _ => {
                let key = format!("{writer}-{number}");
                assert!(!space.append(keyed(room, writer, &key, "1")).unwrap().repeated);
            }
        }
    }
}

/// Lets all nodes write at once, then checks that all published the same.
fn write_on_all(nodes: &[Space]) {
    std::thread::scope(|scope| {
        for (node, number) in nodes.iter().zip(1..) {
            for writer in 0..3 {
                scope.spawn(move || write(node, number * 10 + writer, 60));
            }
        }
    });
    let total = nodes.len() as u64 * 3 * (12 * 2 + 36);
    for node in nodes {
        until("all events were told", || node.store.position().0 == total);
    }
    let first = told(&nodes[0]);
    for node in nodes {
        check_gapless(node);
        assert_eq!(told(node), first);
        let stored = node.read(|read| Ok(read.log_after(Position(0), 10_000)?)).unwrap();
        assert!(stored.iter().eq(node.events().iter().map(|e| &e.event)));
    }
}

#[test]
fn nodes_without_hints_tell_the_same_in_the_same_order() {
    let fixture = OnPostgres::new();
    write_on_all(&[Space::open(&fixture), Space::open(&fixture)]);
}

/// Carries the nodes' announcements to the others, badly.
fn hint_badly(nodes: &[Space]) {
    let dice = Arc::new(AtomicU64::new(1));
    let roll = move || {
        let next =
            |x: u64| Some(x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407));
        dice.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).unwrap_or_default() >> 33
    };
    for node in nodes {
        let others: Vec<_> = nodes
            .iter()
            .filter(|other| !std::ptr::eq(*other, node))
            .map(|other| other.store.clone())
            .collect();
        let roll = roll.clone();
        let late = std::sync::Mutex::new(Vec::<Committed>::new());
        node.store.announce_to(move |committed| {
            let mut late = late.lock().unwrap();
            for other in &others {
                match roll() % 8 {
                    0 => {}
                    1 => late.push(committed.clone()),
                    2 => {
                        other.hint(committed.clone());
                        other.hint(committed.clone());
                    }
                    3 => {
                        // A false hint is found out, and costs no more than a look.
                        let mut far = committed.clone();
                        far.before.position.0 += 1_000_000;
                        far.after.position.0 += 1_000_001;
                        other.hint(far);
                        let mut foreign = committed.clone();
                        foreign.epoch.0 ^= 1;
                        other.hint(foreign);
                    }
                    4 => other.hint_at(committed.epoch, committed.after),
                    _ => other.hint(committed.clone()),
                }
                if late.len() > 3 {
                    late.drain(..).rev().for_each(|old| other.hint(old));
                }
            }
        });
    }
}

#[test]
fn hints_that_are_lost_doubled_late_or_wrong_change_nothing() {
    let fixture = OnPostgres::new();
    let nodes = [Space::open(&fixture), Space::open(&fixture), Space::open(&fixture)];
    hint_badly(&nodes);
    write_on_all(&nodes);
}

#[test]
fn a_retry_on_another_node_gets_the_first_result() {
    let fixture = OnPostgres::new();
    let (a, b) = (Space::open(&fixture), Space::open(&fixture));
    let first = a.append(keyed(stream(1), 5, "k", "1")).unwrap();
    let again = b.append(keyed(stream(1), 5, "k", "1")).unwrap();
    assert_eq!((again.position, again.seq, again.repeated), (first.position, first.seq, true));
    assert_eq!(b.append(keyed(stream(1), 5, "k", "2")).unwrap_err().code, Code::KeyReused);
    // A change by one node holds at the other at once.
    let person = PersonId(5);
    a.write(move |tx| Ok(tx.subscribe(person, stream(1))?)).unwrap();
    let send = |space: &Space| space.submit(event(stream(1), "2"), Guard::Follows(person)).recv();
    assert_eq!(send(&b).unwrap().unwrap().seq, Seq(2));
    a.write(move |tx| Ok(tx.unsubscribe(person, stream(1))?)).unwrap();
    assert_eq!(send(&b).unwrap().unwrap_err().code, Code::NotMember);
}

#[test]
fn the_same_send_on_two_nodes_at_once_is_one_send() {
    let fixture = OnPostgres::new();
    let nodes = [Space::open(&fixture), Space::open(&fixture)];
    for number in 0..50 {
        let send = || {
            nodes
                .each_ref()
                .map(|n| n.submit(keyed(stream(1), 5, &format!("{number}"), "1"), Guard::Open))
        };
        let [a, b] = send().map(|answer| answer.recv().unwrap().unwrap());
        assert_eq!((a.position, a.seq), (b.position, b.seq));
        assert!(a.repeated != b.repeated);
    }
}

#[test]
fn a_channel_has_the_same_number_on_every_node() {
    let fixture = OnPostgres::new();
    let (a, b) = (Space::open(&fixture), Space::open(&fixture));
    let (news, other) = ("news", "weather");
    let heard = b.store.channels().stream(other).unwrap();
    let said = a.store.channels().stream_to_append(news).unwrap();
    assert_ne!(heard, said);
    a.append(event(said, "1")).unwrap();
    a.append(event(heard, "1")).unwrap();
    until("both were told", || b.events().len() == 2);
    let name = |index: usize| b.events()[index].event.channel.clone();
    assert_eq!((name(0).as_deref(), name(1).as_deref()), (Some(news), None));
    assert_eq!(b.store.channels().stream(news).unwrap(), said);
    assert_eq!(a.store.channels().stream(other).unwrap(), heard);
}

#[test]
fn spaces_of_one_database_know_nothing_of_each_other() {
    let (one, two) = (OnPostgres::new(), OnPostgres::new());
    let (one, two) = (Space::open(&one), Space::open(&two));
    assert_ne!(one.opened.epoch, two.opened.epoch);
    for number in 1..=3 {
        assert_eq!(
            one.append(keyed(stream(1), 5, &number.to_string(), "1")).unwrap().seq.0,
            number
        );
    }
    assert_eq!(two.append(keyed(stream(1), 5, "1", "2")).unwrap().position, Position(1));
    assert_eq!(two.read(|read| read.head(stream(1))).unwrap().seq, Seq(1));
}

#[test]
fn a_view_of_what_another_node_wrote_is_whole() {
    let fixture = OnPostgres::new();
    let (a, b) = (Space::open(&fixture), Space::open(&fixture));
    for number in 1..=30u64 {
        let set = "INSERT INTO setting VALUES ('count', ?1)
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        let done = a.write(move |tx| {
            tx.execute(set, params![number.to_string()])?;
            tx.append(event(stream(1), "1"))
        });
        let at = done.unwrap().position;
        // The view is whole even before the commit was published there.
        let seen = b.read(|read| {
            let count = "SELECT value FROM setting WHERE name = 'count'";
            let row = encke_store::Sql::query_one(read, count, params![])?;
            let value: String = row.unwrap().get(0)?;
            let (page, _) = read.before(stream(1), None, 2)?;
            let newest = page.last().unwrap().event.position;
            Ok((read.position(), read.head(stream(1))?, newest, value.parse::<u64>().unwrap()))
        });
        let (position, head, newest, value) = seen.unwrap();
        assert_eq!(
            (position, head.position, newest, head.seq.0, value),
            (at, at, at, number, number)
        );
    }
}

#[test]
fn a_node_that_stops_in_the_middle_of_its_turn_loses_it() {
    let fixture = OnPostgres::new();
    let (a, b) = (Space::open(&fixture), Space::open(&fixture));
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (begun, beginning) = std::sync::mpsc::channel();
    let stuck = a.submit_write(move |tx| {
        tx.append(event(stream(1), "\"stuck\""))?;
        encke_store::Sql::query(tx, "SELECT name FROM setting", params![])?;
        let _ = begun.send(());
        let _ = released.recv();
        tx.append(event(stream(1), "\"too late\""))
    });
    beginning.recv().unwrap();
    // The append waits for the turn of the other node, which is taken from it.
    assert_eq!(b.append(keyed(stream(1), 5, "k", "1")).unwrap().position, Position(1));
    drop(release);
    let refused = stuck.recv().unwrap().unwrap_err();
    assert!(refused.code.retry(), "{refused}");
    assert_eq!(a.append(event(stream(1), "2")).unwrap().position, Position(2));
    // With other limits the waiting node would have given up before.
    const { assert!(limits::DATABASE_IDLE_MS_MAX < limits::DATABASE_STATEMENT_MS_MAX) };
}
