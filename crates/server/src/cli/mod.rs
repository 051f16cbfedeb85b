//! The command line: one file a command.

mod backup;
mod doctor;
mod migrate;
mod send;
mod tail;
mod token;
mod user;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::options::{Options, Place, SPACE};
use crate::serve;

/// Messaging that always arrives: chat, rooms and push channels for a web site, from one binary.
#[derive(Parser)]
#[command(version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve(Serve),
    /// Add people, set passwords, list them
    #[command(subcommand)]
    User(user::Command),
    /// Make tokens for scripts
    #[command(subcommand)]
    Token(token::Command),
    /// Follow the feed in the terminal
    Tail(tail::Tail),
    /// Send a message, or publish to a channel
    Send(send::Send),
    /// Copy the store to a file, also while the server runs
    Backup(backup::Backup),
    /// Move a site from its folder into PostgreSQL
    Migrate(migrate::Migrate),
    /// Check configuration, store and limits, and say what to do
    Doctor(doctor::Doctor),
}

#[derive(clap::Args)]
struct Serve {
    /// Configuration file, TOML
    #[arg(long, env = "ENCKE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
}

/// Which data folder a command works on.
#[derive(clap::Args)]
struct Folder {
    /// Folder that holds everything
    #[arg(long, env = "ENCKE_DATA", default_value = "./encke-data", value_name = "FOLDER")]
    data: PathBuf,
    /// Database that holds the site, if it is not in the folder
    #[arg(long, env = "ENCKE_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// Which space of the database
    #[arg(long, env = "ENCKE_SPACE", default_value = SPACE, value_name = "NAME")]
    space: String,
}

impl Folder {
    fn place(&self) -> Place {
        let database = self
            .database_url
            .clone()
            .map(|url| encke_store::Database { url, space: self.space.clone() });
        Place { data: self.data.clone(), database }
    }
}

/// Which server a command talks to, and as whom.
#[derive(clap::Args)]
struct Remote {
    /// Where the server is
    #[arg(long, env = "ENCKE_URL", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    url: String,
    /// Token made by `encke token create`
    #[arg(long, env = "ENCKE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: String,
}

impl Cli {
    /// Runs the command.
    pub fn run(self) -> Result<()> {
        match self.command {
            Command::Serve(serve) => serve.run(),
            Command::User(command) => quietly(|| command.run()),
            Command::Token(command) => quietly(|| command.run()),
            Command::Tail(tail) => tail.run(),
            Command::Send(send) => send.run(),
            Command::Backup(backup) => quietly(|| backup.run()),
            Command::Migrate(migrate) => quietly(|| migrate.run()),
            Command::Doctor(doctor) => quietly(|| doctor.run()),
        }
    }
}

impl Serve {
    fn run(self) -> Result<()> {
        let options = self.options.over_file(self.config.as_deref())?;
        options.check()?;
        log_to_stderr(options.log.as_deref().unwrap_or("info"))?;
        serve::run(&options)
    }
}

/// Logs only what goes wrong: what a command says for itself goes to its output.
fn quietly(run: impl FnOnce() -> Result<()>) -> Result<()> {
    log_to_stderr("warn")?;
    run()
}

fn log_to_stderr(filter: &str) -> Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter)?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    Ok(())
}
