//! The tail: the newest events of the log, in memory, bounded in number and bytes.
//!
//! An entry grows after it was added, because an encoding is made when it is first needed. So the tail remembers the
//! bytes of its entries when they were last measured; they can't have grown by more than all encodings made since. The
//! entries are measured anew only when both numbers together exceed the bound.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::entry::Entry;
use crate::ids::Position;
use crate::limits;
use crate::stream::{StreamClass, StreamId};

/// The newest events, without gaps, with the newest of each stream.
#[derive(Debug)]
pub struct Tail {
    entries: VecDeque<Arc<Entry>>,
    heads: FxHashMap<StreamId, Position>,
    /// The number of entries in streams of each class.
    classes: [u32; 256],
    /// The position before the first entry. All later events are here.
    floor: Position,
    /// Bytes of the entries when they were last measured.
    bytes: usize,
    /// [`Entry::encoded_bytes`] when the entries were last measured.
    encoded: u64,
    events_max: usize,
    bytes_max: usize,
}

/// The part of the bound that is made free when the tail is too large. Freeing this much at once spares most events a
/// measurement.
const FREE_PART: usize = 16;

impl Tail {
    /// An empty tail of a log that ends at `head`, with the bounds of [`limits`].
    pub fn new(head: Position) -> Self {
        Tail::bounded(head, limits::TAIL_EVENTS_MAX, limits::TAIL_BYTES_MAX)
    }

    /// An empty tail of a log that ends at `head`, for at most `events_max` events and `bytes_max` bytes.
    pub fn bounded(head: Position, events_max: usize, bytes_max: usize) -> Self {
        let (entries, heads) = Default::default();
        let encoded = Entry::encoded_bytes();
        let classes = [0; 256];
        Tail { entries, heads, classes, floor: head, bytes: 0, encoded, events_max, bytes_max }
    }

    /// The position of the newest event.
    pub fn head(&self) -> Position {
        Position(self.floor.0 + self.entries.len() as u64)
    }

    /// All events after this position are here; older ones are only in the store.
    pub fn floor(&self) -> Position {
        self.floor
    }

    /// Adds the next event and drops the oldest beyond the bounds. The events that it erases lose their content.
    ///
    /// # Panics
    /// If a position is left out, since a tail with a hole would lose events silently.
    pub fn push(&mut self, entry: Arc<Entry>) {
        let event = &entry.event;
        assert_eq!(event.position.0, self.head().0 + 1, "the log has no gaps");
        for at in &event.erases {
            self.erase(*at);
        }
        self.heads.insert(event.stream, event.position);
        self.classes[usize::from(event.stream.class().byte())] += 1;
        self.bytes = self.bytes.saturating_add(entry.held_bytes());
        self.entries.push_back(entry);
        while self.entries.len() > self.events_max {
            self.drop_oldest();
        }
        self.settle();
    }

    /// Replaces the event at a position by one without content, if it is here.
    fn erase(&mut self, at: Position) {
        let Some(index) = at.0.checked_sub(self.floor.0 + 1) else { return };
        let entry = usize::try_from(index).ok().and_then(|index| self.entries.get_mut(index));
        let Some(entry) = entry else { return };
        let erased = Arc::new(entry.erased());
        self.bytes = self.bytes.saturating_sub(entry.held_bytes()) + erased.held_bytes();
        *entry = erased;
    }

    /// Drops the oldest events if the tail has grown beyond its bound. The caller does this now and then; it costs
    /// nothing as long as no encodings are made.
    pub fn settle(&mut self) {
        let encoded = Entry::encoded_bytes();
        let grown = usize::try_from(encoded - self.encoded).unwrap_or(usize::MAX);
        if self.bytes.saturating_add(grown) <= self.bytes_max {
            return;
        }
        self.encoded = encoded;
        self.bytes = self.entries.iter().map(|entry| entry.held_bytes()).sum();
        if self.bytes > self.bytes_max {
            while self.bytes > self.bytes_max - self.bytes_max / FREE_PART {
                self.drop_oldest();
            }
        }
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.entries.pop_front() else { return };
        let event = &oldest.event;
        self.bytes = self.bytes.saturating_sub(oldest.held_bytes());
        self.floor = event.position;
        self.classes[usize::from(event.stream.class().byte())] -= 1;
        if self.heads.get(&event.stream) == Some(&event.position) {
            self.heads.remove(&event.stream);
        }
    }

    /// The event at a position, if it is here.
    pub fn get(&self, at: Position) -> Option<&Arc<Entry>> {
        let index = at.0.checked_sub(self.floor.0 + 1)?;
        self.entries.get(usize::try_from(index).ok()?)
    }

    /// Whether an event of a stream of this class is here. It saves looking for streams of classes that are seldom
    /// used.
    pub fn has_class(&self, class: StreamClass) -> bool {
        self.classes[usize::from(class.byte())] > 0
    }

    /// The newest event of a stream, if it is here.
    pub fn newest(&self, stream: StreamId) -> Option<&Arc<Entry>> {
        self.get(*self.heads.get(&stream)?)
    }

    /// Walks a stream backwards from its newest event, as far as it is here.
    pub fn backwards(&self, stream: StreamId) -> impl Iterator<Item = &Arc<Entry>> {
        let earlier = |entry: &&'_ Arc<Entry>| self.get(entry.event.earlier()?);
        std::iter::successors(self.newest(stream), earlier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::ids::{Epoch, Seq};

    #[test]
    fn a_walk_back_comes_to_an_end_whatever_an_event_says() {
        for back in [3, 4, u64::MAX] {
            let mut tail = Tail::new(Position(0));
            let stream = StreamId::channel(1);
            for position in 1..=3 {
                let event = Event {
                    position: Position(position),
                    stream,
                    seq: Seq(position),
                    back: Position(if position == 3 { back } else { position - 1 }),
                    at_ms: 1,
                    from: None,
                    kind: "message".into(),
                    key: None,
                    body: bytes::Bytes::from_static(b"1"),
                    erases: Vec::new(),
                    channel: None,
                };
                tail.push(Arc::new(Entry::new(event, Epoch(1))));
            }
            let walked: Vec<u64> = tail.backwards(stream).map(|e| e.event.position.0).collect();
            assert_eq!(walked, [3], "{back}");
        }
    }
}
