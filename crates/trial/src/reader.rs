//! A reader: it goes on from its cursor through every fault, and writes down all that it sees.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::doors::Doors;
use crate::feed::{self, Ask, End, News, TRANSPORTS, Transport};
use crate::item::{self, Item};
use crate::journal::{Reading, Stream};
use crate::random::Random;
use crate::run_state::RunState;

/// The habits of a reader.
#[derive(Clone, Copy, Debug)]
pub enum Habit {
    Steady(Transport),
    /// It reads slowly over one transport.
    Slow(Transport),
    /// It takes a transport at random, and another one after some events.
    Changing,
}

pub struct Reader {
    pub doors: Doors,
    pub token: String,
    pub habit: Habit,
    pub cursor: String,
    pub channels: String,
    /// The last event of each stream that the reader has to read to its end.
    pub markers: HashMap<Stream, u64>,
    pub random: Random,
    pub run: Arc<RunState>,
    /// The position of its cursor, for other threads.
    pub reached: Arc<AtomicU64>,
    pub reading: Reading,
}

impl Reader {
    /// Reads until every stream has ended.
    pub fn run(mut self) -> Reading {
        let mut last_start = self.run.last_start().0;
        while !self.markers.is_empty() && !self.run.is_over() {
            let (transport, slow) = match self.habit {
                Habit::Steady(transport) => (transport, false),
                Habit::Slow(transport) => (transport, true),
                Habit::Changing => (*self.random.pick(&TRANSPORTS), false),
            };
            let end = self.connection(transport, slow, &mut last_start);
            match end {
                Ok(()) => continue,
                Err(End::Lost) => {}
                Err(End::Refused(code)) => *self.reading.refused.entry(code).or_default() += 1,
                Err(End::Fault(why)) => self.reading.faults.push(format!("{transport:?}: {why}")),
            }
            sleep(self.random.millis(5, 60));
        }
        for stream in self.markers.into_keys() {
            self.reading.faults.push(format!("it was not done with {stream} in time"));
        }
        self.reading
    }

    fn connection(
        &mut self,
        transport: Transport,
        slow: bool,
        last_start: &mut u64,
    ) -> Result<(), End> {
        let (token, cursor, channels) =
            (self.token.clone(), self.cursor.clone(), self.channels.clone());
        let mut left = match self.habit {
            Habit::Changing => 1 + self.random.below(60),
            _ => u64::MAX,
        };
        let addr = self.doors.pick(&mut self.random);
        let ask =
            Ask { addr, transport, token: &token, cursor: &cursor, channels: &channels, slow };
        feed::follow(&ask, &mut |news| {
            match news {
                News::Quiet => left = left.saturating_sub(5),
                News::Connected => self.connected(transport, last_start),
                News::Polled { cursor } => {
                    self.goes_to(&cursor);
                    left = left.saturating_sub(5);
                }
                News::Item(item) => {
                    left = left.saturating_sub(1);
                    self.take(item);
                }
            }
            self.flow(left)
        })
    }

    fn flow(&self, left: u64) -> ControlFlow<()> {
        if left == 0 || self.markers.is_empty() || self.run.is_over() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn connected(&mut self, transport: Transport, last_start: &mut u64) {
        *self.reading.connects.entry(transport).or_default() += 1;
        let (start, ago) = self.run.last_start();
        // The first answer to a long poll may take as long as nothing happens, and a slow reader gets it only after all
        // that was under way.
        let prompt = transport != Transport::LongPoll && !matches!(self.habit, Habit::Slow(_));
        if std::mem::replace(last_start, start) != start && prompt {
            self.reading.longest_back = self.reading.longest_back.max(Some((ago, transport)));
        }
    }

    fn goes_to(&mut self, cursor: &str) {
        cursor.clone_into(&mut self.cursor);
        match item::position(cursor) {
            Ok(position) => self.reached.store(position, Ordering::Relaxed),
            Err(e) => self.reading.faults.push(format!("{e:#}")),
        }
    }

    fn take(&mut self, item: Item) {
        if let Some(cursor) = item.cursor() {
            self.goes_to(cursor);
        }
        match item {
            Item::Event { seen, .. } => {
                if self.markers.get(&seen.stream) == Some(&seen.digest) {
                    self.markers.remove(&seen.stream);
                }
                self.reading.seen.push(seen);
                self.reading.moments.push(Instant::now());
            }
            Item::Reset { reason, .. } => {
                self.reading.faults.push(format!("it was reset: {reason}"));
                // It has lost its place in each of its streams, so there is nothing more to see.
                self.markers.clear();
            }
            Item::Bye { reason, retry, after_ms } => {
                if !retry {
                    self.reading.faults.push(format!("a bye for good: {reason}"));
                }
                *self.reading.byes.entry(reason).or_default() += 1;
                sleep(Duration::from_millis(after_ms.min(300)));
            }
            Item::Refused { code, retry: true, .. } => {
                *self.reading.refused.entry(format!("ack {code}")).or_default() += 1;
            }
            Item::Refused { code, .. } => {
                self.reading.faults.push(format!("a command was refused: {code}"));
            }
            Item::Ready { .. } | Item::Signal | Item::Ok { .. } => {}
        }
    }
}
