//! From the bytes of a page to its text.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// Bytes from the beginning in which a page says its own encoding.
const SAID_BYTES: usize = 1024;

/// The text of a page. Its first bytes, the header, and the page itself say the encoding, in this order.
pub(crate) fn text<'a>(bytes: &'a [u8], content_type: &str) -> Cow<'a, str> {
    let named = || named_in(content_type.as_bytes());
    let said = || named_in(&bytes[..bytes.len().min(SAID_BYTES)]);
    let encoding = named().or_else(said).unwrap_or_else(|| guess(bytes));
    // This looks at a byte order mark first.
    encoding.decode(bytes).0
}

/// The encoding after the first `charset=`.
fn named_in(bytes: &[u8]) -> Option<&'static Encoding> {
    let key = b"charset";
    let found = bytes.windows(key.len()).position(|part| part.eq_ignore_ascii_case(key))?;
    let rest = bytes[found + key.len()..].trim_ascii_start().strip_prefix(b"=")?;
    let rest = rest.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or(rest.strip_prefix(b"'")).unwrap_or(rest);
    let is_end = |b: &u8| b.is_ascii_whitespace() || b"\"'>;/".contains(b);
    let end = rest.iter().position(is_end).unwrap_or(rest.len());
    let encoding = Encoding::for_label(&rest[..end])?;
    // A page that can be searched for the word is not of two bytes a character.
    Some(if encoding.is_ascii_compatible() { encoding } else { UTF_8 })
}

/// A page that says nothing is in UTF-8 if its bytes can be that. The end may have cut a character.
fn guess(bytes: &[u8]) -> &'static Encoding {
    match std::str::from_utf8(bytes) {
        Err(e) if e.error_len().is_some() => WINDOWS_1252,
        _ => UTF_8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_in_the_encoding_that_it_says() {
        let (gbk, _, _) = encoding_rs::GBK.encode("<title>彗星</title>");
        assert_eq!(text(&gbk, "text/html; charset=gb2312"), "<title>彗星</title>");
        let said = [b"<meta charset=\"GBK\">", &gbk[..]].concat();
        assert!(text(&said, "text/html").ends_with("<title>彗星</title>"));
        let old = [b"<meta http-equiv=x content='text/html; charset=gb18030'>", &gbk[..]].concat();
        assert!(text(&old, "text/html").ends_with("<title>彗星</title>"));
        assert_eq!(text("彗星".as_bytes(), "text/html"), "彗星");
        assert_eq!(text(&"彗星".as_bytes()[..5], "text/html"), "彗\u{fffd}");
        assert_eq!(text(b"caf\xe9 noir", "text/html"), "café noir");
        assert_eq!(text("\u{feff}彗星".as_bytes(), "text/html; charset=gbk"), "彗星");
        assert_eq!(text(b"a", "text/html; charset=utf-16"), "a");
        assert_eq!(text(b"a", "text/html; charset"), "a");
    }
}
