//! The endpoints for an operator's machines, and their addresses.

use std::sync::Arc;

use encke_rig::free_port;
use serde_json::json;
use tempfile::TempDir;

use crate::harness::{Auth, Client, METRICS_TOKEN, Server, Site, encke};
use crate::spaces::{self, Two};

/// A client without credentials at a port of this machine.
fn at(port: u16) -> Client {
    Client::new(([127, 0, 0, 1], port).into(), Auth::None)
}

#[test]
fn metrics_need_the_token() {
    let site = Site::shared();
    let mut visitor = site.server.visitor();
    assert_eq!(visitor.get("/metrics").is(401).code(), "not_signed_in");
    for wrong in ["x", "figures-of-this-tesT", "figures-of-this-test2"] {
        let mut reader = Client::new(site.address(), Auth::Bearer(wrong.to_owned()));
        assert_eq!(reader.get("/metrics").is(401).code(), "not_signed_in");
    }
    // A member's token is no operator's.
    assert_eq!(site.person("mei").client.get("/metrics").is(401).code(), "not_signed_in");
    assert!(site.server.figures().contains("encke_connections"));
}

#[test]
fn without_a_token_the_public_address_has_no_metrics() {
    let folder = Arc::new(TempDir::new().unwrap());
    let server = Server::configured(folder, "127.0.0.1:0", "");
    let refused = server.visitor().get("/metrics").is(403);
    assert_eq!(refused.code(), "forbidden");
    assert!(refused.text().contains("ops-listen"), "{}", refused.text());
}

#[test]
fn a_token_that_can_be_guessed_is_refused_at_the_start() {
    let refused = encke(&["serve", "--metrics-token", "secret"], Some("/nowhere".as_ref()), "");
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("at least 16"), "{said}");
}

#[test]
fn readiness_and_metrics_are_only_on_the_operations_address() {
    let ops = free_port();
    let listen = format!("127.0.0.1:{ops}");
    let mut two = Two::with(&format!("ops-listen = \"{listen}\"\n"));
    let mut operator = at(ops);
    assert_eq!(operator.get("/healthz").is(200).text(), "ok\n");
    assert_eq!(operator.get("/readyz").is(200).text(), "left: ready\nright: ready\n");
    assert_eq!(operator.get("/readyz?space=right").is(200).text(), "ready\n");
    operator.get("/readyz?space=other").is(404);
    let figures = operator.get("/metrics").is(200).text().to_owned();
    for space in ["left", "right"] {
        let line = format!("encke_log_position{{space=\"{space}\"}} ");
        assert!(figures.lines().any(|l| l.starts_with(&line)), "{line}");
    }
    // Each family is announced once, however many sites there are.
    assert_eq!(figures.matches("# TYPE encke_log_position ").count(), 1);
    // The rest of the server is not here, and this is not where the rest is.
    operator.get("/v1/setup").is(404);
    for client in [&mut two.left, &mut two.right] {
        for path in ["/readyz", "/metrics"] {
            let mut reader = Client::new(client.address, Auth::Bearer(METRICS_TOKEN.to_owned()));
            reader.get(path).is(404);
        }
        client.get("/healthz").is(200);
    }
}

#[test]
fn asking_often_whether_a_node_is_ready_costs_few_writes() {
    const ASKED: usize = 200;
    let site = Site::start();
    let written = || {
        let text = site.server.figures();
        let name = "encke_commit_writes_sum ";
        text.lines().find_map(|l| l.strip_prefix(name)).unwrap().parse::<f64>().unwrap()
    };
    let (before, since) = (written(), std::time::Instant::now());
    let askers: Vec<_> = (0..4).map(|_| site.server.visitor()).collect();
    std::thread::scope(|scope| {
        for mut asker in askers {
            scope.spawn(move || (0..ASKED / 4).for_each(|_| drop(asker.get("/readyz").is(200))));
        }
    });
    // One look serves all who ask within a quarter of a second.
    let looks_max = since.elapsed().as_millis() as f64 / 250.0 + 2.0;
    let looks = written() - before;
    assert!(looks <= looks_max && looks < ASKED as f64, "{looks} writes, {looks_max} at most");
}

#[test]
fn the_command_line_reaches_each_of_several_sites_by_its_name() {
    let mut two = Two::start();
    let config = two.server.folder.path().join("encke.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    // The command may be run from anywhere, so it has to be told whole paths.
    let folder = two.server.folder.path().display();
    let whole = text.replace("data = \"", &format!("data = \"{folder}/"));
    let elsewhere = two.server.folder.path().join("whole.toml");
    std::fs::write(&elsewhere, whole).unwrap();
    let config = elsewhere.to_str().unwrap();
    let add = |space: &[&str]| {
        let args = [&["user", "add", "lin", "--config", config], space].concat();
        let output = encke(&args, None, "correct horse battery\n");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    };
    let (done, said) = add(&[]);
    assert!(!done && said.contains("left, right"), "{said}");
    let (done, said) = add(&["--space", "middle"]);
    assert!(!done && said.contains("left, right"), "{said}");
    let (done, said) = add(&["--space", "right"]);
    assert!(done, "{said}");
    let find = |owner: &mut Client| {
        let found = owner.get("/v1/people?q=lin").is(200).json();
        found["people"].as_array().unwrap().len()
    };
    assert_eq!((find(&mut two.left), find(&mut two.right)), (0, 1));
}

#[test]
fn a_line_of_the_log_names_the_site_that_it_is_about() {
    let folder = Arc::new(TempDir::new().unwrap());
    let text = spaces::text("log = \"encke_site=debug,encke_store=debug,encke=debug,info\"");
    let mut two = Two::on(Server::configured(folder, "0.0.0.0:0", &text));
    two.left.post("/v1/channels/news/events", &json!("there")).is(201);
    let code = two.server.stop();
    let log = two.server.log();
    assert_eq!(code, Some(0));
    for space in ["left", "right"] {
        let named = format!("space{{name=\"{space}\"}}");
        assert!(log.contains(&named), "{named}: {log}");
    }
}
