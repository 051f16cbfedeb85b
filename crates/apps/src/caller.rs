//! The caller of a request: who is signed in, from where, and whether its page may do this.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use encke_engine::{Code, Error};
use http::request::Parts;
use http::{HeaderMap, Method, Uri, header};

use crate::identity::{Credentials, Identity, Role};
use crate::reply::Refusal;
use crate::site::Site;

/// The address that a connection comes from; the server puts it into each request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Where a page comes from, and where it is served.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The header `Origin`.
    pub origin: Option<&'a str>,
    /// The header `Host` (or HTTP/2's authority).
    pub host: Option<&'a str>,
}

impl<'a> Origin<'a> {
    /// What a request says of it.
    pub fn of(headers: &'a HeaderMap, uri: &'a Uri) -> Self {
        let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
        let host = text(header::HOST).or(uri.authority().map(|a| a.as_str()));
        Origin { origin: text(header::ORIGIN), host }
    }

    /// Whether this is the site's own origin, or one that the operator allows. Exact: `null` never is.
    pub fn is_trusted(&self, site: &Site) -> bool {
        let Some(origin) = self.origin else { return false };
        let own = self.host.is_some_and(|host| {
            let rest = origin.strip_prefix("https://").or(origin.strip_prefix("http://"));
            // Behind a proxy that ends TLS the scheme is not known here; the host decides.
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
    pub(crate) fn owner(&self) -> Result<(), Error> {
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
        let identity = site.identify(credentials(&parts.headers)).await?;
        if identity.by_cookie {
            trusted(site, parts)?;
        }
        Ok(Caller(identity))
    }
}

/// Refuses a request that changes something if it comes from a foreign page.
pub(crate) fn trusted(site: &Site, parts: &Parts) -> Result<(), Refusal> {
    let safe = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let origin = Origin::of(&parts.headers, &parts.uri);
    if safe && origin.origin.is_none() || origin.is_trusted(site) {
        return Ok(());
    }
    Err(Refusal::new(Code::ForeignOrigin, "This page may not use the site's cookies."))
}

/// The credentials in the headers of a request.
pub fn credentials(headers: &HeaderMap) -> Credentials<'_> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let bearer = bearer.and_then(|v| {
        let (scheme, token) = v.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|v| v.to_str().ok());
    let cookie = cookies
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix("encke_session="));
    Credentials { bearer, cookie }
}
