//! The first link of a text, as pages show it. `web/ui/src/text/addresses.ts` has the same rules for all links.

use rustc_hash::FxHashMap;

/// Characters at which an address ends besides white space and Han characters.
const ENDS: &str = "<>\"'`“”‘’「」『』《》〈〉【】()（）[]{}，。！？；：、";
/// Characters that belong to the sentence and not to the address if they stand last.
const TRAILING: &[char] = &['.', ',', '!', '?', ';', ':', '*', '_', '~'];
/// The beginnings of addresses.
const SCHEMES: [&str; 2] = ["https://", "http://"];

/// The first address in a text that is neither code nor within `<` and `>`, with which a writer says that it is to have no
/// preview.
pub(crate) fn first_link(text: &str) -> Option<&str> {
    let code = CodeSpans::of(text);
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with('`') {
            at = code.end(text, at);
            continue;
        }
        if begins_word(text, at)
            && let Some(found) = address(rest)
        {
            let angled = text[..at].ends_with('<') && rest[found.len()..].starts_with('>');
            if !angled {
                return Some(found);
            }
            at += found.len();
            continue;
        }
        at += rest.chars().next().map_or(1, char::len_utf8);
    }
    None
}

fn begins_word(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back();
    before.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_')
}

/// The address at the beginning of a text.
fn address(text: &str) -> Option<&str> {
    let begins =
        |scheme: &str| text.get(..scheme.len())?.eq_ignore_ascii_case(scheme).then_some(());
    let scheme = SCHEMES.into_iter().find(|scheme| begins(scheme).is_some())?;
    let mut end = scheme.len() + length_until(&text[scheme.len()..], is_end);
    // An address may hold round brackets, each with its end.
    while let Some(inner) = text[end..].strip_prefix('(') {
        let long = length_until(inner, |c| c.is_whitespace() || "<>\"()".contains(c));
        if !inner[long..].starts_with(')') || end == scheme.len() {
            break;
        }
        end += long + 2;
        end += length_until(&text[end..], is_end);
    }
    let shown = text[..end].trim_end_matches(TRAILING);
    (shown.len() > scheme.len()).then_some(shown)
}

fn length_until(text: &str, ends: impl Fn(char) -> bool) -> usize {
    text.find(ends).unwrap_or(text.len())
}

fn is_end(c: char) -> bool {
    c.is_whitespace() || ENDS.contains(c) || is_han(c)
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{2fd5}' | '\u{3005}' | '\u{3007}' | '\u{3021}'..='\u{3029}'
        | '\u{3038}'..='\u{303b}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3fffd}')
}

/// The runs of backticks in a text.
struct CodeSpans {
    /// For each run its length, and where the next one of the same length begins.
    runs: FxHashMap<usize, (usize, Option<usize>)>,
}

impl CodeSpans {
    fn of(text: &str) -> Self {
        let (mut runs, mut latest) = (FxHashMap::default(), FxHashMap::default());
        let bytes = text.as_bytes();
        let mut end = bytes.len();
        while end > 0 {
            if bytes[end - 1] != b'`' {
                end -= 1;
                continue;
            }
            let begin = bytes[..end].iter().rposition(|b| *b != b'`').map_or(0, |at| at + 1);
            let length = end - begin;
            runs.insert(begin, (length, latest.insert(length, begin)));
            end = begin;
        }
        CodeSpans { runs }
    }

    /// The end of the code that begins with the backticks here, or of the backticks alone.
    fn end(&self, text: &str, at: usize) -> usize {
        let Some(&(length, next)) = self.runs.get(&at) else { return at + 1 };
        let opens_block = length >= 3 && text[..at].trim_end_matches(' ').ends_with('\n');
        match next {
            Some(next) => next + length,
            // A block without an end goes on to the end of the text.
            None if opens_block || (length >= 3 && at == 0) => text.len(),
            None => at + length,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_address_is_found_as_pages_show_it() {
        for (text, link) in [
            ("see https://example.com/a.", Some("https://example.com/a")),
            ("(HTTPS://Example.com)", Some("HTTPS://Example.com")),
            ("看https://example.com/报告", Some("https://example.com/")),
            ("详见https://example.com/a。好", Some("https://example.com/a")),
            ("[name](https://example.com/x)", Some("https://example.com/x")),
            ("https://en.example/wiki/A_(b) c", Some("https://en.example/wiki/A_(b)")),
            ("http://a.example, https://b.example", Some("http://a.example")),
            ("**https://example.com**", Some("https://example.com")),
            ("nothttps://example.com", None),
            ("https://", None),
            ("https://(a)", None),
            ("`https://code.example` https://b.example", Some("https://b.example")),
            ("```\nhttps://code.example\n```\n", None),
            ("a\n```\nhttps://code.example", None),
            ("` https://example.com", Some("https://example.com")),
            ("<https://quiet.example>", None),
            ("<https://quiet.example> https://b.example", Some("https://b.example")),
            ("mailto:a@example.com", None),
            ("", None),
            ("é `` ` https://例子.example/", None),
        ] {
            assert_eq!(first_link(text), link, "{text}");
        }
    }

    #[test]
    fn a_hostile_text_costs_little() {
        for part in ["`", "` ``", "https://(", "<https://a>", "https://a(b", "h"] {
            let text = part.repeat(60_000 / part.len());
            let begun = std::time::Instant::now();
            first_link(&text);
            assert!(begun.elapsed().as_millis() < 500, "{part}");
        }
    }
}
