//! `encke openapi`: the description of the API, as a server serves it at `/openapi.json`.

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
