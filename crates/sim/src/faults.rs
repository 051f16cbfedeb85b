//! The faults of a world, and the way in which each heals.

use encke_engine::PersonId;

use crate::agenda::{MS, Time};
use crate::node::{Job, ToNode};
use crate::scene::{Event, NodeId, Scene};

/// A fault, or its end.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// A node is killed.
    Crash,
    /// A node and the store can't reach each other.
    StoreCut,
    /// A node and the store reach each other again.
    StoreHeal(usize),
    /// A node and the bus can't reach each other.
    BusCut,
    /// A node and the bus reach each other again.
    BusHeal(usize),
    /// The store restarts.
    StoreRestart,
    /// The store's machine is lost.
    FailOver,
    /// The store's machine, or its standby, is there again.
    StoreBack,
    /// A clock jumps.
    ClockJump,
    /// A node stands still.
    Pause,
    /// A connection breaks.
    Break,
    /// A client stops reading.
    Stall,
    /// A node is told to go down.
    Drain,
    /// The oldest events are trimmed.
    Trim,
}

impl Scene {
    /// The average time between two faults of this kind; `None` for never.
    fn every(&self, fault: Fault) -> Option<u64> {
        let weather = &self.weather;
        match fault {
            Fault::Crash => weather.crash_ms,
            Fault::StoreCut => weather.store_cut_ms,
            Fault::BusCut => weather.bus_cut_ms,
            Fault::StoreRestart => weather.store_restart_ms,
            Fault::FailOver => weather.failover_ms,
            Fault::ClockJump => weather.clock_jump_ms,
            Fault::Pause => weather.pause_ms,
            Fault::Break => weather.break_ms,
            Fault::Stall => weather.stall_ms,
            Fault::Drain => weather.drain_ms,
            Fault::Trim => weather.trim_ms,
            Fault::StoreHeal(_) | Fault::BusHeal(_) | Fault::StoreBack => None,
        }
    }

    /// Plans the next fault of this kind.
    fn plan(&mut self, fault: Fault) {
        if let Some(ms) = self.every(fault) {
            let delay = self.random.u64(1..2 * ms * MS);
            self.agenda.after(delay, Event::Fault(fault));
        }
    }

    /// Plans the first fault of each kind.
    pub fn plan_faults(&mut self) {
        for fault in [
            Fault::Crash,
            Fault::StoreCut,
            Fault::BusCut,
            Fault::StoreRestart,
            Fault::FailOver,
            Fault::ClockJump,
            Fault::Pause,
            Fault::Break,
            Fault::Stall,
            Fault::Drain,
            Fault::Trim,
        ] {
            self.plan(fault);
        }
    }

    /// Ends all chance faults, and lets all clients read as fast as they can.
    pub fn clear_up(&mut self) {
        self.weather.clear_up();
        self.wires.clear_up();
    }

