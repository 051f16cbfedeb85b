//! Options of `encke serve`, each declared once: flag, environment variable, key in the file, help, default.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::classic_options::Classic;

/// The space of a database that holds one site.
pub const SPACE: &str = "main";

/// Where a site is stored.
#[derive(Clone)]
pub struct Place {
    /// The data folder of this node.
    pub data: PathBuf,
    /// The database, if it is not in the folder.
    pub database: Option<encke_store::Database>,
}

/// What `encke serve` can be told. Every option is also an environment variable (`ENCKE_LISTEN`) and, without the
/// dashes in front, a key of the configuration file. A flag wins over the environment, that over the file.
#[derive(clap::Args, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// Address for plain HTTP; port 0 picks a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "ENCKE_LISTEN", value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,

    /// Folder that holds everything [default: ./encke-data]
    #[arg(long, env = "ENCKE_DATA", value_name = "FOLDER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,

    /// PostgreSQL database that holds the site instead of a file in the folder, for any number of nodes:
    /// postgres://user:password@host/name
    #[arg(long, env = "ENCKE_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,

    /// Which space of the database: one for each site [default: main]
    #[arg(long, env = "ENCKE_SPACE", value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub space: Option<String>,

    /// NATS server through which nodes tell each other at once what is new, such as nats://127.0.0.1:4222
    #[arg(long, env = "ENCKE_NATS_URL", hide_env_values = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nats_url: Option<String>,

    /// Address for HTTPS; needs a certificate and its key
    #[arg(long, env = "ENCKE_TLS_LISTEN", value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_listen: Option<SocketAddr>,

    /// Certificate chain, PEM
    #[arg(long, env = "ENCKE_TLS_CERT", value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_cert: Option<PathBuf>,

    /// Private key of the certificate, PEM
    #[arg(long, env = "ENCKE_TLS_KEY", value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,

    /// Where people reach the site, if a proxy stands before it, such as https://chat.example.com
    #[arg(long, env = "ENCKE_PUBLIC_URL", value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,

    /// Further origins whose pages may use the site, separated by commas
    #[arg(long, env = "ENCKE_ALLOWED_ORIGINS", value_name = "ORIGINS", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_origins: Option<Vec<String>>,

    /// Threads that hold the waiting connections [default: one a core]
    #[arg(long, env = "ENCKE_SHARDS", value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shards: Option<usize>,

    /// What to log: error, warn, info, debug, or a filter such as `info,encke_store=debug` [default: info]
    #[arg(long, env = "ENCKE_LOG", value_name = "FILTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,

    /// Make two people, a room and a short history on an empty data folder, and print how to sign in
    #[arg(long, env = "ENCKE_DEMO", num_args = 0..=1, default_missing_value = "true")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demo: Option<bool>,

    /// Classic pages; a table of its own in the file.
    #[command(flatten)]
    #[serde(skip_serializing_if = "Classic::is_open")]
    pub classic: Classic,
}

impl Options {
    /// These options, with what they leave open taken from a file.
    pub fn over_file(self, file: Option<&Path>) -> Result<Self> {
        let Some(path) = file else { return Ok(self) };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("reading the configuration {}", path.display()))?;
        // Once by itself, so that an unknown key or a wrong value is named with its line.
        toml::from_str::<Options>(&text)
            .with_context(|| format!("the configuration {}", path.display()))?;
        let mut table: toml::Table = toml::from_str(&text)?;
        overlay(&mut table, toml::Table::try_from(&self)?);
        Ok(table.try_into()?)
    }

    /// Refuses what can't be meant.
    pub fn check(&self) -> Result<()> {
        let tls = [self.tls_listen.is_some(), self.tls_cert.is_some(), self.tls_key.is_some()];
        ensure!(
            tls.iter().all(|t| *t) || !tls.iter().any(|t| *t),
            "HTTPS needs --tls-listen, --tls-cert and --tls-key together"
        );
        self.classic.check([Some(self.listen()), self.tls_listen])?;
        ensure!(
            self.database_url.is_some() || (self.nats_url.is_none() && self.space.is_none()),
            "--nats-url and --space are for nodes that share a database: give --database-url, too"
        );
        for origin in self.allowed_origins.iter().flatten().chain(&self.public_url) {
            let rest = origin.strip_prefix("https://").or(origin.strip_prefix("http://"));
            ensure!(
                rest.is_some_and(|host| !host.is_empty() && !host.contains('/')),
                "{origin} is not an origin: it should look like https://www.example.com, without a path"
            );
        }
        Ok(())
    }

    /// Address for plain HTTP.
    pub fn listen(&self) -> SocketAddr {
        self.listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080)))
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| "encke-data".into())
    }

    /// The name of the space.
    pub fn space(&self) -> &str {
        self.space.as_deref().unwrap_or(SPACE)
    }

    /// Where the site is stored.
    pub fn place(&self) -> Place {
        let space = self.space().to_owned();
        let database = self.database_url.clone().map(|url| encke_store::Database { url, space });
        Place { data: self.data(), database }
    }

    /// What the apps need to know.
    pub fn site(&self) -> encke_apps::SiteOptions {
        let mut allowed_origins = self.allowed_origins.clone().unwrap_or_default();
        allowed_origins.extend(self.public_url.clone());
        let secure = self.public_url.as_ref().is_some_and(|url| url.starts_with("https://"));
        encke_apps::SiteOptions { allowed_origins, secure }
    }
}

/// Puts values over those of a file, also within its tables.
fn overlay(under: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => overlay(under, over),
            (_, value) => drop(under.insert(key, value)),
        }
    }
}
