//! The HTML around articles: one document for all help pages, in two languages, without a script.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::settings::DeskText;

/// How the pages look. It is within them, and the policy names it by its hash.
const STYLE: &str = "\
:root{color-scheme:light dark;--paper:#fff;--ground:#f4f6f8;--ink:#17202a;--soft:#55606c;--line:#dbe1e7;--link:#0b62c4;--mark:#eef2f6}\
@media(prefers-color-scheme:dark){:root{--paper:#171e26;--ground:#10161c;--ink:#e8edf2;--soft:#a3afbb;--line:#2b3540;--link:#7cb8ff;--mark:#222c36}}\
*{box-sizing:border-box}\
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.65 system-ui,-apple-system,'Segoe UI','PingFang SC','Microsoft YaHei',sans-serif;overflow-wrap:anywhere}\
header,main,footer{width:min(46rem,100% - 2rem);margin:0 auto}\
header{display:flex;flex-wrap:wrap;align-items:center;gap:.4rem 1rem;padding:1.1rem 0}\
header a{font-weight:650;color:var(--ink);text-decoration:none;margin-right:auto}\
nav{display:flex;gap:.9rem}nav a{font-weight:400;color:var(--link);margin:0}\
nav [aria-current]{color:var(--soft)}\
main{padding:1.6rem clamp(1.1rem,4vw,2.4rem) 2rem;background:var(--paper);border:1px solid var(--line);border-radius:14px}\
h1{margin:0 0 .3em;font-size:1.7rem;line-height:1.25}h2{margin:1.6em 0 .4em;font-size:1.25rem}h3,h4,h5,h6{margin:1.4em 0 .3em;font-size:1.05rem}\
p,ul,ol,pre,table,blockquote{margin:0 0 1em}a{color:var(--link)}\
a:focus-visible,button:focus-visible,input:focus-visible,pre:focus-visible{outline:3px solid var(--link);outline-offset:2px}\
.soft{color:var(--soft);font-size:.92rem}\
form{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem;margin:1rem 0 1.4rem}\
input,button{font:inherit;min-height:44px;border-radius:10px;border:1px solid var(--line)}\
input{flex:1;min-width:0;padding:.4rem .9rem;background:var(--ground);color:var(--ink)}\
button{padding:.4rem 1.1rem;background:var(--link);border-color:var(--link);color:var(--paper);font-weight:600;cursor:pointer}\
.list{list-style:none;margin:0;padding:0}.list li{padding:.8rem 0;border-top:1px solid var(--line)}.list a{font-weight:600}.list p{margin:.1rem 0 0}\
code{background:var(--mark);border-radius:5px;padding:.1em .3em;font-size:.92em}\
pre{overflow:auto;padding:.9rem 1rem;border-radius:10px;background:var(--mark)}pre code{padding:0;background:none}\
blockquote{padding-left:1rem;border-left:3px solid var(--line);color:var(--soft)}\
table{display:block;overflow:auto;border-collapse:collapse}td,th{padding:.4rem .7rem;border:1px solid var(--line);text-align:start}\
hr{border:0;border-top:1px solid var(--line)}\
footer{padding:1.2rem 0 2.5rem;text-align:center}\
@media print{header nav,form,footer{display:none}main{border:0;padding:0}}";

/// What the pages may do: show themselves, and ask this server again.
pub(crate) fn policy() -> &'static str {
    static POLICY: OnceLock<String> = OnceLock::new();
    POLICY.get_or_init(|| {
        let hash = STANDARD.encode(Sha256::digest(STYLE));
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
    })
}

/// A text as it stands in HTML, also in an attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// The language of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tongue {
    En,
    Zh,
}

/// The words of a page in one language.
pub(crate) struct Wording {
    pub help: &'static str,
    pub search: &'static str,
    pub find: &'static str,
    pub none: &'static str,
    pub not_found: &'static str,
    pub no_articles: &'static str,
    pub absent: &'static str,
    pub all: &'static str,
    pub ask: &'static str,
    pub changed: &'static str,
    pub languages: &'static str,
    pub helped: &'static str,
    pub yes: &'static str,
    pub no: &'static str,
    pub thanks: &'static str,
}

impl Tongue {
    pub const ALL: [Tongue; 2] = [Tongue::En, Tongue::Zh];

    /// The language that is asked for by its name, or else the first that a browser would rather have.
    pub fn of(wanted: Option<&str>, accepted: Option<&str>) -> Self {
        let named = |name: &str| match name.trim().to_ascii_lowercase() {
            name if name.starts_with("zh") => Some(Tongue::Zh),
            name if name.starts_with("en") => Some(Tongue::En),
            _ => None,
        };
        let accepted = accepted.into_iter().flat_map(|all| all.split(',')).find_map(named);
        wanted.and_then(named).or(accepted).unwrap_or(Tongue::En)
    }

