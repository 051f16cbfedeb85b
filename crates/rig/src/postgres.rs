//! A PostgreSQL for a test.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::{Pid, Signal, kill_process};

use crate::process::{done, free_port, spawn, unprivileged, until};

/// A running server on 127.0.0.1 that syncs its writes to the disk. It ends when this value is dropped, or with the
/// process.
pub struct Postgres {
    folder: PathBuf,
    port: u16,
    running: Mutex<Option<Child>>,
}

/// The path of a program: of the newest version that Debian has installed, otherwise of the one in the path.
fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<_> = versions.map(|v| v.path().join("bin").join(name)).collect();
    found.retain(|path| path.exists());
    found.sort();
    found.pop().unwrap_or_else(|| name.into())
}

/// A folder that the server's user may write to.
fn folder() -> PathBuf {
    let folder = tempfile::Builder::new().prefix("encke-postgres-").tempdir();
    let folder = folder.expect("a folder can be made").keep();
    if rustix::process::getuid().is_root() {
        let mut chown = Command::new("chown");
        chown.arg("postgres:postgres").arg(&folder);
        done(chown);
    }
    folder
}

impl Postgres {
    /// A fresh server.
    pub fn start() -> Self {
        let postgres = Postgres { folder: folder(), port: free_port(), running: Mutex::new(None) };
        let mut init = unprivileged(program("initdb"), None);
        init.args([
            "-U",
            "encke",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "-D",
        ]);
        done({
            init.arg(postgres.data());
            init
        });
        postgres.configure(
            "shared_buffers = 32MB\nmax_connections = 200\nwal_level = replica\nmax_wal_senders = 4\n",
        );
        postgres.start_again();
        postgres
    }

    /// Makes a stopped server speak TLS from its next start on, with this certificate and key.
    pub fn speak_tls(&self, certificate: &str, key: &str) {
        for (name, pem) in [("server.crt", certificate), ("server.key", key)] {
            // `install` gives a file its owner and its mode at once.
            let from = self.folder.join(name);
            std::fs::write(&from, pem).expect("it can be written");
            let mut install = Command::new("install");
            if rustix::process::getuid().is_root() {
                install.args(["-o", "postgres", "-g", "postgres"]);
            }
            install.args(["-m", "600"]).arg(from).arg(self.data().join(name));
            done(install);
        }
        self.configure("ssl = on\n");
    }

