//! The command line, beside a running server and without one.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::feed::{Feed, Transport};
use crate::harness::{
    Auth, Client, PASSWORD, Server, SetupCode, Site, encke, eventually, is_on_database,
};

/// Runs it and returns what it printed; panics if it fails.
#[track_caller]
fn done(args: &[&str], data: Option<&Path>, input: &str) -> String {
    let output = encke(args, data, input);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs it and returns its complaint.
#[track_caller]
fn fails(args: &[&str], data: Option<&Path>, input: &str) -> String {
    let output = encke(args, data, input);
    assert!(!output.status.success(), "{args:?} went well");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!error.contains("panicked"), "{error}");
    error
}

/// People, passwords and tokens, in this order, whether a server runs or not.
fn administer(data: &Path) -> String {
    let password = format!("{PASSWORD}\n");
    let added =
        done(&["user", "add", "mei", "--display-name", "林美", "--owner"], Some(data), &password);
    assert!(added.starts_with('p') && added.trim().ends_with(" mei"), "{added}");
    done(&["user", "add", "tom"], Some(data), &password);
    let taken = fails(&["user", "add", "TOM"], Some(data), &password);
    assert!(taken.contains("name"), "{taken}");
    let short = fails(&["user", "add", "ann"], Some(data), "short\n");
    assert!(short.contains("8 to 256"), "{short}");
    fails(&["user", "add", "ann"], Some(data), "");
    done(&["user", "passwd", "tom"], Some(data), "another long password\n");
    fails(&["user", "passwd", "nobody"], Some(data), &password);
    let list = done(&["user", "list"], Some(data), "");
    assert!(
        list.contains("\towner\tmei\t林美\n") && list.contains("\tmember\ttom\ttom\n"),
        "{list}"
    );
    fails(&["token", "create", "--user", "nobody"], Some(data), "");
    let token = done(&["token", "create", "--user", "mei", "--label", "test"], Some(data), "");
    done(&["token", "create", "--bot", "robot"], Some(data), "");
    token.trim().to_owned()
}

#[test]
fn people_and_tokens_are_made_without_a_server() {
    let folder = Arc::new(TempDir::new().unwrap());
    let data = folder.path().join("data");
    let token = administer(&data);
    let server = Server::start_on(folder, "127.0.0.1:0", &[], &[]);
    let mut mei = Client::new(server.address, Auth::Bearer(token));
    assert_eq!(mei.get("/v1/me").is(200).json()["role"], "owner");
    let body = json!({"name": "tom", "password": "another long password"});
    server.visitor().post("/v1/sign-in", &body).is(200);
    assert_eq!(server.visitor().get("/v1/setup").json()["needed"], false);
}

#[test]
fn people_and_tokens_are_made_beside_a_server_and_are_live_at_once() {
    let server = Server::start();
    let data = server.data();
    let token = administer(&data);
    let mut mei = Client::new(server.address, Auth::Bearer(token));
    assert_eq!(mei.get("/v1/me").is(200).json()["display_name"], "林美");
    // A new password ends the sessions that are open (P7).
    let body = json!({"name": "tom", "password": "another long password"});
    let session = server.visitor().post("/v1/sign-in", &body).is(200).session();
    let auth = Auth::Cookie(session);
    let mut feed = Feed::begin(server.address, Transport::Sse, auth, None, "");
    feed.ready();
    done(&["user", "passwd", "tom"], Some(&data), "yet another password\n");
    assert_eq!(feed.rest().pop().unwrap()["reason"], "revoked");
}

#[test]
fn the_first_account_of_the_command_line_is_the_owner_and_closes_the_setup() {
    let server = Server::start();
    let data = server.data();
    let (input, code) = (format!("{PASSWORD}\n"), SetupCode::of(server.address));
    // deploy/README.md gives this command without a role.
    done(&["user", "add", "mei"], Some(&data), &input);
    let body = json!({"name": "eve", "password": PASSWORD, "setup_code": code});
    assert_eq!(server.visitor().post("/v1/setup", &body).is(409).code(), "already_set_up");
    assert_eq!(server.visitor().get("/v1/setup").json()["needed"], false);
    done(&["user", "add", "tom"], Some(&data), &input);
    done(&["user", "add", "ann", "--role", "owner"], Some(&data), &input);
    let list = done(&["user", "list"], Some(&data), "");
    for line in ["\towner\tmei\t", "\tmember\ttom\t", "\towner\tann\t"] {
        assert!(list.contains(line), "{list}");
    }
    let owned = fails(&["setup-code"], Some(&data), "");
    assert!(owned.contains("has an owner"), "{owned}");
}

