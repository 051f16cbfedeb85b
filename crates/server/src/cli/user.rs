//! `encke user`: people.

use std::io::{IsTerminal, Write};

use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use encke_apps::Role;
use http::Method;

use super::Folder;
use crate::admin::{NewPassword, NewPerson, ask};

#[derive(Subcommand)]
pub enum Command {
    /// Add a person; the password is read from the input. The first account is the owner of the site
    Add {
        #[command(flatten)]
        folder: Folder,
        /// Name to sign in with
        name: String,
        /// What others see [default: the name]
        #[arg(long)]
        display_name: Option<String>,
        /// What the person is on the site [default: owner for the first account, then member]
        #[arg(long, value_parser = ["owner", "member"], conflicts_with = "owner")]
        role: Option<String>,
        /// The person runs the site: short for --role owner
        #[arg(long)]
        owner: bool,
    },
    /// Set a person's password and end its sessions; the password is read from the input
    Passwd {
        #[command(flatten)]
        folder: Folder,
        /// Whose
        name: String,
    },
    /// List everyone
    List {
        #[command(flatten)]
        folder: Folder,
    },
}

impl Command {
    pub fn run(self) -> Result<()> {
        match self {
            Command::Add { folder, name, display_name, role, owner } => {
                let role = owner.then_some(Role::Owner).or(role.as_deref().map(Role::of));
                let new = NewPerson { name, display_name, password: password()?, role };
                let added = ask(&folder.place()?, Method::POST, "/people", &new)?;
                println!("{} {}", added["id"].as_str().unwrap_or_default(), new.name);
                if role.is_none() && added["role"] == "owner" {
                    eprintln!("{} is the owner: the first account runs the site.", new.name);
                }
            }
            Command::Passwd { folder, name } => {
                let new = NewPassword { name, password: password()? };
                ask(&folder.place()?, Method::POST, "/passwords", &new)?;
                println!("{} has a new password; open sessions have ended.", new.name);
            }
            Command::List { folder } => {
                let people = ask(&folder.place()?, Method::GET, "/people", &())?;
                for person in people.as_array().into_iter().flatten() {
                    let text = |field: &str| person[field].as_str().unwrap_or("-").to_owned();
                    let off = if person["disabled"] == true { " (disabled)" } else { "" };
                    let (id, role, name) = (text("id"), text("role"), text("name"));
                    println!("{id}\t{role}\t{name}\t{}{off}", text("display_name"));
                }
            }
        }
        Ok(())
    }
}

fn password() -> Result<String> {
    let input = std::io::stdin();
    if input.is_terminal() {
        eprint!("Password (it is shown as you type): ");
        std::io::stderr().flush()?;
    }
    let mut line = String::new();
    input.read_line(&mut line).context("reading the password")?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    ensure!(!password.is_empty(), "no password was given");
    Ok(password)
}
