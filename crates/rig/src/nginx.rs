//! An nginx for a test.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::process::{free_port, spawn, until};

/// A running nginx on 127.0.0.1. It ends when this value is dropped, or with the process.
pub struct Nginx {
    port: u16,
    child: Child,
    _folder: TempDir,
}

impl Nginx {
    /// Starts nginx with this `http` block. `block` is given the port to listen on.
    pub fn start(block: impl FnOnce(u16) -> String) -> Self {
        let folder = tempfile::Builder::new().prefix("encke-nginx-").tempdir();
        let folder = folder.expect("a folder can be made");
        let (port, place) = (free_port(), folder.path().display());
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {place}/{name};"))
            .join(" ");
        // nginx runs as one process, so that to kill it leaves nothing behind.
        let text = format!(
            "daemon off; master_process off; pid {place}/pid; error_log {place}/log warn;
             events {{ worker_connections 1024; }}
             http {{ access_log off; {temporary} {} }}\n",
            block(port)
        );
        let configuration = folder.path().join("nginx.conf");
        std::fs::write(&configuration, text).expect("it can be written");
        let debian = std::path::Path::new("/usr/sbin/nginx");
        let program = if debian.exists() { debian } else { "nginx".as_ref() };
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program);
        command.arg("-p").arg(folder.path()).arg("-c").arg(configuration);
        command.stdin(Stdio::null());
        let mut child = spawn(command);
        until("nginx answers", || {
            let ended = child.try_wait().expect("it is ours");
            let said = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
            assert!(ended.is_none(), "nginx does not start: {said}");
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Nginx { port, child, _folder: folder }
    }

    /// The port of nginx.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