#[test]
fn the_setup_code_is_printed_at_each_start_and_can_be_made_anew() {
    let server = Server::start();
    let first = SetupCode::of(server.address);
    assert_eq!(first.replace('-', "").len(), 20, "{first}");
    assert!(!server.log().contains(&first), "the log may be sent elsewhere");
    let link = format!("http://{}/#setup={first}", server.address);
    assert!(server.printed.contains(&link), "{}", server.printed);
    let server = server.again();
    let second = SetupCode::of(server.address);
    assert_ne!(first, second);
    let refused = |code: &str| {
        let body = json!({"name": "eve", "password": PASSWORD, "setup_code": code});
        assert_eq!(server.visitor().post("/v1/setup", &body).is(403).code(), "wrong_setup_code");
    };
    refused("");
    refused("7K3M-QX0V-7K3M-QX0V-7K3M");
    server.visitor().post("/v1/setup", &json!({"name": "eve", "password": PASSWORD})).is(403);
    // Beside the server. The code that was printed before ends.
    let third = done(&["setup-code"], Some(&server.data()), "");
    refused(&first);
    refused(&second);
    let body = json!({"name": "mei", "password": PASSWORD, "setup_code": third.trim()});
    server.visitor().post("/v1/setup", &body).is(201);
    let server = server.again();
    assert!(!server.printed.contains("setup"), "{}", server.printed);
}

#[test]
fn a_new_password_revokes_tokens_and_tokens_are_listed_and_revoked() {
    let server = Server::start();
    let data = server.data();
    let input = format!("{PASSWORD}\n");
    done(&["user", "add", "mei"], Some(&data), &input);
    let make = |more: &[&str]| {
        let args = [&["token", "create", "--label", "a script"], more].concat();
        done(&args, Some(&data), "").trim().to_owned()
    };
    let status = |token: &str| {
        Client::new(server.address, Auth::Bearer(token.to_owned())).get("/v1/me").status
    };
    let (meis, bots) = (make(&["--user", "mei"]), make(&["--bot", "robot", "--expires", "90d"]));
    assert_eq!((status(&meis), status(&bots)), (200, 200));
    fails(&["token", "create", "--user", "mei", "--expires", "soon"], Some(&data), "");
    let list = done(&["token", "list"], Some(&data), "");
    assert!(!list.contains(&meis) && !list.contains(&bots), "a secret is listed: {list}");
    assert_eq!(list.lines().count(), 2, "{list}");
    let line = list.lines().find(|line| line.contains("\trobot\ta script\t")).unwrap();
    assert!(line.ends_with('Z'), "it says when it ends: {line}");
    assert!(done(&["token", "list", "--of", "MEI"], Some(&data), "").trim().ends_with("\t-"));
    // One of them by its id, live at once.
    done(&["token", "revoke", line.split('\t').next().unwrap()], Some(&data), "");
    assert_eq!((status(&meis), status(&bots)), (200, 401));
    fails(&["token", "revoke", "0123456789abcdef"], Some(&data), "");
    fails(&["token", "revoke", "../people"], Some(&data), "");
    // All of a person by a recovery, with what rests on them.
    let auth = Auth::Bearer(meis.clone());
    let mut feed = Feed::begin(server.address, Transport::Sse, auth, None, "");
    feed.ready();
    let said = done(&["user", "passwd", "mei"], Some(&data), "another long password\n");
    assert!(said.contains("1 tokens"), "{said}");
    assert_eq!(feed.rest().pop().unwrap()["reason"], "revoked");
    assert_eq!(status(&meis), 401);
    assert_eq!(done(&["token", "list"], Some(&data), ""), "");
    // A generated password is printed, and good.
    let made = done(&["user", "passwd", "mei", "--generate"], Some(&data), "");
    let password = made.lines().find_map(|line| line.strip_prefix("password ")).unwrap();
    let body = json!({"name": "mei", "password": password});
    server.visitor().post("/v1/sign-in", &body).is(200);
}

/// A terminal: what the other side sees, and what it types.
fn terminal() -> (std::fs::File, std::fs::File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&screen).unwrap();
    unlockpt(&screen).unwrap();
    let name = ptsname(&screen, Vec::new()).unwrap();
    let inside = std::fs::File::options().read(true).write(true).open(name.to_str().unwrap());
    (screen.into(), inside.unwrap())
}

