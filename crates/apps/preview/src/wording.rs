//! Texts of pages, made fit to be shown: one line, bounded, without characters that change what stands around them.

use encke_engine::outgoing_limits;

/// Which text it is, with its bound.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    Title,
    Description,
    Site,
}

impl Part {
    fn chars_max(self) -> usize {
        match self {
            Part::Title => outgoing_limits::PREVIEW_TITLE_CHARS_MAX,
            Part::Description => outgoing_limits::PREVIEW_DESCRIPTION_CHARS_MAX,
            Part::Site => outgoing_limits::PREVIEW_SITE_CHARS_MAX,
        }
    }
}

/// A text as it is shown; `None` if nothing is left of it.
pub(crate) fn shown(part: Part, text: &str) -> Option<String> {
    let most = part.chars_max();
    let mut out = String::new();
    let mut count = 0;
    let mut gap = false;
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        if c.is_whitespace() || c.is_control() {
            gap = count > 0;
            continue;
        }
        if count + usize::from(gap) >= most {
            out.truncate(out.trim_end().len());
            out.push('…');
            return Some(out);
        }
        if gap {
            out.push(' ');
            count += 1;
            gap = false;
        }
        out.push(c);
        count += 1;
    }
    (!out.is_empty()).then_some(out)
}

/// Characters without a look of their own: marks of direction, joiners that only pretend, and those that no text needs.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'
        | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_line_without_tricks() {
        let title = |text: &str| shown(Part::Title, text);
        assert_eq!(title(" a \n\t b\u{0}c ").as_deref(), Some("a b c"));
        assert_eq!(title("\u{202e}evil\u{200b}\u{2066}").as_deref(), Some("evil"));
        assert_eq!(
            title("<script>alert(1)</script>").as_deref(),
            Some("<script>alert(1)</script>")
        );
        assert_eq!(title("\u{200b} \n"), None);
        assert_eq!(title("中文 标题").as_deref(), Some("中文 标题"));
    }

    #[test]
    fn a_long_text_is_cut() {
        let long = shown(Part::Site, &"长".repeat(10_000)).unwrap();
        assert_eq!(long.chars().count(), outgoing_limits::PREVIEW_SITE_CHARS_MAX + 1);
        assert!(long.ends_with('…'));
        let words = shown(Part::Site, &"ab ".repeat(10_000)).unwrap();
        assert!(words.chars().count() <= outgoing_limits::PREVIEW_SITE_CHARS_MAX + 1);
    }
}
