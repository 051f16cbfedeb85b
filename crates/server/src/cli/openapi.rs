//! `encke openapi`: prints the description of the API that a server serves at `/openapi.json`.

use anyhow::Result;

use crate::boot::products::PRODUCTS;
use crate::http::openapi;

#[derive(clap::Args)]
pub struct Openapi;

impl Openapi {
    pub fn run(self) -> Result<()> {
        print!("{}", openapi::text(PRODUCTS));
        Ok(())
    }
}