#[test]
fn a_password_is_not_shown_on_the_terminal() {
    use std::io::{Read, Write};
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let (mut screen, inside) = terminal();
    let mut child = Command::new(env!("CARGO_BIN_EXE_encke"))
        .args(["user", "add", "mei", "--data"])
        .arg(&data)
        .stdin(inside.try_clone().unwrap())
        .stdout(inside.try_clone().unwrap())
        .stderr(inside)
        .spawn()
        .unwrap();
    let (mut shown, mut part) = (String::new(), [0; 1024]);
    let mut until = |what: &str, screen: &mut std::fs::File| {
        while !shown.contains(what) {
            let n = screen.read(&mut part).unwrap();
            shown.push_str(&String::from_utf8_lossy(&part[..n]));
        }
        shown.clone()
    };
    for question in ["Password: ", "Password again: "] {
        until(question, &mut screen);
        screen.write_all(format!("{PASSWORD}\n").as_bytes()).unwrap();
    }
    let shown = until("is the owner", &mut screen);
    eventually("the end of the command", || child.try_wait().unwrap());
    assert!(!shown.contains(PASSWORD), "{shown}");
    // Always on the folder, which the command had.
    let server = Server::configured(Arc::new(folder), "127.0.0.1:0", "data = \"data\"");
    server.visitor().post("/v1/sign-in", &json!({"name": "mei", "password": PASSWORD})).is(200);
}

/// A command that goes on, and what it prints.
struct Running(Child, BufReader<std::process::ChildStdout>);

