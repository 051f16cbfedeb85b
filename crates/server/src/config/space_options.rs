//! The options of one site among several: `[[space]]` tables in the configuration file.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use encke_engine::limits;
use serde::de::{SeqAccess, Visitor, value::SeqAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::options::{DATA, Place};

/// The least length of a token for metrics.
const METRICS_TOKEN_BYTES_MIN: usize = 16;

options! {
    /// The options of one site in a `[[space]]` table. Only the file has such tables; the attributes of `clap` serve
    /// the reference page.
    #[group(id = "space")]
    pub struct SpaceOptions {
        /// Name of the site in logs and, if it has a database, there: its schema is `encke_NAME`
        /// [example: shop]
        #[arg(long, default_value = "", hide_default_value = true, value_name = "NAME")]
        pub name: String,

        /// The name of its schema in the database, without `encke_` [default: its name] [example: shop]
        #[arg(long, value_name = "NAME")]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub schema: Option<String>,
    }
}

impl SpaceOptions {
    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| Path::new(DATA).join(&self.name))
    }

    /// The place where the site is stored.
    pub fn place(&self) -> Place {
        let space = self.schema().to_owned();
        let database = self.database_url.clone().map(|url| encke_store::Database { url, space });
        Place { data: self.data(), database }
    }

    /// The name of the site's schema in a database.
    pub fn schema(&self) -> &str {
        self.schema.as_deref().unwrap_or(&self.name)
    }

    /// The host names of the site.
    pub fn hosts(&self) -> &[String] {
        self.hosts.as_deref().unwrap_or_default()
    }

    /// The options that the apps need.
    pub fn site(&self) -> encke_site::SiteOptions {
        let mut allowed_origins = self.allowed_origins.clone().unwrap_or_default();
        allowed_origins.extend(self.public_url.clone());
        encke_site::SiteOptions { allowed_origins, shares: self.quotas.shares() }
    }

    /// Refuses values that contradict each other, for the only site and for one of several.
    pub fn check(&self) -> Result<()> {
        self.files.check()?;
        self.egress.check().map_err(anyhow::Error::msg)?;
        self.push.check().map_err(anyhow::Error::msg)?;
        self.mail.check(self.public_url.as_deref()).map_err(anyhow::Error::msg)?;
        if let Some(token) = &self.metrics_token {
            ensure!(
                token.len() >= METRICS_TOKEN_BYTES_MIN
                    && token.bytes().all(|b| b.is_ascii_graphic()),
                "metrics-token is too easy to guess or can't stand in a header: \
                 it needs at least {METRICS_TOKEN_BYTES_MIN} visible ASCII characters"
            );
        }
        for origin in self.allowed_origins.iter().flatten().chain(&self.public_url) {
            let rest = origin.strip_prefix("https://").or(origin.strip_prefix("http://"));
            ensure!(
                rest.is_some_and(|host| !host.is_empty() && !host.contains('/')),
                "{origin} is not an origin: it should look like https://www.example.com, without a path"
            );
        }
        Ok(())
    }
}

/// Refuses spaces that share a name, a folder, a schema or a host.
pub fn check_all(spaces: &[SpaceOptions], default: Option<&str>) -> Result<()> {
    ensure!(!spaces.is_empty(), "`space` is empty: give at least one [[space]], or none at all");
    ensure!(
        spaces.len() <= limits::SPACES_MAX,
        "{} spaces are more than the {} that one process serves; start another one",
        spaces.len(),
        limits::SPACES_MAX
    );
    let (mut names, mut folders, mut schemas) = (HashMap::new(), HashMap::new(), HashMap::new());
    for space in spaces {
        let name = &space.name;
        check_one(space, default)?;
        if names.insert(name, ()).is_some() {
            bail!("two spaces are called {name}");
        }
        if let Some(other) = folders.insert(real(&space.data()), name) {
            bail!("the spaces {other} and {name} have the same folder {}", space.data().display());
        }
        if let Some(url) = &space.database_url
            && let Some(other) = schemas.insert((url, space.schema()), name)
        {
            bail!(
                "the spaces {other} and {name} have the same schema {} of one database",
                space.schema()
            );
        }
    }
    if let Some(default) = default {
        ensure!(
            spaces.iter().any(|s| s.name == default),
            "default-space is {default}, but no [[space]] has that name"
        );
    }
    Ok(())
}

fn check_one(space: &SpaceOptions, default: Option<&str>) -> Result<()> {
    let name = &space.name;
    ensure!(!name.is_empty(), "a [[space]] has no name");
    for text in [name.as_str(), space.schema()] {
        let plain = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_');
        ensure!(
            (1..=limits::SPACE_NAME_CHARS_MAX).contains(&text.len()) && text.bytes().all(plain),
            "{text} can't be the name of a space: it has up to {} small letters, digits and _",
            limits::SPACE_NAME_CHARS_MAX
        );
    }
    ensure!(
        !space.hosts().is_empty() || default == Some(name),
        "the space {name} has no hosts, so nobody could reach it: give it some, or make it the default-space"
    );
    ensure!(
        space.hosts().len() <= limits::HOSTS_PER_SPACE_MAX,
        "the space {name} has more than {} hosts",
        limits::HOSTS_PER_SPACE_MAX
    );
    ensure!(
        space.database_url.is_some() || (space.nats_url.is_none() && space.schema.is_none()),
        "the space {name} has a nats-url or a schema, which are for nodes that share a database: give database-url, too"
    );
    space.check()
}

/// The path without symbolic links of a folder that may not exist yet.
fn real(folder: &Path) -> PathBuf {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    for there in folder.ancestors() {
        if let (Ok(real), Ok(rest)) = (there.canonicalize(), folder.strip_prefix(there)) {
            return if rest.as_os_str().is_empty() { real } else { real.join(rest) };
        }
    }
    folder
}

/// The value of the key `space`: the name of the one space in a database, or a list of spaces.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub enum SpaceKey {
    /// A name: `space = "main"`.
    Name(String),
    /// A list: `[[space]]`, any number of times.
    Several(Vec<SpaceOptions>),
}

impl std::str::FromStr for SpaceKey {
    type Err = std::convert::Infallible;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(SpaceKey::Name(name.to_owned()))
    }
}

impl<'de> Deserialize<'de> for SpaceKey {
    /// Deserialized by hand, so that an error names the line of a mistake in a table.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = SpaceKey;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a space, or [[space]] tables")
            }

            fn visit_str<E>(self, name: &str) -> Result<SpaceKey, E> {
                Ok(SpaceKey::Name(name.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<SpaceKey, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(SpaceKey::Several)
            }
        }

        deserializer.deserialize_any(Either)
    }
}
