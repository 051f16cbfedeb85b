//! The URL of a NATS server: its address, and the credentials for it.
//!
//! The two are kept apart. The client library takes no credentials from an address, and it writes addresses to its log.

use std::str::FromStr;

use async_nats::{ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;

/// `nats://user:password@host:port`, `nats://token@host:port`, or the same with `tls`.
pub(crate) struct NatsUrl {
    /// The address, without anything secret.
    pub address: ServerAddr,
    pub credentials: Credentials,
}

/// The credentials that a server asks for.
pub(crate) enum Credentials {
    None,
    Token(String),
    Password { user: String, password: String },
}

impl FromStr for NatsUrl {
    type Err = String;

    /// Parses the URL. The text of an error shows nothing of the URL, which may hold a password.
    fn from_str(url: &str) -> Result<Self, String> {
        let wrong = "the URL of the NATS server can't be read: it should look like \
                     nats://user:password@host:4222, with % escapes for what has a meaning in URLs";
        let parsed = url.parse::<ServerAddr>().map_err(|_| wrong)?;
        let plain = |text: &str| {
            let text = percent_decode_str(text).decode_utf8();
            text.map(|text| text.into_owned()).map_err(|_| wrong)
        };
        let credentials = match (parsed.username(), parsed.password()) {
            (None, None) => Credentials::None,
            (Some(token), None) => Credentials::Token(plain(token)?),
            (user, Some(password)) => Credentials::Password {
                user: plain(user.unwrap_or_default())?,
                password: plain(password)?,
            },
        };
        let mut bare = parsed.into_inner();
        bare.set_username("").and_then(|()| bare.set_password(None)).map_err(|()| wrong)?;
        let address = ServerAddr::from_url(bare).map_err(|_| wrong)?;
        if address.host().is_empty() {
            return Err(wrong.into());
        }
        Ok(NatsUrl { address, credentials })
    }
}

impl Credentials {
    /// Adds the credentials to the options of a connection.
    pub(crate) fn give(self, options: ConnectOptions) -> ConnectOptions {
        match self {
            Credentials::None => options,
            Credentials::Token(token) => options.token(token),
            Credentials::Password { user, password } => options.user_and_password(user, password),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> (String, Option<String>, Option<String>) {
        let NatsUrl { address, credentials } = url.parse().unwrap();
        let (first, second) = match credentials {
            Credentials::None => (None, None),
            Credentials::Token(token) => (Some(token), None),
            Credentials::Password { user, password } => (Some(user), Some(password)),
        };
        (address.as_url_str().to_owned(), first, second)
    }

    #[test]
    fn credentials_are_taken_out_of_the_address() {
        let of = |text: &str| Some(text.to_owned());
        for (url, address, first, second) in [
            ("nats://bus:4222", "nats://bus:4222", None, None),
            ("bus", "nats://bus", None, None),
            ("nats://u:p@bus:4222", "nats://bus:4222", of("u"), of("p")),
            ("u:p%40%2F%C3%A4@bus", "nats://bus", of("u"), of("p@/ä")),
            ("tls://s%3Acret@bus", "tls://bus", of("s:cret"), None),
            ("nats://:p@[::1]:4222", "nats://[::1]:4222", of(""), of("p")),
        ] {
            assert_eq!(read(url), (address.into(), first, second), "{url}");
        }
    }

    #[test]
    fn an_error_shows_nothing_of_the_url() {
        for url in ["nats://u:sec/ret@bus", "http://u:secret@bus", "nats://u:secret%ff@bus", ""] {
            let said = url.parse::<NatsUrl>().err().unwrap();
            assert!(!said.contains("sec") && !said.contains("http"), "{said}");
        }
    }
}
