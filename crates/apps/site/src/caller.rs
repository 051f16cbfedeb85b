//! The caller of a request: who is signed in, from where, and whether its page may do this.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use encke_engine::{Code, Error};
use http::request::Parts;
use http::{Extensions, HeaderMap, Method, Uri, header};

use crate::identity::{Credentials, Identity, Role};
use crate::reply::Refusal;
use crate::site::Site;

/// The address that a connection comes from; the server puts it into each request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// How a request reached the site, as its browser sees it; the server puts it into each request's extensions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Scheme {
    /// In the clear.
    #[default]
    Http,
    /// Over TLS, this server's own or that of a proxy before it.
    Https,
}

impl Scheme {
    /// What the server found out; in the clear if it did not say.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().copied().unwrap_or_default()
    }

    /// As it stands in a URL.
    fn text(self) -> &'static str {
        match self {
            Scheme::Http => "http://",
            Scheme::Https => "https://",
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Scheme {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Scheme::of(&parts.extensions))
    }
}

/// Where a page comes from, and where it is served.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The header `Origin`.
    pub origin: Option<&'a str>,
    /// The header `Host` (or HTTP/2's authority).
    pub host: Option<&'a str>,
    /// How the site was reached.
    pub scheme: Scheme,
}

impl<'a> Origin<'a> {
    /// What a request says of it.
    pub fn of(headers: &'a HeaderMap, uri: &'a Uri, extensions: &Extensions) -> Self {
        let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
        let host = text(header::HOST).or(uri.authority().map(|a| a.as_str()));
        Origin { origin: text(header::ORIGIN), host, scheme: Scheme::of(extensions) }
    }

    /// Whether this is the site's own origin, or one that the operator allows: scheme, host and port have to be the same.
    /// `null` never is.
    pub fn is_trusted(&self, site: &Site) -> bool {
        let Some(origin) = self.origin else { return false };
        let own = self.host.is_some_and(|host| {
            let rest = origin.strip_prefix(self.scheme.text());
            rest.is_some_and(|rest| rest.eq_ignore_ascii_case(host))
        });
        own || site.options.allowed_origins.iter().any(|o| o == origin)
    }
}

/// Who is signed in.
#[derive(Clone, Copy, Debug)]
pub struct Caller(pub Identity);

impl Caller {
    /// Refuses everybody but the owner.
    pub fn owner(&self) -> Result<(), Error> {
        if self.0.role == Role::Owner {
            return Ok(());
        }
        Err(Error::new(Code::Forbidden, "Only an owner of the site may do this."))
    }
}

impl FromRequestParts<Arc<Site>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Refusal> {
        // The administration socket of the data folder vouches for whom it acts as.
        if let Some(identity) = parts.extensions.get::<Identity>() {
            return Ok(Caller(*identity));
        }
        let identity = site.identify(shown(parts)).await?;
        if identity.by_cookie {
            trusted(site, parts)?;
        }
        Ok(Caller(identity))
    }
}

/// Refuses a request that changes something if it comes from a foreign page.
pub fn trusted(site: &Site, parts: &Parts) -> Result<(), Refusal> {
    let safe = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let origin = Origin::of(&parts.headers, &parts.uri, &parts.extensions);
    if safe && origin.origin.is_none() || origin.is_trusted(site) {
        return Ok(());
    }
    Err(Refusal::new(Code::ForeignOrigin, "This page may not use the site's cookies."))
}

/// The credentials that a request shows.
pub fn shown(parts: &Parts) -> Credentials<'_> {
    credentials(&parts.headers, Scheme::of(&parts.extensions))
}

/// The cookie of a session over HTTPS. Only this very host can set it, and only over TLS: neither a neighbour under the same
/// domain nor somebody on the way can give a browser a session of theirs.
pub const HOSTS_COOKIE: &str = "__Host-encke_session";
/// The cookie of a session over plain HTTP.
pub const PLAIN_COOKIE: &str = "encke_session";

/// The credentials in the headers of a request that came by this scheme.
pub fn credentials(headers: &HeaderMap, scheme: Scheme) -> Credentials<'_> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let bearer = bearer.and_then(|v| {
        let (scheme, token) = v.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let find = |wanted: &str| {
        let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|v| v.to_str().ok());
        let mut pairs = lines.flat_map(|l| l.split(';')).filter_map(|p| p.trim().split_once('='));
        pairs.find_map(|(name, value)| (name == wanted && !value.is_empty()).then_some(value))
    };
    let plain = || if scheme == Scheme::Http { find(PLAIN_COOKIE) } else { None };
    Credentials { bearer, cookie: find(HOSTS_COOKIE).or_else(plain) }
}

/// What a request tells of the browser that sends it.
#[derive(Clone, Default)]
pub struct Browser {
    /// How it reached the site.
    pub scheme: Scheme,
    /// The session that it has.
    pub session: Option<Box<str>>,
}

impl Browser {
    /// The browser that sends a request.
    pub fn of(parts: &Parts) -> Self {
        let session = shown(parts).cookie.map(Into::into);
        Browser { scheme: Scheme::of(&parts.extensions), session }
    }

    /// The same without its session.
    pub fn without_session(self) -> Self {
        Browser { session: None, ..self }
    }
}
