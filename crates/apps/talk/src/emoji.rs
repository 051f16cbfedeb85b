//! One emoji, as a reaction has it.

use encke_engine::{Code, Error, limits};
use unicode_properties::UnicodeEmoji;
use unicode_properties::emoji::{EmojiStatus, is_regional_indicator, is_zwj};
use unicode_segmentation::UnicodeSegmentation;

use crate::site_emoji;

/// Asks for the picture where a character is a text by itself.
const EMOJI_STYLE: char = '\u{FE0F}';
/// The frame of a key, behind a digit.
const KEYCAP: char = '\u{20E3}';

/// What a person reacts with: an emoji, or the name of one of the site's own between colons, which may not be there.
pub(crate) fn reaction(text: &str) -> Result<String, Error> {
    match site_emoji::name_in(text) {
        Some(_) => Ok(text.to_owned()),
        None => emoji(text),
    }
}

/// The emoji in a text, in the one form in which it is stored, so that one picture is one reaction.
///
/// # Errors
/// If the text is not exactly one emoji.
pub(crate) fn emoji(text: &str) -> Result<String, Error> {
    let wrong = || Error::new(Code::Invalid, "A reaction is exactly one emoji.");
    let is_one = text.len() <= limits::EMOJI_BYTES_MAX && text.graphemes(true).count() == 1;
    let mut chars = text.chars();
    let first = chars.next().filter(|_| is_one).ok_or_else(wrong)?;
    let rest = chars.as_str();
    let good = if first.is_ascii() {
        rest.strip_prefix(EMOJI_STYLE).is_some_and(|rest| rest == "\u{20E3}")
            && first.is_emoji_char()
    } else if is_regional_indicator(first) {
        rest.chars().count() == 1 && rest.chars().all(is_regional_indicator)
    } else {
        first.is_emoji_char() && rest.chars().all(continues)
    };
    if !good || text.ends_with(is_zwj) {
        return Err(wrong());
    }
    Ok(match (is_picture(first), rest) {
        // These look the same with and without the wish for the picture.
        (true, "\u{FE0F}") => first.to_string(),
        (false, "") => format!("{first}{EMOJI_STYLE}"),
        _ => text.to_owned(),
    })
}

/// Whether an emoji may go on with this character behind its first one.
fn continues(c: char) -> bool {
    let is_tag = ('\u{E0020}'..='\u{E007F}').contains(&c);
    let is_part = c.is_emoji_char() && !c.is_ascii();
    is_part || is_tag || is_zwj(c) || matches!(c, EMOJI_STYLE | KEYCAP)
}

/// Whether a character is a picture by itself.
fn is_picture(c: char) -> bool {
    use EmojiStatus::*;
    matches!(
        c.emoji_status(),
        EmojiPresentation
            | EmojiPresentationAndModifierBase
            | EmojiPresentationAndEmojiComponent
            | EmojiPresentationAndModifierAndEmojiComponent
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_emoji_is_taken_in_one_form() {
        let table = [
            ("\u{1F44D}", "\u{1F44D}"),
            ("\u{1F44D}\u{FE0F}", "\u{1F44D}"),
            ("\u{1F44D}\u{1F3FD}", "\u{1F44D}\u{1F3FD}"),
            ("\u{2764}", "\u{2764}\u{FE0F}"),
            ("\u{2764}\u{FE0F}", "\u{2764}\u{FE0F}"),
            ("\u{2764}\u{FE0F}\u{200D}\u{1F525}", "\u{2764}\u{FE0F}\u{200D}\u{1F525}"),
            ("1\u{FE0F}\u{20E3}", "1\u{FE0F}\u{20E3}"),
            ("\u{1F1E8}\u{1F1F3}", "\u{1F1E8}\u{1F1F3}"),
            (
                "\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
                "\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
            ),
            (
                "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}",
                "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(emoji(text).as_deref(), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn nothing_but_one_emoji_is_taken() {
        let long = format!("\u{1F468}{}", "\u{200D}\u{1F468}".repeat(limits::EMOJI_BYTES_MAX));
        let table = [
            "",
            "a",
            "1",
            "#",
            "1\u{20E3}",
            "<b>",
            "你",
            " ",
            "\u{FE0F}",
            "\u{200D}",
            "\u{202E}",
            "\u{1F44D}\u{1F44D}",
            "\u{1F44D}a",
            "\u{1F44D} ",
            "\u{1F44D}\u{200D}",
            "\u{1F44D}\u{0301}",
            "\u{1F1E8}",
            "e\u{0301}",
            &long,
        ];
        for text in table {
            assert!(emoji(text).is_err(), "{text:?}");
        }
    }
}
