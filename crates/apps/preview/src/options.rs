//! Options of previews: `[preview]` in the configuration file.

use serde::{Deserialize, Serialize};

/// Whether messages show previews of their links.
#[derive(clap::Args, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[group(id = "preview")]
pub struct PreviewOptions {
    /// Show a preview of the first link of each message: the server fetches the page, so that its site learns the address of
    /// this server and that somebody here has written the link [default: false]
    #[arg(long = "preview-on", env = "ENCKE_PREVIEW_ON", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<bool>,

    /// Whether previews have pictures, which are fetched, too [default: true]
    #[arg(long = "preview-pictures", env = "ENCKE_PREVIEW_PICTURES", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pictures: Option<bool>,
}

impl PreviewOptions {
    /// Whether no option was set.
    pub fn is_open(&self) -> bool {
        *self == PreviewOptions::default()
    }

    /// Whether messages show previews.
    pub(crate) fn are_shown(&self) -> bool {
        self.on.unwrap_or(false)
    }

    /// Whether previews have pictures.
    pub(crate) fn have_pictures(&self) -> bool {
        self.pictures.unwrap_or(true)
    }
}
