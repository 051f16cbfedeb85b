//! The process.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use encke_rig::Postgres;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{Client, WAIT, eventually};

/// A folder for data and logs; it goes with its last server.
pub type Folder = Arc<TempDir>;

/// The token for a server's metrics.
pub const METRICS_TOKEN: &str = "figures-of-this-test";

/// A running server. It is killed when it goes out of scope.
pub struct Server {
    child: Child,
    /// The output of the server until it was ready.
    pub printed: String,
    pub folder: Folder,
    pub address: SocketAddr,
    /// The address for HTTPS, if there is one.
    pub tls: Option<SocketAddr>,
}

impl Server {
    /// On a fresh folder.
    pub fn start() -> Server {
        Server::start_with(&[], &[])
    }

    /// On a fresh folder, with further arguments and variables.
    pub fn start_with(args: &[&str], env: &[(&str, &str)]) -> Server {
        Server::start_on(Arc::new(TempDir::new().unwrap()), "127.0.0.1:0", args, env)
    }

    pub fn start_on(folder: Folder, listen: &str, args: &[&str], env: &[(&str, &str)]) -> Server {
        let data = folder.path().join("data");
        let mut command = command(&["serve", "--listen", listen]);
        command.arg("--data").arg(&data).args(args).args(on_database(&data, args));
        command.env("ENCKE_METRICS_TOKEN", METRICS_TOKEN).envs(env.iter().copied());
        Server::run(folder, command)
    }

    /// With a configuration file, which says where everything is stored.
    pub fn configured(folder: Folder, listen: &str, text: &str) -> Server {
        Server::configured_with(folder, listen, text, &[])
    }

    /// The same, with further variables.
    pub fn configured_with(
        folder: Folder,
        listen: &str,
        text: &str,
        env: &[(&str, &std::ffi::OsStr)],
    ) -> Server {
        let file = folder.path().join("encke.toml");
        std::fs::write(&file, text).unwrap();
        let mut command = command(&["serve", "--listen", listen]);
        command.arg("--config").arg(file).current_dir(folder.path()).envs(env.iter().copied());
        Server::run(folder, command)
    }

    /// Starts a server on a folder that may have this many open files.
    pub fn cramped(folder: Folder, listen: &str, text: &str, files: u64) -> Server {
        let file = folder.path().join("encke.toml");
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new("prlimit");
        command.arg(format!("--nofile={files}:{files}")).arg(env!("CARGO_BIN_EXE_encke"));
        command.args(["serve", "--listen", listen, "--config"]).arg(file);
        command.current_dir(folder.path());
        Server::run(folder, command)
    }

    fn run(folder: Folder, mut command: Command) -> Server {
        let log = File::options().create(true).append(true).open(folder.path().join("log"));
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.unwrap())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (mut line, mut printed) = (String::new(), String::new());
        // An end without a line is a server that could not start.
        while !line.starts_with("Encke is ready") {
            line.clear();
            let n = stdout.read_line(&mut line).unwrap();
            assert!(n > 0, "the server did not start: {}", log_of(&folder));
            printed.push_str(&line);
        }
        let found = |scheme: &str| {
            let mut words = line.split_whitespace();
            words.find_map(|word| word.strip_prefix(scheme)).map(|a| a.parse().unwrap())
        };
        let (address, tls): (SocketAddr, _) = (found("http://").unwrap(), found("https://"));
        SetupCode::begin(address.port(), &printed);
        Server::keep_reading(stdout, address.port());
        Server { child, printed, folder, address, tls }
    }

    /// A server that prints must not find its pipe broken; and a space that comes late prints late.
    fn keep_reading(stdout: BufReader<ChildStdout>, port: u16) {
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).for_each(|line| SetupCode::remember(port, &line));
        });
    }

    /// Another one on the same folder and port; this one has ended.
    pub fn again(mut self) -> Server {
        self.kill();
        let (folder, address) = (self.folder.clone(), self.address.to_string());
        Server::start_on(folder, &address, &[], &[])
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// All that it wrote to its log.
    pub fn log(&self) -> String {
        log_of(&self.folder)
    }

    /// A client without credentials.
    pub fn visitor(&self) -> Client {
        Client::new(self.address, super::Auth::None)
    }

    /// The figures of its only site.
    pub fn figures(&self) -> String {
        super::figures_at(self.address)
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// SIGTERM; does not wait.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Waits for the end.
    pub fn ended(&mut self) -> ExitStatus {
        let since = Instant::now();
        let status = eventually("the end of the server", || self.child.try_wait().unwrap());
        assert!(since.elapsed() < WAIT);
        status
    }

    /// SIGTERM, and its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        self.terminate();
        self.ended().code()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Files that it has open.
    pub fn files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Memory that it holds, in bytes.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }
}

