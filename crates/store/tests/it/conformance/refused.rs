//! Refusals: a closed store, and a log that was changed by other means.

use std::sync::Arc;

use encke_engine::Position;
use encke_store::{Guard, SystemClock, params};

use super::room;
use crate::space::{Fixture, Space, event};

pub fn a_log_with_a_hole_is_not_opened<F: Fixture>(new: fn() -> F) {
    let fixture = new();
    let space = Space::open(&fixture);
    for n in 0..5 {
        space.append(event(room(1), &n.to_string())).unwrap();
    }
    let delete = "DELETE FROM log WHERE position = 3";
    assert_eq!(space.write(move |tx| Ok(tx.execute(delete, params![])?)).unwrap(), 1);
    space.close();
    let opened = fixture.open(Arc::new(SystemClock));
    let said = opened.err().expect("it is not opened").to_string();
    assert!(said.contains("damaged") && said.contains("position 3 is missing"), "{said}");
}

pub fn a_closed_store_refuses<F: Fixture>(new: fn() -> F) {
    let space = Space::open(&new());
    // Earlier writes are done; later ones are refused.
    let before = space.together(|| {
        (0..50).map(|_| space.submit(event(room(1), "1"), Guard::Open)).collect::<Vec<_>>()
    });
    space.store.close();
    assert!(before.into_iter().all(|answer| answer.recv().unwrap().is_ok()));
    let refused = space.append(event(room(1), "1")).unwrap_err();
    assert!(refused.code.retry());
    assert!(space.write(|_| Ok(())).unwrap_err().code.retry());
    assert_eq!(space.read(|read| Ok(read.position())).unwrap(), Position(50));
    space.store.close();
}
