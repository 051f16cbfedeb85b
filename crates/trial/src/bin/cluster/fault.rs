//! The faults, one kind after the other.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::at::At;
use crate::node::BUS;

/// The longest time that the database is down.
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

    /// Whether every node can do its work and learns of others' commits by looking, so that delays are bounded.
    pub fn is_of_hints(self) -> bool {
        matches!(self, Fault::KillNats | Fault::HalfOfHints | Fault::CutFromNats)
    }

    /// Whether the struck node can't do its work meanwhile.
    pub fn disables_its_node(self) -> bool {
        matches!(self, Fault::Kill | Fault::CutFromDatabase | Fault::Stop | Fault::Drain)
    }

    /// Begins the fault and ends it before this returns. Checks meanwhile what the nodes report.
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
