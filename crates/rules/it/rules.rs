//! The rules of the workspace: which crate may depend on which, the length of files, the use of every limit.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each crate, and the crates of the workspace that it may depend on (ARCHITECTURE.md).
const MAY: &[(&str, &[&str])] = &[
    ("engine", &["fuzz"]),
    ("store", &["engine", "rig"]),
    ("bus", &["engine", "rig"]),
    ("client", &[]),
    ("credentials", &[]),
    ("egress", &["engine"]),
    ("transport", &["credentials", "engine", "fuzz"]),
    ("apps/site", &["credentials", "engine", "store"]),
    ("apps/account", &["credentials", "engine", "store", "site"]),
    ("apps/files", &["engine", "store", "site", "account"]),
    ("apps/talk", &["engine", "store", "site", "account", "files", "fuzz"]),
    // Products: none of them depends on another one.
    ("apps/chat", &["engine", "store", "site", "account", "files", "talk"]),
    ("apps/channel", &["engine", "store", "site", "account", "talk"]),
    ("apps/keep", &["engine", "store", "site", "account", "talk"]),
    ("apps/push", &["egress", "engine", "store", "site", "account", "talk"]),
    ("apps/letter", &["engine", "site", "fuzz"]),
    ("apps/digest", &["engine", "store", "site", "account", "talk", "letter"]),
    ("apps/preview", &["egress", "engine", "store", "site", "account", "files", "talk"]),
    ("apps/queue", &["engine"]),
    (
        "apps/desk",
        &["engine", "queue", "store", "site", "account", "files", "talk", "letter", "fuzz"],
    ),
    (
        "apps/tests",
        &[
            "engine", "store", "site", "account", "files", "talk", "chat", "desk", "channel",
            "rig", "server",
        ],
    ),
    (
        "gateway",
        &["engine", "store", "transport", "site", "account", "talk", "chat", "channel", "fuzz"],
    ),
    (
        "server",
        &[
            "client",
            "credentials",
            "engine",
            "store",
            "bus",
            "transport",
            "site",
            "account",
            "files",
            "talk",
            "chat",
            "channel",
            "keep",
            "push",
            "preview",
            "digest",
            "desk",
            "letter",
            "egress",
            "gateway",
            "rig",
        ],
    ),
    // Beside the product: the crates that test it may use the crates below them.
    ("rig", &[]),
    ("late-disk", &["rig"]),
    ("rules", &[]),
    ("sim", &["engine", "queue"]),
    ("bench", &["engine", "store", "site", "account"]),
    ("trial", &["engine", "store", "rig", "bench"]),
];

/// The crates that a crate must not even depend on through others.
const NEVER: &[(&str, &[&str])] = &[
    ("engine", &["tokio", "hyper", "rusqlite", "axum", "rustix", "libc", "mio", "http"]),
    ("transport", &["tokio", "hyper", "rusqlite", "axum"]),
    ("store", &["hyper", "axum", "http"]),
    ("apps/site", &["hyper", "rusqlite", "rustix"]),
    ("apps/account", &["hyper", "rusqlite", "rustix"]),
    ("apps/files", &["hyper", "rusqlite"]),
    ("apps/talk", &["hyper", "rusqlite", "rustix"]),
    ("apps/chat", &["hyper", "rusqlite", "rustix"]),
    ("apps/channel", &["hyper", "rusqlite", "rustix"]),
    ("apps/keep", &["hyper", "rusqlite", "rustix"]),
    ("apps/desk", &["hyper", "rusqlite", "rustix"]),
    // Requests outside go through the egress alone.
    ("apps/digest", &["hyper", "reqwest", "rusqlite", "rustix"]),
    ("apps/preview", &["hyper", "reqwest", "rusqlite", "rustix"]),
    ("apps/push", &["hyper", "reqwest", "rusqlite", "rustix"]),
];

