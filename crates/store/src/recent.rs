//! The part of the log in memory: the tail, and the newest event of each stream that was touched lately.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use encke_engine::append::Head;
use encke_engine::tail::Tail;
use encke_engine::{Entry, Position, Seq, StreamId, limits};
use rustc_hash::FxHashMap;

use crate::error::StoreError;

struct Inner {
    tail: Tail,
    heads: FxHashMap<StreamId, Head>,
    /// Heads up to this position may have been forgotten.
    forgotten: Position,
}

/// The committed part of the log in memory. The store's one writer fills it.
pub(crate) struct Recent {
    inner: Mutex<Inner>,
    moved: Condvar,
}

impl Recent {
    pub fn new(tail: Tail, heads: FxHashMap<StreamId, Head>) -> Self {
        let inner = Inner { tail, heads, forgotten: Position(0) };
        Recent { inner: Mutex::new(inner), moved: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("not poisoned")
    }

    pub fn committed<'a>(
        &self,
        entries: impl Iterator<Item = &'a Arc<Entry>>,
        heads: &FxHashMap<StreamId, Head>,
    ) {
        let mut inner = self.lock();
        entries.for_each(|entry| inner.tail.push(entry.clone()));
        inner.heads.extend(heads);
        self.moved.notify_all();
    }

    /// Remembers a head that was read from the store by the writer.
    pub fn remember(&self, stream: StreamId, head: Head) {
        self.lock().heads.insert(stream, head);
    }

    /// Remembers a head that was read in a view, unless a newer one is known.
    pub fn learn(&self, stream: StreamId, head: Head, view: Position) {
        if head.position.0 == 0 {
            // Questions for names without events must not fill this up.
            return;
        }
        let mut inner = self.lock();
        // Every event that was followed since the view has left its head here, unless it was forgotten.
        if view <= inner.tail.head() && view >= inner.forgotten {
            inner.heads.entry(stream).or_insert(head);
        }
    }

    /// Notes that all heads up to `stored` are committed in the store. They are forgotten if there are too many.
    pub fn stored(&self, stored: Position) {
        self.forget(stored, limits::HEADS_KEPT_MAX);
    }

    fn forget(&self, stored: Position, heads_max: usize) {
        let mut inner = self.lock();
        if inner.heads.len() > heads_max {
            inner.heads.retain(|_, head| head.position > stored);
            inner.forgotten = stored;
        }
    }

    pub fn head(&self, stream: StreamId) -> Option<Head> {
        self.lock().heads.get(&stream).copied()
    }

    pub fn position(&self) -> Position {
        self.lock().tail.head()
    }

    pub fn get(&self, at: Position) -> Option<Arc<Entry>> {
        self.lock().tail.get(at).cloned()
    }

    /// The event at a position, if it is here as a view has it in which `erased` is the newest event that erased others.
    /// As long as this node has not followed the log that far, an event that is gone may still be in memory.
    pub fn get_as_of(&self, at: Position, erased: Position) -> Option<Arc<Entry>> {
        let inner = self.lock();
        if erased > inner.tail.head() { None } else { inner.tail.get(at).cloned() }
    }

    /// Follows a stream back from the event at a position, until `take` returns false. Returns the position of the
    /// first event outside of memory, if the walk comes to one.
    pub fn walk(
        &self,
        mut at: Position,
        mut take: impl FnMut(&Arc<Entry>) -> bool,
    ) -> Option<Position> {
        let inner = self.lock();
        while let Some(entry) = inner.tail.get(at) {
            if !take(entry) {
                return None;
            }
            at = entry.event.earlier().unwrap_or_default();
        }
        Some(at)
    }

    /// Waits until everything up to `at` is here. It is committed, and the writer adds it right after its commit.
    pub fn wait_for(&self, at: Position) -> bool {
        let waited = self.moved.wait_timeout_while(self.lock(), Duration::from_secs(5), |inner| {
            inner.tail.head() < at
        });
        waited.is_ok_and(|(_, timeout)| !timeout.timed_out())
    }

