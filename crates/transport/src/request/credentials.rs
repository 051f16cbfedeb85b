//! The credentials that a request carries.

use std::fmt;

use encke_engine::Error;

use super::bad;

/// Credentials as they came, unchecked. They never appear in logs: [`Debug`](fmt::Debug) tells only which ones are
/// there.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Credentials {
    /// `Authorization: Bearer …`.
    pub bearer: Option<Box<str>>,
    /// The session's cookie.
    pub session: Option<Box<str>>,
    /// The cookie is `__Host-encke_session`, which only this very host can have set, over HTTPS. Otherwise it is
    /// `encke_session`, which counts over plain HTTP alone.
    pub session_is_hosts: bool,
    /// The pass: `?ticket=…`.
    pub pass: Option<Box<str>>,
}

impl Credentials {
    /// Whether the credentials serve for one request only.
    pub(crate) fn is_used_up(&self) -> bool {
        self.pass.is_some()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |there: bool| if there { "given" } else { "none" };
        f.debug_struct("Credentials")
            .field("bearer", &shown(self.bearer.is_some()))
            .field("session", &shown(self.session.is_some()))
            .field("pass", &shown(self.pass.is_some()))
            .finish()
    }
}

/// The token of an `Authorization` header, if it has one. Other schemes are ignored.
pub fn bearer(header: Option<&[u8]>) -> Result<Option<&str>, Error> {
    let token = header.map_or(Ok(None), encke_credentials::bearer);
    token.map_err(|_| bad("The bearer token has characters that no token has."))
}