/// Lines above which a file is to be divided.
const LINES_MAX: usize = 500;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn manifest(path: &Path) -> toml::Table {
    fs::read_to_string(path).unwrap().parse().unwrap()
}

/// Every crate, by its folder below `crates`.
fn crates() -> Vec<(String, toml::Table)> {
    let top = root().join("crates");
    let manifests = files(&top, &["toml"]);
    let manifests = manifests.iter().filter(|path| path.ends_with("Cargo.toml"));
    let found = manifests.map(|path| {
        let folder = path.parent().unwrap().strip_prefix(&top).unwrap();
        (folder.to_str().unwrap().to_owned(), manifest(path))
    });
    found.collect()
}

/// The name of the crate in a folder: the last part, behind `encke-`. The tests of a folder carry its name, too.
fn package(folder: &str) -> String {
    match folder.rsplit_once('/') {
        Some((above, "tests")) => format!("encke-{above}-tests"),
        Some((_, last)) => format!("encke-{last}"),
        None => format!("encke-{folder}"),
    }
}

/// The names of a crate's dependencies; those for tests only if asked.
fn dependencies(table: &toml::Table, tests: bool) -> BTreeSet<String> {
    let mut kinds = vec!["dependencies", "build-dependencies"];
    kinds.extend(tests.then_some("dev-dependencies"));
    let of = |t: &toml::Table| -> Vec<String> {
        let lists = kinds.iter().filter_map(|k| t.get(*k)?.as_table().cloned());
        lists.flat_map(|l| l.into_iter().map(|(name, _)| name)).collect()
    };
    let targets = table.get("target").and_then(|t| t.as_table().cloned()).unwrap_or_default();
    let further = targets.iter().filter_map(|(_, t)| t.as_table()).flat_map(of).collect::<Vec<_>>();
    of(table).into_iter().chain(further).collect()
}

#[test]
fn crates_depend_downwards_only() {
    let crates = crates();
    // A rule for a missing crate would hold nothing.
    for (name, _) in MAY.iter().chain(NEVER) {
        assert!(crates.iter().any(|(folder, _)| folder == name), "there is no crates/{name}");
    }
    for (name, table) in &crates {
        assert_eq!(table["package"]["name"].as_str(), Some(&*package(name)));
        let (_, may) = MAY.iter().find(|(n, _)| n == name).unwrap_or_else(|| {
            panic!("crates/{name} is new: say in ARCHITECTURE.md and here what it may depend on")
        });
        for dependency in dependencies(table, true) {
            let Some(ours) = dependency.strip_prefix("encke-") else { continue };
            assert!(may.contains(&ours), "{name} depends on {ours}");
        }
        let never = NEVER.iter().filter(|(n, _)| n == name).flat_map(|(_, list)| *list);
        for outside in never {
            let found = dependencies(table, false).contains(*outside);
            // The store answers a caller that waits for it; tokio's channels do that without its runtime.
            assert!(!found, "{name} depends on {outside}");
        }
    }
}

#[test]
fn the_engine_has_no_clock_socket_file_or_thread() {
    for path in files(&root().join("crates/engine/src"), &["rs"]) {
        let text = fs::read_to_string(&path).unwrap();
        // Its tests may.
        let code = text.split("#[cfg(test)]").next().unwrap();
        // A span of time is a number, not a clock.
        let code = code.replace("std::time::Duration", "");
        for word in [
            "std::net",
            "std::fs",
            "std::thread",
            "std::time",
            "Instant::now",
            "SystemTime",
            "async fn",
        ] {
            assert!(!code.contains(word), "{} has {word}", path.display());
        }
    }
}

