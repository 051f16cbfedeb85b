//! The forever iframe: a page that never ends, each item a script that calls into the parent page.

use bytes::{BufMut, Bytes, BytesMut};

/// An HTML comment.
pub const HEARTBEAT: &[u8] = b"<!-- -->\n";

/// Browsers show nothing, and run nothing, before some of a page has arrived.
const PADDING: usize = 2048;

/// The page's beginning: padding, and the one function `e` that every item is handed to. Both texts were checked
/// when the request was parsed: a dotted name and an origin can hold nothing that ends a script or a string.
pub fn start(callback: &str, parent: Option<&str>) -> Bytes {
    let call = match parent {
        Some(origin) => format!("parent.postMessage(i,\"{origin}\")"),
        None => format!("parent.{callback}(i)"),
    };
    let mut page = String::with_capacity(PADDING + 200);
    page.push_str("<!doctype html><meta charset=\"utf-8\"><title>feed</title>\n<!--");
    page.extend(std::iter::repeat_n(' ', PADDING));
    page.push_str("-->\n<script>function e(i){");
    page.push_str(&call);
    page.push_str("}</script>\n");
    page.into()
}

/// An item. What could end the script, or a line in an old JavaScript, is escaped; such characters stand only
/// inside JSON strings, where `\u` says the same.
pub fn frame(json: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(json.len() + 32);
    out.put_slice(b"<script>e(");
    let mut rest = json;
    while let Some((at, len, escape)) = special(rest) {
        out.put_slice(&rest[..at]);
        out.put_slice(escape);
        rest = &rest[at + len..];
    }
    out.put_slice(rest);
    out.put_slice(b")</script>\n");
    out.freeze()
}

/// Where the next character to be escaped is, how long it is, and what stands for it.
fn special(text: &[u8]) -> Option<(usize, usize, &'static [u8])> {
    let mut from = 0;
    loop {
        let at = from + text[from..].iter().position(|b| matches!(b, b'<' | b'>' | b'&' | 0xE2))?;
        let found: (usize, &[u8]) = match &text[at..] {
            [b'<', ..] => (1, b"\\u003c"),
            [b'>', ..] => (1, b"\\u003e"),
            [b'&', ..] => (1, b"\\u0026"),
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

    #[test]
    fn no_text_leaves_the_script() {
        let json = "{\"a\":\"</script><!--&\u{2028}\u{2029}\u{2027}é\u{1F600}\"}";
        let framed = frame(json.as_bytes());
        let text = std::str::from_utf8(&framed).unwrap();
        let inner = text.strip_prefix("<script>e(").unwrap().strip_suffix(")</script>\n").unwrap();
        assert!(!inner.contains(['<', '>', '&', '\u{2028}', '\u{2029}']));
        let read: serde_json::Value = serde_json::from_str(inner).unwrap();
        assert_eq!(read, serde_json::from_str::<serde_json::Value>(json).unwrap());
    }

    #[test]
    fn the_page_binds_its_function_once() {
        let page = start("app.on", None);
        assert!(page.ends_with(b"<script>function e(i){parent.app.on(i)}</script>\n"));
        assert!(page.len() > PADDING);
        let page = start("x", Some("https://a.example"));
        assert!(page.ends_with(b"{parent.postMessage(i,\"https://a.example\")}</script>\n"));
    }
}
