//! Where a fault strikes, and what is asked of the nodes meanwhile.

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

/// A node that can't reach its database says so, and refuses sends, within this time.
const NOTICED_MAX: Duration = Duration::from_secs(20);
/// How often an event is sent into the quiet,
const LOOKS: usize = 2;
/// and how long that lasts before.
const QUIET: Duration = Duration::from_secs(1);

/// Where a fault strikes.
pub struct At<'a> {
    pub site: &'a mut Site,
    pub stage: &'a Stage,
    pub world: &'a World,
    pub revocations: &'a mut Revocations,
    /// Which node it strikes, if it strikes one.
    pub victim: usize,
    /// Half of the hints are lost all the time, whatever else is wrong.
    pub lossy: bool,
    /// Readers that stay at one node each, in the order of the nodes.
    pub watching: &'a [Following],
    pub run: &'a RunState,
    pub sends: &'a mut Vec<Send>,
    /// How long events took to all nodes when nothing but looking could bring them.
    pub looked: &'a mut Vec<Duration>,
    /// How long a node took to refuse, once it could not reach its database.
    pub noticed: &'a mut Vec<Duration>,
}

impl At<'_> {
    /// A sign-out reaches all nodes.
    pub fn sign_out(&mut self) -> Result<()> {
        self.revocations.sign_out(&self.site.addresses(), self.stage)
    }

    /// When nothing else is going on, an event reaches every node all the same: they look.
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

    /// Cuts its node off from the database for so long.
    pub fn cut_from_database(&mut self, length: Duration) -> Result<()> {
        let began = Instant::now();
        let node = &self.site.nodes[self.victim];
        node.machine.cut(DATABASE);
        // A send waits no longer than this for its refusal, which says to try again.
        let refused = self.try_to_send(NOTICED_MAX)?;
        let (code, retry) = refused.refusal().unwrap_or_default();
        let good = matches!((refused.status, &*code), (503, "overloaded") | (500, "internal"));
        ensure!(good && retry, "a send without a database was answered {} {code}", refused.status);
        self.noticed.push(began.elapsed());
        // And the node tells whoever balances.
        let node = &self.site.nodes[self.victim];
        self.stage.until("a node without a database is not ready", NOTICED_MAX, || {
            Ok(node.ready().is_ok_and(|answer| answer.status == 503))
        })?;
        self.stage.rest(length.saturating_sub(began.elapsed()))?;
        self.site.nodes[self.victim].machine.mend(DATABASE);
        Ok(())
    }

    /// Sends straight to the node; its key is the only one of this text, so it may be stored or not.
    fn try_to_send(&self, patience: Duration) -> Result<Answer> {
        let who = &self.world.people[0];
        let number = self.noticed.len();
        let to = Target::Channel("cluster-cut".into());
        let mut http = Http::open(self.site.nodes[self.victim].address)?;
        http.patience = patience;
        post(&mut http, &to, &who.token, &format!("cut-{number}"), "is anybody there?")
    }
}
