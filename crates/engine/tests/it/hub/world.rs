//! A hub, the log that it follows late, and a model of each session.

use std::collections::BTreeMap;
use std::sync::Arc;

use encke_engine::hub::{Follow, Hub, Next, Open, PageRequest, SinkOutcome, Stale, State};
use encke_engine::tail::Tail;
use encke_engine::{ConversationId, Entry, PersonId, Position, Step, StreamClass, StreamId};

use super::log::{EPOCH, Log, covers};

/// The next operation, and numbers to choose by.
pub type Op = (u8, u16, u16, u16);

const PEOPLE: u64 = 3;
const ROOMS: u64 = 3;
const CREDENTIALS: u64 = 2;
/// A class unknown to the engine.
const GUEST_BOOK: StreamClass = StreamClass::of_product(5);

struct Client {
    session: u32,
    person: PersonId,
    credential: u64,
    /// The client follows the person's conversations, not only channels.
    personal: bool,
    at: Position,
    state: State,
    follows: BTreeMap<StreamId, Position>,
    /// The number of batches that the hub has seen when the follows are as the log has them.
    admitted_after: usize,
    /// A page that was asked of the store.
    asked: Option<PageRequest>,
}

impl Client {
    fn list(&self) -> Vec<Follow> {
        self.follows.iter().map(|(stream, from)| Follow { stream: *stream, from: *from }).collect()
    }

    fn apply(&mut self, step: &Step) {
        match step {
            Step::Subscribe { person, stream, from } if *person == self.person && self.personal => {
                self.follows.entry(*stream).or_insert(*from);
            }
            Step::Unsubscribe { person, stream } if *person == self.person => {
                self.follows.remove(stream);
            }
            _ => {}
        }
    }

    fn due(&self, log: &Log, up_to: Position) -> Vec<u64> {
        let follows = self.list();
        let due = log.between(self.at, up_to).filter(|e| covers(&follows, e));
        due.map(|e| e.event.position.0).collect()
    }
}

fn positions<'a>(entries: impl IntoIterator<Item = &'a Arc<Entry>>) -> Vec<u64> {
    entries.into_iter().map(|e| e.event.position.0).collect()
}

pub struct World {
    log: Log,
    hub: Hub,
    /// The end of the log when the hub began.
    began: Position,
    /// The number of batches before that.
    before: usize,
    /// The number of batches that the hub has seen.
    delivered: usize,
    clients: BTreeMap<u32, Client>,
    owners: u32,
    revocations: Vec<(PersonId, Option<u64>)>,
}

impl World {
    pub fn new(before: usize, tail_max: usize) -> Self {
        let mut log = Log::default();
        for number in 0..before {
            commit(&mut log, (0, number as u16 + 2, 77 * number as u16, 3));
        }
        let mut tail = Tail::bounded(Position(0), tail_max, 4_000);
        log.between(Position(0), log.head()).for_each(|e| tail.push(e.clone()));
        let (began, delivered) = (log.head(), log.batches.len());
        let hub = Hub::new(EPOCH, Position(0), tail);
        let (clients, revocations) = Default::default();
        World { log, hub, began, before: delivered, delivered, clients, owners: 0, revocations }
    }

    pub fn run(&mut self, op: Op) {
        let (kind, a, b, c) = op;
        match kind % 16 {
            0 | 1 => commit(&mut self.log, op),
            2..=4 => self.deliver(u64::from(a) << 16 | u64::from(b)),
            5 | 6 => self.open(a, b, c),
            7..=9 => self.with(a, |world, owner| world.next(owner, usize::from(b % 40))),
            10 | 11 => self.with(a, |world, owner| world.answer(owner, u64::from(b % 5))),
            12 => self.with(a, |world, owner| world.resume(owner, b)),
            13 => self.with(a, |world, owner| {
                let client = world.clients.get_mut(&owner).unwrap();
                if b.is_multiple_of(2) {
                    world.hub.rest(client.session);
                    client.state = State::Resting;
                } else {
                    world.hub.fall_behind(client.session);
                    if client.state == State::Live {
                        client.state = State::Behind;
                    }
                }
            }),
            14 => self.with(a, |world, owner| world.close(owner)),
            _ => self.revoke(a, b),
        }
        self.check();
    }

