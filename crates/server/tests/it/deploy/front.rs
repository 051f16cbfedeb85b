//! A proxy in front of nodes.

use std::fs::File;
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use encke_rig::free_port;
use tempfile::TempDir;

use super::folder;
use crate::harness::eventually;

/// A running proxy. It ends when it goes out of scope.
pub struct Front {
    child: Child,
    folder: TempDir,
    pub address: SocketAddr,
}

/// A configuration with other places in it, each of which must stand there.
fn with_places(file: &str, places: &[(&str, String)]) -> String {
    let text = std::fs::read_to_string(folder().join(file)).unwrap();
    places.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{file} says {from}");
        text.replace(from, to)
    })
}

impl Front {
    /// nginx as `deploy/nginx` sets it up, with a port without TLS beside the one with it.
    pub fn nginx(nodes: &[SocketAddr]) -> Front {
        let folder = TempDir::new().unwrap();
        let at = folder.path().display();
        let (port, secure, plain) = (free_port(), free_port(), free_port());
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        std::fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let server = |node: &SocketAddr| format!("server {node} max_fails=1 fail_timeout=2s;");
        let servers = nodes.iter().map(server).collect::<String>();
        let places = [
            ("server 127.0.0.1:8080 max_fails=1 fail_timeout=2s;", servers),
            ("listen 80;", format!("listen 127.0.0.1:{plain};")),
            (
                "listen 443 ssl http2;",
                format!("listen 127.0.0.1:{secure} ssl http2; listen 127.0.0.1:{port};"),
            ),
            ("/etc/ssl/chat.example.com/fullchain.pem", format!("{at}/cert.pem")),
            ("/etc/ssl/chat.example.com/privkey.pem", format!("{at}/key.pem")),
        ];
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {at}/{name};"));
        let text = format!(
            "pid {at}/pid; error_log stderr; daemon off; master_process off;
             events {{ worker_connections 256; }}
             http {{ access_log off; {} {} }}",
            temporary.concat(),
            with_places("nginx/encke.conf", &places)
        );
        std::fs::write(folder.path().join("nginx.conf"), text).unwrap();
        // Debian installs it there, outside of some users' path.
        let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
        let mut nginx = Command::new("nginx");
        nginx.env("PATH", path).args(["-e", "stderr", "-c"]).arg(folder.path().join("nginx.conf"));
        Front::start(nginx, folder, port)
    }

    /// Caddy as `deploy/caddy` sets it up, without TLS.
    pub fn caddy(nodes: &[SocketAddr]) -> Front {
        let all = nodes.iter().map(|node| node.to_string() + " ").collect::<String>();
        // It listens on every address, and on one of them somebody may have the port that was free on ours.
        for _ in 0..10 {
            let (folder, port) = (TempDir::new().unwrap(), free_port());
            let places = [
                ("chat.example.com {", format!("http://127.0.0.1:{port} {{")),
                ("127.0.0.1:8080", all.clone()),
            ];
            let text = format!("{{\nadmin off\n}}\n{}", with_places("caddy/Caddyfile", &places));
            std::fs::write(folder.path().join("Caddyfile"), text).unwrap();
            let mut caddy = Command::new("caddy");
            caddy.env("HOME", folder.path());
            caddy.env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME");
            caddy
                .args(["run", "--adapter", "caddyfile", "--config"])
                .arg(folder.path().join("Caddyfile"));
            if let Some(front) = Front::try_start(caddy, folder, port) {
                return front;
            }
        }
        panic!("Caddy finds no free port");
    }

    fn start(program: Command, folder: TempDir, port: u16) -> Front {
        Front::try_start(program, folder, port).expect("the port is free")
    }

    /// `None` if somebody else has the port.
    fn try_start(mut program: Command, folder: TempDir, port: u16) -> Option<Front> {
        let log = File::create(folder.path().join("log")).unwrap();
        let child = program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let child = child.expect("the program is installed: scripts/tools test");
        let mut front = Front { child, folder, address };
        let listens = eventually("the proxy listens", || {
            if front.child.try_wait().unwrap().is_some() {
                let log = std::fs::read_to_string(front.folder.path().join("log")).unwrap();
                assert!(log.contains("address already in use"), "the proxy did not start: {log}");
                return Some(false);
            }
            TcpStream::connect(address).ok().map(|_| true)
        });
        listens.then_some(front)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = std::fs::read(self.folder.path().join("log")).unwrap_or_default();
            eprintln!("the proxy's log:\n{}", String::from_utf8_lossy(&log));
        }
    }
}
