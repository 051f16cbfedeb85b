//! Classic pages: the six protocols of the Comet tutorials, on Encke's log. docs/guide/classic.md says how a site
//! serves pages of its own with them.
//!
//! Each protocol has a file: `webim` (direct conversations, confirmed by id), `novcomet` (channels that changed),
//! `live` and `extchat` (boards, which are channels), `kefu` (questions to an agent, each delivered once), `room` (a
//! room). They share `form` for reading requests, `answer` for responses, `asker` for the sender of a request, `name`
//! for the person of a name, `mark` for the events that a reader has, `number` for the numbers of boards, `hold` for
//! waiting requests, `html` and `editor` for HTML that a page may insert.

mod answer;
mod asker;
mod board;
mod editor;
mod extchat;
mod form;
mod handout;
mod hold;
mod html;
mod kefu;
mod live;
mod mark;
mod name;
mod novcomet;
mod number;
mod options;
mod room;
mod webim;
mod xml;

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::middleware;
use axum::response::Response;
use encke_site::Site;
use encke_transport::Shards;
use http::{HeaderValue, header};

use editor::Editor;
use handout::Handouts;
pub use html::Html;
use name::Names;
use number::Numbers;
pub use options::ClassicOptions;
use serde::{Deserialize, Serialize};

/// The rule for the person that a page speaks for.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claims {
    /// The session: the person that a page names must be the signed-in one
    Session,
    /// The page: its claim is believed, which is for closed networks and for trying out
    Trust,
}

/// The state that all six protocols share.
pub struct Classic {
    site: Arc<Site>,
    claims: Claims,
    html: Html,
    editor: Editor,
    numbers: Numbers,
    names: Names,
    handouts: Handouts,
    shards: OnceLock<Arc<Shards>>,
}

impl Classic {
    /// The classic pages of a site.
    pub fn new(site: Arc<Site>, claims: Claims, html: Html) -> Arc<Self> {
        Arc::new(Classic {
            site,
            claims,
            html,
            editor: Editor::default(),
            numbers: Numbers::default(),
            names: Names::default(),
            handouts: Handouts::default(),
            shards: OnceLock::new(),
        })
    }

    /// Connects the shards that hold the waiting requests. To be called once.
    pub fn reach_over(&self, shards: Arc<Shards>) {
        let _ = self.shards.set(shards);
    }
}

/// The routes, to be mounted at `/classic`.
pub fn router(classic: Arc<Classic>) -> Router {
    Router::new()
        .nest("/webim", webim::router())
        .nest("/novcomet", novcomet::router())
        .nest("/live", live::router())
        .nest("/kefu", kefu::router())
        .nest("/extchat", extchat::router())
        .nest("/room", room::router())
        .fallback(answer::not_found)
        .layer(middleware::map_response(no_store))
        .with_state(classic)
}

/// An answer is true only now, and its text must never be taken for a page of another type.
async fn no_store(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
