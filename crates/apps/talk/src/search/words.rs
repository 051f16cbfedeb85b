//! The words of a text, and what a search asks of them.
//!
//! A language that writes spaces has its words between them. Chinese, Japanese, Korean and Thai text has none to rely
//! on, so each two neighbouring characters of it are a word, and the last one by itself: 明天会议 has 明天, 天会, 会议 and
//! 议. A search for two characters is then one word of the index, and one for a single character its beginning.

use std::fmt::Write;

use encke_engine::limits;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest word of the index, in bytes. What follows is cut off, here and in a search alike.
const WORD_BYTES_MAX: usize = 64;

/// A text without what a search overlooks: case, accents, and the width of letters.
pub(super) fn folded(text: &str) -> String {
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c));
    plain.flat_map(char::to_lowercase).nfc().collect()
}

/// Characters between which their language writes no spaces, or not reliably.
fn is_dense(c: char) -> bool {
    matches!(u32::from(c),
        0x0E00..=0x0EFF        // Thai, Lao
        | 0x1000..=0x109F      // Burmese
        | 0x1780..=0x17FF      // Khmer
        | 0x3005..=0x3007 | 0x3021..=0x3029
        | 0x3040..=0x30FF      // Kana
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF
        | 0xAC00..=0xD7AF      // Hangul
        | 0x20000..=0x3FFFF) // Han beyond the first plane
}

/// A part of a text without a break in it.
#[derive(Debug, PartialEq, Eq)]
enum Run<'a> {
    Dense(&'a str),
    Letters(&'a str),
}

/// The runs of a folded text.
fn runs(folded: &str) -> impl Iterator<Item = Run<'_>> {
    let mut rest = folded;
    std::iter::from_fn(move || {
        let start = rest.find(char::is_alphanumeric)?;
        rest = &rest[start..];
        let dense = rest.starts_with(is_dense);
        let ends = |c: char| !c.is_alphanumeric() || is_dense(c) != dense;
        let (run, behind) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
        rest = behind;
        Some(if dense { Run::Dense(run) } else { Run::Letters(run) })
    })
}

/// The words of a run of dense characters.
fn pairs(run: &str) -> impl Iterator<Item = &str> {
    run.char_indices().map(move |(from, _)| {
        let to = run[from..].char_indices().nth(2).map_or(run.len(), |(length, _)| from + length);
        &run[from..to]
    })
}

fn cut(word: &str) -> &str {
    &word[..word.floor_char_boundary(WORD_BYTES_MAX)]
}

/// The words of a folded text for the index, each once, divided by spaces.
pub(super) fn words(folded: &str) -> String {
    let mut found: Vec<&str> = Vec::new();
    for run in runs(folded) {
        match run {
            Run::Dense(run) => found.extend(pairs(run)),
            Run::Letters(word) => found.push(cut(word)),
        }
    }
    found.sort_unstable();
    found.dedup();
    found.join(" ")
}

/// A word that a message must have.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    word: String,
    /// Whether it is enough that a word begins so.
    begins: bool,
}

/// What a search asks of the text of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    terms: Vec<Term>,
    /// Runs of three and more dense characters. Their pairs may stand apart in a message, so it is looked at.
    whole: Vec<String>,
}

