//! Options of classic pages: `[classic]` in the configuration file.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use clap::builder::BoolishValueParser;
use encke_gateway::classic::{self, Claims};
use serde::{Deserialize, Serialize};

/// What may be decided about classic pages.
#[derive(clap::Args, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Classic {
    /// Serve pages of the Comet tutorials under /classic/ (in the file: `enabled` in `[classic]`)
    #[arg(long = "classic", env = "ENCKE_CLASSIC", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,

    /// Whose word classic pages' names are: the session's, or the page's own (`identity`) [default: session]
    #[arg(long = "classic-identity", env = "ENCKE_CLASSIC_IDENTITY", value_name = "WHOSE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<Identity>,

    /// Believe the page also when others than this machine can connect (`allow_remote_trust`)
    #[arg(long = "classic-allow-remote-trust", env = "ENCKE_CLASSIC_ALLOW_REMOTE_TRUST")]
    #[arg(num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    #[arg(value_parser = BoolishValueParser::new())]
    #[serde(alias = "allow_remote_trust", skip_serializing_if = "Option::is_none")]
    allow_remote_trust: Option<bool>,

    /// How classic pages are given texts and names: as HTML that shows them, or as they are (`html`) [default: escaped]
    #[arg(long = "classic-html", env = "ENCKE_CLASSIC_HTML", value_name = "HOW")]
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<Html>,
}

/// How texts are handed to pages.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Html {
    /// Safe to insert as HTML, which is what the pages of the tutorials do
    Escaped,
    /// As they were written, for pages that escape them
    Raw,
}

/// Whose word is taken for who somebody is.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Identity {
    /// What a page claims must be the signed-in person
    Session,
    /// The claim is believed: for closed networks and trying out
    Trust,
}

impl Classic {
    /// Whether nothing was decided.
    pub fn is_open(&self) -> bool {
        *self == Classic::default()
    }

    /// Whose claims are taken; `None` if classic pages are off.
    pub fn claims(&self) -> Option<Claims> {
        let claims = match self.identity {
            Some(Identity::Trust) => Claims::Trust,
            Some(Identity::Session) | None => Claims::Session,
        };
        (self.enabled == Some(true)).then_some(claims)
    }

    /// How texts are handed to pages.
    pub fn html(&self) -> classic::Html {
        match self.html {
            Some(Html::Raw) => classic::Html::Raw,
            Some(Html::Escaped) | None => classic::Html::Escaped,
        }
    }

    /// Refuses to believe whoever can connect from elsewhere, unless that is meant.
    pub fn check(&self, addresses: [Option<SocketAddr>; 2]) -> Result<()> {
        let remote = addresses.into_iter().flatten().find(|a| !a.ip().to_canonical().is_loopback());
        if let (Some(Claims::Trust), Some(address)) = (self.claims(), remote) {
            ensure!(
                self.html() == classic::Html::Escaped,
                "classic pages with identity = \"trust\" and html = \"raw\" run what anybody writes, and {address} is \
                 open to others than this machine: listen on 127.0.0.1, or leave one of the two out of [classic]"
            );
            ensure!(
                self.allow_remote_trust == Some(true),
                "classic pages with identity = \"trust\" believe whoever connects, and {address} is open to others \
                 than this machine: listen on 127.0.0.1, or set allow_remote_trust = true in [classic]"
            );
        }
        Ok(())
    }

    /// Says at the start what an operator has to know.
    pub fn warn(&self) {
        if self.claims() == Some(Claims::Trust) {
            tracing::warn!(
                "classic pages believe every name that they are told (identity = \"trust\"): anyone who can connect \
                 can read and write as anybody under /classic/"
            );
        }
        if self.claims().is_some() && self.html() == classic::Html::Raw {
            tracing::warn!(
                "classic pages are given texts as they were written (html = \"raw\"): a page that does not escape them \
                 runs what anybody writes"
            );
        }
    }
}
