//! The rules of web/: which package may import which, and limits that agree with the server's. The client library needs
//! no other package.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::rules::{files, root};

/// Each package below web/, and the packages of web/ that it may import (ARCHITECTURE.md).
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
    ("components", &["sdk", "ui", "talk"]),
    ("react", &["components"]),
    ("vue", &["components"]),
    ("e2e", &[]),
];

/// The imports of a script or a component: `from 'x'`, `import 'x'`, `import('x')`, in either kind of quotes.
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

/// The reason why the file may not import this; `None` if it may. `declared` has the package's dependencies within
/// web/.
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

/// Limits of the server that the web repeats: file, constant, and the name in `x-limits` of the API's description.
const REPEATED_LIMITS: &[(&str, &str, &str)] = &[
    ("talk/src/model/composing.ts", "messageBytesMax", "text_bytes_max"),
    ("talk/src/model/presence.ts", "presenceMembersMax", "presence_members_max"),
    ("talk/src/state/threads.svelte.ts", "historyPageMax", "page_events_max"),
    ("e2e/test/invitations.test.mjs", "rooms_by_others_max", "rooms_by_others_max"),
];

#[test]
fn limits_that_the_web_repeats_are_those_of_the_server() {
    let api = fs::read_to_string(root().join("docs/reference/openapi.json")).unwrap();
    let api: serde_json::Value = serde_json::from_str(&api).unwrap();
    for (file, constant, limit) in REPEATED_LIMITS {
        let text = fs::read_to_string(root().join("web").join(file)).unwrap();
        let (_, rest) = text.split_once(&format!("const {constant} = ")).unwrap();
        let number = rest.split(';').next().unwrap().replace('_', "");
        assert_eq!(number.parse().ok(), api["x-limits"][limit].as_u64(), "{file}: {constant}");
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
