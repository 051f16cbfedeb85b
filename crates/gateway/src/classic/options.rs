//! Options of classic pages: the flags `--classic…`, and the table `[classic]` in the configuration file.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use clap::builder::BoolishValueParser;
use serde::{Deserialize, Serialize};

use super::{Claims, Html};

/// The options of classic pages.
#[derive(clap::Args, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[group(id = "classic")]
pub struct ClassicOptions {
    /// Serve pages of the Comet tutorials under /classic/
    #[arg(long = "classic", env = "ENCKE_CLASSIC", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,

    /// Person that a classic page speaks for: that of the session, or the one that the page claims [default: session]
    #[arg(long = "classic-identity", env = "ENCKE_CLASSIC_IDENTITY", value_name = "WHO")]
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<Claims>,

    /// Believe claims of pages even if other machines can connect
    #[arg(long = "classic-allow-remote-trust", env = "ENCKE_CLASSIC_ALLOW_REMOTE_TRUST")]
    #[arg(num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    #[arg(value_parser = BoolishValueParser::new())]
    #[serde(alias = "allow_remote_trust", skip_serializing_if = "Option::is_none")]
    allow_remote_trust: Option<bool>,

    /// Form of texts and names for classic pages: as HTML that shows them, or as they are [default: escaped]
    #[arg(long = "classic-html", env = "ENCKE_CLASSIC_HTML", value_name = "HOW")]
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<Html>,
}

impl ClassicOptions {
    /// Whether no option was set.
    pub fn is_open(&self) -> bool {
        *self == ClassicOptions::default()
    }

    /// The rule for claims of pages; `None` if classic pages are off.
    pub fn claims(&self) -> Option<Claims> {
        (self.enabled == Some(true)).then_some(self.identity.unwrap_or(Claims::Session))
    }

    /// Whether heads of requests may be longer than elsewhere, because pages send texts in URLs.
    pub fn has_long_heads(&self) -> bool {
        self.claims().is_some()
    }

    /// How pages are given texts.
    pub fn html(&self) -> Html {
        self.html.unwrap_or(Html::Escaped)
    }

    /// Refuses to believe claims from other machines, unless the operator allows that.
    pub fn check(&self, addresses: [Option<SocketAddr>; 2]) -> Result<()> {
        let remote = addresses.into_iter().flatten().find(|a| !a.ip().to_canonical().is_loopback());
        if let (Some(Claims::Trust), Some(address)) = (self.claims(), remote) {
            ensure!(
                self.html() == Html::Escaped,
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

    /// Logs a warning for options that let pages do more than the rest of the site does.
    pub fn warn(&self) {
        if self.claims() == Some(Claims::Trust) {
            tracing::warn!(
                "classic pages believe every name that they are told (identity = \"trust\"): anyone who can connect \
                 can read and write as anybody under /classic/"
            );
        }
        if self.claims().is_some() && self.html() == Html::Raw {
            tracing::warn!(
                "classic pages are given texts as they were written (html = \"raw\"): a page that does not escape them \
                 runs what anybody writes"
            );
        }
    }
}
