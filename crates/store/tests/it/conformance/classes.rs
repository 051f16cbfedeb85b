//! Streams of every class, in a new store and in one from before the class was a byte.

use encke_engine::hub::{Hub, Next, Open, SinkOutcome};
use encke_engine::tail::Tail;
use encke_engine::{Cursor, Epoch, NewEvent, StreamClass};
use encke_store::Row;

use super::*;

/// A product's class, unknown to the engine and the store.
const GUEST_BOOK: StreamClass = StreamClass::of_product(3);

/// The rows of a store of the version before. Person 7 follows conversation 12 from position 2 on. There are a channel
/// with a number made from its name, and an older one with a number from a count.
pub const BEFORE_CLASSES: &str = "
    INSERT INTO log (position, stream, seq, back, at_ms, author, kind, idem, body) VALUES
        (1, 30, 1, 0, 500, NULL, 'conversation_added', NULL, BODY),
        (2, 48, 1, 0, 500, 7, 'message', NULL, BODY),
        (3, 49, 1, 0, 500, NULL, 'receipts', NULL, BODY),
        (4, 2305843009213693975, 1, 0, 500, NULL, 'data', NULL, BODY),
        (5, 48, 2, 2, 500, 7, 'message', 'k', BODY),
        (6, 15, 1, 0, 500, NULL, 'data', NULL, BODY);
    INSERT INTO follow VALUES (7, 48, 2);
    INSERT INTO channel VALUES (576460752303423493, 'news'), (3, 'older');";

const STAFF: PersonId = PersonId(8);
const MEMBER: PersonId = PersonId(7);

fn of_room() -> [StreamId; 5] {
    let room = ConversationId(12);
    [
        StreamId::conversation(room),
        StreamId::receipts(room),
        StreamId::amendments(room),
        StreamId::growth(room),
        StreamId::notes(room),
    ]
}

/// A hub over the store's tail, with a session of a person at a cursor.
fn hub_at(space: &Space, person: PersonId, cursor: Cursor) -> (Hub, u32) {
    let mut tail = Tail::new(Position(0));
    space.opened.tail.iter().for_each(|entry| tail.push(entry.clone()));
    let mut hub = Hub::new(space.opened.epoch, Position(0), tail);
    let at = match hub.standing(Some(cursor), space.opened.head) {
        encke_engine::cursor::Standing::Good(at) => at,
        other => panic!("the cursor is no longer good: {other:?}"),
    };
    let follows = follows_of(space, person);
    let (credential, owner, as_of) = (1, 1, space.opened.head);
    let open =
        Open { person, credential, owner, at, follows, as_of, revocations_seen: 0, guest: false };
    let session = hub.open(open).unwrap();
    (hub, session)
}

fn follows_of(space: &Space, person: PersonId) -> Vec<Follow> {
    let rows = space.read(move |read| {
        let sql = "SELECT stream, from_position FROM follow WHERE person = ?1";
        Ok(read.query(sql, params![person])?)
    });
    let follow =
        |row: &Row| Follow { stream: row.get(0).unwrap(), from: row.get::<Position>(1).unwrap() };
    let own = Follow { stream: StreamId::person(person), from: Position(0) };
    let news = space.store.channels().stream("news").unwrap();
    let news = Follow { stream: news, from: Position(0) };
    rows.unwrap().iter().map(follow).chain([own, news]).collect()
}

fn replayed(hub: &mut Hub, session: u32) -> Vec<u64> {
    let mut got = Vec::new();
    loop {
        match hub.next(session, usize::MAX) {
            Next::Live => return got,
            Next::Entries(entries) => got.extend(entries.iter().map(|e| e.event.position.0)),
            Next::Store(request) => panic!("all of it is in the tail: {request:?}"),
        }
    }
}

fn page_of(space: &Space, person: PersonId, cursor: Cursor) -> Vec<u64> {
    let follows = follows_of(space, person);
    let request = PageRequest { after: cursor.position, until: Position(u64::MAX >> 1), follows };
    let page = space.read(move |read| Ok(read.page(&request)?)).unwrap();
    page.entries.iter().map(|e| e.event.position.0).collect()
}

