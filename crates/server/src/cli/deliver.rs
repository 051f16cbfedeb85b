//! `encke deliver`: hands a mail to a desk, for the pipe of a mail server. Its exit codes are those of sysexits.h.

use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use encke_engine::mail_limits;
use serde_json::Value;

/// The mail is to be handed in again later: the mail server keeps it.
const TRY_AGAIN: u8 = 75;
/// The mail can't be read, or it is too large: its sender is told.
const BAD_MAIL: u8 = 65;
/// There is no such desk, or it takes no mails any more: its sender is told.
const NOBODY: u8 = 67;
/// Seconds for one mail.
const WAIT: Duration = Duration::from_secs(120);

#[derive(clap::Args)]
pub struct Deliver {
    /// Where the server is
    #[arg(long, env = "ENCKE_URL", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    url: String,
    /// Key of the desk, as the line for its pages has it
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    desk: String,
    /// File with the token of the desk's mailbox
    #[arg(long, value_name = "FILE", required_unless_present = "token")]
    token_file: Option<PathBuf>,
    /// Token of the desk's mailbox
    #[arg(
        long,
        env = "ENCKE_MAILBOX_TOKEN",
        hide_env_values = true,
        allow_hyphen_values = true,
        value_name = "TOKEN"
    )]
    token: Option<String>,
}

/// A failure with an exit code of its own.
#[derive(Debug)]
pub struct Exit {
    /// The code.
    pub code: u8,
    what: String,
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Exit {}

impl Deliver {
    pub fn run(self) -> Result<()> {
        // Whatever is wrong here, the mail server has the mail and tries again.
        self.hand_in().map_err(|e| match e.downcast::<Exit>() {
            Ok(exit) => exit.into(),
            Err(e) => Exit { code: TRY_AGAIN, what: format!("{e:#}") }.into(),
        })
    }

    fn hand_in(&self) -> Result<()> {
        let mut mail = Vec::new();
        let most = mail_limits::MAIL_BYTES_MAX as u64 + 1;
        std::io::stdin().take(most).read_to_end(&mut mail).context("reading the mail")?;
        let path = format!("{}/v1/desks/{}/mails", self.url.trim_end_matches('/'), self.desk);
        let request = ureq::post(path)
            .config()
            .http_status_as_error(false)
            .timeout_global(Some(WAIT))
            .build()
            .header("Authorization", format!("Bearer {}", self.token()?))
            .header("Content-Type", "message/rfc822");
        let mut response = request.send(&mail[..]).context("the server can't be reached")?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let answer: Value = serde_json::from_reader(response.body_mut().as_reader())
            .with_context(|| format!("the server answered {status} without JSON"))?;
        let text = |name: &str| answer["error"][name].as_str().unwrap_or_default().to_owned();
        let code = match text("code").as_str() {
            "invalid" | "too_large" => BAD_MAIL,
            "not_found" => NOBODY,
            _ => TRY_AGAIN,
        };
        Err(Exit { code, what: format!("{} ({})", text("message"), text("code")) }.into())
    }

    fn token(&self) -> Result<String> {
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        let path = self.token_file.as_deref().context("no token was given")?;
        let token =
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        Ok(token.trim().to_owned())
    }
}
