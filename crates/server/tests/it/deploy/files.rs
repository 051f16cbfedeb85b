//! Files that say how to run it.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::folder;
use crate::harness::encke;

fn each_file(folder: &Path, visit: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            each_file(&path, visit);
        } else {
            visit(&path, &fs::read_to_string(&path).unwrap());
        }
    }
}

/// The upper-case words that begin with `ENCKE_`.
fn variables(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_uppercase() && c != '_').filter(|w| w.starts_with("ENCKE_"))
}

#[test]
fn every_option_that_they_set_exists() {
    let help = encke(&["serve", "--help"], None, "");
    let help = String::from_utf8(help.stdout).unwrap();
    let known: Vec<&str> = variables(&help).collect();
    let mut seen = 0;
    each_file(&folder(), &mut |path, text| {
        for name in variables(text) {
            assert!(known.contains(&name), "{} sets {name}", path.display());
            seen += 1;
        }
    });
    assert!(seen > 5, "only {seen} options are set in deploy/");
}

/// Whether this names one image and no later one: by a digest or by a whole version.
fn is_pinned(image: &str) -> bool {
    let tag = image.rsplit_once(':').map_or("", |(_, tag)| tag);
    let version = tag.split('-').next().unwrap_or_default();
    let numbers = version.split('.').filter(|part| part.parse::<u32>().is_ok()).count();
    // Debian and PostgreSQL have versions of two numbers.
    let whole = if image.starts_with("debian:") || image.starts_with("postgres:") { 2 } else { 3 };
    image.contains("@sha256:") || numbers >= whole
}

#[test]
fn every_image_is_pinned() {
    let mut seen = 0;
    each_file(&folder(), &mut |path, text| {
        let lines = text.lines().map(str::trim);
        let named = lines.filter_map(|l| l.strip_prefix("image: ").or(l.strip_prefix("FROM ")));
        // `encke` is what Compose builds itself.
        for image in named.filter(|image| *image != "encke") {
            let image = image.split_whitespace().next().unwrap();
            assert!(is_pinned(image), "{} takes {image}", path.display());
            seen += 1;
        }
    });
    assert_eq!(seen, 7);
    assert!(!is_pinned("nats:2") && !is_pinned("nginx") && !is_pinned("debian:bookworm-slim"));
}

#[test]
fn no_password_is_a_constant() {
    let compose = fs::read_to_string(folder().join("compose/compose.yaml")).unwrap();
    for name in ["POSTGRES_PASSWORD", "NATS_PASSWORD"] {
        let uses = compose.matches(&format!("${{{name}")).count();
        let refused = compose.matches(&format!("${{{name}:?")).count();
        assert!(uses >= 2 && uses == refused, "compose.yaml starts without {name}");
    }
    assert!(!compose.contains("nats://nats"), "the bus of compose.yaml has a sign-in");
}

#[test]
fn composes_proxy_is_that_of_the_example() {
    let read = |file: &str| fs::read_to_string(folder().join(file)).unwrap();
    // The settings of a location are the same in both; the one with TLS has the reasons.
    let location = |text: &str| {
        let (_, inner) = text.split_once("location / {").unwrap();
        let lines = inner.split_once('}').unwrap().0.lines().map(str::trim);
        lines
            .filter(|l| !l.is_empty() && !l.starts_with('#'))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(location(&read("compose/front.conf")), location(&read("nginx/encke.conf")));
}

#[test]
fn systemd_takes_the_unit() {
    let unit = fs::read_to_string(folder().join("systemd/encke.service")).unwrap();
    assert!(unit.contains("/usr/local/bin/encke"));
    let here = tempfile::TempDir::new().unwrap();
    let file = here.path().join("encke.service");
    let unit = unit.replace("/usr/local/bin/encke", env!("CARGO_BIN_EXE_encke"));
    fs::write(&file, unit).unwrap();
    let done = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&file).output();
    let done = done.expect("systemd is installed: scripts/tools test");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && !said.contains("encke.service"), "{said}");
}
