//! `encke send`: a message, or an event for a channel.

use std::io::Read;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::Remote;

#[derive(clap::Args)]
pub struct Send {
    #[command(flatten)]
    remote: Remote,
    /// To this conversation, such as c12
    #[arg(long, conflicts_with_all = ["to", "channel"], required_unless_present_any = ["to", "channel"])]
    conversation: Option<String>,
    /// To this person, by name
    #[arg(long, conflicts_with = "channel")]
    to: Option<String>,
    /// To this channel
    #[arg(long)]
    channel: Option<String>,
    /// Idempotency key: the same key again is the same send
    #[arg(long)]
    key: Option<String>,
    /// Text to send; `-` reads it from the input
    text: String,
}

impl Send {
    pub fn run(self) -> Result<()> {
        let mut text = self.text.clone();
        if text == "-" {
            text.clear();
            std::io::stdin().read_to_string(&mut text).context("reading the text")?;
        }
        let sent = match (&self.channel, &self.conversation, &self.to) {
            (Some(channel), ..) => {
                let body = json!(text);
                self.post(&format!("/v1/channels/{channel}/events"), &body)?
            }
            (_, Some(id), _) => self.message(id, &text)?,
            (_, _, Some(name)) => self.message(&self.direct_with(name)?, &text)?,
            _ => bail!("nobody to send to"),
        };
        println!("{}", sent["cursor"].as_str().unwrap_or_default());
        Ok(())
    }

    fn message(&self, conversation: &str, text: &str) -> Result<Value> {
        self.post(&format!("/v1/conversations/{conversation}/messages"), &json!({"text": text}))
    }

    fn direct_with(&self, name: &str) -> Result<String> {
        let mut response = ureq::get(format!("{}/v1/people", self.remote.url))
            .header("Authorization", self.bearer())
            .query("q", name)
            .call()?;
        let found: Value = serde_json::from_reader(response.body_mut().as_reader())?;
        let people = found["people"].as_array().into_iter().flatten();
        let mut same = people.filter(|p| {
            p["name"].as_str().is_some_and(|n| n.to_lowercase() == name.to_lowercase())
        });
        let person = same.next().with_context(|| format!("there is nobody called {name}"))?;
        let body = json!({"kind": "direct", "person": person["id"]});
        let conversation = self.post("/v1/conversations", &body)?;
        Ok(conversation["id"].as_str().unwrap_or_default().to_owned())
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.remote.token)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let mut request = ureq::post(format!("{}{path}", self.remote.url))
            .config()
            .http_status_as_error(false)
            .build()
            .header("Authorization", self.bearer())
            .header("Content-Type", "application/json");
        if let Some(key) = &self.key {
            request = request.header("Idempotency-Key", key);
        }
        let mut response = request.send(body.to_string())?;
        let status = response.status();
        let answer: Value = serde_json::from_reader(response.body_mut().as_reader())
            .with_context(|| format!("the server answered {status} without JSON"))?;
        if !status.is_success() {
            bail!("{}", answer["error"]["message"].as_str().unwrap_or("refused"));
        }
        Ok(answer)
    }
}
