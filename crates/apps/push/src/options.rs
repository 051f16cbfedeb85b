//! Options of notifications: `[push]` in the configuration file.

use serde::{Deserialize, Serialize};

/// Whether the site sends notifications, and what they hold.
#[derive(clap::Args, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[group(id = "push")]
pub struct PushOptions {
    /// Send no notifications to people without an open page. They go to the push service of each browser, which lies in the
    /// public internet and can't read them [default: false]
    #[arg(long = "push-off", env = "ENCKE_PUSH_OFF", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    off: Option<bool>,

    /// Whether notifications hold the beginning of the message. Without it they say who has written, and where
    /// [default: true]
    #[arg(long = "push-text", env = "ENCKE_PUSH_TEXT", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<bool>,

    /// Where push services reach the operator, a `mailto:` or `https:` address; some refuse a site without one
    /// [default: public-url] [example: mailto:operator@example.com]
    #[arg(long = "push-contact", env = "ENCKE_PUSH_CONTACT", value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
}

impl PushOptions {
    /// Whether no option was set.
    pub fn is_open(&self) -> bool {
        *self == PushOptions::default()
    }

    /// Refuses a contact that push services don't take. The error is a sentence.
    pub fn check(&self) -> Result<(), String> {
        match &self.contact {
            Some(to) if !to.starts_with("mailto:") && !to.starts_with("https://") => {
                Err(format!("push-contact is {to}: it has to begin with mailto: or https://"))
            }
            _ => Ok(()),
        }
    }

    /// Whether the site sends notifications.
    pub(crate) fn are_sent(&self) -> bool {
        !self.off.unwrap_or(false)
    }

    /// Whether notifications hold the beginning of the message.
    pub(crate) fn has_text(&self) -> bool {
        self.text.unwrap_or(true)
    }

    /// Where push services reach the operator of a site with this address.
    pub(crate) fn contact(&self, public_url: Option<&str>) -> Option<String> {
        let of_site = || public_url.filter(|url| url.starts_with("https://"));
        self.contact.as_deref().or_else(of_site).map(str::to_owned)
    }
}
