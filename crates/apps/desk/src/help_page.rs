//! Help pages: the published articles of a desk as plain HTML, for people without the window and for search engines.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Response};
use encke_account::visitor;
use encke_engine::{Code, Error, desk_limits};
use encke_site::{Origin, Path, Refusal, Scheme, Site};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::article::Article;
use crate::desk::DeskRow;
use crate::help::{FoundArticle, find};
use crate::help_html::{Document, Tongue, Wording, escaped, policy};
use crate::helped;
use crate::markdown::{beginning, rendered};
use crate::settings::DeskText;
use crate::visit::cut;
use crate::visitor::Address;

/// What stands behind the address of a page.
#[derive(Deserialize, IntoParams, Default)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedPage {
    /// What somebody looks for.
    #[serde(default)]
    #[param(required = false)]
    q: String,
    /// The language: `en` or `zh-CN`. Without it, the one that the browser would rather have.
    lang: Option<String>,
}

type Wanted = Result<Query<WantedPage>, QueryRejection>;

/// Who asks for a page: in which language, and under which address of the site.
pub(crate) struct Visit {
    tongue: Tongue,
    origin: String,
    q: String,
}

impl Visit {
    fn of(wanted: Wanted, scheme: Scheme, uri: &Uri, headers: &HeaderMap) -> Self {
        let WantedPage { q, lang } = wanted.map_or_else(|_| WantedPage::default(), |Query(it)| it);
        let q = cut(&q, desk_limits::DESK_SEARCH_BYTES_MAX).trim().to_owned();
        Visit { q, ..Visit::new(lang.as_deref(), scheme, uri, headers) }
    }

    /// The same for somebody who searches nothing.
    pub fn new(lang: Option<&str>, scheme: Scheme, uri: &Uri, headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let asked = Origin::of(headers, uri, &http::Extensions::new());
        let origin = format!("{}{}", scheme.text(), asked.host.unwrap_or_default());
        Visit { tongue: Tongue::of(lang, accepted), origin, q: String::new() }
    }

    /// The language in which an article is shown. A page has one: that of its text, as far as there is one.
    pub fn read_in(&self, article: &Article) -> Tongue {
        let content = &article.content;
        let same = tongues(&content.title, &content.text).find(|it| *it == self.tongue);
        same.unwrap_or_else(|| self.tongue.pick(&content.text).0)
    }
}

fn answer(status: StatusCode, document: &Document<'_>) -> Response {
    let mut response = (status, Html(document.html())).into_response();
    let lines = [
        (header::CONTENT_SECURITY_POLICY, policy()),
        // An article that is no longer published must not be shown any more.
        (header::CACHE_CONTROL, "no-cache"),
        (header::VARY, "Accept-Language"),
        // With none at all, a browser would not say that an answer comes from this page.
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in lines {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
        .headers_mut()
        .insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(document.tongue.tag()));
    response
}

/// The page of an address that has none. People read it, so it is a page as well.
fn absent(visit: &Visit, desk: Option<&DeskRow>) -> Response {
    let words = visit.tongue.words();
    let home = desk.map(home).unwrap_or_default();
    let back = match desk {
        Some(_) => {
            format!("<p><a href=\"{home}?lang={}\">{}</a></p>", visit.tongue.tag(), words.all)
        }
        None => String::new(),
    };
    let body = format!("<h1>{}</h1>\n<p>{}</p>\n{back}", words.not_found, words.absent);
    let document = Document {
        tongue: visit.tongue,
        origin: &visit.origin,
        desk: desk.map_or("", |desk| &desk.name),
        home: &home,
        title: words.not_found,
        about: "",
        versions: Vec::new(),
        body: &body,
    };
    answer(StatusCode::NOT_FOUND, &document)
}

fn home(desk: &DeskRow) -> String {
    format!("/help/{}", desk.key)
}

/// The title of an article as a part of its address.
fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.to_lowercase().chars().take(desk_limits::ARTICLE_SLUG_CHARS_MAX) {
        match c.is_alphanumeric() {
            true => slug.push(c),
            false if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            false => {}
        }
    }
    let slug = slug.trim_end_matches('-');
    utf8_percent_encode(if slug.is_empty() { "-" } else { slug }, SLUG).to_string()
}

/// What is encoded in an address: all but letters, digits and dashes.
const SLUG: &percent_encoding::AsciiSet = &NON_ALPHANUMERIC.remove(b'-');

/// The address of an article in a language.
fn address(desk: &DeskRow, id: u64, title: &DeskText, tongue: Tongue) -> String {
    let (of, title) = tongue.pick(title);
    format!("{}/{id}/{}?lang={}", home(desk), slug(title), of.tag())
}

