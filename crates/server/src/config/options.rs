//! Options of `encke serve`, each declared once: flag, environment variable, key in the file, help, default.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use encke_gateway::GatewayOptions;
use serde::{Deserialize, Serialize};

use crate::config::quota_options::Quotas;
use crate::config::space_options::{self, SpaceKey, SpaceOptions};
use crate::http::hosts::Hosts;
use crate::http::proxies::Proxies;

/// The space of a database that holds one site.
pub const SPACE: &str = "main";
/// The folder that holds everything, if no other is named.
pub const DATA: &str = "encke-data";

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

    /// Which space of the database: one for each site [default: main]. In the file, `[[space]]` tables are several sites
    /// in this one process
    #[arg(long, env = "ENCKE_SPACE", value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub space: Option<SpaceKey>,

    /// Of several sites, the one that is reached without a name, at an address in numbers or as localhost [default: none]
    #[arg(long, env = "ENCKE_DEFAULT_SPACE", value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_space: Option<String>,

    /// NATS server through which nodes tell each other at once what is new, such as nats://127.0.0.1:4222
    #[arg(long, env = "ENCKE_NATS_URL", hide_env_values = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nats_url: Option<String>,

    /// Address for operation: /healthz, /readyz and /metrics of all sites, without a password, so for a network that only
    /// operators reach. With it, /readyz and /metrics are nowhere else [default: none]
    #[arg(long, env = "ENCKE_OPS_LISTEN", value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ops_listen: Option<SocketAddr>,

    /// Token that may read /metrics where people come in: `Authorization: Bearer TOKEN` [default: nobody may]
    #[arg(long, env = "ENCKE_METRICS_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_token: Option<String>,

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

    /// Names under which the site is reached besides that of public-url, separated by commas; addresses in numbers and
    /// localhost need not be listed
    #[arg(long, env = "ENCKE_HOSTS", value_name = "NAMES", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosts: Option<Vec<String>>,

    /// Further origins whose pages may use the site, separated by commas
    #[arg(long, env = "ENCKE_ALLOWED_ORIGINS", value_name = "ORIGINS", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_origins: Option<Vec<String>>,

    /// Proxies whose `X-Forwarded-For` says who asks, as addresses or networks, separated by commas [default: none]
    #[arg(long, env = "ENCKE_TRUSTED_PROXIES", value_name = "ADDRESSES", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_proxies: Option<Vec<String>>,

    /// Threads that hold the waiting connections [default: one a core]
    #[arg(long, env = "ENCKE_SHARDS", value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shards: Option<usize>,

    /// What to log: error, warn, info, debug, trace, or a filter such as `info,encke_store=debug`. Libraries are never
    /// logged below info, where they show secrets [default: info]
    #[arg(long, env = "ENCKE_LOG", value_name = "FILTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,

    /// Make two people, a room and a short history on an empty data folder, and print how to sign in
    #[arg(long, env = "ENCKE_DEMO", num_args = 0..=1, default_missing_value = "true")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demo: Option<bool>,

    /// Gateways to other protocols; a table of its own in the file.
    #[command(flatten)]
    #[serde(rename = "classic", skip_serializing_if = "GatewayOptions::is_open")]
    pub gateways: GatewayOptions,

    /// Quotas; a table of its own in the file.
    #[command(flatten)]
    #[serde(skip_serializing_if = "Quotas::is_open")]
    pub quotas: Quotas,
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
        let several = table.get("space").is_some_and(toml::Value::is_array);
        ensure!(
            !several || self.space.is_none(),
            "the configuration has [[space]] tables, so --space (ENCKE_SPACE) can't name the only one"
        );
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
        self.proxies()?;
        let addresses = [Some(self.listen()), self.tls_listen];
        for space in self.spaces() {
            space.gateways.check(addresses)?;
        }
        if let Some(SpaceKey::Several(spaces)) = &self.space {
            self.check_alone()?;
            space_options::check_all(spaces, self.default_space.as_deref())?;
            return self.hosts().map(drop);
        }
        self.hosts()?;
        ensure!(
            self.default_space.is_none(),
            "default-space is for several sites in one process, which [[space]] tables in the configuration tell of"
        );
        ensure!(
            self.database_url.is_some() || (self.nats_url.is_none() && self.space.is_none()),
            "--nats-url and --space are for nodes that share a database: give --database-url, too"
        );
        self.spaces().iter().try_for_each(SpaceOptions::check)
    }

    /// Beside several sites, nothing may be said that is about one.
    fn check_alone(&self) -> Result<()> {
        let about_one = [
            ("data", self.data.is_some()),
            ("database-url", self.database_url.is_some()),
            ("nats-url", self.nats_url.is_some()),
            ("public-url", self.public_url.is_some()),
            ("hosts", self.hosts.is_some()),
            ("allowed-origins", self.allowed_origins.is_some()),
            ("metrics-token", self.metrics_token.is_some()),
            ("demo", self.demo.is_some()),
            (encke_gateway::TABLE, !self.gateways.is_open()),
            ("quotas", !self.quotas.is_open()),
        ];
        for (name, given) in about_one {
            ensure!(
                !given,
                "{name} is about one site, and there are several: say it in its [[space]] table"
            );
        }
        Ok(())
    }

    /// Address for plain HTTP.
    pub fn listen(&self) -> SocketAddr {
        self.listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080)))
    }

    /// Whose word on where a request comes from is taken.
    pub fn proxies(&self) -> Result<Proxies> {
        let list = self.trusted_proxies.as_deref().unwrap_or_default();
        Proxies::parse(list).context("trusted-proxies")
    }

    /// The sites that are served: mostly one, of which these options tell themselves.
    pub fn spaces(&self) -> Vec<SpaceOptions> {
        let name = match &self.space {
            Some(SpaceKey::Several(spaces)) => {
                let shards = |space: &SpaceOptions| space.shards.or(self.shards);
                return spaces
                    .iter()
                    .map(|s| SpaceOptions { shards: shards(s), ..s.clone() })
                    .collect();
            }
            Some(SpaceKey::Name(name)) => name.clone(),
            None => SPACE.to_owned(),
        };
        vec![SpaceOptions {
            name,
            hosts: self.hosts.clone().unwrap_or_default(),
            data: Some(self.data.clone().unwrap_or_else(|| DATA.into())),
            database_url: self.database_url.clone(),
            schema: None,
            nats_url: self.nats_url.clone(),
            public_url: self.public_url.clone(),
            metrics_token: self.metrics_token.clone(),
            allowed_origins: self.allowed_origins.clone().unwrap_or_default(),
            shards: self.shards,
            gateways: self.gateways.clone(),
            quotas: self.quotas.clone(),
        }]
    }

    /// Whether the configuration tells of several sites.
    pub fn has_several(&self) -> bool {
        matches!(self.space, Some(SpaceKey::Several(_)))
    }

    /// Which host belongs to which of [`spaces`](Self::spaces).
    pub fn hosts(&self) -> Result<Hosts> {
        let Some(SpaceKey::Several(spaces)) = &self.space else {
            let names = self.hosts.as_deref().unwrap_or_default();
            return Hosts::only(names, self.public_url.as_deref());
        };
        let default = self.default_space.as_ref();
        let default = default.and_then(|name| spaces.iter().position(|s| s.name == *name));
        Hosts::new(spaces.iter().map(|s| s.hosts.as_slice()), default)
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
