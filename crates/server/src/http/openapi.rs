//! The description of the API. It is collected from the products' routes and served as one text.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use encke_engine::limit::{self, Limit};
use encke_engine::limits;
use encke_site::{Products, description};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::http::feed_description;

/// The tags in the order of the page. A product may bring further ones with its routes.
const TAGS: [(&str, &str); 5] = [
    ("feed", "The log, read from a cursor."),
    ("people", "Accounts, guests, and how they prove who they are."),
    ("conversations", "Direct conversations and rooms."),
    ("channels", "Broadcast streams that programs append to."),
    ("site", "What the owner decides for the whole site."),
];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Encke",
        description = "Messaging that always arrives. docs/protocol.md tells the feed and its six transports in words.",
        contact(name = "The Encke project", url = "https://github.com/encke/encke"),
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "The site that serves this description.")),
    paths(feed_description::feed),
    modifiers(&Schemes),
)]
struct Api;

/// The security schemes: the ways in which a request proves who sends it.
struct Schemes;

impl Modify for Schemes {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let components = api.components.get_or_insert_default();
        let session = "The cookie that sign-in sets; over HTTPS it is called `__Host-encke_session`. A request that changes something needs the site's own `Origin`, too.";
        let session =
            ApiKey::Cookie(ApiKeyValue::with_description(encke_credentials::PLAIN_COOKIE, session));
        let ticket = format!(
            "A ticket of `POST /v1/tickets`: for one request, within {} seconds.",
            limits::TICKET_AGE_MS / 1000
        );
        let ticket = ApiKey::Query(ApiKeyValue::with_description("ticket", &*ticket));
        let token = Http::builder().scheme(HttpAuthScheme::Bearer);
        let token =
            token.description(Some("A token of `encke token create` or `POST /v1/tokens`."));
        components.add_security_scheme("session", SecurityScheme::ApiKey(session));
        components.add_security_scheme("ticket", SecurityScheme::ApiKey(ticket));
        components.add_security_scheme("token", SecurityScheme::Http(token.build()));
    }
}

/// The whole description as JSON.
pub fn document(products: Products) -> Value {
    let mut api = Api::openapi();
    let info = api.info.clone();
    api.merge(description::of_products(products));
    api.info = info;
    let mut document = description::completed(api, products);
    let tag = |(name, about): &(&str, &str)| json!({"name": name, "description": about});
    let brought = document["tags"].take();
    let brought = brought.as_array().into_iter().flatten().cloned();
    document["tags"] = TAGS.iter().map(tag).chain(brought).collect();
    document["x-limits"] = limit::all().map(limit).collect::<Map<_, _>>().into();
    document
}

/// The whole description as text.
pub fn text(products: Products) -> String {
    let mut text = serde_json::to_string_pretty(&document(products)).expect("it is JSON");
    text.push('\n');
    text
}

/// The name and value of a limit: one number, or the least and the greatest.
fn limit(limit: &Limit) -> (String, Value) {
    let value = match (limit.values)() {
        (Some(least), most) => json!({"min": least, "max": most}),
        (None, most) => json!(most),
    };
    (limit.name.to_ascii_lowercase(), value)
}

/// The description as it is served. It is made at the first request, because few servers are ever asked for it.
#[derive(Clone)]
struct Description {
    json: Bytes,
    etag: HeaderValue,
}

impl Description {
    fn new(products: Products) -> Self {
        let json = text(products);
        let digest = Sha256::digest(&json);
        let short: String = digest[..8].iter().map(|b| format!("{b:02x}")).collect();
        let etag = HeaderValue::try_from(format!("\"{short}\"")).expect("hex digits");
        Description { json: json.into(), etag }
    }
}

/// Serves the description.
pub fn router(products: Products) -> Router {
    let made: Arc<OnceLock<Description>> = Arc::default();
    let serve = async move |headers: HeaderMap| {
        serve(made.get_or_init(|| Description::new(products)).clone(), &headers)
    };
    Router::new().route("/openapi.json", get(serve))
}

fn serve(description: Description, headers: &HeaderMap) -> Response {
    let Description { json, etag } = description;
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| *known == etag);
    let lines = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::ETAG, etag),
    ];
    match is_known {
        true => (StatusCode::NOT_MODIFIED, lines).into_response(),
        false => (lines, json).into_response(),
    }
}
