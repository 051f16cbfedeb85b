//! Options of mails: `[mail]` in the configuration file.

use std::path::PathBuf;

use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};

/// Seconds that a message stays unread before it is told to those who want to know soon.
const SOON_S: u64 = 15 * 60;

/// How the connection to the mail server is protected.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailTls {
    /// Not at all, for a server on this machine.
    None,
    /// It begins in the clear and is encrypted before anything is said.
    #[default]
    Starttls,
    /// It is encrypted from the beginning.
    Implicit,
}

/// The mail server through which a site sends mails. A site without one sends none.
#[derive(clap::Args, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[group(id = "mail")]
pub struct MailOptions {
    /// Mail server through which missed messages are told to those who want it; needs mail-from and public-url
    /// [default: none] [example: smtp.example.com]
    #[arg(long = "mail-host", env = "ENCKE_MAIL_HOST", value_name = "HOST")]
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,

    /// Port of the mail server; without it 465 with implicit TLS, and 25 without any [default: 587]
    #[arg(long = "mail-port", env = "ENCKE_MAIL_PORT", value_name = "PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,

    /// How the connection to the mail server is protected: starttls, implicit, or none [default: starttls]
    #[arg(long = "mail-tls", env = "ENCKE_MAIL_TLS", value_name = "MODE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<MailTls>,

    /// Name with which the server signs in at the mail server [default: none] [example: encke]
    #[arg(long = "mail-user", env = "ENCKE_MAIL_USER", value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,

    /// Password for that; better in the environment or in mail-password-file [default: none]
    #[arg(
        long = "mail-password",
        env = "ENCKE_MAIL_PASSWORD",
        hide_env_values = true,
        value_name = "PASSWORD"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,

    /// File with that password alone [default: none] [example: /etc/encke/mail-password]
    #[arg(long = "mail-password-file", env = "ENCKE_MAIL_PASSWORD_FILE", value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    password_file: Option<PathBuf>,

    /// Address from which mails come, with or without a name [default: none] [example: Chat <chat@example.com>]
    #[arg(long = "mail-from", env = "ENCKE_MAIL_FROM", value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,

    /// Seconds that a message stays unread before it is told to those who want to know soon; the others choose an hour or a
    /// day [default: 900]
    #[arg(long = "mail-soon-s", env = "ENCKE_MAIL_SOON_S", value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    soon_s: Option<std::num::NonZeroU32>,
}

/// A mail server, as options describe it.
pub(crate) struct Server {
    pub host: String,
    pub port: u16,
    pub tls: MailTls,
    pub sign_in: Option<(String, String)>,
    pub from: Mailbox,
}

impl MailOptions {
    /// Whether no option was set.
    pub fn is_open(&self) -> bool {
        *self == MailOptions::default()
    }

    /// Refuses options that contradict each other. The error is a sentence.
    pub fn check(&self, public_url: Option<&str>) -> Result<(), String> {
        if self.server()?.is_some() && public_url.is_none() {
            return Err("mail-host needs public-url: mails have links to the site".to_owned());
        }
        Ok(())
    }

    /// How long a message may stay unread for those who want to know soon.
    pub(crate) fn soon_ms(&self) -> u64 {
        self.soon_s.map_or(SOON_S, |s| u64::from(s.get())) * 1_000
    }

    /// The mail server, if there is one. The error is a sentence.
    pub(crate) fn server(&self) -> Result<Option<Server>, String> {
        let Some(host) = self.host.clone() else { return Ok(None) };
        let from = self.from.as_deref().ok_or("mail-host needs mail-from")?;
        let from = from.parse().map_err(|e| format!("mail-from is {from}: {e}"))?;
        let tls = self.tls.unwrap_or_default();
        let usual = match tls {
            MailTls::None => 25,
            MailTls::Starttls => 587,
            MailTls::Implicit => 465,
        };
        let password = match (&self.password, &self.password_file) {
            (Some(_), Some(_)) => {
                return Err("give mail-password or mail-password-file, not both".to_owned());
            }
            (Some(password), None) => Some(password.clone()),
            (None, Some(file)) => {
                let read = std::fs::read_to_string(file);
                let text =
                    read.map_err(|e| format!("mail-password-file {}: {e}", file.display()))?;
                Some(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            (None, None) => None,
        };
        let sign_in = match (&self.user, password) {
            (Some(user), Some(password)) => Some((user.clone(), password)),
            (None, None) => None,
            _ => return Err("mail-user needs a mail-password, and a password a user".to_owned()),
        };
        if sign_in.is_some() && tls == MailTls::None {
            return Err("a password for the mail server needs mail-tls: it would go in the clear"
                .to_owned());
        }
        Ok(Some(Server { host, port: self.port.unwrap_or(usual), tls, sign_in, from }))
    }
}
