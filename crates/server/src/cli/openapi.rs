//! `encke openapi`: prints the description of the API that a server serves at `/openapi.json`.

use anyhow::Result;
use encke_site::Products;

use crate::http::openapi;

#[derive(clap::Args)]
pub struct Openapi;

impl Openapi {
    pub fn run(self, products: Products) -> Result<()> {
        print!("{}", openapi::text(products));
        Ok(())
    }
}
