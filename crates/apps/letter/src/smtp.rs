//! The connection to the mail server.

use std::time::Duration;

use encke_engine::outgoing_limits;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::time::timeout;

use crate::options::{MailTls, Server};

/// What became of a mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The mail server has taken it.
    Taken,
    /// The mail server does not take it, now or later.
    Refused,
    /// It may take it later.
    Later,
}

/// The mail server of a site.
pub(crate) struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    /// The address from which mails come.
    pub from: Mailbox,
}

impl Smtp {
    /// The error is a sentence.
    pub fn new(server: Server) -> Result<Self, String> {
        type Transport = AsyncSmtpTransport<Tokio1Executor>;
        let Server { host, port, tls, sign_in, from } = server;
        let builder = match tls {
            MailTls::None => Ok(Transport::builder_dangerous(&host)),
            MailTls::Starttls => Transport::starttls_relay(&host),
            MailTls::Implicit => Transport::relay(&host),
        };
        let mut builder = builder.map_err(|e| format!("mail-host: {e}"))?.port(port);
        if let Some((user, password)) = sign_in {
            builder = builder.credentials(Credentials::new(user, password));
        }
        let wait = Duration::from_millis(outgoing_limits::MAIL_ANSWER_MS_MAX);
        Ok(Smtp { transport: builder.timeout(Some(wait)).build(), from })
    }

    /// Sends a mail, in a bounded time.
    pub async fn send(&self, mail: Message) -> Outcome {
        let most = Duration::from_millis(outgoing_limits::MAIL_WAIT_MS_MAX);
        match timeout(most, self.transport.send(mail)).await {
            Ok(Ok(_)) => Outcome::Taken,
            Ok(Err(e)) if e.is_permanent() => {
                // The answer may name the address, so it does not stand in the log.
                tracing::info!("the mail server refuses a mail: {:?}", e.status());
                Outcome::Refused
            }
            Ok(Err(e)) => {
                tracing::warn!("the mail server: {e}");
                Outcome::Later
            }
            Err(_) => {
                tracing::warn!("the mail server gave no answer in time");
                Outcome::Later
            }
        }
    }
}

/// The milliseconds until the next try, after this many that failed; `None` if there is no further one.
pub fn pause(failed: u64) -> Option<u64> {
    let doubled = outgoing_limits::MAIL_RETRY_MS << failed.saturating_sub(1).min(20);
    (failed < outgoing_limits::MAIL_TRIES_MAX)
        .then(|| doubled.min(outgoing_limits::MAIL_RETRY_MS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_become_rarer_and_end() {
        assert_eq!(pause(1), Some(outgoing_limits::MAIL_RETRY_MS));
        assert_eq!(pause(2), Some(2 * outgoing_limits::MAIL_RETRY_MS));
        let all: Vec<u64> = (1..).map_while(pause).collect();
        assert_eq!(all.len() as u64, outgoing_limits::MAIL_TRIES_MAX - 1);
        assert!(all.iter().all(|ms| *ms <= outgoing_limits::MAIL_RETRY_MS_MAX));
    }
}
