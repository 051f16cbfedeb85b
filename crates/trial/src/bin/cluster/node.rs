//! A node on a machine of its own, with one cable each to the database, to the bus and to its clients.

use std::fs::OpenOptions;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use encke_bench::sys;
use encke_rig::Machine;
use encke_trial::http::{Answer, Http};

use crate::stage::Stage;

/// How long a start may take.
const START_MAX: Duration = Duration::from_secs(60);
/// How long a node may take to end after SIGTERM.
const DOWN_MAX: Duration = Duration::from_secs(30);
const PORT: u16 = 8080;

/// The token for a node's metrics.
pub const METRICS_TOKEN: &str = "the-figures-of-the-cluster-test";

/// The name of the cable to the database.
pub const DATABASE: &str = "db";
/// The name of the cable to the bus.
pub const BUS: &str = "bus";
const FRONT: &str = "front";

/// The network that all addresses of nodes are in.
pub const NETWORK: &str = "10.77.0.0/16";

pub struct Node {
    pub machine: Machine,
    pub address: SocketAddrV4,
    program: PathBuf,
    args: Vec<String>,
    pub log: PathBuf,
    child: Option<Child>,
}

/// The test's end of a node's cable. The other end is the next address.
fn end(number: u8, cable: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 77, number, cable * 4 + 1)
}

fn other(end: Ipv4Addr) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(end) + 1)
}

impl Node {
    /// A machine with its cables and without any program. The URLs are made from the address at the test's end.
    pub fn new(
        number: u8,
        program: &Path,
        folder: &Path,
        database: impl FnOnce(Ipv4Addr) -> String,
        bus: impl FnOnce(Ipv4Addr) -> String,
    ) -> Self {
        let mut machine = Machine::new(&format!("node{number}"));
        let [to_database, to_bus, front] = [0, 1, 2].map(|cable| end(number, cable));
        for (name, ours) in [(DATABASE, to_database), (BUS, to_bus), (FRONT, front)] {
            machine.plug(name, ours, other(ours));
        }
        let address = SocketAddrV4::new(other(front), PORT);
        let data = folder.join(format!("node{number}"));
        let args = [
            ("--listen", address.to_string()),
            ("--data", data.display().to_string()),
            ("--database-url", database(to_database)),
            ("--nats-url", bus(to_bus)),
            ("--metrics-token", METRICS_TOKEN.to_owned()),
        ];
        let args = args.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
        Node {
            machine,
            address,
            program: program.to_owned(),
            args: args.collect(),
            log: folder.join(format!("node{number}.log")),
            child: None,
        }
    }

    /// Starts the node. It may not listen yet.
    pub fn start(&mut self) -> Result<()> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log)?;
        let mut command = self.machine.command(&self.program);
        command.args(["serve", "--log", "info"]).args(&self.args);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        // Ctrl-C reaches the test only, which then ends everything.
        command.process_group(0);
        self.child = Some(command.spawn().context("starting a node")?);
        Ok(())
    }

    /// Waits until the node says that it is ready.
    pub fn wait_ready(&mut self, stage: &Stage) -> Result<()> {
        stage.until("a node is ready", START_MAX, || {
            self.still_runs()?;
            Ok(self.ready().is_ok_and(|answer| answer.status == 200))
        })?;
        Ok(())
    }

    /// The node's answer to whether it is ready.
    pub fn ready(&self) -> Result<Answer> {
        let patience = Duration::from_secs(5);
        Http::open(self.address)?.call("GET", "/readyz", "", &[], "", patience)
    }

    /// An error if the node has ended by itself.
    pub fn still_runs(&mut self) -> Result<()> {
        let child = self.child.as_mut().context("the node was not started")?;
        if let Some(status) = child.try_wait()? {
            bail!("a node ended by itself: {status}");
        }
        Ok(())
    }

    /// Sends SIGKILL.
    pub fn kill(&mut self) -> Result<()> {
        self.still_runs()?;
        let mut child = self.child.take().context("the node was not started")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Sends SIGTERM and waits for a good end.
    pub fn terminate(&mut self, stage: &Stage) -> Result<()> {
        self.still_runs()?;
        let asked = Instant::now();
        self.signal(libc::SIGTERM);
        let mut child = self.child.take().context("the node was not started")?;
        let ended =
            stage.until("a node ends after SIGTERM", DOWN_MAX, || Ok(child.try_wait()?.is_some()));
        if ended.is_err() {
            child.kill()?;
        }
        let status = child.wait()?;
        ended?;
        ensure!(status.success(), "after SIGTERM, {:?}: {status}", asked.elapsed());
        Ok(())
    }

    /// Sends a signal to the node.
    pub fn signal(&self, signal: i32) {
        if let Some(child) = &self.child {
            sys::kill(child.id() as i32, signal);
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
