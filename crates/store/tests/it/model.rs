//! The writer against a plain model, with restarts and kills in between.

use std::collections::{BTreeMap, BTreeSet};

use encke_engine::{Code, ConversationId, Error, PersonId, Step, StreamId};
use encke_store::{Guard, Sql, params};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::space::{Fixture, Space, event, keyed};

#[derive(Clone, Debug)]
enum Act {
    Append { stream: u64, key: Option<(u64, u8)>, body: u8, guard: bool },
    Write { parts: Vec<Part>, good: bool },
}

#[derive(Clone, Debug)]
enum Part {
    Append { stream: u64, key: Option<(u64, u8)>, body: u8 },
    Subscribe(u64, u64),
    Unsubscribe(u64, u64),
    Set(u8, u8),
}

#[derive(Clone, Debug)]
enum Turn {
    /// The acts run in one commit.
    Together(Vec<Act>),
    Reopen,
    Kill,
}

fn key() -> impl Strategy<Value = Option<(u64, u8)>> {
    prop_oneof![1 => Just(None), 2 => (1u64..3, 0u8..12).prop_map(Some)]
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        4 => (1u64..5, key(), 0u8..2).prop_map(|(stream, key, body)| Part::Append { stream, key, body }),
        2 => (1u64..3, 1u64..5).prop_map(|(p, s)| Part::Subscribe(p, s)),
        1 => (1u64..3, 1u64..5).prop_map(|(p, s)| Part::Unsubscribe(p, s)),
        1 => (0u8..3, 0u8..9).prop_map(|(name, value)| Part::Set(name, value)),
    ]
}

fn turn() -> impl Strategy<Value = Turn> {
    let append = (1u64..5, key(), 0u8..2, any::<bool>())
        .prop_map(|(stream, key, body, guard)| Act::Append { stream, key, body, guard });
    let write = (proptest::collection::vec(part(), 0..5), prop::bool::weighted(0.7))
        .prop_map(|(parts, good)| Act::Write { parts, good });
    prop_oneof![
        12 => proptest::collection::vec(prop_oneof![append, write], 1..8).prop_map(Turn::Together),
        1 => Just(Turn::Reopen),
        1 => Just(Turn::Kill),
    ]
}

/// Position, stream, number, author and key, body.
type Row = (u64, u64, u64, Option<(u64, u8)>, u8);

#[derive(Clone, Default)]
struct Model {
    log: Vec<Row>,
    follows: BTreeMap<(u64, u64), u64>,
    settings: BTreeMap<u8, u8>,
    steps: Vec<String>,
}

/// Position, number, repeated.
type Answer = Result<(u64, u64, bool), Code>;

impl Model {
    fn append(&mut self, stream: u64, key: Option<(u64, u8)>, body: u8) -> Answer {
        if let Some(first) = self.log.iter().find(|row| key.is_some() && row.3 == key) {
            let same = (first.1, first.4) == (stream, body);
            return if same { Ok((first.0, first.2, true)) } else { Err(Code::KeyReused) };
        }
        let at = self.log.len() as u64 + 1;
        let seq = self.log.iter().filter(|row| row.1 == stream).count() as u64 + 1;
        self.log.push((at, stream, seq, key, body));
        self.steps.push(format!("event {at}"));
        Ok((at, seq, false))
    }

    fn run(&mut self, act: &Act) -> Answer {
        match act {
            Act::Append { stream, key, body, guard } => {
                let known = self.log.iter().any(|row| key.is_some() && row.3 == *key);
                if *guard && !known && !self.follows.contains_key(&(1, *stream)) {
                    return Err(Code::NotMember);
                }
                self.append(*stream, *key, *body)
            }
            Act::Write { parts, good } => {
                let before = self.clone();
                let done = parts.iter().try_for_each(|part| self.part(part));
                let done = done.and(if *good { Ok((0, 0, false)) } else { Err(Code::Conflict) });
                if done.is_err() {
                    *self = before;
                }
                done
            }
        }
    }

    fn part(&mut self, part: &Part) -> Result<(), Code> {
        match *part {
            Part::Append { stream, key, body } => self.append(stream, key, body).map(drop)?,
            Part::Subscribe(person, stream) => {
                let from = self.log.len() as u64 + 1;
                if let std::collections::btree_map::Entry::Vacant(v) =
                    self.follows.entry((person, stream))
                {
                    v.insert(from);
                    self.steps.push(format!("{person} follows {stream} from {from}"));
                }
            }
            Part::Unsubscribe(person, stream) => {
                if self.follows.remove(&(person, stream)).is_some() {
                    self.steps.push(format!("{person} leaves {stream}"));
                }
            }
            Part::Set(name, value) => drop(self.settings.insert(name, value)),
        }
        Ok(())
    }
}

fn room(id: u64) -> StreamId {
    StreamId::conversation(ConversationId(id))
}

fn number(stream: StreamId) -> u64 {
    stream.owner_number()
}

fn new_event(stream: u64, key: Option<(u64, u8)>, body: u8) -> encke_engine::NewEvent {
    let body = body.to_string();
    match key {
        Some((author, key)) => keyed(room(stream), author, &key.to_string(), &body),
        None => event(room(stream), &body),
    }
}