    /// Applies a fault or its end. Once the world is calm nothing breaks any more.
    pub fn fault(&mut self, fault: Fault, calm: bool) {
        if calm && self.every(fault).is_some() {
            return;
        }
        self.plan(fault);
        let place = self.random.usize(..self.links.len());
        self.trace(|| format!("fault  {fault:?} at {place}"));
        let while_long = self.random.u64(10 * MS..3_000 * MS);
        match fault {
            Fault::Crash => self.crash(place, while_long),
            Fault::StoreCut => {
                self.figures.store_cuts += 1;
                self.links[place].store_cut = true;
                self.agenda.after(while_long, Event::Fault(Fault::StoreHeal(place)));
            }
            Fault::StoreHeal(place) => {
                let now = self.agenda.now();
                let link = &mut self.links[place];
                link.store_cut = false;
                link.well_since = link.well_since.max(now);
            }
            Fault::BusCut => {
                self.figures.bus_cuts += 1;
                self.links[place].bus_cut = true;
                self.agenda.after(while_long, Event::Fault(Fault::BusHeal(place)));
            }
            Fault::BusHeal(place) => self.bus_heals(place),
            Fault::StoreRestart if !self.store.away => self.store_goes(while_long / 3, None),
            Fault::FailOver if !self.store.away => {
                let lost = self.random.usize(..6);
                self.store_goes(while_long / 3, Some(lost));
            }
            Fault::StoreRestart | Fault::FailOver => {}
            Fault::StoreBack => self.store_is_back(),
            Fault::ClockJump => {
                // The clock jumps by hours in both directions, and now and then by days: then keys are forgotten, which
                // live for a day.
                let longest_ms = if self.random.u8(..4) == 0 { 260_000_000 } else { 36_000_000 };
                let off_ms = self.random.i64(-longest_ms..longest_ms);
                let before_ms = std::mem::replace(&mut self.links[place].clock_off_ms, off_ms);
                self.figures.clock_jumps += 1;
                self.figures.clock_jumps_back += u64::from(off_ms < before_ms);
            }
            Fault::Pause => {
                self.figures.pauses += 1;
                let until = self.agenda.now() + while_long;
                let link = &mut self.links[place];
                link.paused_until = until.max(link.paused_until);
                link.well_since = link.paused_until;
            }
            Fault::Break => self.break_any(),
            Fault::Stall => self.stall_any(),
            Fault::Drain => {
                if let Some(life) = self.links[place].life {
                    self.tell_node(NodeId { place, life }, 1, ToNode::Drain);
                }
            }
            Fault::Trim => {
                let kept = self.random.u64(1..60);
                self.figures.trims += u64::from(self.store.trim(kept));
            }
        }
    }

    /// Lets the bus tell its nodes that it is back, and that they may have missed messages.
    fn bus_heals(&mut self, place: usize) {
        self.links[place].bus_cut = false;
        if let Some(life) = self.links[place].life {
            self.tell_node(NodeId { place, life }, MS, ToNode::HintsLost);
        }
    }

    fn crash(&mut self, place: usize, back_after: Time) {
        if let Some(life) = self.links[place].life {
            self.figures.crashes += 1;
            self.stop(NodeId { place, life }, back_after);
        }
    }

    /// Makes a node begin anew, because the log that it serves is gone.
    pub fn begin_anew(&mut self, node: NodeId) {
        if self.is_up(node) {
            self.figures.anew += 1;
            let back_after = self.random.u64(20 * MS..200 * MS);
            self.stop(node, back_after);
        }
    }

    /// Ends a node that was told to go down.
    pub fn goes_down(&mut self, node: NodeId) {
        let back_after = self.random.u64(20 * MS..2_000 * MS);
        self.stop(node, back_after);
    }

    fn stop(&mut self, node: NodeId, back_after: Time) {
        self.trace(|| format!("{node:?} ends"));
        self.links[node.place].life = None;
        self.break_all(node);
        self.turn_of_the_dead(node);
        self.agenda.after(back_after, Event::Start(node.place));
    }

    fn store_goes(&mut self, back_after: Time, lost: Option<usize>) {
        self.store_stops();
        match lost {
            Some(lost) => {
                let now = self.agenda.now();
                self.figures.failovers += 1;
                self.figures.commits_lost += self.store.fail_over(lost, now) as u64;
            }
            None => self.figures.restarts += 1,
        }
        self.agenda.after(back_after, Event::Fault(Fault::StoreBack));
    }

    fn store_is_back(&mut self) {
        self.store.away = false;
        let now = self.agenda.now();
        for link in &mut self.links {
            link.well_since = link.well_since.max(now);
        }
    }

    /// Makes a person join, leave or sign out, by way of any node.
    pub fn change(&mut self) {
        let (room, _) = self.any_room();
        let person = PersonId(self.random.u64(1..=self.weather.people));
        let all = self.store.now().credentials.iter();
        let mine: Vec<u64> = all.filter(|(_, p)| **p == person).map(|(c, _)| *c).collect();
        let job = match self.random.u8(..20) {
            0..=10 => Job::Join(person, room),
            11..=16 => Job::Leave(person, room),
            17..=18 if !mine.is_empty() => {
                Job::Revoke(person, Some(mine[self.random.usize(..mine.len())]))
            }
            _ => Job::Revoke(person, None),
        };
        if let Some(node) = self.any_node() {
            self.trace(|| format!("{node:?} is to do {job:?}"));
            self.tell_node(node, MS, ToNode::Job(job));
        }
    }
}
