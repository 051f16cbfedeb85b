//! The command line. Each command has a file.

mod backup;
mod bus;
mod deliver;
mod docs;
mod doctor;
mod migrate;
mod openapi;
mod secret_input;
mod send;
mod setup_code;
mod tail;
mod token;
mod user;

use std::path::PathBuf;

pub use deliver::Exit;

use anyhow::{Result, bail, ensure};
use clap::{Parser, Subcommand};
use encke_site::Products;

use crate::boot::logging;
use crate::boot::serve;
use crate::config::options::{Options, Place};

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
    /// Print a new set-up code, which creates the owner of a site that has none
    SetupCode(setup_code::SetupCode),
    /// Follow the feed in the terminal
    Tail(tail::Tail),
    /// Send a message, or publish to a channel
    Send(send::Send),
    /// Hand a mail to a desk, for the pipe of a mail server
    Deliver(deliver::Deliver),
    /// Copy the store to a file, also while the server runs
    Backup(backup::Backup),
    /// Renew the key of the messages between nodes
    #[command(subcommand)]
    Bus(bus::Command),
    /// Move a site from its folder into PostgreSQL
    Migrate(migrate::Migrate),
    /// Check configuration, store and limits, and say what to do
    Doctor(doctor::Doctor),
    /// Print the description of the API, OpenAPI in JSON
    Openapi(openapi::Openapi),
    /// Print a reference page: options, limits, error codes, metrics
    #[command(hide = true)]
    Docs(docs::Docs),
}

#[derive(clap::Args)]
struct Serve {
    /// Configuration file, TOML
    #[arg(long, env = "ENCKE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
}

/// The options that name the site of a command: in a folder, in a database, or in a server's configuration.
#[derive(clap::Args)]
struct Folder {
    /// Folder that holds everything [default: ./encke-data]
    #[arg(long, env = "ENCKE_DATA", value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Database that holds the site, if it is not in the folder
    #[arg(long, env = "ENCKE_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// Configuration file of the server, which says where its sites are stored
    #[arg(long, env = "ENCKE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The site, by the name of its space: of the database [default: main], or of the configuration's [[space]] tables
    #[arg(long, env = "ENCKE_SPACE", value_name = "NAME")]
    space: Option<String>,
}

impl Folder {
    fn place(&self) -> Result<Place> {
        let (data, database_url) = (self.data.clone(), self.database_url.clone());
        let options = Options { data, database_url, ..Options::default() };
        let options = options.over_file(self.config.as_deref())?;
        options.check()?;
        let mut sites = options.spaces();
        if !options.has_several() {
            let mut only = sites.remove(0);
            only.name = self.space.clone().unwrap_or(only.name);
            ensure!(
                only.database_url.is_some() || self.space.is_none(),
                "--space names a site of a database or of a configuration: give --database-url or --config, too"
            );
            return Ok(only.place());
        }
        let names: Vec<String> = sites.iter().map(|site| site.name.clone()).collect();
        let names = names.join(", ");
        let Some(name) = &self.space else {
            bail!("the configuration has the sites {names}: say which with --space")
        };
        match sites.iter().find(|site| site.name == *name) {
            Some(site) => Ok(site.place()),
            None => bail!("the configuration has the sites {names}, but none called {name}"),
        }
    }
}

/// The options that name the server of a command, and the token that it signs in with.
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
    /// Runs the command, for sites that serve these products.
    pub fn run(self, products: Products) -> Result<()> {
        match self.command {
            Command::Serve(serve) => serve.run(products),
            Command::User(command) => quietly(|| command.run(products)),
            Command::Token(command) => quietly(|| command.run(products)),
            Command::SetupCode(command) => quietly(|| command.run(products)),
            Command::Tail(tail) => tail.run(),
            Command::Send(send) => send.run(),
            Command::Deliver(deliver) => deliver.run(),
            Command::Backup(backup) => quietly(|| backup.run(products)),
            Command::Bus(command) => quietly(|| command.run()),
            Command::Migrate(migrate) => quietly(|| migrate.run(products)),
            Command::Doctor(doctor) => quietly(|| doctor.run(products)),
            Command::Openapi(openapi) => openapi.run(products),
            Command::Docs(docs) => docs.run(products),
        }
    }
}

impl Serve {
    fn run(self, products: Products) -> Result<()> {
        let options = self.options.over_file(self.config.as_deref())?;
        options.check()?;
        logging::to_stderr(options.log.as_deref().unwrap_or("info"))?;
        serve::run(&options, products)
    }
}

/// Runs a command that logs only errors, because its results go to the output.
fn quietly(run: impl FnOnce() -> Result<()>) -> Result<()> {
    logging::to_stderr("warn")?;
    run()
}
