//! Markdown of an article as HTML that is safe to show: the pages of articles have no other HTML than what is made here.
//!
//! HTML in an article is shown as text. Two walls stand one behind the other: only known events of the parser go on, and
//! `ammonia` lets only known elements and web addresses through.

use std::sync::OnceLock;

use ammonia::{Builder, UrlRelative};
use encke_engine::desk_limits;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// The elements that an article may have.
const TAGS: [&str; 24] = [
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
];

fn parser(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH)
}

/// The page has the title as its first heading, so those of the text begin one lower.
fn lower(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H2,
        HeadingLevel::H2 => HeadingLevel::H3,
        HeadingLevel::H3 => HeadingLevel::H4,
        HeadingLevel::H4 => HeadingLevel::H5,
        HeadingLevel::H5 | HeadingLevel::H6 => HeadingLevel::H6,
    }
}

/// The event as it goes on: HTML is text, a heading is one lower.
fn safe(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::SoftBreak => Event::HardBreak,
        Event::Start(Tag::Heading { level, .. }) => {
            let (level, id, classes, attrs) = (lower(level), None, Vec::new(), Vec::new());
            Event::Start(Tag::Heading { level, id, classes, attrs })
        }
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(lower(level))),
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
        other => other,
    }
}

/// Drops elements that lie too deep in others, and keeps what they say. Of a picture its words stay: the picture would tell
/// another site who reads.
fn shallow<'a>(events: impl Iterator<Item = Event<'a>>) -> impl Iterator<Item = Event<'a>> {
    let mut depth = 0_usize;
    events.filter(move |event| match event {
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => false,
        Event::Start(_) => {
            depth += 1;
            depth <= desk_limits::ARTICLE_DEPTH_MAX
        }
        Event::End(_) => {
            depth = depth.saturating_sub(1);
            depth < desk_limits::ARTICLE_DEPTH_MAX
        }
        _ => true,
    })
}

/// An article as HTML.
pub(crate) fn rendered(text: &str) -> String {
    static CLEANER: OnceLock<Builder<'static>> = OnceLock::new();
    let cleaner = CLEANER.get_or_init(|| {
        let mut cleaner = Builder::default();
        cleaner
            .tags(TAGS.into())
            .tag_attributes([("a", ["href"].into()), ("ol", ["start"].into())].into())
            .generic_attributes([].into())
            .url_schemes(["http", "https", "mailto", "tel"].into())
            .url_relative(UrlRelative::Deny)
            .link_rel(Some("noopener nofollow"));
        cleaner
    });
    let mut raw = String::with_capacity(text.len() * 2);
    html::push_html(&mut raw, shallow(parser(text).map(safe)));
    cleaner.clean(&raw).to_string()
}

/// Whether an element ends within a sentence.
fn is_inline(end: TagEnd) -> bool {
    matches!(
        end,
        TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image
    )
}