fn do_part(tx: &mut encke_store::Tx<'_>, part: &Part) -> Result<(), Error> {
    match *part {
        Part::Append { stream, key, body } => drop(tx.append(new_event(stream, key, body))?),
        Part::Subscribe(person, stream) => tx.subscribe(PersonId(person), room(stream))?,
        Part::Unsubscribe(person, stream) => tx.unsubscribe(PersonId(person), room(stream))?,
        Part::Set(name, value) => {
            let upsert = "INSERT INTO setting VALUES (?1, ?2)
                          ON CONFLICT (name) DO UPDATE SET value = excluded.value";
            tx.execute(upsert, params![name.to_string(), value.to_string()])?;
        }
    }
    Ok(())
}

type Waiting = std::sync::mpsc::Receiver<Answer>;

fn submit(space: &Space, act: &Act) -> Waiting {
    let (done, answer) = std::sync::mpsc::channel();
    match act.clone() {
        Act::Append { stream, key, body, guard } => {
            let guard = if guard { Guard::Follows(PersonId(1)) } else { Guard::Open };
            let reply = Box::new(move |result: Result<encke_store::Appended, Error>| {
                let told = result.map(|a| (a.position.0, a.seq.0, a.repeated));
                let _ = done.send(told.map_err(|e| e.code));
            });
            let event = new_event(stream, key, body);
            space.store.submit(encke_store::Append { event, guard, reply });
        }
        Act::Write { parts, good } => space.store.submit_write(
            move |tx| {
                parts.iter().try_for_each(|part| do_part(tx, part))?;
                if good { Ok((0, 0, false)) } else { Err(Error::new(Code::Conflict, "no")) }
            },
            move |result| {
                let _ = done.send(result.map_err(|e| e.code));
            },
        ),
    }
    answer
}

fn said(step: &Step) -> String {
    match step {
        Step::Event(entry) => format!("event {}", entry.event.position.0),
        Step::Subscribe { person, stream, from } => {
            format!("{} follows {} from {}", person.0, number(*stream), from.0)
        }
        Step::Unsubscribe { person, stream } => format!("{} leaves {}", person.0, number(*stream)),
        Step::Revoke { .. } => panic!("nobody revokes here"),
    }
}

fn check(space: &Space, model: &Model) {
    let (log, follows, settings, heads) = space
        .read(|read| {
            let log = read.log_after(encke_engine::Position(0), 10_000)?;
            let follows =
                read.query("SELECT person, stream, from_position FROM follow", params![])?;
            // The store's own key for names of channels is not in the model.
            let settings = "SELECT name, value FROM setting WHERE name <> 'channel_key'";
            let settings = read.query(settings, params![])?;
            let heads: Vec<_> = (1..5).map(|id| read.head(room(id))).collect::<Result<_, _>>()?;
            Ok((log, follows, settings, heads))
        })
        .unwrap();
    let row = |e: &encke_engine::Event| {
        let key = e.key.as_ref().map(|k| (e.from.unwrap().0, k.parse().unwrap()));
        let body = std::str::from_utf8(&e.body).unwrap().parse().unwrap();
        (e.position.0, number(e.stream), e.seq.0, key, body)
    };
    assert_eq!(log.iter().map(row).collect::<Vec<Row>>(), model.log);
    let follow = |row: &encke_store::Row| {
        let stream: StreamId = row.get(1).unwrap();
        ((row.get::<u64>(0).unwrap(), number(stream)), row.get::<u64>(2).unwrap())
    };
    assert_eq!(follows.iter().map(follow).collect::<BTreeMap<_, _>>(), model.follows);
    let set: BTreeSet<(String, String)> =
        settings.iter().map(|r| (r.get(0).unwrap(), r.get(1).unwrap())).collect();
    let expected = model.settings.iter().map(|(n, v)| (n.to_string(), v.to_string()));
    assert_eq!(set, expected.collect());
    for (head, id) in heads.iter().zip(1..) {
        let last = model.log.iter().rev().find(|row| row.1 == id);
        let expected = last.map_or((0, 0), |row| (row.2, row.0));
        assert_eq!((head.seq.0, head.position.0), expected);
    }
}

pub fn the_writer_agrees_with_a_model<F: Fixture>(new: fn() -> F) {
    let config = Config { cases: 40, failure_persistence: None, ..Config::default() };
    let turns = proptest::collection::vec(turn(), 1..25);
    let run = TestRunner::new(config).run(&turns, |turns| {
        let (mut fixture, mut model) = (new(), Model::default());
        let mut space = Space::open(&fixture);
        for turn in turns {
            match turn {
                Turn::Together(acts) => {
                    let answers: Vec<Waiting> =
                        space.together(|| acts.iter().map(|act| submit(&space, act)).collect());
                    for (act, answer) in acts.iter().zip(answers) {
                        assert_eq!(answer.recv().unwrap(), model.run(act), "{act:?}");
                    }
                }
                Turn::Reopen => {
                    space.close();
                    space = Space::open(&fixture);
                    model.steps.clear();
                }
                Turn::Kill => {
                    let copy = new();
                    copy.crashed_copy_of(&fixture);
                    space.close();
                    fixture = copy;
                    space = Space::open(&fixture);
                    model.steps.clear();
                }
            }
            assert_eq!(space.steps().iter().map(said).collect::<Vec<_>>(), model.steps);
            check(&space, &model);
        }
        Ok(())
    });
    run.unwrap();
}