/// The languages that an article has.
fn tongues(title: &DeskText, text: &DeskText) -> impl Iterator<Item = Tongue> {
    let has = [
        (Tongue::En, !title.en.trim().is_empty() && !text.en.trim().is_empty()),
        (Tongue::Zh, !title.zh.trim().is_empty() && !text.zh.trim().is_empty()),
    ];
    has.into_iter().filter(|(_, has)| *has).map(|(tongue, _)| tongue)
}

/// The articles of a desk, for everybody, as a page.
#[utoipa::path(get, operation_id = "help_page", path = "/help/{desk}", tag = "desk",
    params(("desk" = String, Path), WantedPage), security(()),
    responses((status = 200, body = String, content_type = "text/html"),
        (status = 404, body = String, content_type = "text/html", description = "A page that says so."),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    Path(key): Path<String>,
    Address(address): Address,
    wanted: Wanted,
    scheme: Scheme,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    visitor::take_help(&site, address)?;
    let visit = Visit::of(wanted, scheme, &uri, &headers);
    let q = visit.q.clone();
    let found = site.store.read(move |read| {
        let desk = match DeskRow::by_key(read, &key) {
            Err(error) if error.code == Code::NotFound => return Ok(None),
            desk => desk?,
        };
        let articles = find(read, &desk, &q, desk_limits::HELP_PAGE_FOUND_MAX)?;
        Ok::<_, Error>(Some((desk, articles)))
    });
    Ok(match found.await? {
        Some((desk, articles)) => listed(&visit, &desk, &articles),
        None => absent(&visit, None),
    })
}

fn listed(visit: &Visit, desk: &DeskRow, articles: &[FoundArticle]) -> Response {
    let (tongue, home) = (visit.tongue, home(desk));
    let words = tongue.words();
    let rows: String = articles.iter().map(|article| row(desk, article, tongue)).collect();
    let below = match (rows.is_empty(), visit.q.is_empty()) {
        (false, _) => format!("<ul class=\"list\">\n{rows}</ul>"),
        (true, true) => format!("<p>{}</p>", words.no_articles),
        (true, false) => format!("<p role=\"status\">{}</p>", words.none),
    };
    let back = match visit.q.is_empty() {
        true => String::new(),
        false => format!("<p><a href=\"{home}?lang={}\">{}</a></p>", tongue.tag(), words.all),
    };
    let body =
        format!("<h1>{}</h1>\n{}\n{below}\n{back}", words.help, search(&home, visit, &words));
    let all = Tongue::ALL.map(|each| (each, format!("{home}?lang={}", each.tag())));
    let title = format!("{} · {}", words.help, desk.name);
    let (_, greeting) = tongue.pick(&desk.settings.greeting);
    let document = Document {
        tongue,
        origin: &visit.origin,
        desk: &desk.name,
        home: &home,
        title: &title,
        about: greeting,
        // A search is no page of its own.
        versions: if visit.q.is_empty() { all.to_vec() } else { Vec::new() },
        body: &body,
    };
    answer(StatusCode::OK, &document)
}

fn search(home: &str, visit: &Visit, words: &Wording) -> String {
    let (tag, q) = (visit.tongue.tag(), escaped(&visit.q));
    let (most, label, find) = (desk_limits::DESK_SEARCH_BYTES_MAX, words.search, words.find);
    format!(
        "<form action=\"{home}\" role=\"search\"><input type=\"hidden\" name=\"lang\" value=\"{tag}\">\
         <input type=\"search\" name=\"q\" value=\"{q}\" maxlength=\"{most}\" aria-label=\"{label}\" \
         placeholder=\"{label}\"><button>{find}</button></form>"
    )
}

fn row(desk: &DeskRow, article: &FoundArticle, tongue: Tongue) -> String {
    let (of, title) = tongue.pick(&article.title);
    let (_, text) = of.pick(&article.text);
    let href = escaped(&address(desk, article.id, &article.title, tongue));
    let text = beginning(text, desk_limits::ARTICLE_BEGINNING_CHARS_MAX);
    format!(
        "<li lang=\"{}\"><a href=\"{href}\" dir=\"auto\">{}</a><p class=\"soft\" dir=\"auto\">{}</p></li>\n",
        of.tag(),
        escaped(title),
        escaped(&text)
    )
}

