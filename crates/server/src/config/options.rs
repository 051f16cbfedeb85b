//! The options of `encke serve`. Each is declared once, here or beside its subject
//! ([`site_options`](super::site_options)). The parser, the configuration file, the reference page and the example file
//! all come from the declaration.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::config::space_options::{self, SpaceKey, SpaceOptions};
use crate::http::hosts::Hosts;
use crate::http::proxies::Proxies;

/// The space of a database that holds one site.
pub const SPACE: &str = "main";
/// The default data folder.
pub const DATA: &str = "encke-data";

/// The place where a site is stored.
#[derive(Clone)]
pub struct Place {
    /// The data folder of this node.
    pub data: PathBuf,
    /// The database, if it is not in the folder.
    pub database: Option<encke_store::Database>,
}

options! {
    /// The options of `encke serve`. Each option is also an environment variable (`ENCKE_LISTEN`) and, without the
    /// leading dashes, a key of the configuration file. A flag wins over the environment, and the environment over the
    /// file.
    #[group(id = "options")]
    pub struct Options {
        /// Address for plain HTTP; port 0 picks a free one [default: 127.0.0.1:8080]
        #[arg(long, env = "ENCKE_LISTEN", value_name = "ADDRESS")]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub listen: Option<SocketAddr>,

        /// Address for HTTPS; needs a certificate and its key [example: 0.0.0.0:443]
        #[arg(long, env = "ENCKE_TLS_LISTEN", value_name = "ADDRESS")]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tls_listen: Option<SocketAddr>,

        /// Certificate chain, PEM [example: /etc/encke/chain.pem]
        #[arg(long, env = "ENCKE_TLS_CERT", value_name = "FILE")]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tls_cert: Option<PathBuf>,

        /// Private key of the certificate, PEM [example: /etc/encke/key.pem]
        #[arg(long, env = "ENCKE_TLS_KEY", value_name = "FILE")]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tls_key: Option<PathBuf>,

        /// Proxies that name the visitor in `X-Forwarded-For`, as addresses or networks, separated by commas [default: none]
        /// [example: 127.0.0.1,10.0.0.0/8]
        #[arg(long, env = "ENCKE_TRUSTED_PROXIES", value_name = "ADDRESSES", value_delimiter = ',')]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub trusted_proxies: Option<Vec<String>>,

        /// Address for operation: /healthz, /readyz and /metrics of all sites, without a password, so for a network that only
        /// operators reach. With it, /readyz and /metrics are nowhere else [example: 127.0.0.1:9090]
        #[arg(long, env = "ENCKE_OPS_LISTEN", value_name = "ADDRESS")]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub ops_listen: Option<SocketAddr>,

        /// Log filter: error, warn, info, debug, trace, or a filter such as `info,encke_store=debug`. Libraries are never
        /// logged below info, where they show secrets [default: info]
        #[arg(long, env = "ENCKE_LOG", value_name = "FILTER")]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub log: Option<String>,

        /// Space of the database, one for each site. In the file, `[[space]]` tables are several sites in this one
        /// process [default: main]
        #[arg(long, env = "ENCKE_SPACE", value_name = "NAME")]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub space: Option<SpaceKey>,

        /// Of several sites, the one that is reached without a name, at an address in numbers or as localhost [default: none]
        /// [example: shop]
        #[arg(long, env = "ENCKE_DEFAULT_SPACE", value_name = "NAME")]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub default_space: Option<String>,

        /// Make two people, a room and a short history on an empty data folder, and print how to sign in
        #[arg(long, env = "ENCKE_DEMO", num_args = 0..=1, default_missing_value = "true")]
        #[arg(value_name = "BOOL")]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub demo: Option<bool>,
    }
}

impl Options {
    /// Takes the options that are not set here from a file.
    pub fn over_file(self, file: Option<&Path>) -> Result<Self> {
        let Some(path) = file else { return Ok(self) };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("reading the configuration {}", path.display()))?;
        // The file is parsed by itself first, so that an error names the line of an unknown key or a wrong value.
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

    /// Refuses values that contradict each other.
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

    /// Refuses options of a single site beside `[[space]]` tables.
    fn check_alone(&self) -> Result<()> {
        let about_one = toml::Table::try_from(SpaceOptions { name: String::new(), ..self.site() })?;
        let shared = ["name", "shards"];
        let given = about_one.keys().map(String::as_str).filter(|name| !shared.contains(name));
        if let Some(name) = given.chain(self.demo.map(|_| "demo")).next() {
            bail!("{name} is about one site, and there are several: say it in its [[space]] table");
        }
        Ok(())
    }

    /// Address for plain HTTP.
    pub fn listen(&self) -> SocketAddr {
        self.listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080)))
    }

    /// The proxies that may say where a request comes from.
    pub fn proxies(&self) -> Result<Proxies> {
        let list = self.trusted_proxies.as_deref().unwrap_or_default();
        Proxies::parse(list).context("trusted-proxies")
    }

    /// The sites that are served. If no `[[space]]` table is given, these options describe the only one.
    pub fn spaces(&self) -> Vec<SpaceOptions> {
        if let Some(SpaceKey::Several(spaces)) = &self.space {
            let shards = |space: &SpaceOptions| space.shards.or(self.shards);
            return spaces
                .iter()
                .map(|s| SpaceOptions { shards: shards(s), ..s.clone() })
                .collect();
        }
        let data = Some(self.data.clone().unwrap_or_else(|| DATA.into()));
        vec![SpaceOptions { data, ..self.site() }]
    }

    /// The only site, as these options describe it.
    fn site(&self) -> SpaceOptions {
        let name = match &self.space {
            Some(SpaceKey::Name(name)) => name.clone(),
            _ => SPACE.to_owned(),
        };
        SpaceOptions {
            name,
            schema: None,
            data: self.data.clone(),
            database_url: self.database_url.clone(),
            nats_url: self.nats_url.clone(),
            public_url: self.public_url.clone(),
            hosts: self.hosts.clone(),
            allowed_origins: self.allowed_origins.clone(),
            metrics_token: self.metrics_token.clone(),
            shards: self.shards,
            files: self.files.clone(),
            egress: self.egress.clone(),
            push: self.push.clone(),
            preview: self.preview.clone(),
            mail: self.mail.clone(),
            gateways: self.gateways.clone(),
            quotas: self.quotas.clone(),
        }
    }

    /// Whether the configuration has several sites.
    pub fn has_several(&self) -> bool {
        matches!(self.space, Some(SpaceKey::Several(_)))
    }

    /// The host names of each of [`spaces`](Self::spaces).
    pub fn hosts(&self) -> Result<Hosts> {
        let Some(SpaceKey::Several(spaces)) = &self.space else {
            let names = self.hosts.as_deref().unwrap_or_default();
            return Hosts::only(names, self.public_url.as_deref());
        };
        let default = self.default_space.as_ref();
        let default = default.and_then(|name| spaces.iter().position(|s| s.name == *name));
        Hosts::new(spaces.iter().map(SpaceOptions::hosts), default)
    }
}

/// Puts values over those of a file, also inside its tables.
fn overlay(under: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => overlay(under, over),
            (_, value) => drop(under.insert(key, value)),
        }
    }
}
