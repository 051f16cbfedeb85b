//! `encke token`: bearer tokens for scripts.

use anyhow::Result;
use clap::Subcommand;
use http::Method;

use super::Folder;
use crate::admin::{NewToken, ask};

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
        /// What it is for
        #[arg(long, default_value = "command line")]
        label: String,
    },
}

impl Command {
    pub fn run(self) -> Result<()> {
        let Command::Create { folder, user, bot, label } = self;
        let made = ask(&folder.place()?, Method::POST, "/tokens", &NewToken { user, bot, label })?;
        println!("{}", made["token"].as_str().unwrap_or_default());
        Ok(())
    }
}