    fn check(&self) {
        assert_eq!(self.hub.len(), self.clients.len());
        for (owner, client) in &self.clients {
            assert_eq!(self.hub.owner(client.session), *owner);
            assert_eq!(self.hub.position(client.session), client.at);
            assert_eq!(self.hub.state(client.session), client.state);
            if client.personal && self.delivered >= client.admitted_after {
                // The client follows what the log says, in whichever order it was seen.
                let (_, followers) = self.log.view(self.delivered);
                let mut expected = following(&followers, client.person);
                let channel = StreamId::channel(1);
                expected.extend(client.follows.get(&channel).map(|from| (channel, *from)));
                assert_eq!(client.follows, expected);
            }
        }
    }

    fn with(&mut self, choice: u16, run: impl FnOnce(&mut Self, u32)) {
        if !self.clients.is_empty() {
            let index = usize::from(choice) % self.clients.len();
            let owner = *self.clients.keys().nth(index).unwrap();
            run(self, owner);
        }
    }

    fn deliver(&mut self, choices: u64) {
        let Some(batch) = self.log.batches.get(self.delivered).cloned() else { return };
        self.delivered += 1;
        let mut due: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        for step in &batch.steps {
            for (owner, client) in &mut self.clients {
                client.apply(step);
                if let Step::Event(entry) = step
                    && client.state == State::Live
                    && entry.event.position > client.at
                    && covers(&client.list(), entry)
                {
                    due.entry(*owner).or_default().push(entry.event.position.0);
                }
            }
        }
        let mut got = BTreeMap::new();
        self.hub.deliver(&batch, |owner, entries| {
            let entries = positions(entries.iter().copied());
            assert!(got.insert(owner, entries).is_none(), "one call a session");
            took(choices, owner)
        });
        assert_eq!(got, due);
        let head = self.hub.head();
        for (owner, client) in &mut self.clients {
            if client.state == State::Live {
                client.at = client.at.max(head);
            }
            if due.contains_key(owner) {
                client.state = match took(choices, *owner) {
                    SinkOutcome::All => State::Live,
                    SinkOutcome::Full => State::Behind,
                    SinkOutcome::Rest => State::Resting,
                };
            }
        }
    }

    fn open(&mut self, a: u16, b: u16, c: u16) {
        let person = PersonId(1 + u64::from(a) % PEOPLE);
        let credential = 1 + u64::from(a / 8) % CREDENTIALS;
        let personal = !a.is_multiple_of(5);
        // The range goes from some batches ago up to batches that are new to the hub.
        let newest = self.log.batches.len();
        let oldest = self.delivered.saturating_sub(6);
        let mut admitted_after = oldest + usize::from(b) % (newest - oldest + 1);
        // Batches without events share their position with the one before. No batch from before the hub began at the
        // same position admits anybody, because admissions are made while the hub runs.
        if self.log.view(admitted_after).0 == self.began {
            admitted_after = admitted_after.max(self.before);
        }
        let (as_of, followers) = self.log.view(admitted_after);
        let mut follows = BTreeMap::new();
        if personal {
            follows = following(&followers, person);
        }
        if !personal || c.is_multiple_of(3) {
            follows.insert(StreamId::channel(1), Position(0));
        }
        let at = Position(u64::from(c) % (self.log.head().0 + 1));
        let seen = self.revocations.len().saturating_sub(usize::from(b / 64) % 3);
        self.owners += 1;
        let mut client = Client {
            session: 0,
            person,
            credential,
            personal,
            at,
            state: State::Behind,
            follows,
            admitted_after,
            asked: None,
        };
        let open = Open {
            person,
            credential,
            owner: self.owners,
            at,
            follows: client.list(),
            as_of,
            revocations_seen: seen as u64,
            guest: false,
        };
        let ends =
            |(p, c): &(PersonId, Option<u64>)| *p == person && c.is_none_or(|c| c == credential);
        match self.hub.open(open) {
            Err(Stale::Again) => assert!(as_of < self.began),
            Err(Stale::Revoked) => assert!(self.revocations[seen..].iter().any(ends)),
            Ok(session) => {
                assert!(as_of >= self.began && !self.revocations[seen..].iter().any(ends));
                client.session = session;
                if personal && admitted_after <= self.delivered {
                    let channel = client.follows.remove_entry(&StreamId::channel(1));
                    client.follows = following(&self.log.view(self.delivered).1, person);
                    client.follows.extend(channel);
                }
                self.clients.insert(self.owners, client);
            }
        }
    }

