//! A mail server for a test: exim, which keeps all mails that it takes.

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use tempfile::TempDir;

use crate::process::{done, free_port, spawn, unprivileged, until};

/// A running exim on 127.0.0.1. It ends when this value is dropped, or with the process.
///
/// It takes mails for everybody but the local part `refused`, says "later" to `busy` as long as [`MailServer::be_busy`] says
/// so, and refuses mails for `closed` once [`MailServer::close`] was called.
pub struct MailServer {
    port: u16,
    child: Child,
    folder: TempDir,
}

/// What a mail server asks of those that send: TLS, and a password.
pub struct Guard<'a> {
    /// The certificate, in PEM.
    pub certificate: &'a str,
    /// Its key, in PEM.
    pub key: &'a str,
    /// Whether a connection is encrypted from the beginning.
    pub implicit: bool,
    /// The name with which to sign in. It has letters alone, like the password.
    pub user: &'a str,
    /// The password.
    pub password: &'a str,
}

impl Guard<'_> {
    /// The lines of the configuration before the ACLs, for a server that has the files of `place`.
    fn options(&self, place: &str, port: u16) -> String {
        let implicit = match self.implicit {
            true => format!("tls_on_connect_ports = {port}"),
            false => String::new(),
        };
        format!(
            "tls_advertise_hosts = *
             tls_certificate = {place}/certificate.pem
             tls_privatekey = {place}/key.pem
             {implicit}"
        )
    }

    fn authenticator(&self) -> String {
        let Guard { user, password, .. } = self;
        format!(
            "begin authenticators
             plain:
               driver = plaintext
               public_name = PLAIN
               server_prompts = :
               server_advertise_condition = ${{if def:tls_in_cipher}}
               server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
               server_set_id = $auth2"
        )
    }
}

impl MailServer {
    /// A fresh server.
    pub fn start() -> Self {
        MailServer::configured(None)
    }

    /// A fresh server that takes mails over TLS alone, and from those alone that have signed in.
    pub fn guarded(guard: &Guard<'_>) -> Self {
        MailServer::configured(Some(guard))
    }

    fn configured(guard: Option<&Guard<'_>>) -> Self {
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
        if let Some(guard) = guard {
            for (name, text) in [("certificate", guard.certificate), ("key", guard.key)] {
                let file = folder.path().join(name).with_extension("pem");
                std::fs::write(file, text).expect("it can be written");
            }
        }
        let tls = guard.map_or("tls_advertise_hosts =".into(), |it| it.options(&place, port));
        let signed_in = guard.map_or("", |_| "require authenticated = *");
        let authenticator = guard.map(Guard::authenticator).unwrap_or_default();
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
             {tls}
             deliver_drop_privilege = true
             keep_environment =
             rfc1413_query_timeout = 0s
             host_lookup =
             message_logs = false
             acl_smtp_rcpt = rcpt
             begin acl
             rcpt:
               {signed_in}
               deny local_parts = refused
               deny local_parts = closed
                    condition = ${{if exists{{{place}/closed}}}}
               defer local_parts = busy
                     condition = ${{if exists{{{place}/busy}}}}
               accept
             begin routers
             handed_over:
               driver = accept
               local_parts = desk
               condition = ${{if exists{{{place}/hand-over}}}}
               transport = pipe
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
               group = {group}
             pipe:
               driver = pipe
               command = {place}/hand-over
               return_path_add = true
               user = {user}
               group = {group}
             {authenticator}\n"
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

    /// The file with the certificate of a guarded server.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    /// Refuses mails for `closed@…` from now on, as for a mailbox that was given up.
    pub fn close(&self) {
        std::fs::write(self.folder.path().join("closed"), "").expect("it can be written");
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

    /// Hands mails for `desk@…` to a program from now on: one that the server's user may run, with these arguments.
    pub fn hand_over_to(&self, program: &Path, arguments: &[&str]) {
        let own = self.folder.path().join("program");
        std::fs::copy(program, &own).expect("a program can be copied");
        let script = self.folder.path().join("hand-over");
        let quoted: Vec<String> = arguments.iter().map(|text| format!("'{text}'")).collect();
        let text = format!("#!/bin/sh\nexec {} {}\n", own.display(), quoted.join(" "));
        std::fs::write(&script, text).expect("it can be written");
        for file in [&own, &script] {
            std::fs::set_permissions(file, Permissions::from_mode(0o755)).expect("it is there");
        }
    }

    /// Takes a mail by SMTP, as from another mail server. Half line breaks in it are the test's own fault.
    pub fn take(&self, from: &str, to: &str, mail: &str) {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the mail server answers");
        let mut lines = BufReader::new(&stream);
        let mut talk = |say: &str, expect: char| {
            (&stream).write_all(say.as_bytes()).expect("it listens");
            loop {
                let mut line = String::new();
                lines.read_line(&mut line).expect("it answers");
                assert!(line.starts_with(expect), "{say}: {line}");
                if line.as_bytes().get(3) != Some(&b'-') {
                    return;
                }
            }
        };
        talk("", '2');
        talk("EHLO test.example\r\n", '2');
        talk(&format!("MAIL FROM:<{from}>\r\n"), '2');
        talk(&format!("RCPT TO:<{to}>\r\n"), '2');
        talk("DATA\r\n", '3');
        talk(&format!("{mail}\r\n.\r\n"), '2');
        talk("QUIT\r\n", '2');
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
