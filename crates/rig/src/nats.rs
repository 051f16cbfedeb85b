//! A NATS server for a test.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use crate::process::{free_port, spawn, until};

/// A running server on 127.0.0.1. It ends when this value is dropped, or with the process.
pub struct Nats {
    port: u16,
    /// Arguments besides the address, such as the user and password that it requires.
    args: Vec<String>,
    env: Vec<(String, String)>,
    running: Mutex<Option<Child>>,
}

impl Nats {
    /// A fresh server.
    pub fn start() -> Self {
        Nats::start_with(&[], &[])
    }

    /// A fresh server that requires this user and password.
    pub fn start_locked(user: &str, password: &str) -> Self {
        Nats::start_with(&["--user", user, "--pass", password], &[])
    }

    /// A fresh server with a configuration file, and with the variables that the file names.
    pub fn configured(file: &Path, env: &[(&str, &str)]) -> Self {
        Nats::start_with(&["-c", &file.display().to_string()], env)
    }

    fn start_with(args: &[&str], env: &[(&str, &str)]) -> Self {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        let env = env.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let nats = Nats { port: free_port(), args, env, running: Mutex::new(None) };
        nats.start_again();
        nats
    }

    /// The server that all tests of this process share.
    pub fn shared() -> &'static Nats {
        static SHARED: std::sync::OnceLock<Nats> = std::sync::OnceLock::new();
        SHARED.get_or_init(Nats::start)
    }

    /// Starts the server again and waits until it answers.
    pub fn start_again(&self) {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", "nats-server", "-a", "127.0.0.1", "-p"]);
        command.arg(self.port.to_string()).args(&self.args);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        *self.running.lock().expect("not poisoned") = Some(spawn(command));
        until("NATS answers", || TcpStream::connect(("127.0.0.1", self.port)).is_ok());
    }

    /// Kills the server.
    pub fn kill(&self) {
        if let Some(mut child) = self.running.lock().expect("not poisoned").take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// The address of the server over this port.
    pub fn url_by(&self, port: u16) -> String {
        format!("nats://127.0.0.1:{port}")
    }

    /// The address of the server.
    pub fn url(&self) -> String {
        self.url_by(self.port)
    }

    /// The port of the server.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}