impl Running {
    fn start(args: &[&str]) -> Running {
        let mut child = Command::new(env!("CARGO_BIN_EXE_encke"))
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Running(child, out)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.1.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn send_and_tail_talk_to_a_server() {
    let site = Site::start();
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.direct(&tom);
    let url = format!("http://{}", site.address());
    let Auth::Bearer(token) = mei.auth() else { panic!("a token") };
    let Auth::Bearer(toms) = tom.auth() else { panic!("a token") };
    let cursor = tom.clone().now();
    let remote = ["--url", &url, "--token", &token];
    let send =
        |more: &[&str], input: &str| done(&[&["send"], &remote[..], more].concat(), None, input);
    let first = send(&["--conversation", &room, "--key", "k", "你好"], "");
    assert_eq!(send(&["--conversation", &room, "--key", "k", "你好"], ""), first, "the same send");
    send(&["--to", &tom.name.to_uppercase(), "by name"], "");
    send(&["--conversation", &room, "-"], "two\nlines");
    fails(&[&["send"], &remote[..], &["--to", "nobody", "x"]].concat(), None, "");
    fails(&["send", "--url", &url, "--token", "ekt_wrong", "--to", &tom.name, "x"], None, "");
    let args = ["tail", "--url", &url, "--token", &toms, "--cursor", &cursor];
    let mut tail = Running::start(&[&args[..], &["--json"]].concat());
    let mut texts = Vec::new();
    while texts.len() < 3 {
        let item: Value = serde_json::from_str(&tail.line()).unwrap();
        texts.extend(item["body"]["text"].as_str().map(str::to_owned));
    }
    assert_eq!(texts, ["你好", "by name", "two\nlines"]);
    let mut readable = Running::start(&args);
    assert!(readable.line().ends_with(": 你好\n"));
    fails(&["tail", "--url", &url, "--token", "ekt_wrong"], None, "");
    // Owners and bots may send to a channel.
    let data = site.server.data();
    let bot = done(&["token", "create", "--bot", "robot"], Some(&data), "");
    let mut news =
        Running::start(&["tail", "--url", &url, "--token", &toms, "--channels", "news", "--json"]);
    eventually("ready", || {
        (serde_json::from_str::<Value>(&news.line()).unwrap()["type"] == "ready").then_some(())
    });
    done(&["send", "--url", &url, "--token", bot.trim(), "--channel", "news", "extra!"], None, "");
    // The receipts of what was read above may come first.
    let item = eventually("something of the channel", || {
        let item: Value = serde_json::from_str(&news.line()).unwrap();
        (item["stream"] == "channel:news").then_some(item)
    });
    assert_eq!(item["body"], "extra!");
    let refused =
        fails(&["send", "--url", &url, "--token", &token, "--channel", "news", "x"], None, "");
    assert!(refused.contains("owners and bots"), "{refused}");
}

#[test]
fn a_backup_opens_elsewhere_and_old_cursors_are_told() {
    if is_on_database() {
        return;
    }
    let site = Site::start();
    let (mut mei, mut tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    mei.say(&room, "in the backup");
    let data = site.server.data();
    let made = done(&["backup"], Some(&data), "");
    assert!(Path::new(made.trim()).is_file(), "{made}");
    let folder = Arc::new(TempDir::new().unwrap());
    let copy = folder.path().join("data");
    std::fs::create_dir(&copy).unwrap();
    let file = copy.join("space.db");
    let printed = done(&["backup", file.to_str().unwrap()], Some(&data), "");
    assert_eq!(Path::new(printed.trim()), file);
    let twice = fails(&["backup", file.to_str().unwrap()], Some(&data), "");
    assert!(twice.contains("already"), "an older backup is kept: {twice}");
    mei.say(&room, "after the backup");
    let cursor = tom.now();
    let server = Server::start_on(folder, "127.0.0.1:0", &[], &[]);
    for transport in Transport::ALL {
        let mut feed = Feed::begin(server.address, transport, tom.auth(), Some(&cursor), "");
        let item = feed.item().unwrap();
        assert_eq!((&item["type"], &item["reason"]), (&json!("reset"), &json!("unknown_epoch")));
    }
    let mut restored = Client::new(server.address, tom.auth());
    let path = format!("/v1/conversations/{room}/events");
    let page = restored.get(&path).is(200).json();
    let texts: Vec<&Value> =
        page["events"].as_array().unwrap().iter().map(|e| &e["body"]["text"]).collect();
    assert_eq!(texts, [&Value::Null, &json!("in the backup")]);
}

#[test]
fn a_backup_is_made_without_a_server_too() {
    if is_on_database() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    done(&["user", "add", "mei"], Some(&data), &format!("{PASSWORD}\n"));
    let file = folder.path().join("copy.db");
    done(&["backup", file.to_str().unwrap()], Some(&data), "");
    assert!(file.is_file());
}

#[test]
fn doctor_finds_what_is_wrong() {
    if is_on_database() {
        return;
    }
    let server = Server::start();
    let data = server.data();
    let well = done(&["doctor"], Some(&data), "");
    assert!(well.contains("a server is running") && !well.contains("BAD"), "{well}");
    // An address in use.
    let folder = TempDir::new().unwrap();
    let listen = server.address.to_string();
    let taken = encke(&["doctor", "--listen", &listen], Some(&folder.path().join("new")), "");
    let text = String::from_utf8(taken.stdout).unwrap();
    assert!(!taken.status.success() && text.contains("can't be listened on"), "{text}");
    // A store that is damaged is refused, by the doctor and by the server, and the file is left as it is.
    let broken = folder.path().join("broken");
    std::fs::create_dir(&broken).unwrap();
    std::fs::write(broken.join("space.db"), vec![7; 8192]).unwrap();
    let bad = encke(&["doctor", "--listen", "127.0.0.1:0"], Some(&broken), "");
    let text = String::from_utf8(bad.stdout).unwrap();
    assert!(
        !bad.status.success() && text.contains("space.db") && text.contains("backup"),
        "{text}"
    );
    fails(&["serve", "--listen", "127.0.0.1:0"], Some(&broken), "");
    assert_eq!(std::fs::read(broken.join("space.db")).unwrap(), vec![7; 8192]);
    // A configuration with an unknown key.
    let config = folder.path().join("encke.toml");
    std::fs::write(&config, "listn = \"127.0.0.1:1\"\n").unwrap();
    let args = ["doctor", "--config", config.to_str().unwrap()];
    let bad = encke(&args, Some(&data), "");
    assert!(!bad.status.success());
    assert!(String::from_utf8(bad.stdout).unwrap().contains("listn"));
    fails(&["serve", "--config", config.to_str().unwrap()], Some(&data), "");
}

#[test]
fn options_come_from_flags_then_variables_then_the_file() {
    let folder = Arc::new(TempDir::new().unwrap());
    let config = folder.path().join("encke.toml");
    let data = folder.path().join("from-the-file");
    let text = format!("listen = \"127.0.0.1:1\"\ndata = {data:?}\nlog = \"error\"\nshards = 1\n");
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    // The flags that the harness gives win over the file.
    let server = Server::start_on(
        folder.clone(),
        "127.0.0.1:0",
        &["--config", config],
        &[("ENCKE_SHARDS", "2")],
    );
    assert_ne!(server.address.port(), 1);
    assert!(server.data().is_dir() && !data.exists());
    assert_eq!(server.log(), "", "the file says to log errors only");
    drop(server);
    fails(&["serve", "--listen", "nonsense"], Some(&data), "");
    fails(&["serve", "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"], Some(&data), "");
    fails(
        &["serve", "--listen", "127.0.0.1:0", "--public-url", "https://a.example/path"],
        Some(&data),
        "",
    );
}
