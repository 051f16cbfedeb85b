//! Options of files: `[files]` in the configuration file.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use encke_engine::file_limits;
use serde::{Deserialize, Serialize};

/// Bytes of a MiB.
const MIB: u64 = 1024 * 1024;

/// The region of a bucket if no option names one.
const REGION: &str = "us-east-1";
/// The folder of files in the data folder of a site.
const FOLDER: &str = "files";

/// Where files lie, and how much they may take.
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

    /// Folder of the files; several nodes need one that all of them share, or a bucket [default: `files` in the data folder]
    /// [example: /mnt/shared/files]
    #[arg(long = "files-folder", env = "ENCKE_FILES_FOLDER", value_name = "FOLDER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<PathBuf>,

    /// Bucket of S3-compatible storage that holds the files instead of a folder [default: none] [example: encke-files]
    #[arg(long = "files-s3-bucket", env = "ENCKE_FILES_S3_BUCKET", value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    s3_bucket: Option<String>,

    /// Address of the storage, if it is not Amazon's [default: none] [example: https://s3.example.com]
    #[arg(long = "files-s3-endpoint", env = "ENCKE_FILES_S3_ENDPOINT", value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    s3_endpoint: Option<String>,

    /// Region of the bucket [default: us-east-1]
    #[arg(long = "files-s3-region", env = "ENCKE_FILES_S3_REGION", value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    s3_region: Option<String>,

    /// Id of the access key; without one, the machine's role counts [example: AKIAIOSFODNN7EXAMPLE]
    #[arg(long = "files-s3-key-id", env = "ENCKE_FILES_S3_KEY_ID", value_name = "ID")]
    #[serde(skip_serializing_if = "Option::is_none")]
    s3_key_id: Option<String>,

    /// Secret of the access key; better in the environment or in a file than among the arguments, which others see
    /// [example: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY]
    #[arg(
        long = "files-s3-secret",
        env = "ENCKE_FILES_S3_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    s3_secret: Option<String>,

    /// File with the secret of the access key [example: /etc/encke/s3-secret]
    #[arg(long = "files-s3-secret-file", env = "ENCKE_FILES_S3_SECRET_FILE", value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    s3_secret_file: Option<PathBuf>,
}

/// A bucket, and how to reach it.
pub(crate) struct BucketOptions {
    pub bucket: String,
    pub endpoint: Option<String>,
    pub region: String,
    /// Id and secret.
    pub key: Option<(String, String)>,
}

/// The place of the files of a site.
pub(crate) enum Place {
    Folder(PathBuf),
    Bucket(BucketOptions),
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

    /// Refuses values that contradict each other.
    pub fn check(&self) -> Result<()> {
        let of_bucket = [
            self.s3_endpoint.is_some(),
            self.s3_region.is_some(),
            self.s3_key_id.is_some(),
            self.s3_secret.is_some(),
            self.s3_secret_file.is_some(),
        ];
        ensure!(
            self.s3_bucket.is_some() || !of_bucket.contains(&true),
            "there are options of a bucket for files, but no bucket: give files-s3-bucket, too"
        );
        ensure!(
            self.s3_bucket.is_none() || self.folder.is_none(),
            "files lie in a folder or in a bucket: give files-folder or files-s3-bucket"
        );
        let has_secret = self.s3_secret.is_some() || self.s3_secret_file.is_some();
        ensure!(
            self.s3_key_id.is_some() == has_secret,
            "an access key has an id and a secret: give files-s3-key-id and files-s3-secret (or its file)"
        );
        ensure!(
            self.s3_secret.is_none() || self.s3_secret_file.is_none(),
            "the secret of the access key is given twice: files-s3-secret and files-s3-secret-file"
        );
        Ok(())
    }

    /// The place of the files of a site with this data folder.
    pub(crate) fn place(&self, data: &Path) -> Result<Place> {
        let Some(bucket) = self.s3_bucket.clone() else {
            return Ok(Place::Folder(self.folder.clone().unwrap_or_else(|| data.join(FOLDER))));
        };
        let secret = match &self.s3_secret_file {
            Some(file) => {
                let text = std::fs::read_to_string(file);
                let text = text.with_context(|| format!("reading {}", file.display()))?;
                Some(text.trim().to_owned())
            }
            None => self.s3_secret.as_deref().map(|secret| secret.trim().to_owned()),
        };
        let region = self.s3_region.clone().unwrap_or_else(|| REGION.to_owned());
        let key = self.s3_key_id.as_deref().map(|id| id.trim().to_owned()).zip(secret);
        let endpoint = self.s3_endpoint.clone();
        Ok(Place::Bucket(BucketOptions { bucket, endpoint, region, key }))
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
