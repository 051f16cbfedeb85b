//! The client of Encke for programs in Rust, such as `encke tail` and bots, over nothing but the public HTTP API.
//!
//! Entry points: [`Client`] for calls and sends, [`Client::follow`] for the feed. A feed hands out each event once and in
//! order, and comes back by itself from its cursor; where that is impossible it says [`News::Reset`]. It never sleeps or
//! repeats in silence for ever: before each pause it says so. No redirect is followed, because it could lead the token
//! elsewhere. It blocks, and has no thread of its own.

mod feed;
mod refusal;

use std::time::Duration;

use serde_json::{Value, json};

pub use feed::{Feed, Item, News};
pub use refusal::Error;

/// The longest wait for the answer to a call, and for the head of a feed.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// One token at one server.
pub struct Client {
    http: ureq::Agent,
    url: String,
    token: String,
}

impl Client {
    /// A client of the server at this address, such as `https://chat.example.com`.
    #[must_use]
    pub fn new(url: &str, token: &str) -> Self {
        let limits = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(ANSWER_MAX))
            .timeout_recv_response(Some(ANSWER_MAX));
        let url = url.trim_end_matches('/').to_owned();
        Self { http: limits.build().into(), url, token: token.to_owned() }
    }

    /// Reads what is at a path of the API, with a query if need be.
    ///
    /// # Errors
    /// If the server refuses it, or does not answer.
    pub fn get(&self, path: &str) -> Result<Value, Error> {
        let request = self.http.get(format!("{}{path}", self.url));
        let request = request.header("Authorization", self.bearer());
        let request = request.config().timeout_global(Some(ANSWER_MAX)).build();
        refusal::answer(request.call()?)
    }

    /// Posts to a path of the API, once. With the same key again it is one send.
    ///
    /// # Errors
    /// If the server refuses it, or does not answer.
    pub fn post(&self, path: &str, body: &Value, key: Option<&str>) -> Result<Value, Error> {
        let mut request = self.http.post(format!("{}{path}", self.url));
        request = request.header("Authorization", self.bearer());
        request = request.header("Content-Type", "application/json");
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let request = request.config().timeout_global(Some(ANSWER_MAX)).build();
        refusal::answer(request.send(body.to_string())?)
    }

    /// Sends a message to a conversation. A retry with the same key and text is the same message.
    ///
    /// # Errors
    /// If the server refuses it, or does not answer.
    pub fn send(&self, conversation: &str, text: &str, key: Option<&str>) -> Result<Value, Error> {
        let path = format!("/v1/conversations/{conversation}/messages");
        self.post(&path, &json!({ "text": text }), key)
    }

    /// Appends to a channel. A retry with the same key and data is the same event.
    ///
    /// # Errors
    /// If the server refuses it, or does not answer.
    pub fn publish(&self, channel: &str, data: &Value, key: Option<&str>) -> Result<Value, Error> {
        self.post(&format!("/v1/channels/{channel}/events"), data, key)
    }

    /// Everything after the cursor, or from now on without one, and what is said in these channels.
    #[must_use]
    pub fn follow(&self, cursor: Option<&str>, channels: &[&str]) -> Feed<'_> {
        Feed::new(self, cursor, channels)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }
}
