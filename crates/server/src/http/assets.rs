//! The screens, embedded in the binary: the chat, the console of the desk, and what visitors of a desk see.

use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use encke_engine::{Code, Error};
use encke_site::{Refusal, Site};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use sha2::{Digest, Sha256};

use crate::http::framing;

struct File {
    name: &'static str,
    plain: &'static [u8],
    br: Option<&'static [u8]>,
    gz: Option<&'static [u8]>,
}

static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The content security policy of the site's pages, but for who may frame them: nothing from other sites, no inline
/// scripts. `blob:` is what a page has made itself: a picture that is chosen and not yet sent, a voice that is recorded.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self' ws: wss:; \
    frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors ";

/// The page of a visitor, which is framed by the pages of other sites, and opened at `/ask/…`.
const VISITORS_PAGE: &str = "widget/index.html";

/// The script that the pages of other sites load.
const LOADER: &str = "widget.js";

/// The module that the pages of other sites load, and the folder of what it loads later.
const COMPONENTS: &str = "components.js";
const COMPONENT_PARTS: &str = "components/";

const NOT_BUILT: &str = "<!doctype html><title>Encke</title><p>The server runs, but it was built \
    without the web chat. Run <code>make build</code>.";

/// Answers with a file of a screen. A path without a file gets the page that it may be a path of.
pub async fn serve(
    State(site): State<Arc<Site>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return refuse(Code::WrongMethod, "There is nothing here that takes this method.");
    }
    let path = uri.path().trim_start_matches('/');
    if let Some(index) = found(path).filter(|_| !path.is_empty()) {
        return file(index, &headers, "'none'");
    }
    match path {
        // The addresses in the pages are relative to these.
        "widget" | "desk" => return Redirect::permanent(&format!("/{path}/")).into_response(),
        "widget/" => return page(VISITORS_PAGE, &headers, &framing::ancestors(&site, &uri).await),
        _ => {}
    }
    if path == "v1" || path.starts_with("v1/") || path.contains('.') {
        return refuse(Code::NotFound, "There is nothing at this address.");
    }
    let name = match path.split_once('/') {
        Some(("ask", _)) => VISITORS_PAGE,
        Some(("desk", _)) => "desk/index.html",
        _ => "index.html",
    };
    page(name, &headers, "'none'")
}

fn found(name: &str) -> Option<usize> {
    FILES.iter().position(|f| f.name == name)
}

/// A page, which these origins may frame.
fn page(name: &str, headers: &HeaderMap, ancestors: &str) -> Response {
    match found(name) {
        Some(index) => file(index, headers, ancestors),
        None => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], NOT_BUILT).into_response(),
    }
}

fn refuse(code: Code, message: &str) -> Response {
    Refusal(Error::new(code, message)).into_response()
}

fn file(index: usize, headers: &HeaderMap, ancestors: &str) -> Response {
    let file = &FILES[index];
    let tag = &tags()[index];
    let mut response = Response::new(Body::empty());
    let out = response.headers_mut();
    let set = |text: &str| HeaderValue::from_str(text).ok();
    let lines = [
        (header::ETAG, set(tag)),
        (header::CACHE_CONTROL, set(lifetime(file.name))),
        (header::VARY, set("Accept-Encoding")),
        (header::CONTENT_TYPE, set(kind(file.name))),
        (header::X_CONTENT_TYPE_OPTIONS, set("nosniff")),
        (header::REFERRER_POLICY, set("same-origin")),
        (header::CONTENT_SECURITY_POLICY, set(&format!("{POLICY}{ancestors}"))),
        // A page and the site that opened it can't reach each other's windows.
        (HeaderName::from_static("cross-origin-opener-policy"), set("same-origin")),
    ];
    for (name, value) in lines {
        if let Some(value) = value {
            out.insert(name, value);
        }
    }
    let module = file.name == COMPONENTS || file.name.starts_with(COMPONENT_PARTS);
    if file.name == LOADER || module {
        // Also for pages that take nothing from other sites unless that says so.
        let anybody = HeaderValue::from_static("cross-origin");
        out.insert(HeaderName::from_static("cross-origin-resource-policy"), anybody);
    }
    if module {
        // A browser runs a module of another origin only with this. Which sites may talk to the server is another matter.
        let anybody = HeaderValue::from_static("*");
        out.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anybody);
    }
    let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|t| t.trim().trim_start_matches("W/") == tag))
    {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok());
    let takes = |name: &str| accepted.is_some_and(|a| a.split(',').any(|e| encoding(e) == name));
    let (bytes, packed) = match (file.br, file.gz) {
        (Some(br), _) if takes("br") => (br, Some("br")),
        (_, Some(gz)) if takes("gzip") => (gz, Some("gzip")),
        _ => (file.plain, None),
    };
    if let Some(packed) = packed {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(packed));
    }
    *response.body_mut() = Body::from(Bytes::from_static(bytes));
    response
}

/// The name of an accepted encoding; empty if `q=0` refuses it.
fn encoding(item: &str) -> &str {
    let (name, rest) = item.split_once(';').unwrap_or((item, ""));
    if rest.trim() == "q=0" { "" } else { name.trim() }
}

/// How long a browser may keep a file. A name with a hash never changes its content. The scripts
/// that pages of sites name are asked for by each of them, and are a few minutes old at most after an upgrade.
fn lifetime(name: &str) -> &'static str {
    match name {
        LOADER | COMPONENTS => "public, max-age=600",
        _ if name.starts_with("assets/") || name.contains("/assets/") => {
            "public, max-age=31536000, immutable"
        }
        _ => "no-cache",
    }
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// The ETag of each file, computed once.
fn tags() -> &'static [String] {
    static TAGS: OnceLock<Vec<String>> = OnceLock::new();
    TAGS.get_or_init(|| {
        let tag = |file: &File| {
            let hash = Sha256::digest(file.plain);
            let hex: String = hash[..12].iter().map(|b| format!("{b:02x}")).collect();
            format!("\"{hex}\"")
        };
        FILES.iter().map(tag).collect()
    })
}
