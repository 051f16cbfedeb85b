//! `encke bus`: the key of the messages between nodes.

use anyhow::Result;
use clap::Subcommand;
use encke_store::{Database, renew_bus_key};

#[derive(Subcommand)]
pub enum Command {
    /// Give the site a new key for the messages between its nodes. They notice it within a second and go on
    RenewKey {
        /// Database that holds the site
        #[arg(long, env = "ENCKE_DATABASE_URL", hide_env_values = true, value_name = "URL")]
        database_url: String,
        /// The space of the database, by its name
        #[arg(long, env = "ENCKE_SPACE", default_value = crate::config::options::SPACE, value_name = "NAME")]
        space: String,
    },
}

impl Command {
    pub fn run(self) -> Result<()> {
        let Command::RenewKey { database_url: url, space } = self;
        renew_bus_key(&Database { url, space })?;
        println!(
            "The key is renewed: what was sealed with the old one is refused within a few seconds."
        );
        Ok(())
    }
}