    /// The server that all tests of this process share.
    pub fn shared() -> &'static Postgres {
        static SHARED: std::sync::OnceLock<Postgres> = std::sync::OnceLock::new();
        SHARED.get_or_init(Postgres::start)
    }

    /// A copy of a running server's data. When it is started, it follows that server as a standby.
    pub fn standby_of(other: &Postgres) -> Self {
        let postgres = Postgres { folder: folder(), port: free_port(), running: Mutex::new(None) };
        let mut copy = unprivileged(program("pg_basebackup"), None);
        copy.args(["-h", "127.0.0.1", "-U", "encke", "-R", "-X", "stream", "-c", "fast", "-p"]);
        copy.arg(other.port.to_string()).arg("-D").arg(postgres.data());
        done(copy);
        postgres.configure("");
        postgres
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn configure(&self, lines: &str) {
        let (folder, port) = (self.folder.display(), self.port);
        self.configure_on(&format!(
            "\n{lines}listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{folder}'\n"
        ));
    }

    /// Adds settings. The last value of a setting counts.
    fn configure_on(&self, text: &str) {
        use std::io::Write;
        let path = self.data().join("postgresql.conf");
        let file = std::fs::OpenOptions::new().append(true).open(path);
        file.and_then(|mut f| f.write_all(text.as_bytes())).expect("its settings can be written");
    }

    /// Makes a stopped server accept connections from other machines of the test, which are in this network.
    pub fn open_to(&self, network: &str) {
        use std::io::Write;
        self.configure_on("listen_addresses = '*'\n");
        let file = std::fs::OpenOptions::new().append(true).open(self.data().join("pg_hba.conf"));
        let line = format!("host all all {network} trust\n");
        file.and_then(|mut f| f.write_all(line.as_bytes())).expect("its settings can be written");
    }

    /// Makes a running server require this role's password.
    pub fn ask_for_password(&self, role: &str) {
        let path = self.data().join("pg_hba.conf");
        let rest = std::fs::read_to_string(&path).expect("its settings can be read");
        // PostgreSQL takes the first line that matches.
        let text = format!("host all {role} 127.0.0.1/32 scram-sha-256\n{rest}");
        std::fs::write(&path, text).expect("its settings can be written");
        self.sql("SELECT pg_reload_conf()");
    }

    /// Starts the server again with its data, and waits until it answers.
    pub fn start_again(&self) {
        // The shell outlives the test's process for a moment, so that it can end the server and remove the folder.
        let script = "trap 'kill -QUIT $server; wait $server; rm -rf \"$2\"; exit' TERM
            \"$1\" -D \"$2/data\" >>\"$2/log\" 2>&1 & server=$!
            echo $server >\"$2/pid\"
            while kill -0 $server 2>/dev/null; do wait $server; done";
        let _ = std::fs::remove_file(self.folder.join("pid"));
        let mut command = unprivileged("sh", Some("TERM"));
        command.args(["-c", script, "sh"]).arg(program("postgres")).arg(&self.folder);
        *self.running.lock().expect("not poisoned") = Some(spawn(command));
        until("PostgreSQL answers", || {
            let mut ready = Command::new(program("pg_isready"));
            ready.args(["-q", "-h", "127.0.0.1", "-U", "encke", "-p", &self.port.to_string()]);
            ready.status().is_ok_and(|s| s.success())
        });
    }

    fn server(&self) -> Option<Pid> {
        let text = std::fs::read_to_string(self.folder.join("pid")).ok()?;
        Pid::from_raw(text.trim().parse().ok()?)
    }

    fn end(&self, signal: Signal) {
        let Some(mut shell) = self.running.lock().expect("not poisoned").take() else { return };
        until("PostgreSQL has a number", || self.server().is_some());
        if let Some(server) = self.server() {
            let _ = kill_process(server, signal);
        }
        let _ = shell.wait();
        until("PostgreSQL's port is free", || {
            TcpStream::connect(("127.0.0.1", self.port)).is_err()
        });
    }

    /// Ends the server at once, like a crash: connections break, and uncommitted work is lost.
    pub fn kill(&self) {
        self.end(Signal::QUIT);
    }

    /// Ends the server in order: connections are told.
    pub fn stop(&self) {
        self.end(Signal::INT);
    }

    /// Makes a standby the primary.
    pub fn promote(&self) {
        let mut promote = unprivileged(program("pg_ctl"), None);
        promote.args(["promote", "-w", "-D"]).arg(self.data());
        done(promote);
    }

    /// Copies the data of a stopped server, like a snapshot of its disk.
    pub fn snapshot(&self) {
        let (from, to) = (self.data(), self.folder.join("snapshot"));
        self.copy(&from, &to);
    }

    /// Puts the files of a stopped server back to the snapshot.
    pub fn put_back(&self) {
        let (from, to) = (self.folder.join("snapshot"), self.data());
        std::fs::remove_dir_all(&to).expect("its files can be removed");
        self.copy(&from, &to);
    }

    fn copy(&self, from: &Path, to: &Path) {
        let mut copy = unprivileged("cp", None);
        copy.arg("-a").arg(from).arg(to);
        done(copy);
    }

    /// The port of the server.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of the server over this port.
    pub fn url_by(&self, port: u16) -> String {
        format!("postgres://encke@127.0.0.1:{port}/postgres")
    }

    /// The address of the server.
    pub fn url(&self) -> String {
        self.url_by(self.port)
    }

    /// Runs SQL and returns the lines of the output, with fields separated by `|`.
    pub fn sql(&self, sql: &str) -> Vec<String> {
        let mut psql = Command::new(program("psql"));
        psql.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d"]).arg(self.url());
        psql.args(["-c", sql]);
        let output = done(psql);
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }

    /// A unique name for a space.
    pub fn fresh_space() -> String {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