#[test]
fn only_the_list_of_products_names_them_to_the_rest() {
    let products = [
        "conversation",
        "/v1/channels",
        "encke_account",
        "encke_chat",
        "encke_channel",
        "encke_desk",
        "encke_digest",
        "encke_files",
        "encke_keep",
        "encke_preview",
        "encke_push",
        "encke_talk",
    ];
    // The ground, the transports, the bus and the server's connections know no product, neither by its crate nor by its
    // addresses.
    for folder in ["apps/site/src", "transport/src", "bus/src", "server/src/wire"] {
        for path in files(&root().join("crates").join(folder), &["rs"]) {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let lines = code.lines().map(str::trim).filter(|l| !l.starts_with("//"));
            for line in lines.filter(|l| l.contains("\"/v1/") || l.contains("encke_")) {
                let named = products.iter().find(|product| line.contains(**product));
                assert_eq!(named, None, "{}: {line}", path.display());
            }
        }
    }
}

/// All files below a folder with one of these endings, but for what tools make.
pub(crate) fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let made = ["target", "node_modules", "dist", "test-results", "playwright-report"];
            if !name.starts_with('.') && !made.contains(&name.as_str()) {
                found.extend(files(&path, endings));
            }
        } else if name.rsplit_once('.').is_some_and(|(_, e)| endings.contains(&e))
            && !path.ends_with("sdk/src/wire.ts")
        {
            found.push(path);
        }
    }
    found
}

#[test]
fn files_are_short() {
    let endings = ["rs", "ts", "svelte", "css", "sql"];
    let all = ["crates", "web"].into_iter().flat_map(|f| files(&root().join(f), &endings));
    let lines = |path: &Path| fs::read_to_string(path).unwrap().lines().count();
    let long: Vec<String> = all
        .filter(|path| lines(path) > LINES_MAX)
        .map(|path| format!("{} has {} lines", path.display(), lines(&path)))
        .collect();
    assert!(long.is_empty(), "more than {LINES_MAX} lines: {long:#?}");
}

#[test]
fn every_limit_is_used() {
    let names = ["", "file_", "keep_", "outgoing_", "people_", "talk_"];
    let paths = names.map(|name| root().join(format!("crates/engine/src/{name}limits.rs")));
    let text: String = paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let names = text.lines().filter_map(|l| l.strip_prefix("pub const ")?.split(':').next());
    let names: Vec<&str> = names.collect();
    assert!(names.len() > 40);
    let sources = files(&root().join("crates"), &["rs"]);
    let outside = |p: &PathBuf| !paths.contains(p) && !p.to_str().unwrap().contains("/tests/");
    let texts: Vec<String> =
        sources.iter().filter(|p| outside(p)).map(|p| fs::read_to_string(p).unwrap()).collect();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words: HashSet<&str> = texts.iter().flat_map(|t| t.split(|c| !is_word(c))).collect();
    for name in names {
        assert!(words.contains(name), "nothing keeps to {name}");
    }
}

#[test]
fn sentences_take_their_numbers_from_the_limits() {
    let units = [
        "bytes",
        "characters",
        "KiB",
        "MiB",
        "members",
        "people",
        "levels",
        "seconds",
        "channels",
        "letters",
    ];
    // A key of the handshake has this length by its RFC.
    let fixed = ["Sec-WebSocket-Key must be 16 bytes in base64."];
    let product = ["apps", "engine", "gateway", "server/src", "store/src", "transport/src"];
    let mut found = Vec::new();
    for path in product.iter().flat_map(|f| files(&root().join("crates").join(f), &["rs"])) {
        let name = path.to_str().unwrap();
        if name.contains("/tests/") || name.ends_with("/tests.rs") || name.contains("/benches/") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for said in line.split('"').skip(1).step_by(2).filter(|said| !fixed.contains(said)) {
                let words: Vec<&str> = said.split([' ', '.', ':', ';']).collect();
                let is_number = |word: &str| {
                    word.len() > 1 && word.bytes().all(|b| b.is_ascii_digit() || b == b',')
                };
                if words.windows(2).any(|two| is_number(two[0]) && units.contains(&two[1])) {
                    found.push(format!("{name}: {said}"));
                }
            }
        }
    }
    assert!(found.is_empty(), "the number should come from a limit: {found:#?}");
}
