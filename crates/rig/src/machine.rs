//! Machines of one's own: network namespaces, with cables between them and us.
//!
//! The whole test moves into a namespace first ([`alone`]), which has no way out: what it listens on can be reached by
//! nobody else, every port is free, and the kernel takes all of it away with the last process in it.

use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use crate::process::{done, spawn, until};

/// Set for the program that [`alone`] has started.
const ALONE: &str = "ENCKE_RIG_ALONE";
/// No machine's hardware address: what is sent to it is taken by nobody.
const NOBODY: &str = "02:00:00:00:00:01";

/// Starts this program again in a network namespace of its own, in the place of this process; returns once it is there.
///
/// # Errors
/// Says what this needs and what is missing.
pub fn alone() -> Result<(), String> {
    if std::env::var_os(ALONE).is_none() {
        if !rustix::process::getuid().is_root() {
            return Err("this makes network namespaces, which takes root: try it with sudo".into());
        }
        // What may fail is tried first: afterwards nobody of us is left to say why.
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

/// A cable from us to a machine, with an address at each end.
struct Cable {
    name: String,
    ours: Ipv4Addr,
    theirs: Ipv4Addr,
    /// The hardware addresses of the ends.
    our_end: String,
    their_end: String,
}

/// A network namespace with nothing in it but what is started there. It ends with its value or with the process.
pub struct Machine {
    name: String,
    holder: Child,
    cables: Vec<Cable>,
}

impl Machine {
    /// A machine without a cable. The name is short: with that of a cable it becomes the name of a network device.
    ///
    /// # Panics
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

    /// A program that is to run on this machine, and ends with ours.
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

    /// Connects it with us; the addresses are a pair of their own.
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

    /// From now on whatever is sent over this cable is lost, both ways, and nobody is told: each end sends to a hardware
    /// address that nobody has. A device that is down or a route to nowhere would be noticed at once, and filters that
    /// drop need modules of the kernel that are not everywhere.
    pub fn cut(&self, name: &str) {
        self.point(name, |_| (NOBODY, NOBODY));
    }

    /// The cable carries again.
    pub fn mend(&self, name: &str) {
        self.point(name, |cable| (&cable.our_end, &cable.their_end));
    }

    /// Says at both ends where the other one is to be found.
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
