//! Processes that end with the test's process.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// How long an action may take on a busy machine.
pub(crate) const WAIT: Duration = Duration::from_secs(60);

/// A free port on 127.0.0.1.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}

type Order = (Command, Sender<std::io::Result<Child>>);

/// Starts a command from a thread that lives as long as the process. The command is killed when its parent thread ends,
/// and a test's thread ends with the test.
pub(crate) fn spawn(command: Command) -> Child {
    static STARTER: OnceLock<Mutex<Sender<Order>>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (orders, waiting) = channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, started) in waiting {
                // Ctrl-C reaches the test only, which then ends its processes.
                command.process_group(0);
                let _ = started.send(command.spawn());
            }
        });
        Mutex::new(orders)
    });
    let (started, child) = channel();
    let order = (command, started);
    starter.lock().expect("not poisoned").send(order).expect("the thread runs");
    child.recv().expect("the thread answers").expect("the program is installed: scripts/tools test")
}

/// Runs a command that has to succeed.
pub(crate) fn done(mut command: Command) -> Output {
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output();
    let output = output.expect("the program is installed: scripts/tools test");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    output
}

/// A command that runs as an ordinary user, because PostgreSQL refuses to run as root.
pub(crate) fn unprivileged(program: impl AsRef<OsStr>, at_end: Option<&str>) -> Command {
    let mut command = Command::new("setpriv");
    if let Some(signal) = at_end {
        command.args(["--pdeathsig", signal]);
    }
    if rustix::process::getuid().is_root() {
        command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]);
    }
    command.arg("--").arg(program).stdin(Stdio::null());
    command
}

/// Waits until the condition is true.
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + WAIT;
    while !so() {
        assert!(Instant::now() < end, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
