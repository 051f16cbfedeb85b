//! Machines for a test: network namespaces, with cables between them and the test.
//!
//! The whole test first moves into a namespace ([`alone`]) without a way out. Nobody else can reach what it listens on,
//! every port is free, and the kernel removes all of it with the last process in it.

use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use crate::process::{done, spawn, until};

/// This variable is set for the program that [`alone`] has started.
const ALONE: &str = "ENCKE_RIG_ALONE";
/// An unused hardware address. Whatever is sent to it is lost.
const NOBODY: &str = "02:00:00:00:00:01";

/// Replaces this process by the same program in a network namespace of its own. In that namespace it returns.
///
/// # Errors
///
/// The text says what this needs and what is missing.
pub fn alone() -> Result<(), String> {
    if std::env::var_os(ALONE).is_none() {
        if !rustix::process::getuid().is_root() {
            return Err("this makes network namespaces, which takes root: try it with sudo".into());
        }
        // This is tried first, because afterwards this process is gone and can't report an error.
        let mut probe = Command::new("unshare");
        let probed = probe.args(["--net", "--", "true"]).output();
        let probed = probed.map_err(|e| format!("unshare (util-linux) can't be run: {e}"))?;
        if !probed.status.success() {
            let said = String::from_utf8_lossy(&probed.stderr);
            return Err(format!("network namespaces can't be made here, not even by root: {said}"));
        }
        let me = std::env::current_exe().map_err(|e| e.to_string())?;
        let mut again = Command::new("unshare");
        again.args(["--net", "--"]).arg(me).args(std::env::args_os().skip(1)).env(ALONE, "1");
        return Err(format!("unshare (util-linux) can't be run: {}", again.exec()));
    }
    let mut up = ip();
    up.args(["link", "set", "lo", "up"]);
    let output = up.output().map_err(|e| format!("ip (iproute2) can't be run: {e}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("ip: {said}")) }
}

/// Debian keeps it out of the path of some users.
fn ip() -> Command {
    let place = ["/usr/sbin/ip", "/sbin/ip"].into_iter().find(|p| std::path::Path::new(p).exists());
    Command::new(place.unwrap_or("ip"))
}

/// A cable from the test to a machine, with an address at each end.
struct Cable {
    name: String,
    ours: Ipv4Addr,
    theirs: Ipv4Addr,
    /// The hardware addresses of the ends.
    our_end: String,
    their_end: String,
}

/// A network namespace with only those programs that the test starts in it. It ends when this value is dropped, or with
/// the process.
pub struct Machine {
    name: String,
    holder: Child,
    cables: Vec<Cable>,
}

impl Machine {
    /// A machine without a cable. The name is short: together with a cable's name it becomes the name of a network
    /// device.
    ///
    /// # Panics
    ///
    /// If this process has not moved into a namespace of its own.
    pub fn new(name: &str) -> Self {
        assert!(std::env::var_os(ALONE).is_some(), "call alone() first");
        let mut hold = Command::new("unshare");
        hold.args(["--net", "--", "setpriv", "--pdeathsig", "KILL", "--", "sleep", "infinity"]);
        hold.stdin(Stdio::null());
        let holder = spawn(hold);
        let space = |of: &str| std::fs::read_link(format!("/proc/{of}/ns/net")).ok();
        until("a machine is there", || {
            let there = space(&holder.id().to_string());
            there.is_some() && there != space("self")
        });
        let machine = Machine { name: name.into(), holder, cables: Vec::new() };
        machine.ip_there(&["link", "set", "lo", "up"]);
        machine
    }

    /// A program on this machine. It ends with the test's process.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.holder.id()));
        command.args(["--", "setpriv", "--pdeathsig", "KILL", "--"]).arg(program);
        command
    }

    fn ip_there(&self, args: &[&str]) {
        let mut enter = Command::new("nsenter");
        enter.arg(format!("--net=/proc/{}/ns/net", self.holder.id())).arg("--");
        enter.arg(ip().get_program()).args(args);
        done(enter);
    }

    fn ip_here(args: &[&str]) {
        let mut ip = ip();
        ip.args(args);
        done(ip);
    }

    /// Connects the machine with the test. The addresses are a pair of their own.
    pub fn plug(&mut self, name: &str, ours: Ipv4Addr, theirs: Ipv4Addr) {
        let device = format!("{}-{name}", self.name);
        let number = self.cables.len();
        let holder = self.holder.id().to_string();
        let end = |side: u8| {
            let [_, _, third, fourth] = ours.octets();
            format!("02:00:{side:02x}:{number:02x}:{third:02x}:{fourth:02x}")
        };
        let (our_end, their_end) = (end(1), end(2));
        let pair = ["link", "add", &device, "address", &our_end, "type", "veth", "peer", "name"];
        Self::ip_here(&[&pair[..], &[name, "address", &their_end, "netns", &holder]].concat());
        Self::ip_here(&["addr", "add", &format!("{ours}/30"), "dev", &device]);
        Self::ip_here(&["link", "set", &device, "up"]);
        self.ip_there(&["addr", "add", &format!("{theirs}/30"), "dev", name]);
        self.ip_there(&["link", "set", name, "up"]);
        self.cables.push(Cable { name: name.into(), ours, theirs, our_end, their_end });
        self.mend(name);
    }

    /// Cuts a cable: from now on all that is sent over it is lost, both ways and without an error.
    ///
    /// Each end then sends to an unused hardware address. Both ends would notice a device that is down or a missing
    /// route at once, and filters that drop packets need kernel modules that some systems lack.
    pub fn cut(&self, name: &str) {
        self.point(name, |_| (NOBODY, NOBODY));
    }

    /// Mends a cable.
    pub fn mend(&self, name: &str) {
        self.point(name, |cable| (&cable.our_end, &cable.their_end));
    }

    /// Sets the hardware address of the other end at both ends.
    fn point<'a>(&'a self, name: &str, ends: impl Fn(&'a Cable) -> (&'a str, &'a str)) {
        let cable = self.cables.iter().find(|c| c.name == name).expect("a cable of this name");
        let (ours, theirs) = (cable.ours.to_string(), cable.theirs.to_string());
        let (our_end, their_end) = ends(cable);
        let device = format!("{}-{name}", self.name);
        let at = |place, end, device| {
            ["neigh", "replace", place, "lladdr", end, "nud", "permanent", "dev", device]
                .map(str::to_owned)
        };
        let here = at(&theirs, their_end, &device);
        let there = at(&ours, our_end, name);
        Self::ip_here(&here.each_ref().map(String::as_str));
        self.ip_there(&there.each_ref().map(String::as_str));
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
