//! The binary `encke`: command line, configuration, wiring, operation, the embedded web chat.
//!
//! Entry point: [`run`]. Nothing in here decides what people may do; that is in the apps. Nothing in here touches a
//! waiting connection; that is in the transports.
//!
//! It is a library so that a program with another list of products has the same command line and the same server.

mod boot;
mod cli;
mod config;
mod http;
mod wire;

use std::process::ExitCode;

use clap::Parser;
use encke_site::Products;

pub use boot::products::PRODUCTS;

/// Does what the command line says, for sites that serve these products.
pub fn run(products: Products) -> ExitCode {
    boot::allocator::keep_large_blocks_apart();
    match cli::Cli::parse().run(products) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("encke: {e:#}");
            e.downcast_ref::<cli::Exit>().map_or(ExitCode::FAILURE, |exit| exit.code.into())
        }
    }
}
