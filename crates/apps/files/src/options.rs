//! Options of files: `[files]` in the configuration file.

use encke_engine::file_limits;
use serde::{Deserialize, Serialize};

/// Bytes of a MiB.
const MIB: u64 = 1024 * 1024;

/// How much files may take.
#[derive(clap::Args, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[group(id = "files")]
pub struct FileOptions {
    /// Greatest size of one file in MiB; 0 for no files [default: 2048]
    #[arg(long = "files-mib-max", env = "ENCKE_FILES_MIB_MAX", value_name = "MIB")]
    #[serde(skip_serializing_if = "Option::is_none")]
    mib_max: Option<u32>,

    /// Room for all files of one person in MiB [default: 10240]
    #[arg(long = "files-person-mib", env = "ENCKE_FILES_PERSON_MIB", value_name = "MIB")]
    #[serde(skip_serializing_if = "Option::is_none")]
    person_mib: Option<u32>,

    /// Room for all files of one guest in MiB [default: 100]
    #[arg(long = "files-guest-mib", env = "ENCKE_FILES_GUEST_MIB", value_name = "MIB")]
    #[serde(skip_serializing_if = "Option::is_none")]
    guest_mib: Option<u32>,

    /// Room for all files of the site in MiB [default: 102400]
    #[arg(long = "files-site-mib", env = "ENCKE_FILES_SITE_MIB", value_name = "MIB")]
    #[serde(skip_serializing_if = "Option::is_none")]
    site_mib: Option<u32>,
}

/// Bytes that files may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Allowance {
    pub file: u64,
    pub person: u64,
    pub guest: u64,
    pub site: u64,
}

impl FileOptions {
    /// Whether no option was set.
    pub fn is_open(&self) -> bool {
        *self == FileOptions::default()
    }

    pub(crate) fn allowance(&self) -> Allowance {
        let or = |mib: Option<u32>, default| mib.map_or(default, |mib| u64::from(mib) * MIB);
        Allowance {
            file: or(self.mib_max, file_limits::FILE_BYTES_MAX),
            person: or(self.person_mib, file_limits::FILE_BYTES_PER_PERSON_MAX),
            guest: or(self.guest_mib, file_limits::FILE_BYTES_PER_GUEST_MAX),
            site: or(self.site_mib, file_limits::FILE_BYTES_PER_SITE_MAX),
        }
    }
}
