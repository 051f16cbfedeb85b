//! Text in XML 1.0.

/// Appends text so that a parser returns it unchanged. Characters that XML forbids become U+FFFD. A carriage return is
/// written as a reference, because parsers turn a bare one into a line feed.
pub(super) fn push(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(c),
            c if c < ' ' || matches!(c, '\u{FFFE}' | '\u{FFFF}') => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_markup_and_always_allowed() {
        let mut out = String::new();
        push(&mut out, "a<b>&\"'\r\n\t\0\u{8}\u{B}\u{1F}\u{7F}\u{FFFE}\u{FFFF}]]>\u{1F600}");
        assert_eq!(
            out,
            "a&lt;b&gt;&amp;\"'&#13;\n\t\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{7F}\u{FFFD}\u{FFFD}]]&gt;\u{1F600}"
        );
    }
}