    pub fn tag(self) -> &'static str {
        match self {
            Tongue::En => "en",
            Tongue::Zh => "zh-CN",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Tongue::En => "English",
            Tongue::Zh => "中文",
        }
    }

    /// The text of this language, or of the other one if it has none.
    pub fn pick(self, text: &DeskText) -> (Tongue, &str) {
        match self {
            Tongue::En if text.en.trim().is_empty() => (Tongue::Zh, &text.zh),
            Tongue::Zh if text.zh.trim().is_empty() => (Tongue::En, &text.en),
            Tongue::En => (Tongue::En, &text.en),
            Tongue::Zh => (Tongue::Zh, &text.zh),
        }
    }

    pub fn words(self) -> Wording {
        match self {
            Tongue::En => Wording {
                help: "Help",
                search: "Search the articles",
                find: "Search",
                none: "No article has these words.",
                not_found: "There is nothing here",
                no_articles: "There are no articles yet.",
                absent: "The article was taken away, or its address is not complete.",
                all: "All articles",
                ask: "Not answered? Ask us",
                changed: "Last changed",
                languages: "Language",
                helped: "Did this help?",
                yes: "Yes",
                no: "No",
                thanks: "Thank you for telling us.",
            },
            Tongue::Zh => Wording {
                help: "帮助",
                search: "搜索文章",
                find: "搜索",
                none: "没有包含这些字词的文章。",
                not_found: "这里没有内容",
                no_articles: "还没有文章。",
                absent: "文章已撤下，或者网址不完整。",
                all: "全部文章",
                ask: "没有找到答案？联系我们",
                changed: "最后修改",
                languages: "语言",
                helped: "这篇文章有帮助吗？",
                yes: "有帮助",
                no: "没有帮助",
                thanks: "感谢您的反馈。",
            },
        }
    }
}

/// What a document is made of.
pub(crate) struct Document<'a> {
    pub tongue: Tongue,
    /// The scheme and the host under which it was asked for.
    pub origin: &'a str,
    /// The name of the desk, and the path of its articles.
    pub desk: &'a str,
    pub home: &'a str,
    pub title: &'a str,
    pub about: &'a str,
    /// The same page in each language that it has, without the origin; empty for a page that is no page of its own.
    pub versions: Vec<(Tongue, String)>,
    /// HTML.
    pub body: &'a str,
}

impl Document<'_> {
    pub fn html(&self) -> String {
        let Document { tongue, origin, desk, home, title, about, versions, body } = self;
        let (tag, words) = (tongue.tag(), tongue.words());
        let (title, about, desk) = (escaped(title), escaped(about), escaped(desk));
        let mut links = String::new();
        for (each, path) in versions {
            let href = escaped(&format!("{origin}{path}"));
            if each == tongue {
                links.push_str(&format!("<link rel=\"canonical\" href=\"{href}\">\n"));
            }
            let lang = each.tag();
            links.push_str(&format!(
                "<link rel=\"alternate\" hreflang=\"{lang}\" href=\"{href}\">\n"
            ));
        }
        if versions.is_empty() {
            links.push_str("<meta name=\"robots\" content=\"noindex\">\n");
        }
        let choice: String =
            versions.iter().map(|(each, path)| choice(*each, *tongue, path)).collect();
        let nav = match versions.len() {
            0 | 1 => String::new(),
            _ => format!("<nav aria-label=\"{}\">{choice}</nav>", words.languages),
        };
        let ask = home.replacen("/help/", "/ask/", 1);
        format!(
            "<!doctype html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>{title}</title>\n\
             <meta name=\"description\" content=\"{about}\">\n{links}<style>{STYLE}</style>\n</head>\n<body>\n\
             <header><a href=\"{home}?lang={tag}\" dir=\"auto\">{desk} · {}</a>{nav}</header>\n<main>\n{body}\n</main>\n\
             <footer><a href=\"{ask}\">{}</a></footer>\n</body>\n</html>\n",
            words.help, words.ask
        )
    }
}

/// A language in the head of the page.
fn choice(each: Tongue, now: Tongue, path: &str) -> String {
    let (tag, name, href) = (each.tag(), each.name(), escaped(path));
    let current = if each == now { " aria-current=\"page\"" } else { "" };
    format!("<a href=\"{href}\" lang=\"{tag}\" hreflang=\"{tag}\"{current}>{name}</a>")
}
