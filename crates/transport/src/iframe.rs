//! The forever iframe: an endless page in which each item is a script that calls into the parent page.
//!
//! The page does nothing unless it is framed. Otherwise any site could open it in a window, where `parent` is the
//! window itself, and choose a function of a signed-in page for it to call.

use std::sync::LazyLock;

use bytes::{BufMut, Bytes, BytesMut};

/// An item without meaning. It is a script and not a comment, because a page notices a lost connection only by missing
/// heartbeats, and it can't see comments.
pub static HEARTBEAT: LazyLock<Bytes> = LazyLock::new(|| frame(b"{\"type\":\"beat\"}"));

/// A header line that cuts the tie between a window with this page and the window that opened it.
pub const ALONE: &str = "Cross-Origin-Opener-Policy: same-origin\r\n";

/// Bytes of padding at the start. Browsers show nothing, and run nothing, before some of a page has arrived.
const PADDING_BYTES: usize = 2048;

/// The beginning of the page: padding, and the one function `e` that every item is handed to. The name and the origin
/// were checked when the request was parsed, so neither can end a script or a string.
pub fn start(callback: &str, parent: Option<&str>) -> Bytes {
    let call = match parent {
        Some(origin) => format!("parent.postMessage(JSON.parse(s),\"{origin}\")"),
        None => format!("parent.{callback}(JSON.parse(s))"),
    };
    let mut page = String::with_capacity(PADDING_BYTES + 200);
    page.push_str("<!doctype html><meta charset=\"utf-8\"><title>feed</title>\n<!--");
    page.extend(std::iter::repeat_n(' ', PADDING_BYTES));
    // Each script goes when it has run, or the frame would grow for ever.
    page.push_str("-->\n<script>function e(s){document.currentScript.remove();if(parent!==self)");
    page.push_str(&call);
    page.push_str("}</script>\n");
    page.into()
}

/// An item, as a string that the page parses. JSON written as JavaScript would not always mean the same: a literal with
/// `__proto__` in it sets a prototype, and a literal that has it twice is a syntax error.
///
/// The bytes can't end the string, the line or the script, whether they are JSON or not.
pub fn frame(json: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(json.len() + 32);
    out.put_slice(b"<script>e('");
    let mut rest = json;
    while let Some((at, len, escape)) = special(rest) {
        out.put_slice(&rest[..at]);
        out.put_slice(escape);
        rest = &rest[at + len..];
    }
    out.put_slice(rest);
    out.put_slice(b"')</script>\n");
    out.freeze()
}

/// The place of the next character that needs an escape, its length, and its escape.
fn special(text: &[u8]) -> Option<(usize, usize, &'static [u8])> {
    let mut from = 0;
    loop {
        let is_special =
            |b: &u8| matches!(b, b'\'' | b'\\' | b'<' | b'>' | b'&' | b'\n' | b'\r' | 0 | 0xE2);
        let at = from + text[from..].iter().position(is_special)?;
        let found: (usize, &[u8]) = match &text[at..] {
            [b'\'', ..] => (1, b"\\'"),
            [b'\\', ..] => (1, b"\\\\"),
            [b'<', ..] => (1, b"\\x3c"),
            [b'>', ..] => (1, b"\\x3e"),
            [b'&', ..] => (1, b"\\x26"),
            [b'\n', ..] => (1, b"\\n"),
            [b'\r', ..] => (1, b"\\r"),
            [0, ..] => (1, b"\\x00"),
            [0xE2, 0x80, 0xA8, ..] => (3, b"\\u2028"),
            [0xE2, 0x80, 0xA9, ..] => (3, b"\\u2029"),
            _ => {
                from = at + 1;
                continue;
            }
        };
        return Some((at, found.0, found.1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text that a browser's JavaScript makes of a script's string.
    fn unquoted(framed: &[u8]) -> String {
        let text = std::str::from_utf8(framed).unwrap();
        let inner = text.strip_prefix("<script>e('").unwrap();
        let inner = inner.strip_suffix("')</script>\n").unwrap();
        assert!(!inner.contains(['<', '>', '&', '\n', '\r', '\0', '\u{2028}', '\u{2029}']));
        let (mut out, mut chars) = (String::new(), inner.chars());
        while let Some(c) = chars.next() {
            assert_ne!(c, '\'', "the string ends early: {inner}");
            if c != '\\' {
                out.push(c);
                continue;
            }
            let digits = match chars.next().unwrap() {
                'n' => "a".to_owned(),
                'r' => "d".to_owned(),
                'x' => chars.by_ref().take(2).collect(),
                'u' => chars.by_ref().take(4).collect(),
                plain => format!("{:x}", u32::from(plain)),
            };
            out.push(char::from_u32(u32::from_str_radix(&digits, 16).unwrap()).unwrap());
        }
        out
    }

    #[test]
    fn no_text_leaves_the_script_and_each_arrives_as_it_was() {
        for text in [
            "{\"a\":\"</script><!--&\u{2028}\u{2029}\u{2027}é\u{1F600}\"}",
            r#"{"__proto__":1,"__proto__":2,"a\"\\b":"it's \u003c"}"#,
            // A text that is not JSON stays in the string, too.
            "</script>\n<script>alert(1)//'\\",
            "');alert(1)//\r\n\0",
        ] {
            assert_eq!(unquoted(&frame(text.as_bytes())), text);
        }
    }

    #[test]
    fn the_page_binds_its_function_once_and_only_for_a_parent() {
        let page = start("encke.on", None);
        let bound = "function e(s){document.currentScript.remove();if(parent!==self)parent.encke.on(JSON.parse(s))}";
        assert!(page.ends_with(format!("<script>{bound}</script>\n").as_bytes()));
        assert!(page.len() > PADDING_BYTES);
        let page = start("encke", Some("https://a.example"));
        let call = "if(parent!==self)parent.postMessage(JSON.parse(s),\"https://a.example\")}";
        assert!(page.ends_with(format!("{call}</script>\n").as_bytes()));
    }
}
