//! HTML from an editor, reduced to bold, italic, underline, colours, sizes, lists, and links to http and https. The
//! board stores the HTML as it was written; pages get the reduced form.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use ammonia::{Builder, UrlRelative};
use bytes::Bytes;
use encke_engine::limits;

use super::html::escape;

/// The elements that stay. Other elements lose their tags and keep their text. Scripts and style sheets go altogether.
const TAGS: [&str; 14] =
    ["a", "b", "br", "div", "em", "font", "i", "li", "ol", "p", "span", "strong", "u", "ul"];
/// The greatest length of a link's address.
const HREF_BYTES_MAX: usize = 2_048;
/// The greatest size of a text in pixels or points. A larger text could cover the page.
const SIZE_MAX: f32 = 72.0;

/// Makes HTML safe and remembers the results.
pub(super) struct Editor {
    cleaner: Builder<'static>,
    known: Mutex<Known>,
}

/// Safe HTML by the body of its event.
#[derive(Default)]
struct Known {
    all: HashMap<Bytes, Arc<str>>,
    bytes: usize,
}

impl Default for Editor {
    fn default() -> Self {
        let mut cleaner = Builder::default();
        cleaner
            .tags(TAGS.into())
            .tag_attributes([("a", ["href"].into()), ("font", ["color", "size"].into())].into())
            .generic_attributes(["style"].into())
            .url_schemes(["http", "https"].into())
            .url_relative(UrlRelative::Deny)
            .link_rel(Some("noopener noreferrer"))
            .attribute_filter(attribute);
        Editor { cleaner, known: Mutex::default() }
    }
}

impl Editor {
    /// The safe HTML of an event's body, if it is remembered.
    pub fn known(&self, body: &Bytes) -> Option<Arc<str>> {
        self.known.lock().expect("not poisoned").all.get(body).cloned()
    }

    /// Makes HTML safe to insert. `body` is the event's body; the result is remembered under it.
    ///
    /// This may take milliseconds, so a shard's thread must not do it.
    pub fn clean(&self, body: Bytes, html: &str) -> Arc<str> {
        let made: Arc<str> = self.cleaned(html).into();
        let bytes = body.len() + made.len();
        let mut known = self.known.lock().expect("not poisoned");
        if known.bytes + bytes > limits::CLASSIC_HTML_BYTES_MAX {
            *known = Known::default();
        }
        known.bytes += bytes;
        if known.all.insert(body, made.clone()).is_some() {
            known.bytes -= bytes;
        }
        made
    }

    /// Reduces HTML. A parser repeats the open tags wherever a block begins, so few tags can become very many. HTML
    /// that does this is shown as its source text.
    fn cleaned<'a>(&self, html: &'a str) -> Cow<'a, str> {
        let tags = html.bytes().filter(|b| *b == b'<').count();
        if tags > limits::CLASSIC_TAGS_MAX || !html.contains(['<', '&']) {
            return escape(html);
        }
        let clean = self.cleaner.clean(html).to_string();
        if clean.len() > 8 * html.len() + 1_024 { escape(html) } else { clean.into() }
    }
}

/// The value that is left of an allowed attribute.
fn attribute<'a>(_element: &str, name: &str, value: &'a str) -> Option<Cow<'a, str>> {
    let good = match name {
        "style" => return style(value).map(Cow::Owned),
        "color" => is_colour(value),
        "size" => matches!(value.trim_start_matches(['+', '-']).as_bytes(), [b'1'..=b'7']),
        "href" => value.len() <= HREF_BYTES_MAX,
        // The cleaner itself adds these.
        _ => true,
    };
    good.then_some(value.into())
}

/// The colours and sizes in a style.
fn style(value: &str) -> Option<String> {
    let mut kept = Vec::new();
    for (name, value) in value.split(';').filter_map(|part| part.split_once(':')) {
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        let good = match name.as_str() {
            "color" | "background-color" => is_colour(value),
            "font-size" => is_size(value),
            _ => false,
        };
        if good {
            kept.push(format!("{name}: {value}"));
        }
    }
    kept.truncate(3);
    (!kept.is_empty()).then(|| kept.join("; "))
}

/// Whether this is a colour: a name, hexadecimal digits, rgb(…) or rgba(…).
fn is_colour(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    let numbers = value.strip_prefix("rgba(").or(value.strip_prefix("rgb("));
    let good = match (value.strip_prefix('#'), numbers.and_then(|n| n.strip_suffix(')'))) {
        (Some(digits), _) => digits.bytes().all(|b| b.is_ascii_hexdigit()),
        (_, Some(numbers)) => numbers.bytes().all(|b| b.is_ascii_digit() || b" ,.%/".contains(&b)),
        _ => value.bytes().all(|b| b.is_ascii_lowercase()),
    };
    good && (1..=32).contains(&value.len())
}

