//! Display names: one line without invisible characters, and without characters that turn the direction of text.

use encke_engine::{Code, Error, limits};
use unicode_properties::UnicodeEmoji;
use unicode_security::skeleton;

const KEYCAP: char = '\u{20E3}';
const EMOJI_STYLE: char = '\u{FE0F}';
const JOINER: char = '\u{200D}';

/// A display name in its stored form: no spaces around it, single ones inside.
pub fn display_name(name: &str) -> Result<String, Error> {
    check_visible(name)?;
    let line = one_line(name);
    match line.chars().count() {
        1..=limits::DISPLAY_NAME_CHARS_MAX => Ok(line),
        _ => Err(not_a_line()),
    }
}

/// A name without spaces around it and with single ones inside.
pub(super) fn one_line(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Refuses control characters, invisible characters, and characters that turn the direction of the text around them. An
/// emoji may have a style (U+FE0F) and may be joined to another one (U+200D).
pub(super) fn check_visible(name: &str) -> Result<(), Error> {
    if name.chars().any(char::is_control) {
        return Err(not_a_line());
    }
    if has_hidden(name) {
        let what = "A name has no invisible characters, and none that turn the text around them.";
        return Err(Error::new(Code::BadName, what));
    }
    Ok(())
}

/// Whether a text has invisible characters, or ones that turn the direction of the text around them, outside of emoji.
pub(super) fn has_hidden(text: &str) -> bool {
    let all: Vec<char> = text.chars().collect();
    all.iter().enumerate().filter(|(_, c)| is_hidden(**c)).any(|(at, c)| {
        let before = at.checked_sub(1).map(|at| all[at]);
        !is_part_of_an_emoji(before, *c, all.get(at + 1).copied())
    })
}

fn not_a_line() -> Error {
    let most = limits::DISPLAY_NAME_CHARS_MAX;
    Error::new(Code::Invalid, format!("A display name has 1 to {most} characters on one line."))
}

/// Whether a character is invisible. The invisible characters are the default-ignorable ones of Unicode, which leave
/// nothing in a skeleton (joiners, marks of direction, fillers, variation selectors, tags), and some blank ones.
pub(super) fn is_hidden(c: char) -> bool {
    let is_ignorable = skeleton(c.encode_utf8(&mut [0; 4])).next().is_none();
    let is_blank =
        matches!(c, '\u{2028}' | '\u{2029}' | '\u{2800}' | '\u{FFF9}'..='\u{FFFC}' | '\u{1D159}');
    is_ignorable || is_blank
}

fn is_part_of_an_emoji(before: Option<char>, c: char, after: Option<char>) -> bool {
    // Digits count as emoji characters because of the keycaps.
    let is_picture = |c: char| c.is_emoji_char() && !c.is_ascii();
    match (before, c, after) {
        (Some(before), EMOJI_STYLE, after) => {
            is_picture(before) || (before.is_emoji_char() && after == Some(KEYCAP))
        }
        (Some(before), JOINER, Some(after)) => {
            (is_picture(before) || before == EMOJI_STYLE) && is_picture(after)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_have_are_taken() {
        let table = [
            ("Mei", "Mei"),
            ("  林  美\u{3000}Mei ", "林 美 Mei"),
            ("a\u{A0}b", "a b"),
            ("Zoë O’Neil-Ångström", "Zoë O’Neil-Ångström"),
            ("محمد", "محمد"),
            ("अनुष्का", "अनुष्का"),
            ("김철수", "김철수"),
            ("<b>&\"", "<b>&\""),
            ("\u{2764}\u{FE0F} Ada \u{1F600}", "\u{2764}\u{FE0F} Ada \u{1F600}"),
            // These are a family, a woman at a computer with a skin tone, a pirate's flag, the key 1.
            (
                "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}",
                "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}",
            ),
            ("\u{1F469}\u{1F3FD}\u{200D}\u{1F4BB}", "\u{1F469}\u{1F3FD}\u{200D}\u{1F4BB}"),
            ("\u{1F3F4}\u{200D}\u{2620}\u{FE0F}", "\u{1F3F4}\u{200D}\u{2620}\u{FE0F}"),
            ("1\u{FE0F}\u{20E3}", "1\u{FE0F}\u{20E3}"),
        ];
        for (name, stored) in table {
            assert_eq!(display_name(name).unwrap(), stored);
        }
    }

    #[test]
    fn names_with_invisible_characters_are_refused() {
        let hidden = [
            '\u{AD}',
            '\u{34F}',
            '\u{61C}',
            '\u{115F}',
            '\u{1160}',
            '\u{17B4}',
            '\u{180E}',
            '\u{200B}',
            '\u{200C}',
            '\u{200D}',
            '\u{200E}',
            '\u{200F}',
            '\u{202A}',
            '\u{202D}',
            '\u{202E}',
            '\u{2060}',
            '\u{2066}',
            '\u{2069}',
            '\u{206F}',
            '\u{2800}',
            '\u{3164}',
            '\u{FE00}',
            '\u{FE0E}',
            '\u{FE0F}',
            '\u{FEFF}',
            '\u{FFA0}',
            '\u{FFF9}',
            '\u{FFFC}',
            '\u{1D159}',
            '\u{1D173}',
            '\u{E0001}',
            '\u{E0041}',
            '\u{E0100}',
        ];
        for c in hidden {
            for name in [format!("An{c}na"), format!("{c}Anna"), format!("Anna{c}"), c.to_string()]
            {
                assert_eq!(display_name(&name).unwrap_err().code, Code::BadName, "{name:?}");
            }
        }
        // The joining characters of emoji are refused where there is no emoji.
        for name in [
            "1\u{FE0F}",
            "\u{1F600}\u{200D}",
            "\u{200D}\u{1F600}",
            "a\u{200D}\u{1F600}",
            "\u{1F600}\u{200D}1",
        ] {
            assert_eq!(display_name(name).unwrap_err().code, Code::BadName, "{name:?}");
        }
        for name in
            ["", " ", "\u{3000}", "a\nb", "a\tb", "\u{0}", "\u{7F}", "\u{85}", &"n".repeat(65)]
        {
            assert_eq!(display_name(name).unwrap_err().code, Code::Invalid, "{name:?}");
        }
    }
}
