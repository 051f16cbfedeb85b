//! Seats for connections that are not parked. Their number is bounded, and one address has at most half of them.
//!
//! When all seats are taken, connections that wait for their client give up theirs, as in a crowded shard
//! ([`give_way`]): idle connections, and those with a request that takes too long. Feeds of signed-in people stay. Many
//! people share the address of a trusted proxy, so each of its connections counts for itself.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use encke_engine::{LineLimit, household, limits};
use encke_transport::{Candidate, Files, give_way, give_way_count};
use hyper::body::{Body, Frame};
use tokio::sync::Notify;

use crate::http::proxies::Proxies;

/// All seats of one kind of connections.
pub struct Seats {
    /// The name of the kind in the log.
    what: &'static str,
    max: usize,
    files: Arc<Files>,
    /// The number of files that these connections leave to others.
    files_left: usize,
    proxies: Proxies,
    started: Instant,
    all: Mutex<All>,
    empty: Notify,
}

/// The taken seats. Nothing in here is larger than the number of seats.
#[derive(Default)]
struct All {
    last: u64,
    seats: HashMap<u64, Arc<Seat>>,
    /// The number of seats of each household, without those that are being given up.
    of: HashMap<IpAddr, usize>,
    /// The number of seats that are being given up.
    leaving: usize,
    /// A household (or `None` for all) without a connection that could give way, and the time from which this may be
    /// tried again.
    nobody: Option<(Option<IpAddr>, u64)>,
    refused: LineLimit,
}

/// The seat of one connection.
pub struct Seat {
    number: u64,
    /// The address as it counts; `None` if many people come from it.
    household: Option<IpAddr>,
    started: Instant,
    /// The time since which either end waits for the other.
    since_ms: AtomicU64,
    /// The number of requests under way.
    busy: AtomicUsize,
    /// The number of open feeds of signed-in people.
    feeds: AtomicUsize,
    /// Whether the seat is to be given up.
    leaves: AtomicBool,
    over: Notify,
}

impl Seat {
    fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    /// Returns when the seat has to be given up.
    pub async fn is_over(&self) {
        self.over.notified().await;
    }

    /// Marks a request as under way until the returned value is dropped.
    pub fn begin(self: &Arc<Self>) -> Busy {
        if self.busy.fetch_add(1, Relaxed) == 0 {
            self.since_ms.store(self.now_ms(), Relaxed);
        }
        Busy(self.clone())
    }

    /// Marks a feed of a signed-in person as open until the returned value is dropped.
    fn feed(self: &Arc<Self>) -> Feed {
        self.feeds.fetch_add(1, Relaxed);
        Feed(self.clone())
    }

    /// Says whether this server works on a connection before its first request. The time that the client has waited so
    /// far still counts.
    pub fn works(&self, works: bool) {
        self.busy.store(usize::from(works), Relaxed);
    }

    fn may_give_way(&self, now_ms: u64) -> bool {
        let waits_since = self.since_ms.load(Relaxed);
        let waits = self.busy.load(Relaxed) == 0 || waits_since + limits::STALLED_MS <= now_ms;
        waits && self.feeds.load(Relaxed) == 0 && !self.leaves.load(Relaxed)
    }
}

/// A request under way.
pub struct Busy(Arc<Seat>);

impl Drop for Busy {
    fn drop(&mut self) {
        if self.0.busy.fetch_sub(1, Relaxed) == 1 {
            self.0.since_ms.store(self.0.now_ms(), Relaxed);
        }
    }
}

/// An open feed.
struct Feed(Arc<Seat>);

impl Drop for Feed {
    fn drop(&mut self) {
        self.0.feeds.fetch_sub(1, Relaxed);
    }
}

/// The answer to a feed. The feed counts as open until the answer ends.
pub struct Open<B> {
    body: B,
    _feed: Feed,
}

impl<B> Open<B> {
    /// Wraps the body of a feed on the connection of this seat.
    pub fn on(seat: &Arc<Seat>, body: B) -> Self {
        Open { body, _feed: seat.feed() }
    }
}