impl Wanted {
    /// Reads a query. Its last word may be the beginning of one, since people search while they type.
    pub fn of(query: &str) -> Self {
        let folded = folded(query);
        let mut wanted = Wanted::default();
        for run in runs(&folded) {
            match run {
                Run::Letters(word) => {
                    let begins = folded.ends_with(word) && word.len() < WORD_BYTES_MAX;
                    wanted.terms.push(Term { word: cut(word).to_owned(), begins });
                }
                Run::Dense(run) => {
                    let count = run.chars().count();
                    // The last character alone says nothing that the pair before it does not.
                    for pair in pairs(run).take(count.saturating_sub(1).max(1)) {
                        wanted.terms.push(Term { word: pair.to_owned(), begins: count == 1 });
                    }
                    if count > 2 {
                        wanted.whole.push(run.to_owned());
                    }
                }
            }
        }
        wanted.terms.dedup();
        wanted.terms.truncate(limits::SEARCH_WORDS_MAX);
        wanted
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a text that has the words has them as they were asked for.
    pub fn is_in(&self, text: &str) -> bool {
        if self.whole.is_empty() {
            return true;
        }
        let text = folded(text);
        self.whole.iter().all(|run| text.contains(run.as_str()))
    }

    /// The query in SQLite's language for full text. `marks` are lists of marks, of each of which one must be there.
    pub fn for_sqlite(&self, marks: &[Vec<String>]) -> String {
        let term = |term: &Term| format!("\"{}\"{}", term.word, if term.begins { "*" } else { "" });
        let any = |of: &Vec<String>| {
            let all: Vec<String> = of.iter().map(|mark| format!("\"{mark}\"")).collect();
            format!("({})", all.join(" OR "))
        };
        let all: Vec<String> = self.terms.iter().map(term).chain(marks.iter().map(any)).collect();
        all.join(" AND ")
    }

    /// The same in PostgreSQL's.
    pub fn for_postgres(&self, marks: &[Vec<String>]) -> String {
        let term = |term: &Term| format!("'{}'{}", term.word, if term.begins { ":*" } else { "" });
        let any = |of: &Vec<String>| {
            let all: Vec<String> = of.iter().map(|mark| format!("'{mark}'")).collect();
            format!("({})", all.join(" | "))
        };
        let all: Vec<String> = self.terms.iter().map(term).chain(marks.iter().map(any)).collect();
        all.join(" & ")
    }
}

/// The words of a message as PostgreSQL takes them, each in quotation marks.
pub(super) fn quoted(words: &str) -> String {
    let mut out = String::with_capacity(words.len() * 2);
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        let _ = write!(out, "'{word}' ");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        words(&folded(text))
    }

    #[test]
    fn words_are_between_spaces_or_pairs_of_characters() {
        assert_eq!(of("Meeting at 10:30, meeting!"), "10 30 at meeting");
        assert_eq!(of("明天会议"), "会议 天会 明天 议");
        assert_eq!(of("明天meeting见"), "meeting 天 明天 见");
        assert_eq!(of("Ｅncke Café ÉCOLE"), "cafe ecole encke");
        assert_eq!(of("  ¡!… 👍"), "");
        assert_eq!(of("한국어"), "국어 어 한국");
    }

    #[test]
    fn a_long_word_is_cut_at_a_character_in_the_index_and_in_a_search() {
        let long = "é".repeat(10) + &"ж".repeat(200);
        let word = of(&long);
        assert!(word.len() <= WORD_BYTES_MAX && !word.is_empty());
        let wanted = Wanted::of(&long);
        assert_eq!(wanted.terms, [Term { word, begins: false }]);
    }

    #[test]
    fn the_last_word_may_be_a_beginning_and_one_character_too() {
        let terms = |query: &str| -> Vec<(String, bool)> {
            Wanted::of(query).terms.into_iter().map(|t| (t.word, t.begins)).collect()
        };
        assert_eq!(terms("next meet"), [("next".into(), false), ("meet".into(), true)]);
        assert_eq!(terms("next meet "), [("next".into(), false), ("meet".into(), false)]);
        assert_eq!(terms("会"), [("会".into(), true)]);
        assert_eq!(terms("会议"), [("会议".into(), false)]);
        assert_eq!(terms("天会议"), [("天会".into(), false), ("会议".into(), false)]);
    }

    #[test]
    fn a_run_of_characters_must_stand_together() {
        let wanted = Wanted::of("天会议");
        assert!(wanted.is_in("明天会议"));
        assert!(!wanted.is_in("天会，会议"));
        assert!(Wanted::of("会议").is_in("anything"), "the index has said so");
    }

    #[test]
    fn operators_and_quotes_are_no_part_of_a_query() {
        for query in ["\"a\" OR NEAR(b)", "a* & !b | (c):*", "'; DROP TABLE x --", "a\\b", "~c1"] {
            let wanted = Wanted::of(query);
            let sqlite = wanted.for_sqlite(&[]);
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            for part in sqlite.split(" AND ") {
                let word = part.trim_end_matches('*').trim_matches('"');
                assert!(word.chars().all(plain), "{query}: {sqlite}");
            }
        }
        assert!(Wanted::of("- ' \" *").is_empty());
    }
}
