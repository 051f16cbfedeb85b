//! `seed --data FOLDER --people N`: makes the tokens bench-0 to bench-(N-1) valid in this folder.

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

#[derive(Parser)]
struct Cli {
    /// Data folder of a server that does not run; it is made if it is not there
    #[arg(long)]
    data: PathBuf,
    /// People, each with one token
    #[arg(long, default_value_t = 25_000)]
    people: usize,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let made = encke_bench::seed::people(&cli.data, cli.people)?;
    println!("{made} people made, {} were there", cli.people - made);
    Ok(())
}
