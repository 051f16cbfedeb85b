//! Names of files, made safe to show and to save.

use encke_engine::file_limits;

/// The name of a file that has none.
const UNNAMED: &str = "file";

/// Whether a character turns the direction of a text or can't be seen, so that a name could look like another one:
/// `photo\u{202e}gpj.exe` is shown as `photoexe.jpg`.
fn misleads(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// A name without its path, control characters, characters that mislead, and characters that some disk forbids. A long
/// one loses its middle.
pub(crate) fn cleaned(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = last.chars().filter(|c| !c.is_control() && !misleads(*c));
    let plain =
        kept.map(|c| if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { c });
    let plain: String = plain.collect();
    // A leading dot would hide the file, and Windows drops dots and spaces at the end.
    let trimmed = plain.trim_start_matches(['.', ' ']).trim_end_matches(['.', ' ']);
    if trimmed.is_empty() { UNNAMED.to_owned() } else { shortened(trimmed) }
}

/// Keeps the beginning and the ending of a long name, because the ending tells programs what the file is.
fn shortened(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let most = file_limits::FILE_NAME_CHARS_MAX;
    if chars.len() <= most {
        return name.to_owned();
    }
    let (head, tail) = (most * 3 / 4, most / 4 - 1);
    let begin = chars[..head].iter();
    begin.chain(&['…']).chain(&chars[chars.len() - tail..]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_no_path_and_nothing_that_misleads() {
        for (given, kept) in [
            ("photo.jpg", "photo.jpg"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\mei\\报告.docx", "报告.docx"),
            ("photo\u{202e}gpj.exe", "photogpj.exe"),
            ("a\0b\r\nc.txt", "abc.txt"),
            ("con<tent>:\"x\".txt", "con_tent___x_.txt"),
            (".htaccess", "htaccess"),
            ("...", UNNAMED),
            ("", UNNAMED),
            ("folder/", UNNAMED),
            ("zero\u{200b}width\u{feff}.pdf", "zerowidth.pdf"),
            ("name. . ", "name"),
        ] {
            assert_eq!(cleaned(given), kept, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_beginning_and_its_ending() {
        let name = cleaned(&format!("begin{}.tar.gz", "长".repeat(500)));
        assert_eq!(name.chars().count(), file_limits::FILE_NAME_CHARS_MAX);
        assert!(name.starts_with("begin长") && name.ends_with("长.tar.gz"), "{name}");
    }
}
