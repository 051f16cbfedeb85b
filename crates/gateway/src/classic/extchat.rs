//! `/classic/extchat/`: a board of HTML from an editor.
//!
//! Its page shows a blank line for every answer without a text, so a poll waits long. It reads every answer as JSON,
//! even refusals, and inserts HTML, so it gets what `editor` leaves.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;

use super::Classic;
use super::answer::{HTML, Refused, html, typed};
use super::board::{self, BoardWait, Holds};
use super::form::Form;
use super::hold::Style;
use super::live::held;

/// The board's channel.
const BOARD: &str = "classic:extchat";
/// How long a poll waits.
const WAIT_MS: u64 = 300_000;
/// How long an answer to a page without a session takes. The page polls again at once, and would otherwise do nothing
/// else.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) fn router() -> Router<Arc<Classic>> {
    Router::new().route("/comet.php", post(comet).fallback(wrong_method))
}

async fn comet(State(classic): State<Arc<Classic>>, request: Request) -> Response {
    match classic.extchat(request).await {
        Ok(response) => response,
        Err(refused) => {
            if refused.status == 401 {
                tokio::time::sleep(PAUSE).await;
            }
            classic.refused(refused.status).await
        }
    }
}

async fn wrong_method(State(classic): State<Arc<Classic>>) -> Response {
    classic.refused(405).await
}

impl Classic {
    /// Refuses a request after a pause, because the page asks again at once.
    async fn refused(&self, status: u16) -> Response {
        typed(status, HTML, board::nothing(self.number_of_now().await.unwrap_or(0)))
    }

    async fn extchat(self: &Arc<Self>, request: Request) -> Result<Response, Refused> {
        let (parts, form) = Form::of_body(request).await?;
        let (msg, held) = (form.get("msg")?.unwrap_or_default(), held(&form)?);
        let asker = self.asker(&parts).await?;
        if !msg.is_empty() {
            self.put_up(BOARD, Holds::Html, &asker, msg).await?;
            return Ok(html(""));
        }
        let BoardWait { hold, mut protocol } =
            self.look_at(BOARD, Holds::Html, held, WAIT_MS).await?;
        // The head was sent before, so the body has to tell.
        protocol.revoked = (401, board::nothing(held));
        Ok(self.hold(&asker, hold, Style::Spaces, protocol))
    }
}
