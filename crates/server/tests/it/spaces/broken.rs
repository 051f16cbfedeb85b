//! The disk of one site fails; the others have disks of their own.

use std::process::Command;
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;

use super::transports::now;
use super::{Any, Two, text};
use crate::feed::Transport;
use crate::harness::{Auth, Client, Server, eventually};

/// The disk that fails on demand, as the store's own tests have it.
fn shim(folder: &TempDir) -> std::path::PathBuf {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../store/tests/it/faults/shim.c");
    let library = folder.path().join("shim.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(source);
    assert!(compiler.status().unwrap().success(), "cc compiles {source}");
    library
}

#[test]
fn a_sync_that_fails_ends_its_site_and_no_other() {
    let folder = Arc::new(TempDir::new().unwrap());
    let (shim, faults) = (shim(&folder), TempDir::new().unwrap());
    let env = [
        ("LD_PRELOAD", shim.as_os_str()),
        ("FAULTS", faults.path().as_os_str()),
        ("FAULTS_IN", "/left/".as_ref()),
    ];
    let server = Server::configured_with(folder, "0.0.0.0:0", &text(""), &env);
    let mut two = Two::on(server);
    let [(mut mei, tom, room), (mut other, listener, far)] = two.pairs();
    let mut feed = now(&tom, Transport::Sse);
    let mut beside = now(&listener, Transport::Sse);
    mei.say(&room, "stored");
    assert_eq!(feed.texts(&room, 1), ["stored"]);
    std::fs::write(faults.path().join("sync-wal"), "").unwrap();
    // Until a message is on the disk, it is not acknowledged and nobody gets it.
    let path = format!("/v1/conversations/{room}/messages");
    let mut wire = Any::to(&two.server);
    wire.asks(&mei.client, "POST", &path, Some("{\"text\":\"lost\"}"));
    // Only the head is read, because the client takes an answer of 500 for a fault.
    let head = wire.0.head().unwrap_or_default();
    assert!(!head.starts_with("HTTP/1.1 2"), "{head}");
    let rest = feed.rest();
    assert!(rest.iter().all(|item| item["body"]["text"] != "lost"), "{rest:?}");
    let mut away = Client::new(two.left.address, Auth::None);
    eventually("the site is left", || (away.get("/readyz").status == 503).then_some(()));
    for path in ["/v1/setup", "/v1/feed", "/"] {
        assert_eq!(away.get(path).is(503).code(), "overloaded");
    }
    let log = two.server.log();
    assert!(log.contains("this site is served no more") && log.contains("left"), "{log}");
    // The other goes on, in the same process.
    other.say(&far, "here");
    assert_eq!(beside.texts(&far, 1), ["here"]);
    two.right.post("/v1/channels/news/events", &json!("too")).is(201);
    // It still goes down in order.
    assert_eq!(two.server.stop(), Some(0));
}
