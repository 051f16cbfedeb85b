//! A mail server for a test: exim, which keeps all mails that it takes.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use tempfile::TempDir;

use crate::process::{done, free_port, spawn, unprivileged, until};

/// A running exim on 127.0.0.1. It ends when this value is dropped, or with the process.
///
/// It takes mails for everybody but the local part `refused`, and says "later" to `busy` as long as
/// [`MailServer::be_busy`] says so.
pub struct MailServer {
    port: u16,
    child: Child,
    folder: TempDir,
}

impl MailServer {
    /// A fresh server.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("encke-exim-").tempdir();
        let folder = folder.expect("a folder can be made");
        let (port, place) = (free_port(), folder.path().display().to_string());
        for name in ["spool", "log", "mail"] {
            std::fs::create_dir(folder.path().join(name)).expect("it can be made");
        }
        let is_root = rustix::process::getuid().is_root();
        let (user, group) = match is_root {
            true => ("postgres".to_owned(), "postgres".to_owned()),
            false => (
                rustix::process::getuid().as_raw().to_string(),
                rustix::process::getgid().as_raw().to_string(),
            ),
        };
        // exim gives up root for a configuration that is not Debian's, and everything is done by one user.
        let text = format!(
            "primary_hostname = mail.test
             spool_directory = {place}/spool
             log_file_path = {place}/log/%s
             pid_file_path = {place}/pid
             daemon_smtp_ports = {port}
             local_interfaces = 127.0.0.1
             exim_user = {user}
             exim_group = {group}
             tls_advertise_hosts =
             deliver_drop_privilege = true
             keep_environment =
             rfc1413_query_timeout = 0s
             host_lookup =
             message_logs = false
             acl_smtp_rcpt = rcpt
             begin acl
             rcpt:
               deny local_parts = refused
               defer local_parts = busy
                     condition = ${{if exists{{{place}/busy}}}}
               accept
             begin routers
             all:
               driver = accept
               transport = kept
             begin transports
             kept:
               driver = appendfile
               directory = {place}/mail
               maildir_format = true
               envelope_to_add = true
               user = {user}
               group = {group}\n"
        );
        // Options of an ACL, a router or a transport may stand at any column, but names may not.
        let text = text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
        let configuration = folder.path().join("exim.conf");
        std::fs::write(&configuration, text).expect("it can be written");
        if is_root {
            let mut chown = Command::new("chown");
            chown.arg("-R").arg(format!("{user}:{group}")).arg(folder.path());
            done(chown);
        }
        let debian = Path::new("/usr/sbin/exim4");
        let program = if debian.exists() { debian } else { Path::new("exim4") };
        let mut command = unprivileged(program, Some("KILL"));
        command.arg("-C").arg(configuration).arg("-bdf");
        let mut child = spawn(command);
        until("the mail server answers", || {
            let ended = child.try_wait().expect("it is ours");
            assert!(ended.is_none(), "exim does not start: {}", log_of(folder.path()));
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        MailServer { port, child, folder }
    }

    /// The port of the server.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it says "later" to mails for `busy@…`.
    pub fn be_busy(&self, busy: bool) {
        let file = self.folder.path().join("busy");
        if busy {
            std::fs::write(file, "").expect("it can be written");
        } else {
            std::fs::remove_file(file).expect("it is there");
        }
    }

    /// All mails that it has taken, the oldest first, with their headers.
    pub fn mails(&self) -> Vec<String> {
        let folder = self.folder.path().join("mail/new");
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        files.sort();
        let text = |path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into();
        files.into_iter().map(text).collect()
    }

    /// All that it wrote to its log.
    pub fn log(&self) -> String {
        log_of(self.folder.path())
    }
}

fn log_of(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log/main")).unwrap_or_default()
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
