//! Contradictory options, and the errors for them at the start.

use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::text;
use crate::harness::encke;

/// The error of a failed start.
fn refused(folder: &TempDir, text: &str, args: &[&str]) -> String {
    let file = folder.path().join("encke.toml");
    let inside = format!("{}/", folder.path().display());
    std::fs::write(&file, text.replace("data = \"", &format!("data = \"{inside}"))).unwrap();
    let config = ["serve", "--listen", "127.0.0.1:0", "--config", file.to_str().unwrap()];
    let output = encke(&[&config, args].concat(), None, "");
    assert!(!output.status.success(), "{text}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn spaces_that_are_not_several_are_refused() {
    let folder = TempDir::new().unwrap();
    symlink(folder.path().join("left"), folder.path().join("link")).unwrap();
    std::fs::create_dir(folder.path().join("left")).unwrap();
    let good = text("");
    for (from, to, said) in [
        ("right.example", "LEFT.example.", "given twice"),
        ("name = \"right\"", "name = \"left\"", "two spaces are called left"),
        ("data = \"right\"", "data = \"left\"", "the same folder"),
        ("data = \"right\"", "data = \"link\"", "the same folder"),
        ("hosts = [\"127.0.0.2\", \"right.example\"]", "hosts = []", "no hosts"),
        ("right.example", "https://right.example", "is not a host"),
        ("right.example", "right.example:80", "is not a host"),
        ("right.example", "bücher.example", "xn--"),
        ("name = \"right\"", "name = \"Right!\"", "can't be the name"),
        ("name = \"right\"", "", "has no name"),
        ("data = \"right\"", "nats-url = \"nats://127.0.0.1\"", "database-url"),
        ("data = \"right\"", "colour = \"red\"", "colour"),
        ("data = \"right\"", "public-url = \"right\"", "not an origin"),
    ] {
        let text = good.replace(from, to);
        assert_ne!(text, good, "{from}");
        let answer = refused(&folder, &text, &[]);
        assert!(answer.contains(said), "{to}: {answer}");
    }
    for (first, said) in [
        ("default-space = \"middle\"", "no [[space]] has that name"),
        ("data = \"all\"", "data is about one site"),
        ("database-url = \"postgres://x/y\"", "database-url is about one site"),
        ("demo = true", "demo is about one site"),
        ("public-url = \"https://a.example\"", "public-url is about one site"),
    ] {
        let answer = refused(&folder, &text(first), &[]);
        assert!(answer.contains(said), "{first}: {answer}");
    }
    let answer = refused(&folder, &good, &["--space", "left"]);
    assert!(answer.contains("[[space]] tables"), "{answer}");
    let answer = refused(&folder, "space = []", &[]);
    assert!(answer.contains("at least one"), "{answer}");
    let answer = refused(&folder, "default-space = \"left\"", &[]);
    assert!(answer.contains("several sites"), "{answer}");
    let answer = refused(&folder, "space = 7", &[]);
    assert!(answer.contains("[[space]] tables"), "{answer}");
}

#[test]
fn the_number_of_spaces_is_limited() {
    let folder = TempDir::new().unwrap();
    let spaces = |count: usize| -> String {
        (0..count)
            .map(|n| format!("[[space]]\nname = \"s{n}\"\nhosts = [\"s{n}.example\"]\n"))
            .collect()
    };
    let answer = refused(&folder, &spaces(65), &[]);
    assert!(answer.contains("65 spaces are more than the 64"), "{answer}");
    let hosts: Vec<String> = (0..65).map(|n| format!("\"h{n}.example\"")).collect();
    let text = format!("[[space]]\nname = \"s\"\nhosts = [{}]\n", hosts.join(","));
    let answer = refused(&folder, &text, &[]);
    assert!(answer.contains("more than 64 hosts"), "{answer}");
}

#[test]
fn the_doctor_looks_at_each_space() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("encke.toml");
    let inside = format!("data = \"{}/", folder.path().display());
    std::fs::write(&file, text("").replace("data = \"", &inside)).unwrap();
    std::fs::create_dir(folder.path().join("right")).unwrap();
    std::fs::write(folder.path().join("right/space.db"), "no store").unwrap();
    let args = ["doctor", "--listen", "127.0.0.1:0", "--config", file.to_str().unwrap()];
    let output = encke(&args, None, "");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("left/space.db will be made"), "{said}");
    assert!(said.lines().any(|l| l.starts_with("BAD") && l.contains("right/space.db")), "{said}");
}
