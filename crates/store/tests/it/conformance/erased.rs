//! Erasures (P10).

use encke_engine::event::{ERASED, ERASED_BODY};
use encke_engine::{Event, NewEvent};
use encke_store::Tx;

use super::*;

fn recall(stream: StreamId, erases: impl IntoIterator<Item = Position>) -> NewEvent {
    NewEvent { erases: erases.into_iter().collect(), ..event(stream, "\"recalled\"") }
}

fn is_bare(event: &Event) -> bool {
    event.kind == ERASED && event.body == ERASED_BODY
}

/// The positions of the events that have no content, by every way that a reader has.
fn bare_positions(space: &Space) -> Vec<u64> {
    let bare = |events: &[Event]| {
        events.iter().filter(|e| is_bare(e)).map(|e| e.position.0).collect::<Vec<_>>()
    };
    let read = space.read(move |read| {
        let log = bare(&read.log_after(Position(0), 1_000)?);
        let mut alone = Vec::new();
        for at in 1..=read.position().0 {
            alone.extend(read.event(Position(at))?.map(|entry| entry.event.clone()));
        }
        let follows = vec![Follow { stream: room(1), from: Position(0) }];
        let until = read.position();
        let page = read.page(&PageRequest { after: Position(0), until, follows })?.entries;
        let page: Vec<Event> = page.iter().map(|entry| entry.event.clone()).collect();
        let (said, _) = read.before(room(1), None, 1_000)?;
        let said: Vec<Event> = said.iter().map(|entry| entry.event.clone()).collect();
        assert_eq!(
            (bare(&alone), bare(&page), bare(&said)),
            (log.clone(), log.clone(), log.clone())
        );
        Ok(log)
    });
    read.unwrap()
}

pub fn what_was_erased_keeps_its_place_and_nothing_else<F: Fixture>(new: fn() -> F) {
    let fixture = new();
    let space = Space::open(&fixture);
    let said = |number: u64| keyed(room(1), 5, &format!("k{number}"), &format!("\"{number}\""));
    let sent: Vec<_> = (1..=5).map(|number| space.append(said(number)).unwrap()).collect();
    let first = space.read(|read| Ok(read.event(Position(2))?.unwrap().event.clone())).unwrap();
    let amendments = StreamId::amendments(ConversationId(1));
    let at = space.append(recall(amendments, [Position(2), Position(4)])).unwrap().position;
    assert_eq!(bare_positions(&space), [2, 4]);
    let check = |space: &Space| {
        let left = space.read(|read| Ok(read.event(Position(2))?.unwrap().event.clone())).unwrap();
        assert_eq!(left, first.erased());
        assert_eq!(
            (left.seq.0, left.from, left.key.as_deref()),
            (2, Some(PersonId(5)), Some("k2"))
        );
        let by = space.read(move |read| Ok(read.event(at)?.unwrap().event.erases.clone())).unwrap();
        assert_eq!(by, [Position(2), Position(4)], "who follows the log learns it from there");
        // A retry gets the first answer, with whatever body: nothing is left to compare it with.
        let again = |event: NewEvent| space.append(event).map(|a| (a.position, a.seq, a.repeated));
        let place = (sent[1].position, sent[1].seq, true);
        assert_eq!(again(said(2)).unwrap(), place);
        assert_eq!(again(keyed(room(1), 5, "k2", "\"other\"")).unwrap(), place);
        let elsewhere = again(keyed(room(2), 5, "k2", "\"2\"")).unwrap_err();
        assert_eq!(elsewhere.code, Code::KeyReused);
        let changed = again(keyed(room(1), 5, "k3", "\"other\"")).unwrap_err();
        assert_eq!(changed.code, Code::KeyReused, "it was not erased");
    };
    check(&space);
    // A second erasure of the same event changes nothing.
    space.append(recall(amendments, [Position(2)])).unwrap();
    check(&space);
    let killed = new();
    killed.crashed_copy_of(&fixture);
    space.close();
    let space = Space::open(&fixture);
    let bare: Vec<u64> = space
        .opened
        .tail
        .iter()
        .filter(|e| is_bare(&e.event))
        .map(|e| e.event.position.0)
        .collect();
    assert_eq!(bare, [2, 4]);
    check(&space);
    space.close();
    let space = Space::open(&killed);
    assert_eq!(bare_positions(&space), [2, 4]);
    check(&space);
}

pub fn an_erasure_is_part_of_its_write<F: Fixture>(new: fn() -> F) {
    let space = Space::open(&new());
    space.append(event(room(1), "\"before\"")).unwrap();
    let failed = space.write(|tx| {
        let own = tx.append(event(room(1), "\"own\""))?.position;
        tx.append(recall(room(1), [Position(1), own]))?;
        let first = tx.event(Position(1))?.unwrap();
        assert!(is_bare(&first.event) && is_bare(&tx.event(own)?.unwrap().event));
        Err::<(), _>(Error::new(Code::Conflict, "no"))
    });
    assert_eq!(failed.unwrap_err().code, Code::Conflict);
    assert_eq!(bare_positions(&space), [0u64; 0]);
    let send = |erases: &'static [u64]| {
        move |tx: &mut Tx<'_>| {
            tx.append(recall(room(1), erases.iter().copied().map(Position)))?;
            let bare = tx.event(Position(1))?.unwrap();
            Ok(is_bare(&bare.event))
        }
    };
    // The one that fails stands between two that are kept, in one commit. It does not take their erasures back.
    let (kept, lost, own) = space.together(|| {
        let kept = space.submit_write(send(&[]));
        let lost = space.submit_write(|tx| {
            tx.append(recall(room(1), [Position(1), Position(2)]))?;
            Err::<(), _>(Error::new(Code::Conflict, "no"))
        });
        let own = space.submit_write(|tx| {
            let own = tx.append(event(room(1), "\"own\""))?.position;
            tx.append(recall(room(1), [own]))?;
            let (own, first) = (tx.event(own)?.unwrap(), tx.event(Position(1))?.unwrap());
            Ok((is_bare(&own.event), is_bare(&first.event)))
        });
        (kept, lost, own)
    });
    assert!(!kept.recv().unwrap().unwrap(), "nothing was erased yet");
    assert!(lost.recv().unwrap().is_err());
    assert_eq!(own.recv().unwrap().unwrap(), (true, false));
    assert_eq!(bare_positions(&space), [3]);
    assert!(space.write(send(&[1])).unwrap());
    assert_eq!(bare_positions(&space), [1, 3]);
}

pub fn no_event_erases_too_many_or_what_does_not_stand_before_it<F: Fixture>(new: fn() -> F) {
    let space = Space::open(&new());
    for _ in 0..=limits::ERASED_PER_EVENT_MAX {
        space.append(event(room(1), "1")).unwrap();
    }
    let head = space.store.position();
    for erases in [vec![0], vec![head.0 + 1], vec![u64::MAX], (1..=head.0).collect()] {
        let refused = space.append(recall(room(1), erases.into_iter().map(Position)));
        assert_eq!(refused.unwrap_err().code, Code::TooLarge);
    }
    assert_eq!(space.store.position(), head);
    space.append(recall(room(1), (2..=head.0).map(Position))).unwrap();
    assert_eq!(bare_positions(&space), (2..=head.0).collect::<Vec<_>>());
}
