//! The place where a fault strikes, and the questions that are put to the nodes meanwhile.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use encke_trial::cast::Following;
use encke_trial::http::{Answer, Http};
use encke_trial::journal::Send;
use encke_trial::run_state::RunState;
use encke_trial::world::World;
use encke_trial::writer::{Target, post};

use crate::delay::LATE;
use crate::node::DATABASE;
use crate::recovery;
use crate::revocation::Revocations;
use crate::site::{NODES, Site};
use crate::stage::Stage;

/// A node that can't reach its database has to report that and refuse sends within this time.
const NOTICED_MAX: Duration = Duration::from_secs(20);
/// The number of events that are sent while all else is quiet.
const LOOKS: usize = 2;
/// How long it is quiet before such an event.
const QUIET: Duration = Duration::from_secs(1);

/// The place where a fault strikes.
pub struct At<'a> {
    pub site: &'a mut Site,
    pub stage: &'a Stage,
    pub world: &'a World,
    pub revocations: &'a mut Revocations,
    /// The node that it strikes, if it strikes one.
    pub victim: usize,
    /// Whether half of the hints are lost all the time, beside any fault.
    pub lossy: bool,
    /// Readers that stay at one node each, in the order of the nodes.
    pub watching: &'a [Following],
    pub run: &'a RunState,
    pub sends: &'a mut Vec<Send>,
    /// The times that events took to all nodes when only looking could bring them.
    pub looked: &'a mut Vec<Duration>,
    /// The times that a node took to refuse when it could not reach its database.
    pub noticed: &'a mut Vec<Duration>,
}

impl At<'_> {
    /// A sign-out reaches all nodes.
    pub fn sign_out(&mut self) -> Result<()> {
        self.revocations.sign_out(&self.site.addresses(), self.stage)
    }

    /// Checks that an event reaches every node while nothing else happens, because the nodes look for events.
    pub fn look(&mut self) -> Result<()> {
        self.run.hush.store(true, Ordering::Relaxed);
        let looked = (0..LOOKS).try_for_each(|_| {
            self.stage.rest(QUIET)?;
            let text = format!("quiet {}", self.looked.len());
            let at = self.site.nodes[self.looked.len() % NODES].address;
            let (sent, answer) = recovery::send(at, self.world, &text, self.stage)?;
            self.sends.push(sent);
            self.looked.push(recovery::caught_up(
                self.watching,
                answer.position,
                LATE,
                self.stage,
            )?);
            Ok(())
        });
        self.run.hush.store(false, Ordering::Relaxed);
        looked
    }

    /// Cuts the struck node off from the database for this time.
    pub fn cut_from_database(&mut self, length: Duration) -> Result<()> {
        let began = Instant::now();
        let node = &self.site.nodes[self.victim];
        node.machine.cut(DATABASE);
        // A send gets its refusal within this time. The refusal says to try again.
        let refused = self.try_to_send(NOTICED_MAX)?;
        let (code, retry) = refused.refusal().unwrap_or_default();
        let good = matches!((refused.status, &*code), (503, "overloaded") | (500, "internal"));
        ensure!(good && retry, "a send without a database was answered {} {code}", refused.status);
        self.noticed.push(began.elapsed());
        // The node tells load balancers, too.
        let node = &self.site.nodes[self.victim];
        self.stage.until("a node without a database is not ready", NOTICED_MAX, || {
            Ok(node.ready().is_ok_and(|answer| answer.status == 503))
        })?;
        self.stage.rest(length.saturating_sub(began.elapsed()))?;
        self.site.nodes[self.victim].machine.mend(DATABASE);
        Ok(())
    }

    /// Sends straight to the node. No other send has this text and key, so it may be stored or not.
    fn try_to_send(&self, patience: Duration) -> Result<Answer> {
        let who = &self.world.people[0];
        let number = self.noticed.len();
        let to = Target::Channel("cluster-cut".into());
        let mut http = Http::open(self.site.nodes[self.victim].address)?;
        http.patience = patience;
        post(&mut http, &to, &who.token, &format!("cut-{number}"), "is anybody there?")
    }
}
