//! Options of requests to servers outside: `[egress]` in the configuration file.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// The networks that requests to servers outside may reach.
#[derive(clap::Args, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[group(id = "egress")]
pub struct EgressOptions {
    /// Networks that the server may send requests to for people, besides the public internet, separated by commas; there
    /// also without TLS [default: none] [example: 10.20.0.0/16,192.168.7.5/32]
    #[arg(
        long = "egress-allow",
        env = "ENCKE_EGRESS_ALLOW",
        value_name = "NETWORKS",
        value_delimiter = ','
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    allow: Option<Vec<String>>,
}

impl EgressOptions {
    /// Options that allow these networks besides the public internet.
    pub fn allowing(networks: &[&str]) -> Self {
        EgressOptions { allow: Some(networks.iter().map(|&text| text.to_owned()).collect()) }
    }

    /// Whether no option was set.
    pub fn is_open(&self) -> bool {
        *self == EgressOptions::default()
    }

    /// Refuses texts that are no networks. The error is a sentence.
    pub fn check(&self) -> Result<(), String> {
        self.networks().map(drop)
    }

    /// The networks besides the public internet. The error is a sentence about the first text that is none.
    pub(crate) fn networks(&self) -> Result<Vec<IpNet>, String> {
        let read = |text: &String| {
            let net = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            net.map_err(|_| format!("egress-allow: {text} is no network and no address"))
        };
        self.allow.iter().flatten().map(read).collect()
    }
}
