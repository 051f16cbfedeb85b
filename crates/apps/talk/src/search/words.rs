//! The words of a text, and what a search asks of them.
//!
//! A language that writes spaces has its words between them. Chinese, Japanese, Korean and Thai text has none to rely
//! on, so each character of it is a word, and each two neighbouring ones: 会议室 has 会, 议, 室, 会议 and 议室. A search for
//! one or two characters is then one word of the index.

use std::fmt::Write;

use encke_engine::limits;
use encke_store::Engine;
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

/// Each two neighbouring characters of a run.
fn pairs(run: &str) -> impl Iterator<Item = &str> {
    run.char_indices().filter_map(|(from, _)| {
        let (second, c) = run[from..].char_indices().nth(1)?;
        Some(&run[from..from + second + c.len_utf8()])
    })
}

/// Each character of a run.
fn characters(run: &str) -> impl Iterator<Item = &str> {
    run.char_indices().map(|(from, c)| &run[from..from + c.len_utf8()])
}

fn cut(word: &str) -> &str {
    &word[..word.floor_char_boundary(WORD_BYTES_MAX)]
}

/// The words of a folded text for the index, each once, divided by spaces.
pub(super) fn words(folded: &str) -> String {
    let mut found: Vec<&str> = Vec::new();
    for run in runs(folded) {
        match run {
            Run::Dense(run) => found.extend(characters(run).chain(pairs(run))),
            Run::Letters(word) => found.push(cut(word)),
        }
    }
    found.sort_unstable();
    found.dedup();
    found.join(" ")
}

/// What a search asks of the text of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Words that the message must have.
    words: Vec<String>,
    /// Whether the last of them may be the beginning of a longer one.
    may_begin: bool,
    /// Runs of three and more dense characters. Their pairs may stand apart in a message, so it is looked at.
    whole: Vec<String>,
}

/// Shortest beginning of a word that is searched for, in bytes. Shorter ones begin too many.
const BEGINNING_BYTES_MIN: usize = 3;

impl Wanted {
    /// Reads a query.
    pub fn of(query: &str) -> Self {
        let folded = folded(query);
        let mut wanted = Wanted::default();
        for run in runs(&folded) {
            match run {
                Run::Letters(word) => {
                    let size = BEGINNING_BYTES_MIN..WORD_BYTES_MAX;
                    wanted.may_begin = folded.ends_with(word) && size.contains(&word.len());
                    wanted.words.push(cut(word).to_owned());
                }
                Run::Dense(run) => {
                    wanted.may_begin = false;
                    match run.chars().count() {
                        1 | 2 => wanted.words.push(run.to_owned()),
                        _ => {
                            wanted.words.extend(pairs(run).map(str::to_owned));
                            wanted.whole.push(run.to_owned());
                        }
                    }
                }
            }
        }
        if wanted.words.len() > limits::SEARCH_WORDS_MAX {
            wanted.words.truncate(limits::SEARCH_WORDS_MAX);
            wanted.may_begin = false;
        }
        wanted
    }

    /// Whether its last word may be the beginning of a longer one, for a search that finds nothing otherwise: people
    /// search while they type.
    pub fn may_begin(&self) -> bool {
        self.may_begin
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether a text has all the words, as the index would say. `begins` takes the last word for the beginning of one.
    pub fn all_in(&self, text: &str, begins: bool) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let all = words(&folded(text));
        // They are sorted.
        let all: Vec<&str> = all.split(' ').collect();
        let last = self.words.len() - 1;
        self.words.iter().enumerate().all(|(at, word)| match begins && at == last {
            true => all.iter().any(|one| one.starts_with(word.as_str())),
            false => all.binary_search(&word.as_str()).is_ok(),
        })
    }

    /// Whether a text that has the words has them as they were asked for.
    pub fn is_in(&self, text: &str) -> bool {
        if self.whole.is_empty() {
            return true;
        }
        let text = folded(text);
        self.whole.iter().all(|run| text.contains(run.as_str()))
    }

    /// The query for all but the last word; `None` if there is nothing else. `marks` are those of [`Wanted::query`].
    pub fn query_of_rest(&self, engine: Engine, marks: &[Vec<String>]) -> Option<String> {
        let words = self.words.split_last().map_or(&[][..], |(_, rest)| rest).to_vec();
        let is_any = words.is_empty() && marks.is_empty();
        (!is_any).then(|| Wanted { words, ..Wanted::default() }.query(engine, marks, false))
    }

