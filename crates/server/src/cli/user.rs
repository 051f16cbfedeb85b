//! `encke user`: adds people, sets passwords, lists people.

use anyhow::{Result, anyhow};
use clap::Subcommand;
use encke_site::{Products, Role};
use http::Method;

use super::{Folder, secret_input};
use crate::http::admin::{NewPassword, NewPerson, ask};

#[derive(Subcommand)]
pub enum Command {
    /// Add a person; the password is read from the input. The first account is the owner of the site
    Add {
        #[command(flatten)]
        folder: Folder,
        /// Name to sign in with
        name: String,
        /// Make a random password and print it
        #[arg(long)]
        generate: bool,
        /// Name that others see [default: the name]
        #[arg(long)]
        display_name: Option<String>,
        /// Role on the site [default: owner for the first account, then member]
        #[arg(long, value_parser = ["owner", "member"], conflicts_with = "owner")]
        role: Option<String>,
        /// The person runs the site: short for --role owner
        #[arg(long)]
        owner: bool,
    },
    /// Set a person's password, end its sessions and revoke its tokens; the password is read from the input
    Passwd {
        #[command(flatten)]
        folder: Folder,
        /// The name that the person signs in with
        name: String,
        /// Make a random password and print it
        #[arg(long)]
        generate: bool,
    },
    /// List everyone
    List {
        #[command(flatten)]
        folder: Folder,
    },
}

impl Command {
    pub fn run(self, products: Products) -> Result<()> {
        match self {
            Command::Add { folder, name, generate, display_name, role, owner } => {
                let role = owner.then_some(Role::Owner).or(role.as_deref().map(Role::of));
                let password = Password::get(generate)?;
                let new = NewPerson { name, display_name, password: password.text.clone(), role };
                let added = ask(products, &folder.place()?, Method::POST, "/people", &new)?;
                println!("{} {}", added["id"].as_str().unwrap_or_default(), new.name);
                password.show();
                if role.is_none() && added["role"] == "owner" {
                    eprintln!("{} is the owner: the first account runs the site.", new.name);
                }
            }
            Command::Passwd { folder, name, generate } => {
                let password = Password::get(generate)?;
                let new = NewPassword { name, password: password.text.clone() };
                let ended = ask(products, &folder.place()?, Method::POST, "/passwords", &new)?;
                println!(
                    "{} has a new password. Ended: {} sessions, {} tokens.",
                    new.name, ended["sessions"], ended["tokens"]
                );
                password.show();
            }
            Command::List { folder } => {
                let people = ask(products, &folder.place()?, Method::GET, "/people", &())?;
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

/// A password for another person.
struct Password {
    text: String,
    is_generated: bool,
}

impl Password {
    fn get(generate: bool) -> Result<Self> {
        let text = if generate {
            encke_site::readable_secret().map_err(|e| anyhow!(e))?
        } else {
            secret_input::read("Password")?
        };
        Ok(Password { text, is_generated: generate })
    }

    /// Prints a generated password. To be called when the password is in force.
    fn show(&self) {
        if self.is_generated {
            println!("password {}", self.text);
        }
    }
}