pub fn a_store_from_before_streams_had_a_class_byte_goes_on<F: Fixture>(new: fn() -> F) {
    let fixture = new();
    fixture.write_before_classes(BEFORE_CLASSES);
    let cursor: Cursor = "7.2".parse().unwrap();
    let space = Space::open(&fixture);
    assert_eq!((space.opened.epoch, space.opened.head), (Epoch(7), Position(6)));
    let names: Vec<String> = space.opened.tail.iter().map(name_of).collect();
    assert_eq!(names, ["p7", "c12", "r12", "channel:news", "c12", "channel:older"]);
    // The client gets the events that it has missed and then the new ones, each once.
    let (mut hub, session) = hub_at(&space, MEMBER, cursor);
    assert_eq!(replayed(&mut hub, session), [3, 4, 5]);
    let older = space.store.channels().stream_to_append("older").unwrap();
    let [said, receipts, amendments, growth, notes] = of_room();
    let book = StreamId::new(GUEST_BOOK, 12);
    let streams = [amendments, notes, book, said, growth, receipts, older];
    let seqs = streams.map(|stream| space.append(event(stream, "2")).unwrap().seq.0);
    assert_eq!(seqs, [1, 1, 1, 3, 1, 2, 2]);
    let mut got = Vec::new();
    for batch in space.batches() {
        hub.deliver(&batch, |_, entries| {
            got.extend(entries.iter().map(|e| e.event.position.0));
            SinkOutcome::All
        });
    }
    assert_eq!(got, [7, 10, 11, 12]);
    let all = [3, 4, 5, 7, 10, 11, 12];
    assert_eq!(page_of(&space, MEMBER, cursor), all);
    let again = NewEvent { kind: "message".into(), ..keyed(said, 7, "k", "1") };
    let again = space.append(again).unwrap();
    assert_eq!((again.position, again.repeated), (Position(5), true));
    space.close();
    // After a restart the same cursor brings the same events.
    let space = Space::open(&fixture);
    let (mut hub, session) = hub_at(&space, MEMBER, cursor);
    assert_eq!(replayed(&mut hub, session), all);
    assert_eq!(page_of(&space, MEMBER, cursor), all);
    let (history, more) = space.read(move |read| read.before(said, None, 10)).unwrap();
    assert_eq!(history.iter().map(|e| e.event.position.0).collect::<Vec<_>>(), [2, 5, 10]);
    assert!(!more);
}

fn name_of(entry: &Arc<Entry>) -> String {
    let item: serde_json::Value = serde_json::from_slice(entry.json()).unwrap();
    item["stream"].as_str().unwrap().to_owned()
}

pub fn a_follower_of_a_conversation_follows_its_companions_and_notes_only_by_themselves<
    F: Fixture,
>(
    new: fn() -> F,
) {
    let fixture = new();
    let space = Space::open(&fixture);
    let [said, receipts, amendments, growth, notes] = of_room();
    let book = StreamId::new(GUEST_BOOK, 12);
    let subscribed = space.write(move |tx| {
        tx.subscribe(MEMBER, said)?;
        tx.subscribe(STAFF, notes)?;
        Ok(tx.subscribe(STAFF, book)?)
    });
    subscribed.unwrap();
    let all = [said, receipts, amendments, growth, notes, book];
    let may = |person| {
        all.map(|stream| {
            let answer = space.submit(event(stream, "1"), Guard::Follows(person)).recv().unwrap();
            answer.map_err(|e| assert_eq!(e.code, Code::NotMember)).is_ok()
        })
    };
    assert_eq!(may(MEMBER), [true, true, true, true, false, false]);
    assert_eq!(may(STAFF), [false, false, false, false, true, true]);
    let start = space.store.cursor_at(Position(0));
    assert_eq!(page_of(&space, MEMBER, start), [1, 2, 3, 4]);
    assert_eq!(page_of(&space, STAFF, start), [5, 6]);
    space.close();
    let space = Space::open(&fixture);
    let names: Vec<String> = space.opened.tail.iter().map(name_of).collect();
    assert_eq!(names, ["c12", "r12", "a12", "g12", "n12", "s131.12"]);
    for (person, expected) in [(MEMBER, vec![1, 2, 3, 4]), (STAFF, vec![5, 6])] {
        assert_eq!(page_of(&space, person, start), expected);
        let (mut hub, session) = hub_at(&space, person, start);
        assert_eq!(replayed(&mut hub, session), expected);
    }
}
