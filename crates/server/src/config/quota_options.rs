//! Options of quotas: `[quotas]` in the configuration file.

use std::str::FromStr;

use encke_site::Shares;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How much each role may send and make.
#[derive(clap::Args, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[group(id = "quotas")]
pub struct Quotas {
    /// Quota of a guest for sending and making things, in percent of the ordinary limits, or `off` for no limit [default: 30]
    #[arg(long = "quota-guest", env = "ENCKE_QUOTA_GUEST", value_name = "PERCENT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    guest: Option<Quota>,

    /// Quota of a member for sending and making things, in percent of the ordinary limits, or `off` for no limit [default: 100]
    #[arg(long = "quota-member", env = "ENCKE_QUOTA_MEMBER", value_name = "PERCENT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<Quota>,

    /// Quota of a bot for sending and making things, in percent of the ordinary limits, or `off` for no limit [default: 100000]
    #[arg(long = "quota-bot", env = "ENCKE_QUOTA_BOT", value_name = "PERCENT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    bot: Option<Quota>,

    /// Quota of an owner for sending and making things, in percent of the ordinary limits, or `off` for no limit [default: 100000]
    #[arg(long = "quota-owner", env = "ENCKE_QUOTA_OWNER", value_name = "PERCENT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Quota>,
}

/// A percentage of the ordinary limits, or no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quota {
    Percent(u32),
    Off,
}

/// The greatest percentage: ten thousand times the ordinary limits.
const PERCENT_MAX: u32 = 1_000_000;
const WRONG: &str = "a quota is a percentage from 1 to 1000000, or off";

impl Quota {
    fn percent(number: u64) -> Result<Self, &'static str> {
        let percent = u32::try_from(number).ok().filter(|p| (1..=PERCENT_MAX).contains(p));
        percent.map(Quota::Percent).ok_or(WRONG)
    }
}

impl FromStr for Quota {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Quota::Off),
            number => Quota::percent(number.parse().map_err(|_| WRONG)?),
        }
    }
}

impl Serialize for Quota {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Quota::Percent(percent) => serializer.serialize_u32(*percent),
            Quota::Off => serializer.serialize_str("off"),
        }
    }
}

impl<'de> Deserialize<'de> for Quota {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a quota is a percentage from 1 to 1000000, or off")]
        enum Said {
            Number(u64),
            Text(String),
        }
        let quota = match Said::deserialize(deserializer)? {
            Said::Number(number) => Quota::percent(number),
            Said::Text(text) => text.parse(),
        };
        quota.map_err(serde::de::Error::custom)
    }
}

impl Quotas {
    /// Whether no quota was set.
    pub fn is_open(&self) -> bool {
        *self == Quotas::default()
    }

    /// How much each role may do.
    pub fn shares(&self) -> Shares {
        let or = |given: Option<Quota>, default| match given {
            None => default,
            Some(Quota::Off) => None,
            Some(Quota::Percent(percent)) => Some(percent),
        };
        let default = Shares::default();
        Shares {
            guest: or(self.guest, default.guest),
            member: or(self.member, default.member),
            bot: or(self.bot, default.bot),
            owner: or(self.owner, default.owner),
        }
    }
}
