//! Appends that following alone does not allow.

use encke_engine::{Code, PersonId};
use encke_store::{Guard, StoreError, Tx};

use crate::conformance::room;
use crate::space::{Fixture, Space, event, keyed};

pub fn reserved_appends_are_refused_until_they_are_freed<F: Fixture>(new: fn() -> F) {
    let fixture = new();
    let space = Space::open(&fixture);
    let (p, q) = (PersonId(1), PersonId(2));
    let send = |person| space.submit(event(room(1), "1"), Guard::Follows(person));
    let change = |change: fn(&mut Tx<'_>) -> Result<(), StoreError>| {
        space.submit_write(move |tx| Ok(change(tx)?));
    };
    change(|tx| tx.subscribe(PersonId(1), room(1)));
    change(|tx| tx.subscribe(PersonId(2), room(1)));
    // The appends come between the changes, all in one commit: of one person, of both, and of who follows only later.
    let answers = space.together(|| {
        let mut answers = vec![(send(p), true)];
        change(|tx| tx.reserve(room(1), Some(PersonId(1))));
        answers.extend([(send(p), false), (send(q), true)]);
        change(|tx| tx.reserve(room(1), None));
        answers.extend([(send(p), false), (send(q), false)]);
        change(|tx| tx.free(room(1), Some(PersonId(1))));
        change(|tx| tx.unsubscribe(PersonId(1), room(1)));
        change(|tx| tx.subscribe(PersonId(1), room(1)));
        answers.extend([(send(p), false), (send(q), false)]);
        change(|tx| tx.free(room(1), None));
        answers.extend([(send(p), true), (send(q), true)]);
        change(|tx| tx.reserve(room(1), Some(PersonId(2))));
        answers
    });
    for (at, (answer, expected)) in answers.into_iter().enumerate() {
        let code = answer.recv().unwrap().err().map(|e| e.code);
        assert_eq!(code, (!expected).then_some(Code::ReadOnly), "append {at}");
    }
    space.close();
    let space = Space::open(&fixture);
    let send = |person| space.submit(event(room(1), "1"), Guard::Follows(person));
    assert!(send(p).recv().unwrap().is_ok());
    assert_eq!(send(q).recv().unwrap().unwrap_err().code, Code::ReadOnly);
    // An append whose caller has checked everything goes on, and a retry gets its first answer.
    let keyed = |guard| space.submit(keyed(room(1), 2, "k", "1"), guard).recv().unwrap();
    let first = keyed(Guard::Open).unwrap();
    assert_eq!(keyed(Guard::Follows(q)).unwrap().seq, first.seq);
}
