//! `encke backup`: a copy of the store.

use std::path::{Path, PathBuf, absolute};

use anyhow::Result;
use encke_site::Products;
use http::Method;

use super::Folder;
use crate::http::admin::{NewBackup, ask};

#[derive(clap::Args)]
pub struct Backup {
    #[command(flatten)]
    folder: Folder,
    /// The file to make [default: one with the time in its name, in the folder's `backups`]
    file: Option<PathBuf>,
}

impl Backup {
    pub fn run(self, products: Products) -> Result<()> {
        // A running server may have another working folder.
        let file = self.file.as_deref().map(absolute).transpose()?;
        let made =
            ask(products, &self.folder.place()?, Method::POST, "/backups", &NewBackup { file })?;
        let path = Path::new(made["file"].as_str().unwrap_or_default());
        println!("{}", path.display());
        Ok(())
    }
}