    /// The query in the engine's language for full text. `marks` are lists of marks, of each of which one must be
    /// there; `begins` takes the last word for the beginning of one.
    pub fn query(&self, engine: Engine, marks: &[Vec<String>], begins: bool) -> String {
        let (quote, beginning, and, or) = match engine {
            Engine::Sqlite => ('"', "*", " AND ", " OR "),
            Engine::Postgres => ('\'', ":*", " & ", " | "),
        };
        let quoted = |word: &String| format!("{quote}{word}{quote}");
        let mut all: Vec<String> = self.words.iter().map(quoted).collect();
        if let (true, Some(last)) = (begins, all.last_mut()) {
            last.push_str(beginning);
        }
        let any = |of: &Vec<String>| {
            let all: Vec<String> = of.iter().map(quoted).collect();
            format!("({})", all.join(or))
        };
        all.extend(marks.iter().map(any));
        all.join(and)
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
        assert_eq!(of("会议室"), "会 会议 室 议 议室");
        assert_eq!(of("天meeting见"), "meeting 天 见");
        assert_eq!(of("Ｅncke Café ÉCOLE"), "cafe ecole encke");
        assert_eq!(of("  ¡!… 👍"), "");
        assert_eq!(of("한국어"), "국 국어 어 한 한국");
    }

    #[test]
    fn a_long_word_is_cut_at_a_character_in_the_index_and_in_a_search() {
        let long = "é".repeat(10) + &"ж".repeat(200);
        let word = of(&long);
        assert!(word.len() <= WORD_BYTES_MAX && !word.is_empty());
        let wanted = Wanted::of(&long);
        assert_eq!((wanted.words, wanted.may_begin), (vec![word], false));
    }

    #[test]
    fn only_the_last_word_may_be_a_beginning_and_only_if_it_is_long_enough() {
        let begins = |query: &str| Wanted::of(query).may_begin();
        assert!(begins("next meet"));
        assert!(!begins("next meet "));
        assert!(!begins("next me"));
        assert!(!begins("next 会议"));
        let wanted = Wanted::of("next meet");
        let marks = [vec!["~c1".to_owned(), "~c2".to_owned()]];
        let sqlite = wanted.query(Engine::Sqlite, &marks, true);
        assert_eq!(sqlite, r#""next" AND "meet"* AND ("~c1" OR "~c2")"#);
        let postgres = wanted.query(Engine::Postgres, &marks, false);
        assert_eq!(postgres, "'next' & 'meet' & ('~c1' | '~c2')");
        let rest = |query: &str, marks| Wanted::of(query).query_of_rest(Engine::Sqlite, marks);
        assert_eq!(rest("next meet", &marks).unwrap(), r#""next" AND ("~c1" OR "~c2")"#);
        assert_eq!(rest("meet", &marks).unwrap(), r#"("~c1" OR "~c2")"#);
        assert_eq!(rest("meet", &[]), None);
    }

    #[test]
    fn a_run_of_characters_must_stand_together() {
        let wanted = Wanted::of("天会议");
        assert!(wanted.is_in("明天会议"));
        assert!(!wanted.is_in("天会，会议"));
        assert!(Wanted::of("会议").is_in("anything"), "the index has said so");
    }

    #[test]
    fn a_text_has_the_words_that_the_index_would_find_it_by() {
        let text = "The Meeting is tomorrow, 明天下午开会议";
        for query in ["meeting", "MEETING tomorrow", "会议", "明天 is", "会", "下午开会议"]
        {
            assert!(Wanted::of(query).all_in(text, false), "{query}");
        }
        for query in ["meet", "meetings", "会面", "yesterday"] {
            assert!(!Wanted::of(query).all_in(text, false), "{query}");
        }
        assert!(Wanted::of("is meet").all_in(text, true));
        assert!(!Wanted::of("meet is").all_in(text, true));
        assert!(Wanted::default().all_in("", false));
    }

    #[test]
    fn operators_and_quotes_are_no_part_of_a_query() {
        for query in ["\"a\" OR NEAR(b)", "a* & !b | (c):*", "'; DROP TABLE x --", "a\\b", "~c1"] {
            let wanted = Wanted::of(query);
            let sqlite = wanted.query(Engine::Sqlite, &[], false);
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            for part in sqlite.split(" AND ") {
                let word = part.trim_matches('"');
                assert!(word.chars().all(plain), "{query}: {sqlite}");
            }
        }
        assert!(Wanted::of("- ' \" *").is_empty());
    }
}