    fn next(&mut self, owner: u32, bytes_max: usize) {
        let client = self.clients.get_mut(&owner).unwrap();
        if client.state != State::Behind || client.asked.is_some() {
            return;
        }
        let head = self.hub.head();
        match self.hub.next(client.session, bytes_max) {
            Next::Live => {
                assert_eq!(client.due(&self.log, head), [0; 0]);
                client.at = client.at.max(head);
                client.state = State::Live;
            }
            Next::Entries(entries) => {
                let at = self.hub.position(client.session);
                assert_eq!(positions(&entries), client.due(&self.log, at));
                let (_, others) = entries.split_last().expect("it would be live");
                let bytes = others.iter().map(|e| e.event.body.len()).sum::<usize>();
                assert!(others.is_empty() || bytes < bytes_max);
                client.at = at;
            }
            Next::Store(request) => {
                assert_eq!((request.after, request.until), (client.at, head));
                // Follows that begin beyond the head may still be missing. An admission can be ahead of the hub, which
                // then hears of them with the batch that brings them.
                let begun = |mut follows: Vec<Follow>| {
                    follows.retain(|f| f.from <= head);
                    follows.sort_by_key(|f| f.stream);
                    follows
                };
                assert_eq!(begun(request.follows.clone()), begun(client.list()));
                client.asked = Some(request);
            }
        }
    }

    fn answer(&mut self, owner: u32, scan: u64) {
        let client = self.clients.get_mut(&owner).unwrap();
        let Some(request) = client.asked.take() else { return };
        let page = self.log.page(&request, scan + 1);
        let up_to = page.up_to;
        let entries = self.hub.replayed(client.session, page);
        if client.at < request.after {
            assert_eq!(positions(&entries), [0; 0], "it was resumed before this page");
        } else {
            assert_eq!(positions(&entries), client.due(&self.log, up_to));
            client.at = client.at.max(up_to);
        }
    }

    fn resume(&mut self, owner: u32, choice: u16) {
        let client = self.clients.get_mut(&owner).unwrap();
        if client.state == State::Resting {
            // The client is mostly where it was. It is further back if the answer was lost, and further on if another
            // node served it meanwhile.
            client.at = match choice % 4 {
                0 => Position(client.at.0.saturating_sub(u64::from(choice / 4) % 6)),
                1 => self.log.head().max(client.at),
                _ => client.at,
            };
            client.state = State::Behind;
            self.hub.resume(client.session, client.at);
        }
    }

    fn close(&mut self, owner: u32) {
        let client = self.clients.remove(&owner).unwrap();
        self.hub.close(client.session);
    }

