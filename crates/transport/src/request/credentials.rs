//! What a request shows to prove who sends it.

use std::fmt;

use encke_engine::Error;

use super::bad;

/// Credentials as they came, unchecked. They never appear in logs: [`Debug`](fmt::Debug) tells only which are there.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Credentials {
    /// `Authorization: Bearer …`.
    pub bearer: Option<Box<str>>,
    /// The session's cookie.
    pub session: Option<Box<str>>,
    /// The cookie is `__Host-encke_session`, which only this very host can have set, over HTTPS. Otherwise it is
    /// `encke_session`, which counts over plain HTTP alone.
    pub session_is_hosts: bool,
    /// `?ticket=…`.
    pub ticket: Option<Box<str>>,
}

impl Credentials {
    /// Whether they serve for one request only.
    pub(crate) fn is_used_up(&self) -> bool {
        self.ticket.is_some()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |there: bool| if there { "given" } else { "none" };
        f.debug_struct("Credentials")
            .field("bearer", &shown(self.bearer.is_some()))
            .field("session", &shown(self.session.is_some()))
            .field("ticket", &shown(self.ticket.is_some()))
            .finish()
    }
}

/// The token of an `Authorization` header; other schemes are none of ours.
pub fn bearer(header: Option<&[u8]>) -> Result<Option<&str>, Error> {
    let Some(header) = header else { return Ok(None) };
    let Some((scheme, token)) = header.split_at_checked(7) else { return Ok(None) };
    if !scheme.eq_ignore_ascii_case(b"bearer ") {
        return Ok(None);
    }
    let token = token.trim_ascii();
    match std::str::from_utf8(token) {
        Ok(token) if !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic()) => {
            Ok(Some(token))
        }
        _ => Err(bad("The bearer token has characters that no token has.")),
    }
}

/// A session's cookie: its value, and whether it is `__Host-encke_session`.
pub type SessionCookie<'a> = (&'a str, bool);

/// The session in a `Cookie` header. `__Host-encke_session` wins over `encke_session`.
pub fn session_cookie(header: &[u8]) -> Option<SessionCookie<'_>> {
    let find = |name: &[u8]| {
        let value = header.split(|b| *b == b';').find_map(|p| p.trim_ascii().strip_prefix(name))?;
        std::str::from_utf8(value).ok().filter(|v| !v.is_empty())
    };
    let hosts = find(b"__Host-encke_session=").map(|value| (value, true));
    hosts.or_else(|| find(b"encke_session=").map(|value| (value, false)))
}
