//! `encke setup-code`: prints a new set-up code when the first one is lost.

use anyhow::Result;
use encke_site::Products;
use http::Method;

use super::Folder;
use crate::http::admin::ask;

#[derive(clap::Args)]
pub struct SetupCode {
    #[command(flatten)]
    folder: Folder,
}

impl SetupCode {
    pub fn run(self, products: Products) -> Result<()> {
        let made = ask(products, &self.folder.place()?, Method::POST, "/setup-codes", &())?;
        println!("{}", made["setup_code"].as_str().unwrap_or_default());
        eprintln!("Open the site and enter it there. Earlier codes are good no more.");
        Ok(())
    }
}