/// The set-up codes that servers of this run have printed: the port, the link, the code.
pub struct SetupCode;

static SETUP_CODES: Mutex<Vec<(u16, String, String)>> = Mutex::new(Vec::new());

impl SetupCode {
    /// Waits until the former user of the port is gone.
    fn begin(port: u16, printed: &str) {
        SETUP_CODES.lock().unwrap_or_else(|e| e.into_inner()).retain(|(other, ..)| *other != port);
        SetupCode::remember(port, printed);
    }

    fn remember(port: u16, printed: &str) {
        let mut all = SETUP_CODES.lock().unwrap_or_else(|e| e.into_inner());
        let links = printed.lines().filter_map(|line| line.trim().split_once("/#setup="));
        all.extend(links.map(|(link, code)| (port, link.to_owned(), code.to_owned())));
    }

    /// The newest one for the site at an address.
    pub fn of(address: SocketAddr) -> String {
        eventually("a set-up code is printed", || {
            let all = SETUP_CODES.lock().unwrap_or_else(|e| e.into_inner());
            let ports = || all.iter().rev().filter(|(port, ..)| *port == address.port());
            let own = ports().find(|(_, link, _)| *link == format!("http://{address}"));
            // Several sites of a process have different hosts. A single one may have a public URL instead.
            let is_other = |link: &str| link.starts_with("http://127.");
            own.or_else(|| ports().find(|(_, link, _)| !is_other(link)))
                .map(|(.., code)| code.clone())
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("the server's log:\n{}", self.log());
        }
    }
}

/// The figures of the site at an address.
pub fn figures_at(address: SocketAddr) -> String {
    let mut reader = Client::new(address, super::Auth::Bearer(METRICS_TOKEN.to_owned()));
    reader.get("/metrics").is(200).text().to_owned()
}

/// Whether all servers of this run have their store in a database: `ENCKE_TEST_STORE=postgres`.
pub fn is_on_database() -> bool {
    std::env::var("ENCKE_TEST_STORE").is_ok_and(|store| store == "postgres")
}

/// In such a run, the arguments that give a data folder its space in the database of the run.
fn on_database(data: &Path, args: &[&str]) -> Vec<String> {
    if !is_on_database() || args.contains(&"--database-url") {
        return Vec::new();
    }
    let hex: String =
        data.as_os_str().as_encoded_bytes().iter().map(|b| format!("{b:x}")).collect();
    let space = hex[hex.len().saturating_sub(40)..].to_owned();
    vec!["--database-url".into(), Postgres::shared().url(), "--space".into(), space]
}

fn log_of(folder: &Folder) -> String {
    let bytes = std::fs::read(folder.path().join("log")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_encke"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ENCKE_")) {
        command.env_remove(name);
    }
    command.args(args);
    command
}

/// Runs the command line to its end.
pub fn encke(args: &[&str], data: Option<&Path>, input: &str) -> Output {
    let mut command = command(args);
    if let Some(data) = data {
        command.arg("--data").arg(data).args(on_database(data, args));
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = std::thread::spawn(move || child.wait_with_output().unwrap());
    eventually("the end of a command", || output.is_finished().then_some(()));
    output.join().unwrap()
}