/// The beginning of what an article says, without its marks, for those who list pages.
pub(crate) fn beginning(text: &str, most_chars: usize) -> String {
    let mut said = String::new();
    for event in parser(text) {
        match event {
            Event::Text(text) | Event::Code(text) => said.push_str(&text),
            Event::End(end) if is_inline(end) => {}
            Event::SoftBreak | Event::HardBreak | Event::End(_) => said.push(' '),
            _ => {}
        }
        if said.len() > most_chars * 4 {
            break;
        }
    }
    let words: Vec<&str> = said.split_whitespace().collect();
    let said = words.join(" ");
    match said.char_indices().nth(most_chars) {
        Some((end, _)) => format!("{}…", &said[..end]),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_elements_below_the_title() {
        let html = rendered(
            "# Send it back\n\nWithin **30 days**, see [terms](https://shop.example/t).\n\n1. Pack\n2. Send",
        );
        assert!(html.contains("<h2>Send it back</h2>"), "{html}");
        assert!(html.contains("<strong>30 days</strong>"), "{html}");
        assert!(html.contains("href=\"https://shop.example/t\""), "{html}");
        assert!(html.contains("<li>Pack</li>"), "{html}");
        assert_eq!(beginning("# 退货\n\n**三十天**内 `可以`", 100), "退货 三十天内 可以");
        assert_eq!(beginning("one two three", 7), "one two…");
    }

    #[test]
    fn nothing_that_runs_or_loads_comes_through() {
        let hostile = [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt&colon;alert(1))",
            "<javascript:alert(1)>",
            "[x](data:text/html,<script>alert(1)</script>)",
            "![x](https://spy.example/p.png \"onload=alert(1)\")",
            "![x](javascript:alert(1))",
            "[x]: javascript:alert(1)\n[x]",
            "<svg><style><img src=x onerror=alert(1)></style></svg>",
            "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
            "```<script>\n</code></pre><script>alert(1)</script>\n```",
            "[x](//spy.example) [y](/v1/sign-out)",
            "# x {onclick=alert(1)}",
        ];
        for text in hostile {
            let html = rendered(text);
            for word in [
                "<script",
                "<img",
                "<svg",
                "<iframe",
                "<style",
                "href=\"java",
                "href=\"data",
                "href=\"/",
            ] {
                assert!(!html.to_lowercase().contains(word), "{text}: {html}");
            }
            let inside_tags =
                html.split('<').filter_map(|part| part.split_once('>')).map(|(tag, _)| tag);
            for tag in inside_tags {
                assert!(
                    !tag.contains("on") || tag.starts_with("strong") || tag.contains("rel="),
                    "{text}: {html}"
                );
            }
        }
    }

    #[test]
    fn fuzz_an_article_has_only_known_elements_and_addresses() {
        let words: &[&[u8]] = &[
            b"<script>",
            b"<img src=x onerror=",
            b"](javascript:",
            b"](https://",
            b"&colon;",
            b"```",
            b"\"",
            b"'",
            b"<a href=",
            b"-->",
            b"<!--",
            b"<![CDATA[",
            b"|",
            b"> ",
            b"[x]: ",
            b"&#106;",
            b"\0",
            b"<svg/",
            b"</p>",
        ];
        encke_fuzz::run("article", words, |bytes| {
            let text = String::from_utf8_lossy(bytes);
            let html = rendered(&text);
            for tag in html.split('<').skip(1).filter_map(|part| part.split('>').next()) {
                let inner = tag.trim_start_matches('/');
                let (name, rest) = inner.split_once(' ').unwrap_or((inner, ""));
                assert!(TAGS.contains(&name), "{tag:?} of {text:?}");
                let mut attributes = rest.split("=\"");
                let first = attributes.next().unwrap_or_default();
                assert!(["", "href", "start", "rel"].contains(&first), "{tag:?} of {text:?}");
                let address = attributes.next().filter(|_| first == "href").unwrap_or("https:");
                let schemes = ["http:", "https:", "mailto:", "tel:"];
                let address = address.to_ascii_lowercase();
                assert!(schemes.iter().any(|s| address.starts_with(s)), "{tag:?} of {text:?}");
            }
            let said = beginning(&text, 100);
            assert!(said.chars().count() <= 101);
        });
    }

    #[test]
    fn an_article_that_is_all_depth_costs_little() {
        let most = desk_limits::ARTICLE_BYTES_MAX;
        for part in [
            ">",
            "- ",
            "*a ",
            "[",
            "![",
            "`",
            "|",
            "<a>",
            "\\",
            "**_",
            "1. ",
            "[![x](https://a.b)](https://c.d)",
            "*a [b](https://c.d) ",
            "|-|\n",
        ] {
            let html = rendered(&part.repeat(most / part.len()));
            assert!(html.len() < 60 * most, "{part}: {}", html.len());
            assert!(html.matches("<blockquote").count() <= desk_limits::ARTICLE_DEPTH_MAX);
        }
    }
}