impl<B: Body + Unpin> Body for Open<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }
}

/// Why a connection gets no seat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoSeat {
    /// The address has its share of the seats.
    ForAddress,
    /// All seats are taken.
    ForAnybody,
}

/// A taken seat. It is free again when this value is dropped.
pub struct Seated {
    seats: Arc<Seats>,
    /// The seat.
    pub seat: Arc<Seat>,
}

impl Drop for Seated {
    fn drop(&mut self) {
        let mut all = self.seats.all();
        all.seats.remove(&self.seat.number);
        match self.seat.leaves.load(Relaxed) {
            true => all.leaving -= 1,
            false => all.one_less(&self.seat),
        }
        if all.seats.is_empty() {
            self.seats.empty.notify_waiters();
        }
        drop(all);
        self.seats.files.give(1);
    }
}

impl All {
    fn one_less(&mut self, seat: &Seat) {
        let Some(household) = seat.household else { return };
        if let Some(count) = self.of.get_mut(&household) {
            *count -= 1;
            if *count == 0 {
                self.of.remove(&household);
            }
        }
    }

    /// Makes up to `count` connections give up their seats, only those of a household if one is given. Returns whether
    /// there were any.
    fn make_room(&mut self, of: Option<IpAddr>, count: usize, now_ms: u64) -> bool {
        let count = count.min(limits::GIVING_UP_MAX - self.leaving);
        let was_tried = self.nobody.is_some_and(|(who, until)| who == of && now_ms < until);
        if was_tried || count == 0 {
            return false;
        }
        let waiting = self
            .seats
            .values()
            .filter(|seat| (of.is_none() || of == seat.household) && seat.may_give_way(now_ms));
        let waiting = waiting.map(|seat| Candidate {
            address: seat.household.ok_or(seat.number),
            since: seat.since_ms.load(Relaxed),
            which: seat.number,
        });
        let chosen = give_way(waiting.collect(), count);
        if chosen.is_empty() {
            self.nobody = Some((of, now_ms + limits::CROWDED_MS));
        }
        for number in &chosen {
            let Some(seat) = self.seats.get(number).cloned() else { continue };
            seat.leaves.store(true, Relaxed);
            seat.over.notify_one();
            self.leaving += 1;
            self.one_less(&seat);
        }
        !chosen.is_empty()
    }
}

