//! `encke migrate`: copies a site from a data folder into PostgreSQL.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use encke_site::Products;
use encke_site::product::tables;

#[derive(clap::Args)]
pub struct Migrate {
    /// The store to move: `sqlite:` and its data folder, such as sqlite:./encke-data. No server may run on it
    #[arg(long, value_name = "sqlite:FOLDER")]
    from: String,
    /// The database to move it into
    #[arg(long, env = "ENCKE_DATABASE_URL", hide_env_values = true, value_name = "postgres://…")]
    to: String,
    /// The space in that database, which has to be empty
    #[arg(long, env = "ENCKE_SPACE", default_value = crate::config::options::SPACE, value_name = "NAME")]
    space: String,
}

impl Migrate {
    pub fn run(self, products: Products) -> Result<()> {
        let Some(from) = self.from.strip_prefix("sqlite:") else {
            bail!("--from should look like sqlite:./encke-data");
        };
        let from = folder(from);
        let to = encke_store::Database { url: self.to, space: self.space };
        let mut told = None;
        let moved = encke_store::migrate(&from, &to, &tables(products), |at, end| {
            let percent = (at.0 * 100).checked_div(end.0).unwrap_or(100);
            if told.replace(percent) != Some(percent) {
                eprintln!("events: {} of {} ({percent} %)", at.0, end.0);
            }
        })?;
        println!("Both sides hold the same:");
        for table in moved {
            println!("{:>12}  {:>12} rows  {:032x}", table.table, table.sum.rows, table.sum.sum);
        }
        println!("Every cursor stays good. Start Encke with --database-url from now on.");
        Ok(())
    }
}

/// The data folder, even if the path names the file in it.
fn folder(path: &str) -> PathBuf {
    let path = Path::new(path);
    match (path.file_name(), path.parent()) {
        (Some(name), Some(folder)) if name == "space.db" => folder.to_owned(),
        _ => path.to_owned(),
    }
}