/// A published article as a page.
#[utoipa::path(get, operation_id = "help_page_article", path = "/help/{desk}/{number}", tag = "desk",
    params(("desk" = String, Path), ("number" = String, Path), WantedPage), security(()),
    responses((status = 200, body = String, content_type = "text/html"),
        (status = 404, body = String, content_type = "text/html", description = "A page that says so."),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn article(
    State(site): State<Arc<Site>>,
    Path((key, number)): Path<(String, String)>,
    Address(address): Address,
    wanted: Wanted,
    scheme: Scheme,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    visitor::take_help(&site, address)?;
    shown(site, key, number, Visit::of(wanted, scheme, &uri, &headers)).await
}

/// A published article as a page, with its title in the address. The number alone counts, so old addresses stay good.
#[utoipa::path(get, operation_id = "help_page_named_article", path = "/help/{desk}/{number}/{slug}", tag = "desk",
    params(("desk" = String, Path), ("number" = String, Path), ("slug" = String, Path), WantedPage), security(()),
    responses((status = 200, body = String, content_type = "text/html"),
        (status = 404, body = String, content_type = "text/html", description = "A page that says so."),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn named(
    State(site): State<Arc<Site>>,
    Path((key, number, _slug)): Path<(String, String, String)>,
    Address(address): Address,
    wanted: Wanted,
    scheme: Scheme,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    visitor::take_help(&site, address)?;
    shown(site, key, number, Visit::of(wanted, scheme, &uri, &headers)).await
}

async fn shown(
    site: Arc<Site>,
    key: String,
    number: String,
    visit: Visit,
) -> Result<Response, Refusal> {
    Ok(match find_article(&site, key, number).await? {
        (Some(desk), Some(article)) => page(&visit, &desk, &article, false),
        (desk, _) => absent(&visit, desk.as_ref()),
    })
}

/// A published article of a desk, and the desk; what there is of them.
pub(crate) async fn find_article(
    site: &Site,
    key: String,
    number: String,
) -> Result<(Option<DeskRow>, Option<Article>), Error> {
    let found = site.store.read(move |read| {
        let desk = match DeskRow::by_key(read, &key) {
            Err(error) if error.code == Code::NotFound => return Ok((None, None)),
            desk => desk?,
        };
        let article = Article::find(read, desk.house, &number)?;
        Ok((Some(desk), article.filter(|article| article.content.published)))
    });
    found.await
}

/// The page of an article for somebody who has said whether it helped.
pub(crate) fn answered(
    visit: &Visit,
    (desk, article): (Option<DeskRow>, Option<Article>),
) -> Response {
    match (desk, article) {
        (Some(desk), Some(article)) => page(visit, &desk, &article, true),
        (desk, _) => absent(visit, desk.as_ref()),
    }
}

fn page(visit: &Visit, desk: &DeskRow, article: &Article, has_answered: bool) -> Response {
    let content = &article.content;
    let tongue = visit.read_in(article);
    let (_, text) = tongue.pick(&content.text);
    let (_, title) = tongue.pick(&content.title);
    let (words, home) = (tongue.words(), home(desk));
    let day = Timestamp::from_millisecond(i64::try_from(article.changed_at).unwrap_or(0));
    let day = day.map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default();
    let asked = match has_answered {
        true => format!("<p role=\"status\">{}</p>", words.thanks),
        false => helped::question(&format!("{home}/{}", article.id), tongue, &words),
    };
    let body = format!(
        "<article>\n<h1 dir=\"auto\">{}</h1>\n<p class=\"soft\">{} <time datetime=\"{day}\">{day}</time></p>\n{}</article>\n{asked}\n\
         <p><a href=\"{home}?lang={}\">{}</a></p>",
        escaped(title),
        words.changed,
        rendered(text),
        tongue.tag(),
        words.all
    );
    let address = |each: Tongue| (each, address(desk, article.id, &content.title, each));
    let mut versions: Vec<_> = tongues(&content.title, &content.text).map(address).collect();
    if versions.is_empty() {
        versions.push(address(tongue));
    }
    let document = Document {
        tongue,
        origin: &visit.origin,
        desk: &desk.name,
        home: &home,
        title: &format!("{title} · {}", desk.name),
        about: &beginning(text, desk_limits::ARTICLE_BEGINNING_CHARS_MAX),
        versions,
        body: &body,
    };
    answer(StatusCode::OK, &document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_in_an_address_has_letters_digits_and_dashes() {
        assert_eq!(slug("How do I return a T-shirt?"), "how-do-i-return-a-t-shirt");
        assert_eq!(slug("如何退货？"), "%E5%A6%82%E4%BD%95%E9%80%80%E8%B4%A7");
        assert_eq!(slug("\"><script>"), "script");
        assert_eq!(slug("?!"), "-");
    }
}
