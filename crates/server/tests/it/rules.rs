//! The workspace's own rules: who may depend on whom, how long a file may be, that every limit is used.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each crate, and which of ours it may depend on (ARCHITECTURE.md).
const MAY: &[(&str, &[&str])] = &[
    ("engine", &[]),
    ("store", &["engine", "rig"]),
    ("bus", &["engine", "rig"]),
    ("transport", &["engine"]),
    ("apps/site", &["engine", "store"]),
    ("apps/account", &["engine", "store", "site"]),
    ("apps/talk", &["engine", "store", "site", "account"]),
    // Products: none of them depends on another one.
    ("apps/chat", &["engine", "store", "site", "account", "talk"]),
    ("apps/channel", &["engine", "store", "site", "account", "talk"]),
    ("apps/tests", &["engine", "store", "site", "account", "talk", "chat", "channel"]),
    ("gateway", &["engine", "store", "transport", "site", "account", "talk", "chat", "channel"]),
    (
        "server",
        &[
            "engine",
            "store",
            "bus",
            "transport",
            "site",
            "account",
            "talk",
            "chat",
            "channel",
            "gateway",
            "rig",
        ],
    ),
    // Beside the product: what tests it may reach for what is below.
    ("rig", &[]),
    ("sim", &["engine"]),
    ("bench", &["engine", "store"]),
    ("trial", &["engine", "store", "rig", "bench"]),
];

/// What a crate must not even reach through others.
const NEVER: &[(&str, &[&str])] = &[
    ("engine", &["tokio", "hyper", "rusqlite", "axum", "rustix", "libc", "mio", "http"]),
    ("transport", &["tokio", "hyper", "rusqlite", "axum"]),
    ("store", &["hyper", "axum", "http"]),
    ("apps/site", &["hyper", "rusqlite", "rustix"]),
    ("apps/account", &["hyper", "rusqlite", "rustix"]),
    ("apps/talk", &["hyper", "rusqlite", "rustix"]),
    ("apps/chat", &["hyper", "rusqlite", "rustix"]),
    ("apps/channel", &["hyper", "rusqlite", "rustix"]),
];

/// Lines above which a file is to be divided.
const LINES_MAX: usize = 500;

fn root() -> PathBuf {
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
    // A rule for a crate that is not there would hold nothing.
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
fn the_sdk_stands_alone() {
    let sdk = root().join("web/sdk");
    let text = fs::read_to_string(sdk.join("package.json")).unwrap();
    let package: serde_json::Value = serde_json::from_str(&text).unwrap();
    for kind in ["dependencies", "peerDependencies", "optionalDependencies"] {
        let list = package[kind].as_object();
        assert!(list.is_none_or(|l| l.is_empty()), "web/sdk has {kind}: {list:?}");
    }
    for path in files(&sdk.join("src"), &["ts", "js", "svelte"]) {
        for line in fs::read_to_string(&path).unwrap().lines() {
            let from = [" from '", " from \"", "import '", "import \"", "import('", "import(\""];
            let source = from.iter().find_map(|f| line.split_once(f)).map(|(_, s)| s);
            if let Some(source) = source {
                assert!(source.starts_with('.'), "{}: {line}", path.display());
                assert!(!source.contains("../../"), "{}: {line}", path.display());
            }
        }
    }
}

/// Each package below web/, and which of ours it may import (ARCHITECTURE.md).
const WEB_MAY: &[(&str, &[&str])] = &[
    ("sdk", &[]),
    ("ui", &[]),
    ("shell", &["sdk", "ui"]),
    ("talk", &["sdk", "ui"]),
    // Screens: none imports another.
    ("chat", &["sdk", "ui", "shell", "talk"]),
    ("desk", &["sdk", "ui", "shell", "talk"]),
    ("admin", &["sdk", "ui", "shell", "talk"]),
    ("widget", &["sdk", "ui", "shell", "talk"]),
    ("e2e", &[]),
];

/// What the lines of a script or a component import: `from 'x'`, `import 'x'`, `import('x')`, in either kind of quotes.
fn imported(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for quote in ['\'', '"'] {
        for before in ["from ", "import ", "import("] {
            let opening = format!("{before}{quote}");
            for (at, _) in text.match_indices(&opening) {
                let rest = &text[at + opening.len()..];
                let name = rest.split([quote, '\n']).next().unwrap_or_default();
                found.push(name.to_owned());
            }
        }
    }
    found
}

/// Why the file may not import this, if it may not. `declared`: the package's dependencies of ours.
fn wrong_import(
    package: &str,
    folder: &Path,
    file: &Path,
    name: &str,
    declared: &BTreeSet<String>,
) -> Option<String> {
    let told = |why: &str| Some(format!("{} imports {name}: {why}", file.display()));
    if let Some(rest) = name.strip_prefix("@encke/") {
        let ours = rest.split('/').next().unwrap_or_default();
        let (_, may) = WEB_MAY.iter().find(|(each, _)| *each == package)?;
        if !may.contains(&ours) {
            return told(&format!("web/{package} may import {may:?}"));
        }
        return if declared.contains(ours) {
            None
        } else {
            told("its package.json doesn't say so")
        };
    }
    if !name.starts_with('.') {
        return None;
    }
    let mut depth = file.parent()?.strip_prefix(folder).ok()?.components().count();
    for part in name.split('/') {
        match part {
            ".." if depth == 0 => return told("it lies outside the package"),
            ".." => depth -= 1,
            "." => {}
            _ => depth += 1,
        }
    }
    None
}

#[test]
fn web_packages_import_downwards_only() {
    let mut files_seen = 0;
    for entry in fs::read_dir(root().join("web")).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(text) = fs::read_to_string(folder.join("package.json")) else { continue };
        let name = folder.file_name().unwrap().to_str().unwrap();
        let (_, may) = WEB_MAY.iter().find(|(each, _)| *each == name).unwrap_or_else(|| {
            panic!("web/{name} is new: say in ARCHITECTURE.md and here what it may import")
        });
        let package: serde_json::Value = serde_json::from_str(&text).unwrap();
        let mut declared = BTreeSet::new();
        for kind in ["dependencies", "devDependencies", "peerDependencies"] {
            for (dependency, _) in package[kind].as_object().into_iter().flatten() {
                let Some(ours) = dependency.strip_prefix("@encke/") else { continue };
                assert!(may.contains(&ours), "web/{name} depends on {ours}");
                declared.insert(ours.to_owned());
            }
        }
        for file in files(&folder, &["ts", "js", "mjs", "svelte", "css"]) {
            files_seen += 1;
            let wrong: Vec<String> = imported(&fs::read_to_string(&file).unwrap())
                .iter()
                .filter_map(|import| wrong_import(name, &folder, &file, import, &declared))
                .collect();
            assert!(wrong.is_empty(), "{wrong:#?}");
        }
    }
    assert!(files_seen > 150, "only {files_seen} files of web/ were looked at");
}

