//! What goes wrong, one kind after the other.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use encke_load::trial::cast::Following;
use encke_load::trial::http::{Answer, Http};
use encke_load::trial::journal::Send;
use encke_load::trial::shared::Shared;
use encke_load::trial::world::World;
use encke_load::trial::writer::{Target, post};

use crate::delay::LATE;
use crate::node::{BUS, DATABASE};
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
/// For so long the database is down at most.
const DATABASE_DOWN_MAX: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fault {
    Kill,
    KillNats,
    HalfOfHints,
    CutFromDatabase,
    CutFromNats,
    Stop,
    RestartDatabase,
    CrashDatabase,
    Drain,
}

impl Fault {
    pub const ALL: [Fault; 9] = [
        Fault::Kill,
        Fault::KillNats,
        Fault::HalfOfHints,
        Fault::CutFromDatabase,
        Fault::CutFromNats,
        Fault::Stop,
        Fault::RestartDatabase,
        Fault::CrashDatabase,
        Fault::Drain,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Fault::Kill => "a node is killed",
            Fault::KillNats => "NATS is killed",
            Fault::HalfOfHints => "half of the hints are lost",
            Fault::CutFromDatabase => "a node is cut off from PostgreSQL",
            Fault::CutFromNats => "a node is cut off from NATS",
            Fault::Stop => "a node is stopped (SIGSTOP)",
            Fault::RestartDatabase => "PostgreSQL restarts",
            Fault::CrashDatabase => "PostgreSQL crashes",
            Fault::Drain => "a node is drained (SIGTERM)",
        }
    }

    /// Every node goes on, and hears of the others at the latest by looking: delays are bounded.
    pub fn is_of_hints(self) -> bool {
        matches!(self, Fault::KillNats | Fault::HalfOfHints | Fault::CutFromNats)
    }

    /// The node that it strikes can't do its work meanwhile.
    pub fn disables_its_node(self) -> bool {
        matches!(self, Fault::Kill | Fault::CutFromDatabase | Fault::Stop | Fault::Drain)
    }

    /// Strikes, lasts, and is over when this returns. What it says of the nodes meanwhile is checked.
    pub fn strike(self, at: &mut At, length: Duration) -> Result<()> {
        let At { site, stage, victim, .. } = at;
        let victim = *victim;
        match self {
            Fault::Kill => {
                site.nodes[victim].kill()?;
                stage.rest(length)?;
                site.nodes[victim].start()?;
                site.nodes[victim].wait_ready(stage)
            }
            Fault::Drain => {
                site.nodes[victim].terminate(stage)?;
                stage.rest(length)?;
                site.nodes[victim].start()?;
                site.nodes[victim].wait_ready(stage)
            }
            Fault::KillNats => {
                site.nats.kill();
                stage.rest(length)?;
                at.sign_out()?;
                at.look()?;
                at.site.nats.start_again();
                Ok(())
            }
            Fault::HalfOfHints => {
                let before = site.relay.dropped();
                site.relay.drop_half(true);
                stage.rest(length)?;
                at.sign_out()?;
                at.site.relay.drop_half(at.lossy);
                ensure!(at.site.relay.dropped() > before, "no hint was lost: nothing was tried");
                Ok(())
            }
            Fault::CutFromDatabase => at.cut_from_database(length),
            Fault::CutFromNats => {
                site.nodes[victim].machine.cut(BUS);
                stage.rest(length)?;
                at.sign_out()?;
                at.look()?;
                at.site.nodes[victim].machine.mend(BUS);
                Ok(())
            }
            Fault::Stop => {
                site.nodes[victim].signal(libc::SIGSTOP);
                stage.rest(length)?;
                site.nodes[victim].signal(libc::SIGCONT);
                Ok(())
            }
            Fault::RestartDatabase | Fault::CrashDatabase => {
                if self == Fault::RestartDatabase {
                    site.postgres.stop();
                } else {
                    site.postgres.kill();
                }
                stage.rest(length.min(DATABASE_DOWN_MAX))?;
                site.postgres.start_again();
                Ok(())
            }
        }
    }
}

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
    pub shared: &'a Shared,
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
    fn look(&mut self) -> Result<()> {
        self.shared.hush.store(true, Ordering::Relaxed);
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
        self.shared.hush.store(false, Ordering::Relaxed);
        looked
    }

    fn cut_from_database(&mut self, length: Duration) -> Result<()> {
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
