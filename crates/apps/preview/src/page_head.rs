//! What a page says of itself: Open Graph first, then what HTML has for it.

use std::time::{Duration, Instant};

use encke_engine::outgoing_limits;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{Rawtext, Rcdata, ScriptData};
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use html5ever::{Attribute, local_name};

/// Bytes that the reader gets at one time.
const PART_BYTES: usize = 1_024;
/// Bytes of the title that are kept before it is made fit to be shown.
const TITLE_BYTES: usize = 8 * 1_024;

/// What a page says of itself, as it says it.
#[derive(Default, Debug)]
pub(crate) struct PageHead {
    pub title: Option<String>,
    pub description: Option<String>,
    pub site: Option<String>,
    pub picture: Option<String>,
}

/// Reads the text of a page. This blocks, for a bounded time.
pub(crate) fn read(html: &str) -> PageHead {
    let begun = Instant::now();
    let most = Duration::from_millis(outgoing_limits::PREVIEW_READ_MS_MAX);
    let mut tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let mut input = BufferQueue::new();
    let mut rest = html;
    // A tag with a hundred thousand attributes takes long. So the reader gets little at a time.
    while !rest.is_empty() && begun.elapsed() < most {
        let mut end = rest.len().min(PART_BYTES);
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        input.push_back(StrTendril::from_slice(&rest[..end]));
        let _ = tokenizer.feed(&mut input);
        rest = &rest[end..];
    }
    tokenizer.sink.found()
}

/// Collects what matters.
#[derive(Default)]
struct Sink {
    og: PageHead,
    plain: PageHead,
    /// Whether the reader is within the title.
    in_title: bool,
}

impl Sink {
    fn found(self) -> PageHead {
        let (og, plain) = (self.og, self.plain);
        PageHead {
            title: og.title.or(plain.title),
            description: og.description.or(plain.description),
            site: og.site,
            picture: og.picture,
        }
    }

    fn meta(&mut self, attrs: &[Attribute]) {
        let get = |name: &str| {
            let found = attrs.iter().find(|attr| &*attr.name.local == name);
            found.map(|attr| attr.value.trim())
        };
        let Some(name) = get("property").or_else(|| get("name")) else { return };
        let Some(content) = get("content").filter(|content| !content.is_empty()) else { return };
        let place = match name.to_ascii_lowercase().as_str() {
            "og:title" => &mut self.og.title,
            "og:description" => &mut self.og.description,
            "og:site_name" => &mut self.og.site,
            "og:image" | "og:image:url" | "og:image:secure_url" => &mut self.og.picture,
            "description" => &mut self.plain.description,
            _ => return,
        };
        // The first one counts.
        place.get_or_insert_with(|| content.to_owned());
    }

    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let begins = tag.kind == TagKind::StartTag;
        match tag.name {
            local_name!("title") => {
                self.in_title = begins && self.plain.title.is_none();
                if self.in_title {
                    self.plain.title = Some(String::new());
                }
                if begins {
                    return TokenSinkResult::RawData(Rcdata);
                }
            }
            local_name!("meta") if begins => self.meta(&tag.attrs),
            local_name!("textarea") if begins => return TokenSinkResult::RawData(Rcdata),
            local_name!("script") if begins => return TokenSinkResult::RawData(ScriptData),
            local_name!("style")
            | local_name!("iframe")
            | local_name!("noembed")
            | local_name!("noframes")
            | local_name!("xmp")
                if begins =>
            {
                return TokenSinkResult::RawData(Rawtext);
            }
            local_name!("plaintext") if begins => return TokenSinkResult::Plaintext,
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&mut self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) => return self.tag(&tag),
            Token::CharacterTokens(text) if self.in_title => {
                let title = self.plain.title.get_or_insert_default();
                if title.len() < TITLE_BYTES {
                    title.extend(text.chars().take(TITLE_BYTES - title.len()));
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_graph_goes_before_what_html_has() {
        let page = read(
            r#"<!doctype html><html><head><title>Plain &amp; simple</title>
            <meta name="description" content="plain words">
            <meta property="og:title" content="Comet &lt;2P/Encke&gt;"><meta property="og:title" content="second">
            <META PROPERTY="OG:Site_Name" CONTENT=" The Sky ">
            <meta property=og:image content="/a.png"></head><body>"#,
        );
        assert_eq!(page.title.as_deref(), Some("Comet <2P/Encke>"));
        assert_eq!(page.description.as_deref(), Some("plain words"));
        assert_eq!(page.site.as_deref(), Some("The Sky"));
        assert_eq!(page.picture.as_deref(), Some("/a.png"));
        let page = read("<title>Plain &amp; simple</title>");
        assert_eq!(page.title.as_deref(), Some("Plain & simple"));
    }

    #[test]
    fn tags_in_a_title_a_script_or_a_comment_are_no_tags() {
        let page = read("<title><script>alert(1)</script></title><svg><title>no</title></svg>");
        assert_eq!(page.title.as_deref(), Some("<script>alert(1)</script>"));
        let page = read(
            r#"<script>"<meta property='og:title' content='no'>"</script>
            <!-- <meta property="og:title" content="no"> --><style><title>no</title></style>
            <textarea><title>no</title></textarea><title>yes</title>"#,
        );
        assert_eq!(page.title.as_deref(), Some("yes"));
    }

    #[test]
    fn a_hostile_page_takes_a_bounded_time_and_memory() {
        let most = Duration::from_millis(4 * outgoing_limits::PREVIEW_READ_MS_MAX + 1_000);
        let attributes: String = (0..100_000).map(|n| format!(" a{n}")).collect();
        for page in [
            format!("<title>{}", "x".repeat(10_000_000)),
            format!("<meta{attributes}"),
            "<".repeat(1_000_000),
            "<div>".repeat(200_000),
            "&".repeat(1_000_000),
            "<!--".repeat(200_000),
        ] {
            let begun = Instant::now();
            let found = read(&page);
            assert!(begun.elapsed() < most, "{:?}", begun.elapsed());
            assert!(found.title.is_none_or(|title| title.len() <= TITLE_BYTES));
        }
    }
}
