//! The rules of the documents: how long a line of Markdown may be, that none is doubled, and that look-ups lead to files.

use std::collections::BTreeSet;
use std::fs;

use crate::rules::{files, root};

/// Columns of a line of Markdown.
const COLUMNS_MAX: usize = 120;

/// Words in a row that no document has twice, however its lines are wrapped.
const DOUBLED_WORDS: usize = 16;

/// Bytes of a row of a table that no document has twice. Heads are shorter.
const ROW_MIN: usize = 60;

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

/// The lines at which a passage, or a row of a table, stands a second time in a document, by number, outside of code. Two
/// changes joined badly leave such passages.
fn doubled(text: &str) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut rows = BTreeSet::new();
    let mut words = Vec::new();
    let mut fenced = false;
    for (index, line) in text.lines().map(str::trim).enumerate() {
        fenced ^= line.starts_with("```");
        if line.starts_with('|') {
            let tells = !fenced && line.contains(char::is_alphanumeric) && line.len() >= ROW_MIN;
            if tells && !rows.insert(line) {
                found.insert(index + 1);
            }
        } else if !fenced {
            let told = line.split_whitespace().filter(|word| word.contains(char::is_alphabetic));
            words.extend(told.map(|word| (word, index + 1)));
        }
    }
    let mut seen = BTreeSet::new();
    let runs = words.windows(DOUBLED_WORDS);
    let again =
        runs.filter(|run| !seen.insert(run.iter().map(|(word, _)| *word).collect::<Vec<_>>()));
    found.extend(again.map(|run| run[0].1));
    found
}

#[test]
fn no_passage_of_a_document_stands_twice() {
    // What is generated has a sentence for each option, and options may be alike.
    let written = root().join("docs/reference");
    for path in files(&root(), &["md"]).iter().filter(|path| !path.starts_with(&written)) {
        let lines = doubled(&fs::read_to_string(path).unwrap());
        assert!(lines.is_empty(), "{}:{lines:?}", path.display());
    }
}

#[test]
fn a_doubled_passage_is_seen_however_it_is_wrapped_but_not_in_examples() {
    let words: Vec<_> = (0..DOUBLED_WORDS).map(|n| format!("word{n}")).collect();
    let (line, wrapped) = (words.join(" "), words.join("\n"));
    assert_eq!(doubled(&format!("{line}\nshort\n{wrapped}\nother")), BTreeSet::from([3]));
    let row = format!("| {line} |");
    assert_eq!(doubled(&format!("{row}\n{row}")), BTreeSet::from([2]));
    assert_eq!(doubled(&format!("{line}\n```\n{line}\n```")), BTreeSet::new());
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

/// The names of tests in the tables of a document: the last cell of each row whose head has `test` as its last cell.
fn named_tests(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_of_tests = false;
    for line in text.lines() {
        let Some(cells) = line.strip_prefix('|').and_then(|line| line.trim_end().strip_suffix('|'))
        else {
            is_of_tests = false;
            continue;
        };
        // A sign that belongs to a cell is written `\|`.
        let last = cells.rsplit(" |").next().unwrap_or_default().trim();
        if last == "test" {
            is_of_tests = true;
        } else if is_of_tests {
            names.extend(last.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    names
}

/// Whether a test, or a file with tests, is there under the name that a table has for it.
fn is_a_test(name: &str, rust: &[(String, String)], web: &[(String, String)]) -> bool {
    let name = name.split(": ").last().unwrap_or(name);
    if name.contains('…') {
        let module = name.trim_matches(['…', ':', '_']).rsplit("::").next().unwrap_or_default();
        return rust.iter().any(|(path, text)| path.contains(module) || text.contains(module));
    }
    if name.contains(".rs") || name.contains(".mjs") {
        // `files/picture.rs` is that of the crate `files`.
        let file = format!("/{}", name.split("::").next().unwrap_or(name));
        return rust.iter().chain(web).any(|(path, _)| path.replace("/src/", "/").ends_with(&file));
    }
    let last = name.rsplit("::").next().unwrap_or(name);
    if last.contains(' ') {
        return web.iter().any(|(_, text)| text.contains(last));
    }
    let declared = format!("fn {last}(");
    // `mod::` stands for all tests of a file, as `egress` does for those of a crate.
    rust.iter().any(|(path, text)| {
        text.contains(&declared)
            || path.contains(&format!("/{last}/"))
            || path.ends_with(&format!("/{last}.rs"))
    })
}

#[test]
fn what_is_said_of_security_names_tests_that_are_there() {
    let root = root();
    let with_text = |kinds: &[&str]| -> Vec<(String, String)> {
        let all = files(&root, kinds).into_iter();
        all.filter_map(|path| Some((path.display().to_string(), fs::read_to_string(&path).ok()?)))
            .collect()
    };
    let (rust, web) = (with_text(&["rs"]), with_text(&["mjs", "ts"]));
    let names = named_tests(&fs::read_to_string(root.join("docs/security.md")).unwrap());
    assert!(names.len() > 120, "only {} names", names.len());
    let missing: Vec<_> = names.iter().filter(|name| !is_a_test(name, &rust, &web)).collect();
    assert!(missing.is_empty(), "docs/security.md names tests that are not there: {missing:#?}");
}

#[test]
fn names_of_tests_stand_in_the_last_cell_of_their_tables() {
    let text = "| attack | test |\n| --- | --- |\n| `x` a | `one`, unit tests in `a/b.rs` |\n\n| a | b |\n| --- | --- |\n| 1 | `c` |\n";
    assert_eq!(named_tests(text), ["one", "a/b.rs"]);
}