/// Whether this is a size: a name, or a number of pixels, points, ems or percent.
fn is_size(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    if value.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
        return (1..=16).contains(&value.len());
    }
    let at = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
    let Ok(number) = value[..at].parse::<f32>() else { return false };
    match &value[at..] {
        "px" | "pt" => number <= SIZE_MAX,
        "em" | "rem" => number * 16.0 <= SIZE_MAX,
        "%" => number / 100.0 * 16.0 <= SIZE_MAX,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(html: &str) -> String {
        Editor::default().clean(Bytes::copy_from_slice(html.as_bytes()), html).to_string()
    }

    #[test]
    fn html_that_an_editor_makes_stays() {
        let kept = [
            "<b>bold</b> <i>it</i> <u>under</u> <strong>s</strong><em>e</em>",
            "<font color=\"#ff0000\" size=\"5\">red</font>",
            "<span style=\"background-color: rgb(255, 255, 0)\">marked</span>",
            "<span style=\"color: red; font-size: 18px\">large</span>",
            "<ol><li>one</li></ol><ul><li>two</li></ul>",
            "<div>line</div><p>two<br>three</p>",
            "你好 &amp; 1 &lt; 2 \u{1F600}",
        ];
        for html in kept {
            assert_eq!(clean(html), html);
        }
        for address in ["http://example.com/a?b=c", "https://example.com/"] {
            let link = format!("<a href=\"{address}\">there</a>");
            let expected = format!("<a href=\"{address}\" rel=\"noopener noreferrer\">there</a>");
            assert_eq!(clean(&link), expected);
        }
        assert_eq!(clean("1 < 2 & 3"), "1 &lt; 2 &amp; 3");
    }

    #[test]
    fn html_that_runs_or_loads_or_covers_goes() {
        let table = [
            ("<img src=x onerror=alert(1)>a", "a"),
            ("<script>alert(1)</script>a<style>*{}</style>", "a"),
            ("<svg onload=alert(1)><a xlink:href=\"javascript:alert(1)\">a</a></svg>", ""),
            ("<b onclick=alert(1) class=x id=y data-z=1>a</b>", "<b>a</b>"),
            ("<a href=\"javascript:alert(1)\">a</a>", "<a rel=\"noopener noreferrer\">a</a>"),
            ("<a href=\" java\tscript:alert(1)\">a</a>", "<a rel=\"noopener noreferrer\">a</a>"),
            (
                "<a href=\"data:text/html,x\" target=_top>a</a>",
                "<a rel=\"noopener noreferrer\">a</a>",
            ),
            ("<a href=\"/v1/sign-out\">a</a>", "<a rel=\"noopener noreferrer\">a</a>"),
            ("<a href=\"//evil.example\">a</a>", "<a rel=\"noopener noreferrer\">a</a>"),
            ("<iframe src=//evil.example></iframe><form action=x><input name=y></form>a", "a"),
            (
                "<div style=\"position:fixed;top:0;color:red\">a</div>",
                "<div style=\"color: red\">a</div>",
            ),
            ("<span style=\"background:url(//e)\">a</span>", "<span>a</span>"),
            (
                "<span style=\"color:url(//e);background-color:expression(a)\">a</span>",
                "<span>a</span>",
            ),
            ("<span style=\"font-size:9999px\">a</span>", "<span>a</span>"),
            ("<font size=99 color=\"x;y\" face=z>a</font>", "<font>a</font>"),
            ("</div></p><b>open", "<p></p><b>open</b>"),
            (
                "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
                "",
            ),
        ];
        for (html, expected) in table {
            assert_eq!(clean(html), expected, "{html}");
        }
    }

    #[test]
    fn few_tags_never_become_very_many() {
        let fonts =
            |n: usize| (0..n).map(|i| format!("<font color=\"#{i:06}\">")).collect::<String>();
        let many = format!("{}{}", fonts(100), "<p>".repeat(100));
        let link = format!("<a href=\"http://e/{}\">{}", "x".repeat(2_000), "<p>".repeat(200));
        for html in [&*fonts(2_000), &many, &link, &"<b>".repeat(20_000), &"<".repeat(60_000)] {
            let made = clean(html);
            assert!(made.len() <= 8 * html.len() + 1_024, "{}", made.len());
        }
        assert_eq!(clean(&fonts(2_000)), escape(&fonts(2_000)));
    }

    #[test]
    fn remembered_html_is_bounded() {
        let editor = Editor::default();
        for n in 0..200 {
            let html = format!("<b>{n}</b>{}", "x".repeat(60_000));
            let body = Bytes::from(html.clone());
            let made = editor.clean(body.clone(), &html);
            assert_eq!(editor.known(&body), Some(made));
            assert!(editor.known.lock().unwrap().bytes <= limits::CLASSIC_HTML_BYTES_MAX);
        }
    }
}
