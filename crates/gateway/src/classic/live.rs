//! `/classic/live/`: a board that takes its texts from URLs.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Serialize;

use super::Classic;
use super::answer::{self, HTML, Refused, html, json};
use super::asker::By;
use super::board::{BoardWait, Holds};
use super::form::{Form, number};
use super::hold::Style;

/// The board's channel.
const BOARD: &str = "classic:live";
/// How long a poll waits.
const WAIT_MS: u64 = 30_000;

pub(super) fn router() -> Router<Arc<Classic>> {
    let backend = get(backend).head(answer::wrong_method).fallback(answer::wrong_method);
    Router::new()
        .route("/backend.php", backend)
        .route("/SendMsg", post(send).fallback(answer::wrong_method))
}

#[derive(Serialize)]
struct Sent<'a> {
    data: Data<'a>,
    info: &'static str,
    status: u8,
}

#[derive(Serialize)]
struct Data<'a> {
    msg: &'a str,
}

async fn backend(State(classic): State<Arc<Classic>>, request: Request) -> Response {
    answer::of(classic.live(request).await)
}

async fn send(State(classic): State<Arc<Classic>>, request: Request) -> Response {
    answer::of(classic.live_send(request).await)
}

/// The number that a page holds. If it is absent or empty, the page has nothing.
pub(super) fn held(form: &Form) -> Result<u64, Refused> {
    match form.get("timestamp")? {
        None | Some("") => Ok(0),
        Some(text) => number(text).ok_or(Refused::bad("This is not a timestamp.")),
    }
}

impl Classic {
    async fn live(self: &Arc<Self>, request: Request) -> Result<Response, Refused> {
        let (parts, _) = request.into_parts();
        let form = Form::of_query(&parts)?;
        let (msg, held) = (form.get("msg")?.unwrap_or_default(), held(&form)?);
        if !msg.is_empty() {
            let asker = self.asker_who_changes(&parts, By::Script).await?;
            self.put_up(BOARD, Holds::Text, &asker, msg).await?;
            return Ok(html(""));
        }
        let asker = self.asker(&parts).await?;
        let BoardWait { hold, protocol } = self.look_at(BOARD, Holds::Text, held, WAIT_MS).await?;
        Ok(self.hold(&asker, hold, Style::Answer(HTML), protocol))
    }

    async fn live_send(&self, request: Request) -> Result<Response, Refused> {
        let (parts, form) = Form::of_body(request).await?;
        let msg = form.need("msg")?;
        let asker = self.asker(&parts).await?;
        if msg.is_empty() {
            return Ok(html(json(&Sent { data: Data { msg }, info: "on", status: 0 })));
        }
        self.put_up(BOARD, Holds::Text, &asker, msg).await?;
        let msg = &self.html.of(msg);
        Ok(html(json(&Sent { data: Data { msg }, info: "OK", status: 100 })))
    }
}
