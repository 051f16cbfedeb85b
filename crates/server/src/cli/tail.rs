//! `encke tail`: prints the feed to a terminal, one item a line.

use std::io::{BufRead, BufReader, Write};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Remote;

/// The longest pause before another try.
const PAUSE_MAX: Duration = Duration::from_secs(30);

#[derive(clap::Args)]
pub struct Tail {
    #[command(flatten)]
    remote: Remote,
    /// Cursor to go on from; from now if absent
    #[arg(long)]
    cursor: Option<String>,
    /// Also these channels, separated by commas
    #[arg(long)]
    channels: Option<String>,
    /// Print the items as they come, as JSON
    #[arg(long)]
    json: bool,
}

enum End {
    Retry(Duration),
    Reset,
    Stop(String),
}

impl Tail {
    pub fn run(mut self) -> Result<()> {
        let mut pause = Duration::from_millis(500);
        loop {
            match self.once() {
                Ok(End::Stop(why)) => bail!("the server ended the feed: {why}"),
                Ok(End::Reset) => {
                    eprintln!("-- some events can't be had any more; going on from now")
                }
                Ok(End::Retry(after)) => {
                    pause = Duration::from_millis(500);
                    sleep(after);
                }
                Err(e) if is_final(&e) => return Err(e),
                Err(e) => {
                    eprintln!("-- {e:#}; another try in {} s", pause.as_secs_f32());
                    sleep(pause);
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
    }

    fn once(&mut self) -> Result<End> {
        let mut request = ureq::get(format!("{}/v1/feed", self.remote.url))
            .header("Authorization", format!("Bearer {}", self.remote.token))
            .query("live", "ndjson");
        if let Some(cursor) = &self.cursor {
            request = request.query("cursor", cursor);
        }
        if let Some(channels) = &self.channels {
            request = request.query("channels", channels);
        }
        let mut response = request.call().context("asking for the feed")?;
        let lines = BufReader::new(response.body_mut().as_reader()).lines();
        for line in lines {
            let line = line.context("reading the feed")?;
            if line.is_empty() {
                continue;
            }
            let item: Value = serde_json::from_str(&line).context("reading an item")?;
            if let Some(end) = self.take(&item, &line)? {
                return Ok(end);
            }
        }
        Ok(End::Retry(Duration::from_millis(500)))
    }

    fn take(&mut self, item: &Value, line: &str) -> Result<Option<End>> {
        if let Some(cursor) = item["cursor"].as_str() {
            self.cursor = Some(cursor.to_owned());
        }
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{line}")?;
        } else if item["type"] == "event" {
            writeln!(out, "{}", readable(item))?;
        }
        out.flush()?;
        let text = |field: &str| item[field].as_str().unwrap_or_default().to_owned();
        Ok(match item["type"].as_str() {
            Some("bye") if item["retry"] == true => {
                Some(End::Retry(Duration::from_millis(item["after_ms"].as_u64().unwrap_or(500))))
            }
            Some("bye") => Some(End::Stop(text("reason"))),
            Some("reset") => Some(End::Reset),
            _ => None,
        })
    }
}

fn readable(item: &Value) -> String {
    let text = |field: &str| item[field].as_str().unwrap_or("-").to_owned();
    let body = match item["body"]["text"].as_str() {
        Some(said) => said.to_owned(),
        None => item["body"].to_string(),
    };
    format!("{}#{} {} {}: {body}", text("stream"), item["seq"], text("from"), text("kind"))
}

/// Whether another try would be refused again.
fn is_final(e: &anyhow::Error) -> bool {
    matches!(e.downcast_ref::<ureq::Error>(), Some(ureq::Error::StatusCode(400..=428)))
}
