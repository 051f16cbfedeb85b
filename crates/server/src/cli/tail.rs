//! `encke tail`: prints the feed to a terminal, one item a line.

use std::io::Write;

use anyhow::Result;
use encke_client::{Client, Item, News};
use serde_json::Value;

use super::Remote;

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

impl Tail {
    pub fn run(self) -> Result<()> {
        let client = Client::new(&self.remote.url, &self.remote.token);
        let channels: Vec<&str> = self.channels.iter().flat_map(|c| c.split(',')).collect();
        let mut feed = client.follow(self.cursor.as_deref(), &channels);
        loop {
            match feed.news()? {
                News::Item(item) => self.print(&item)?,
                News::Reset { .. } => {
                    eprintln!("-- some events can't be had any more; going on from now");
                }
                News::Pause { why: Some(why), after } => {
                    eprintln!("-- {why}; another try in {} s", after.as_secs_f32());
                }
                News::Pause { why: None, .. } => {}
            }
        }
    }

    fn print(&self, item: &Item) -> Result<()> {
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", item.line)?;
        } else if item.value["type"] == "event" {
            writeln!(out, "{}", readable(&item.value))?;
        }
        out.flush()?;
        Ok(())
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
