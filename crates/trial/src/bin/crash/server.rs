//! The server under test: it is started, killed, ended and watched.

use std::fs::OpenOptions;
use std::net::{SocketAddrV4, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use encke_trial::http::Http;
use encke_trial::random::Random;
use encke_trial::run_state::RunState;

use crate::disk::LateDisk;

/// How long a start may take.
const START_MAX: Duration = Duration::from_secs(20);
/// How long the server may take to end after SIGTERM.
const DOWN_MAX: Duration = Duration::from_secs(15);

pub struct Server {
    program: PathBuf,
    data: PathBuf,
    pub log: PathBuf,
    pub addr: SocketAddrV4,
    run: Arc<RunState>,
    disk: Option<LateDisk>,
    child: Option<Child>,
    started: Instant,
    pub longest_start: Duration,
    pub longest_down: Duration,
}

/// A free port outside the range of outgoing connections. One of these could take the port, or even connect to itself,
/// while the server is down.
pub fn free_address(random: &mut Random) -> Result<SocketAddrV4> {
    for _ in 0..100 {
        let port = 20_000 + random.below(12_000) as u16;
        let addr = SocketAddrV4::new([127, 0, 0, 1].into(), port);
        if TcpListener::bind(addr).is_ok() {
            return Ok(addr);
        }
    }
    bail!("there is no free port")
}

/// The server's folder, below that of the test.
pub fn data(dir: &Path) -> PathBuf {
    dir.join("data")
}

impl Server {
    pub fn new(
        program: &Path,
        dir: &Path,
        addr: SocketAddrV4,
        run: Arc<RunState>,
        disk: Option<LateDisk>,
    ) -> Self {
        Server {
            program: program.to_owned(),
            data: data(dir),
            log: dir.join("server.log"),
            addr,
            run,
            disk,
            child: None,
            started: Instant::now(),
            longest_start: Duration::ZERO,
            longest_down: Duration::ZERO,
        }
    }

    /// Starts the server. It may not listen yet.
    pub fn start(&mut self) -> Result<()> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log)?;
        self.started = Instant::now();
        self.run.server_started();
        let mut command = Command::new(&self.program);
        command
            .args(["serve", "--log", "info", "--listen", &self.addr.to_string()])
            .arg("--data")
            .arg(&self.data)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        if let Some(disk) = &mut self.disk {
            disk.put_under(&mut command)?;
        }
        let child = command.spawn();
        self.child = Some(child.with_context(|| format!("starting {}", self.program.display()))?);
        Ok(())
    }

    /// Waits until the server takes writes.
    pub fn wait_ready(&mut self) -> Result<()> {
        while !self.is_ready() {
            self.still_runs()?;
            ensure!(self.started.elapsed() < START_MAX, "the server is not ready after 20 s");
            sleep(Duration::from_millis(5));
        }
        self.longest_start = self.longest_start.max(self.started.elapsed());
        Ok(())
    }

    fn is_ready(&self) -> bool {
        let patience = Duration::from_secs(2);
        Http::open(self.addr)
            .and_then(|mut http| http.call("GET", "/readyz", "", &[], "", patience))
            .is_ok_and(|answer| answer.status == 200)
    }

    /// From now on the disk may lie, if that is asked for.
    pub fn may_be_lied_to(&mut self) -> Result<()> {
        if self.disk.as_mut().is_some_and(LateDisk::begins_to_lie) {
            self.terminate()?;
            self.start()?;
            self.wait_ready()?;
        }
        Ok(())
    }

    /// The number of times that the disk lost its power.
    pub fn power_losses(&self) -> u64 {
        self.disk.as_ref().map_or(0, |disk| disk.power_losses)
    }

    /// An error if the server has ended by itself.
    pub fn still_runs(&mut self) -> Result<()> {
        let child = self.child.as_mut().context("the server was not started")?;
        if let Some(status) = child.try_wait()? {
            bail!("the server ended by itself: {status}");
        }
        Ok(())
    }

    /// Sends SIGKILL. The power may go at the same moment.
    pub fn kill(&mut self) -> Result<()> {
        self.still_runs()?;
        let mut child = self.child.take().context("the server was not started")?;
        child.kill()?;
        child.wait()?;
        self.disk.as_mut().map_or(Ok(()), LateDisk::server_ended)
    }

    /// Sends SIGTERM and waits for the end. The power may go right after it.
    pub fn terminate(&mut self) -> Result<ExitStatus> {
        self.still_runs()?;
        let mut child = self.child.take().context("the server was not started")?;
        encke_bench::sys::kill(child.id() as i32, 15);
        let asked = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                self.longest_down = self.longest_down.max(asked.elapsed());
                ensure!(status.success(), "after SIGTERM the server ended with {status}");
                self.disk.as_mut().map_or(Ok(()), LateDisk::server_ended)?;
                return Ok(status);
            }
            if asked.elapsed() > DOWN_MAX {
                child.kill()?;
                child.wait()?;
                bail!("the server did not end within 15 s of SIGTERM");
            }
            sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
