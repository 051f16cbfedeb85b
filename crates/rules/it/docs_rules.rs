//! The rules of the documents: how long a line of Markdown may be, that none is doubled, and that look-ups lead to files.

use std::collections::BTreeSet;
use std::fs;

use crate::rules::{files, root};

/// Columns of a line of Markdown.
const COLUMNS_MAX: usize = 120;

/// Bytes of a line that no document has twice. Heads of tables are shorter.
const DOUBLED_MIN: usize = 60;

/// The lines that are too long and could have been wrapped, by number. Tables, code, headings, HTML and addresses of links may
/// be longer, and so may a line without a place where it may end.
fn too_long(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        let inner = line.trim_start();
        if inner.starts_with("```") || inner.starts_with("~~~") {
            fenced = !fenced;
        }
        let apart = inner.starts_with(['|', '#', '<', '>'])
            || (line.starts_with('[') && line.contains("]:"))
            || line.starts_with("    ");
        let long = line.chars().count() > COLUMNS_MAX;
        if !fenced && !apart && long && may_be_wrapped(inner) {
            found.push(index + 1);
        }
    }
    found
}

/// Whether the text has a blank that stands outside of `code`.
fn may_be_wrapped(text: &str) -> bool {
    text.split('`').step_by(2).any(|outside| outside.trim().contains(' '))
}

#[test]
fn lines_of_markdown_wrap() {
    let all = files(&root(), &["md"]);
    assert!(all.len() > 15, "only {} documents", all.len());
    let mut long = Vec::new();
    for path in all {
        let lines = too_long(&fs::read_to_string(&path).unwrap());
        long.extend(lines.iter().map(|line| format!("{}:{line}", path.display())));
    }
    assert!(
        long.is_empty(),
        "more than {COLUMNS_MAX} columns (scripts/wrap wraps them): {long:#?}"
    );
}

#[test]
fn a_long_line_is_seen_unless_it_can_t_be_wrapped() {
    let words = "word ".repeat(30);
    for good in [
        "short".to_owned(),
        format!("| {words} |"),
        format!("# {words}"),
        format!("```text\n{words}\n```"),
        format!("    {words}"),
        format!("`{words}`"),
        format!("[name]: https://example.org/{}", "x".repeat(120)),
    ] {
        assert_eq!(too_long(&good), Vec::<usize>::new(), "{good}");
    }
    assert_eq!(too_long(&format!("short\n{words}")), [2]);
    assert_eq!(too_long(&format!("- `code` {words}")), [1]);
}

/// The long lines that stand twice in a document, by number, outside of code. Two changes joined badly leave such lines.
fn doubled(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut fenced = false;
    for (index, line) in text.lines().map(str::trim).enumerate() {
        fenced ^= line.starts_with("```");
        let counts = !fenced && line.len() >= DOUBLED_MIN && line.contains(char::is_alphabetic);
        if counts && !seen.insert(line) {
            found.push(index + 1);
        }
    }
    found
}

#[test]
fn no_line_of_a_document_stands_twice() {
    for path in files(&root(), &["md"]) {
        let lines = doubled(&fs::read_to_string(&path).unwrap());
        assert!(lines.is_empty(), "{}:{lines:?}", path.display());
    }
}

#[test]
fn a_doubled_line_is_seen_but_not_in_examples() {
    let line = "word ".repeat(15);
    assert_eq!(doubled(&format!("{line}\nshort\n{line}\nshort")), [3]);
    assert_eq!(doubled(&format!("{line}\n```\n{line}\n```")), Vec::<usize>::new());
}

#[test]
fn the_look_ups_of_the_architecture_lead_to_existing_files() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, section) = text.split_once("## Where is it?").expect("the section");
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| Wh"));
    let is_there =
        |path: &str| root().join("crates").join(path).exists() || root().join(path).exists();
    let mut questions = 0;
    for row in rows {
        questions += 1;
        for named in row.split('`').skip(1).step_by(2).filter(|n| n.contains('/')) {
            // A desk is only an example; there is none.
            assert!(
                is_there(named) || named == "apps/desk" || named == "src/tables",
                "{named}: {row}"
            );
        }
    }
    assert!(questions >= 12, "only {questions} questions");
}
