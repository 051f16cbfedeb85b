//! The options of classic pages.

use std::sync::Arc;

use tempfile::TempDir;

use super::{Page, start};
use crate::harness::{Server, encke};

/// The error of a failed start.
fn refused(args: &[&str]) -> String {
    let folder = TempDir::new().unwrap();
    let all = [&["serve"], args].concat();
    let output = encke(&all, Some(folder.path()), "");
    assert!(!output.status.success(), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn they_are_off_unless_switched_on() {
    let server = Server::start();
    let page = Page::of(&server);
    page.get("/live/backend.php").is(404);
    assert_eq!(page.post("/webim/GetMessage.php", &[]).status, 405);
}

#[test]
fn sessions_decide_unless_told_otherwise_and_belief_is_warned_of() {
    let server = start(&["--classic"]);
    Page::of(&server).get("/live/backend.php").is(401);
    assert!(!server.log().contains("believe"));
    let server = super::trusting();
    Page::of(&server).get("/live/backend.php?msg=x").is(200);
    assert!(server.log().contains("WARN") && server.log().contains("believe every name"));
}

#[test]
fn claims_from_other_machines_are_not_believed() {
    let trust = ["--classic", "--classic-identity", "trust"];
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let said = refused(&[&trust[..], &["--listen", listen]].concat());
        assert!(said.contains("allow_remote_trust"), "{said}");
    }
    // Good: listening to all without trust, and trust without `--classic`.
    let folder = Arc::new(TempDir::new().unwrap());
    Server::start_on(folder, "0.0.0.0:0", &["--classic"], &[]);
    let folder = Arc::new(TempDir::new().unwrap());
    Server::start_on(folder, "0.0.0.0:0", &["--classic-identity", "trust"], &[]);
    let folder = Arc::new(TempDir::new().unwrap());
    let args = [&trust[..], &["--classic-allow-remote-trust"]].concat();
    Server::start_on(folder, "0.0.0.0:0", &args, &[]);
}

#[test]
fn texts_as_they_are_and_belief_do_not_go_together_where_others_can_connect() {
    let both = [
        "--classic",
        "--classic-identity",
        "trust",
        "--classic-allow-remote-trust",
        "--classic-html",
        "raw",
    ];
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let said = refused(&[&both[..], &["--listen", listen]].concat());
        assert!(said.contains("html = \"raw\"") && said.contains("127.0.0.1"), "{said}");
    }
    assert!(start(&both).log().contains("as they were written"));
    // If sessions decide, pages from any address may escape texts themselves.
    let folder = Arc::new(TempDir::new().unwrap());
    Server::start_on(folder, "0.0.0.0:0", &["--classic", "--classic-html", "raw"], &[]);
    let said = refused(&["--classic", "--classic-html", "none"]);
    assert!(said.contains("escaped"), "{said}");
}

#[test]
fn the_file_has_a_table_of_its_own_which_flags_and_variables_win_over() {
    let folder = Arc::new(TempDir::new().unwrap());
    let file = folder.path().join("encke.toml");
    let text = "[classic]\nenabled = true\nidentity = \"trust\"\nallow_remote_trust = true\nhtml = \"escaped\"\n";
    std::fs::write(&file, text).unwrap();
    let config = ["--config", file.to_str().unwrap()];
    let server = Server::start_on(folder.clone(), "0.0.0.0:0", &config, &[]);
    let page = Page { address: ([127, 0, 0, 1], server.address.port()).into(), cookies: vec![] };
    page.get("/live/backend.php?msg=x").is(200);
    drop(server);
    let env = [("ENCKE_CLASSIC", "1"), ("ENCKE_CLASSIC_IDENTITY", "session")];
    let server = Server::start_on(folder, "127.0.0.1:0", &config, &env);
    Page::of(&server).get("/live/backend.php?msg=x").is(401);
    let said = refused(&["--classic", "--classic-identity", "everybody"]);
    assert!(said.contains("session"), "{said}");
}
