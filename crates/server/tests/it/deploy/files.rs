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

#[test]
fn composes_proxy_is_that_of_the_example() {
    let read = |file: &str| fs::read_to_string(folder().join(file)).unwrap();
    // What a location says is the same in both; the one with TLS says why.
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
