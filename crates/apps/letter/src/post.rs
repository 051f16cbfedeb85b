//! The way from a site to its mail server.

use encke_engine::Error;

use crate::letter::Letter;
use crate::options::MailOptions;
use crate::smtp::{Outcome, Smtp};

/// The way to the mail server, and the site's address for links.
pub struct Post {
    smtp: Smtp,
    /// The address of the site, such as `https://chat.example.com`, without a slash at the end.
    pub public_url: String,
    /// How long a message may stay unread for those who want to know soon, in milliseconds.
    pub soon_ms: u64,
}

impl Post {
    /// The way that the options describe; `None` if the site sends no mails. The error is a sentence about a wrong option.
    pub fn open(options: &MailOptions, public_url: Option<&str>) -> Result<Option<Self>, String> {
        let Some(server) = options.server()? else { return Ok(None) };
        let public_url = public_url.unwrap_or_default().trim_end_matches('/').to_owned();
        Ok(Some(Post { smtp: Smtp::new(server)?, public_url, soon_ms: options.soon_ms() }))
    }

    /// The domain of the address from which mails come.
    pub fn domain(&self) -> &str {
        self.smtp.from.email.domain()
    }

    /// Sends a mail, in a bounded time.
    pub async fn send(&self, letter: Letter) -> Result<Outcome, Error> {
        Ok(self.smtp.send(letter.message(&self.smtp.from)?).await)
    }
}