    /// The head of a stream as it was at `at`. Newer events are walked back as far as they are in memory.
    pub fn head_at(&self, stream: StreamId, at: Position) -> HeadAt {
        let inner = self.lock();
        if at > inner.tail.head() {
            // The view has another node's newest commits, and this node has not followed them yet.
            return HeadAt::Unknown { forgotten: inner.forgotten };
        }
        let Some(mut head) = inner.heads.get(&stream).copied() else {
            return HeadAt::Unknown { forgotten: inner.forgotten };
        };
        while head.position > at {
            let Some(entry) = inner.tail.get(head.position) else { return HeadAt::Gone };
            let event = &entry.event;
            head = match event.earlier() {
                Some(position) => Head { seq: Seq(event.seq.0.saturating_sub(1)), position },
                None => Head::default(),
            };
        }
        HeadAt::Known(head)
    }
}

/// See [`Recent::head_at`].
pub(crate) enum HeadAt {
    Known(Head),
    /// The head is not in memory. The stored one is right, in a view in which the heads up to here are stored.
    Unknown {
        /// The position up to which heads were forgotten; 0 if none ever was.
        forgotten: Position,
    },
    /// The view is older than the tail.
    Gone,
}

/// A tail of these entries, for readers of the store.
///
/// # Errors
/// If an event is missing, because the log was changed by other means.
pub(crate) fn tail_of(head: Position, entries: &[Arc<Entry>]) -> Result<Tail, StoreError> {
    let floor = head.0.saturating_sub(entries.len() as u64);
    let mut tail = Tail::new(Position(floor));
    let dues = (floor + 1..=head.0).rev();
    let missing = entries.iter().rev().zip(dues).find(|(e, due)| e.event.position.0 != *due);
    if let Some((_, due)) = missing {
        return Err(StoreError::Damaged(format!(
            "the event at position {due} is missing in the log; restore a backup"
        )));
    }
    entries.iter().for_each(|entry| tail.push(entry.clone()));
    Ok(tail)
}

/// The heads of the streams of these events.
pub(crate) fn heads_of(entries: &[Arc<Entry>]) -> FxHashMap<StreamId, Head> {
    let head =
        |e: &Arc<Entry>| (e.event.stream, Head { seq: e.event.seq, position: e.event.position });
    entries.iter().map(head).collect()
}

#[cfg(test)]
mod tests {
    use encke_engine::{Epoch, Event};

    use super::*;

    #[test]
    fn a_head_is_found_whatever_an_event_says_of_the_one_before_it() {
        let stream = StreamId::channel(1);
        let event = Event {
            position: Position(5),
            stream,
            seq: Seq(0),
            back: Position(5),
            at_ms: 1,
            from: None,
            kind: "message".into(),
            key: None,
            body: bytes::Bytes::from_static(b"1"),
            erases: Vec::new(),
            channel: None,
        };
        let head = Head { seq: Seq(0), position: Position(5) };
        let recent = Recent::new(Tail::new(Position(4)), FxHashMap::default());
        let entry = Arc::new(Entry::new(event, Epoch(1)));
        recent.committed([&entry].into_iter(), &FxHashMap::from_iter([(stream, head)]));
        let found = recent.head_at(stream, Position(4));
        assert!(matches!(found, HeadAt::Known(head) if head == Head::default()));
    }

    #[test]
    fn a_view_from_before_a_head_was_stored_does_not_take_the_stored_one_for_right() {
        let stream = StreamId::channel(1);
        let head = Head { seq: Seq(3), position: Position(3) };
        let recent = Recent::new(Tail::new(Position(5)), FxHashMap::from_iter([(stream, head)]));
        recent.forget(Position(4), 1);
        assert!(
            matches!(recent.head_at(stream, Position(5)), HeadAt::Known(known) if known == head)
        );
        recent.forget(Position(4), 0);
        assert!(matches!(
            recent.head_at(stream, Position(5)),
            HeadAt::Unknown { forgotten: Position(4) }
        ));
    }
}
