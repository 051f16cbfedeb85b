//! `seed --data FOLDER --people N`: makes the tokens bench-0 to bench-(N-1) valid in this folder.
//! `seed --data FOLDER --tickets N --desk NUMBER` fills a desk with tickets instead.

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
    /// Make members in place of bots, as the staff of a desk is
    #[arg(long)]
    members: bool,
    /// Make tickets of a desk in place of people
    #[arg(long, requires = "desk")]
    tickets: Option<u64>,
    /// The number of the desk that gets them
    #[arg(long)]
    desk: Option<u64>,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    if let (Some(count), Some(desk)) = (cli.tickets, cli.desk) {
        encke_bench::seed::tickets(&cli.data, desk, count)?;
        println!("{count} tickets made");
        return Ok(());
    }
    let made = match cli.members {
        true => encke_bench::seed::members(&cli.data, cli.people)?,
        false => encke_bench::seed::people(&cli.data, cli.people)?,
    };
    println!("{made} people made, {} were there", cli.people - made);
    Ok(())
}
