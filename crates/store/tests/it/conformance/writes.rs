//! What a write sees, and what it leaves.

use super::*;

pub fn a_failed_write_leaves_nothing_and_its_neighbours_stay<F: Fixture>(new: fn() -> F) {
    let fixture = new();
    let space = Space::open(&fixture);
    let person = PersonId(5);
    space.append(event(room(1), "1")).unwrap();
    let (before, failed, after) = space.together(|| {
        let before = space.submit_write(|tx| {
            tx.execute(INSERT, params!["before", "1"])?;
            tx.append(keyed(room(1), 5, "before", "1"))
        });
        let failed = space.submit_write(move |tx| {
            tx.execute(INSERT, params!["failed", "1"])?;
            tx.subscribe(person, room(2))?;
            tx.append(keyed(room(1), 5, "failed", "1"))?;
            tx.append(keyed(room(9), 5, "also failed", "1"))?;
            assert_eq!(tx.head(room(1))?.seq, Seq(3));
            assert_eq!(tx.head(room(9))?.seq, Seq(1));
            Err::<(), _>(Error::new(Code::Conflict, "no"))
        });
        // The person would have been a member a moment ago if the write had not failed.
        let guarded = space.submit(event(room(2), "1"), Guard::Follows(person));
        let after = space.submit(keyed(room(1), 5, "after", "1"), Guard::Open);
        (before, (failed, guarded), after)
    });
    assert_eq!(before.recv().unwrap().unwrap().position, Position(2));
    assert_eq!(failed.0.recv().unwrap().unwrap_err().code, Code::Conflict);
    assert_eq!(failed.1.recv().unwrap().unwrap_err().code, Code::NotMember);
    let after = after.recv().unwrap().unwrap();
    assert_eq!((after.position, after.seq), (Position(3), Seq(3)));
    assert_eq!(space.read(setting("before")).unwrap().as_deref(), Some("1"));
    assert_eq!(space.read(setting("failed")).unwrap(), None);
    assert_eq!(space.read(|read| read.head(room(9))).unwrap().seq, Seq(0));
    // The keys of the failed write are free, and later events are numbered as if it had never been.
    assert!(!space.append(keyed(room(9), 5, "failed", "2")).unwrap().repeated);
    check_order(&space.events(), 1);
    assert!(space.steps().iter().all(|step| matches!(step, Step::Event(_))));
    space.close();
    let space = Space::open(&fixture);
    assert_eq!(space.opened.head, Position(4));
    assert_eq!(space.append(event(room(9), "1")).unwrap().seq, Seq(2));
}

pub fn a_write_finds_each_event_at_its_position_and_none_where_there_is_none<F: Fixture>(
    new: fn() -> F,
) {
    let fixture = new();
    let check = |space: &Space, committed: u64| {
        let checked = space.write(move |tx| {
            for number in committed + 1..=committed + 3 {
                tx.append(event(room(1), &number.to_string()))?;
                tx.subscribe(PersonId(number), room(1))?;
            }
            let newest = committed + 3;
            for at in 1..=newest {
                let found = tx.event(Position(at))?.expect("an event");
                assert_eq!(found.event.position, Position(at));
                assert_eq!(&found.event.body[..], at.to_string().as_bytes());
            }
            for at in [0, newest + 1, u64::MAX >> 1] {
                assert!(tx.event(Position(at))?.is_none(), "{at}");
            }
            Ok(())
        });
        checked.unwrap();
    };
    let space = Space::open(&fixture);
    check(&space, 0);
    check(&space, 3);
    space.close();
    // What was committed is no longer in the writer's memory.
    check(&Space::open(&fixture), 6);
}
