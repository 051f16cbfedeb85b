//! `encke token`: bearer tokens for scripts.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, SecondsFormat};
use clap::Subcommand;
use encke_site::Products;
use http::Method;
use serde_json::Value;

use super::Folder;
use crate::http::admin::{NewToken, ask};

#[derive(Subcommand)]
pub enum Command {
    /// Make a token and print it; it is shown only this once
    Create {
        #[command(flatten)]
        folder: Folder,
        /// For this person
        #[arg(long, conflicts_with = "bot", required_unless_present = "bot")]
        user: Option<String>,
        /// For a bot of this name, which is made if it is not there
        #[arg(long)]
        bot: Option<String>,
        /// Purpose of the token
        #[arg(long, default_value = "command line")]
        label: String,
        /// When it ends: a number with s, m, h or d, such as 90d [default: when somebody revokes it]
        #[arg(long, value_name = "TIME", value_parser = seconds)]
        expires: Option<u64>,
    },
    /// List all tokens without their secrets: id, name, label, when each was made and when it ends
    List {
        #[command(flatten)]
        folder: Folder,
        /// Only those of this person or bot
        #[arg(long)]
        of: Option<String>,
    },
    /// End a token, and the connections that rest on it
    Revoke {
        #[command(flatten)]
        folder: Folder,
        /// The id of the token, as `encke token list` shows it
        id: String,
    },
}

impl Command {
    pub fn run(self, products: Products) -> Result<()> {
        match self {
            Command::Create { folder, user, bot, label, expires } => {
                let new = NewToken { user, bot, label, expires_in_s: expires };
                let made = ask(products, &folder.place()?, Method::POST, "/tokens", &new)?;
                println!("{}", made["token"].as_str().unwrap_or_default());
            }
            Command::List { folder, of } => {
                let tokens = ask(products, &folder.place()?, Method::GET, "/tokens", &())?;
                for token in tokens.as_array().into_iter().flatten() {
                    let text = |field: &str| token[field].as_str().unwrap_or("-").to_owned();
                    let name = text("name");
                    if of.as_ref().is_some_and(|of| of.to_lowercase() != name.to_lowercase()) {
                        continue;
                    }
                    let (made, ends) = (time(&token["created"]), time(&token["expires"]));
                    println!("{}\t{name}\t{}\t{made}\t{ends}", text("id"), text("label"));
                }
            }
            Command::Revoke { folder, id } => {
                // The id becomes a part of a path.
                let is_id = id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit());
                ensure!(is_id, "{id} is not the id of a token: `encke token list` shows them");
                ask(products, &folder.place()?, Method::DELETE, &format!("/tokens/{id}"), &())?;
                println!("The token {id} is revoked.");
            }
        }
        Ok(())
    }
}

fn time(ms: &Value) -> String {
    let time = ms.as_i64().and_then(DateTime::from_timestamp_millis);
    time.map_or("-".into(), |time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

fn seconds(text: &str) -> Result<u64> {
    let what = "give a number with s, m, h or d, such as 90d";
    let unit = text.chars().last().context(what)?;
    let each = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => anyhow::bail!(what),
    };
    let number: u64 = text[..text.len() - unit.len_utf8()].parse().context(what)?;
    number.checked_mul(each).context(what)
}