impl Seats {
    /// Makes seats for connections of this name. They leave this number of files to others.
    pub fn new(
        what: &'static str,
        [max, files_left]: [usize; 2],
        files: Arc<Files>,
        proxies: Proxies,
    ) -> Arc<Self> {
        let (all, empty) = (Mutex::default(), Notify::new());
        Arc::new(Seats {
            what,
            max,
            files,
            files_left,
            proxies,
            started: Instant::now(),
            all,
            empty,
        })
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a seat for a connection from this address, if one is free or somebody gives up one.
    pub fn take(self: &Arc<Self>, peer: IpAddr) -> Result<Seated, NoSeat> {
        let now_ms = self.started.elapsed().as_millis() as u64;
        let household = (!self.proxies.are(peer)).then(|| household(peer));
        let mut all = self.all();
        self.find(&mut all, household, now_ms)?;
        all.last += 1;
        let seat = Arc::new(Seat {
            number: all.last,
            household,
            started: self.started,
            since_ms: AtomicU64::new(now_ms),
            busy: AtomicUsize::new(0),
            feeds: AtomicUsize::new(0),
            leaves: AtomicBool::new(false),
            over: Notify::new(),
        });
        all.seats.insert(seat.number, seat.clone());
        if let Some(household) = household {
            *all.of.entry(household).or_default() += 1;
        }
        Ok(Seated { seats: self.clone(), seat })
    }

    /// Finds a seat and takes a file for it.
    ///
    /// Connections that are about to leave still have theirs, so for a moment a few more are taken than there should
    /// be.
    fn find(&self, all: &mut All, household: Option<IpAddr>, now_ms: u64) -> Result<(), NoSeat> {
        let most = self.max.div_ceil(2);
        let too_many = household.filter(|h| all.of.get(h).is_some_and(|count| *count >= most));
        if too_many.is_some() && !all.make_room(too_many, give_way_count(most), now_ms) {
            return Err(NoSeat::ForAddress);
        }
        let is_full = |all: &All| all.seats.len() - all.leaving >= self.max;
        if is_full(all) && !all.make_room(None, give_way_count(self.max), now_ms) {
            return Err(NoSeat::ForAnybody);
        }
        if self.files.take(1, self.files_left) {
            return Ok(());
        }
        if !all.make_room(None, 1, now_ms) {
            return Err(NoSeat::ForAnybody);
        }
        self.files.take_early();
        Ok(())
    }

    /// Notes in the log that a connection was refused.
    pub fn refused(&self) {
        let now_ms = self.started.elapsed().as_millis() as u64;
        if let Some(count) = self.all().refused.note(now_ms) {
            tracing::warn!(count, max = self.max, "there is no room for more {}", self.what);
        }
    }

    /// The number of taken seats.
    pub fn len(&self) -> usize {
        self.all().seats.len()
    }

    /// Waits until no seat is taken.
    pub async fn are_empty(&self) {
        loop {
            let empty = self.empty.notified();
            tokio::pin!(empty);
            empty.as_mut().enable();
            if self.len() == 0 {
                return;
            }
            empty.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats(max: usize, files: usize, proxies: &[&str]) -> Arc<Seats> {
        let proxies: Vec<String> = proxies.iter().map(|p| (*p).to_owned()).collect();
        let proxies = Proxies::parse(&proxies).unwrap();
        Seats::new("tests", [max, 0], Arc::new(Files::new(files)), proxies)
    }

    fn leaving(seated: &[Seated]) -> usize {
        seated.iter().filter(|seated| seated.seat.leaves.load(Relaxed)).count()
    }

    const ONE: [u8; 4] = [192, 0, 2, 1];

    #[test]
    fn one_address_has_half_and_gives_up_its_own() {
        let seats = seats(8, 100, &[]);
        let take = |address: [u8; 4]| seats.take(address.into());
        let mut one: Vec<Seated> = (0..4).map(|_| take(ONE).ok().unwrap()).collect();
        let other = [take([192, 0, 2, 2]).ok().unwrap()];
        one.push(take(ONE).ok().unwrap());
        assert_eq!((leaving(&one), leaving(&other)), (1, 0));
        // Requests under way and feeds stay.
        let busy: Vec<Busy> = one[..4].iter().map(|seated| seated.seat.begin()).collect();
        let feed = Open::on(&one[4].seat, ());
        assert_eq!(take(ONE).err(), Some(NoSeat::ForAddress));
        assert!(take([192, 0, 2, 3]).is_ok());
        drop((busy, feed, one, other));
        assert!(seats.len() == 0 && seats.all().of.is_empty() && seats.all().leaving == 0);
    }

    #[test]
    fn each_connection_of_a_proxy_counts_for_itself() {
        let seats = seats(4, 100, &["192.0.2.1"]);
        let mut all: Vec<Seated> = (0..4).map(|_| seats.take(ONE.into()).ok().unwrap()).collect();
        all.push(seats.take(ONE.into()).ok().unwrap());
        assert_eq!(leaving(&all), 1);
    }

    #[test]
    fn where_no_file_is_left_somebody_gives_up_one() {
        let seats = seats(8, 2, &[]);
        let take = |last: u8| seats.take([192, 0, 2, last].into());
        let both = [take(1).ok().unwrap(), take(2).ok().unwrap()];
        let busy = both.each_ref().map(|seated| seated.seat.begin());
        assert_eq!(take(3).err(), Some(NoSeat::ForAnybody));
        drop(busy);
        seats.all().nobody = None;
        let third = take(3).ok().unwrap();
        assert_eq!(leaving(&both), 1);
        drop((both, third));
        assert!(seats.files.take(2, 0), "every file is given back");
    }
}