#[test]
fn an_import_upwards_sideways_or_out_of_its_package_is_seen() {
    let folder = Path::new("/web/talk");
    let file = folder.join("src/view/Thread.svelte");
    let declared: BTreeSet<String> = ["ui".to_owned()].into();
    let refused = |text: &str| {
        let names = imported(text);
        assert_eq!(names.len(), 1, "{text}: {names:?}");
        wrong_import("talk", folder, &file, &names[0], &declared).is_some()
    };
    for good in [
        "import { Avatar } from '@encke/ui';",
        "import type { Clock } from \"@encke/ui/plain\";",
        "import { onMount } from 'svelte';",
        "import Bubble from './Bubble.svelte';",
        "export * from '../../test/example';",
    ] {
        assert!(!refused(good), "{good}");
    }
    for bad in [
        "import { Shell } from '@encke/shell';",
        "import type { Chat } from '@encke/chat/state';",
        "const later = await import('@encke/chat');",
        // Allowed, but its package.json doesn't name it.
        "import { EnckeClient } from '@encke/sdk';",
        "import { en } from '../../../ui/src/i18n/en';",
    ] {
        assert!(refused(bad), "{bad}");
    }
}

/// All files below a folder with one of these endings, but for what tools make.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let made = ["target", "node_modules", "dist", "test-results", "playwright-report"];
            if !name.starts_with('.') && !made.contains(&name.as_str()) {
                found.extend(files(&path, endings));
            }
        } else if name.rsplit_once('.').is_some_and(|(_, e)| endings.contains(&e)) {
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
fn every_limit_is_used_and_every_documented_one_is_true() {
    let path = root().join("crates/engine/src/limits.rs");
    let text = fs::read_to_string(&path).unwrap();
    let names = text.lines().filter_map(|l| l.strip_prefix("pub const ")?.split(':').next());
    let names: Vec<&str> = names.collect();
    assert!(names.len() > 40);
    let sources = files(&root().join("crates"), &["rs"]);
    let outside = |p: &PathBuf| *p != path && !p.to_str().unwrap().contains("/tests/");
    let texts: Vec<String> =
        sources.iter().filter(|p| outside(p)).map(|p| fs::read_to_string(p).unwrap()).collect();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for name in names {
        let used = texts.iter().any(|t| t.split(|c| !is_word(c)).any(|word| word == name));
        assert!(used, "nothing keeps to limits::{name}");
    }
}