    fn revoke(&mut self, a: u16, b: u16) {
        let person = PersonId(1 + u64::from(a) % PEOPLE);
        let credential = (!b.is_multiple_of(3)).then(|| 1 + u64::from(b) % CREDENTIALS);
        self.revocations.push((person, credential));
        let mut ended = self.hub.revoke(self.revocations.len() as u64, person, credential);
        ended.sort_unstable();
        let mine = |client: &Client| {
            client.person == person && credential.is_none_or(|c| c == client.credential)
        };
        let expected: Vec<u32> =
            self.clients.iter().filter(|(_, c)| mine(c)).map(|(owner, _)| *owner).collect();
        assert_eq!(ended, expected);
        ended.into_iter().for_each(|owner| self.close(owner));
    }

    /// Lets everything come to rest. Then all sessions are live, and the next event of each stream reaches exactly its
    /// followers.
    pub fn settle(&mut self) {
        for turn in 0..2 {
            if turn == 1 {
                let streams = (1..=ROOMS).flat_map(|room| streams_of(ConversationId(room)));
                let people = (1..=PEOPLE).map(|p| StreamId::person(PersonId(p)));
                let all = streams.chain(people).chain([StreamId::channel(1)]);
                let steps = all.map(|s| Step::Event(self.log.append(s, 3))).collect();
                self.log.commit(steps);
            }
            while self.delivered < self.log.batches.len() {
                self.deliver(0);
                self.check();
            }
            for owner in self.clients.keys().copied().collect::<Vec<_>>() {
                let turns = (0..10_000).take_while(|_| {
                    self.answer(owner, 2);
                    self.resume(owner, 2);
                    self.next(owner, 10);
                    self.check();
                    self.clients[&owner].state != State::Live
                });
                assert!(turns.count() < 10_000, "it comes to be live");
                assert!(self.clients[&owner].at >= self.log.head());
            }
        }
    }
}

fn took(choices: u64, owner: u32) -> SinkOutcome {
    match choices >> (owner % 16 * 2) & 3 {
        1 => SinkOutcome::Full,
        2 => SinkOutcome::Rest,
        _ => SinkOutcome::All,
    }
}

fn following(followers: &super::log::Followers, person: PersonId) -> BTreeMap<StreamId, Position> {
    let rooms = followers.iter().filter(|((p, _), _)| *p == person);
    let rooms = rooms.map(|((_, stream), from)| (*stream, *from));
    rooms.chain([(StreamId::person(person), Position(0))]).collect()
}

/// All streams of a room, and a product's stream with the same number.
fn streams_of(room: ConversationId) -> [StreamId; 6] {
    [
        StreamId::conversation(room),
        StreamId::receipts(room),
        StreamId::amendments(room),
        StreamId::growth(room),
        StreamId::notes(room),
        StreamId::new(GUEST_BOOK, room.0),
    ]
}

/// Commits up to four steps: events of all kinds, people who come and go.
fn commit(log: &mut Log, (_, a, b, c): Op) {
    let mut followers = log.view(log.batches.len()).1;
    let mut random = u64::from(b) << 16 | u64::from(c);
    let mut steps = Vec::new();
    for _ in 0..a % 5 {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let choice = random >> 33;
        let room = ConversationId(1 + choice / 16 % ROOMS);
        let person = PersonId(1 + choice / 64 % PEOPLE);
        let of_room = streams_of(room);
        let [said, .., notes, guest_book] = of_room;
        let stream = match choice % 16 {
            number @ 0..6 => of_room[number as usize],
            6 => said,
            7 => StreamId::person(person),
            8 => StreamId::channel(1),
            number => {
                let stream = match number {
                    9 => notes,
                    10 => guest_book,
                    _ => said,
                };
                let from = Position(log.head().0 + 1);
                steps.push(if followers.remove(&(person, stream)).is_some() {
                    Step::Unsubscribe { person, stream }
                } else {
                    followers.insert((person, stream), from);
                    Step::Subscribe { person, stream, from }
                });
                continue;
            }
        };
        steps.push(Step::Event(log.append(stream, (choice / 512 % 30) as usize)));
    }
    log.commit(steps);
}
