//! The caller of a request: the signed-in person, its address and its browser.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use encke_engine::{Code, Error};
use http::request::Parts;
use http::{Extensions, HeaderMap, Method, header};

use crate::identity::{Credentials, Identity, Role, not_for_visitors};
use crate::origin::{Origin, PageRule};
use crate::reply::Refusal;
use crate::site::Site;

/// The address of the visitor. The server puts it into each request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// The scheme of a request as its browser sees it. The server puts it into each request's extensions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Scheme {
    /// Plain HTTP.
    #[default]
    Http,
    /// HTTP over TLS, which this server ended or a proxy before it.
    Https,
}

impl Scheme {
    /// The scheme that the server found; plain HTTP if it found none.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().copied().unwrap_or_default()
    }

    /// The scheme as a URL has it.
    pub fn text(self) -> &'static str {
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

/// The signed-in person of a request. Visitors are refused: a route that is open to them, too, says so with
/// [`CallerOrVisitor`].
#[derive(Clone, Copy, Debug)]
pub struct Caller(pub Identity);

/// The signed-in person of a request, or a visitor that a product let in.
#[derive(Clone, Copy, Debug)]
pub struct CallerOrVisitor(pub Identity);

impl Caller {
    /// Refuses every person but the owner.
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
        let CallerOrVisitor(identity) = CallerOrVisitor::from_request_parts(parts, site).await?;
        if identity.visitor {
            return Err(Refusal(not_for_visitors()));
        }
        Ok(Caller(identity))
    }
}

impl FromRequestParts<Arc<Site>> for CallerOrVisitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Refusal> {
        // The administration socket of the data folder sets the identity itself.
        if let Some(identity) = parts.extensions.get::<Identity>() {
            return Ok(CallerOrVisitor(*identity));
        }
        let identity = site.identify(shown(parts)).await?;
        if identity.by_cookie {
            check_page(site, parts)?;
        }
        Ok(CallerOrVisitor(identity))
    }
}

/// Refuses a request with a cookie that a foreign page made a browser send.
fn check_page(site: &Site, parts: &Parts) -> Result<(), Refusal> {
    let is_safe = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let needed = if is_safe { PageRule::TrustedIfNamed } else { PageRule::Trusted };
    let origin = Origin::of(&parts.headers, &parts.uri, &parts.extensions);
    origin.check(site, needed)?;
    Ok(())
}

/// The credentials of a request.
pub fn shown(parts: &Parts) -> Credentials<'_> {
    credentials(&parts.headers, Scheme::of(&parts.extensions))
}

/// The credentials in the headers of a request with this scheme.
pub fn credentials(headers: &HeaderMap, scheme: Scheme) -> Credentials<'_> {
    let bearer = headers.get(header::AUTHORIZATION).map(|value| {
        // An invalid token stands for nobody. The cookie does not count in its place.
        encke_credentials::bearer(value.as_bytes()).unwrap_or(Some(""))
    });
    let lines = headers.get_all(header::COOKIE).into_iter().map(|line| line.as_bytes());
    let cookie = lines.fold(None, encke_credentials::with_cookies);
    let cookie = encke_credentials::counting(cookie, scheme == Scheme::Https);
    Credentials { bearer: bearer.flatten(), cookie }
}

/// The facts about the browser that sends a request.
#[derive(Clone, Default)]
pub struct Browser {
    /// The scheme by which it reached the site.
    pub scheme: Scheme,
    /// The secret of its session.
    pub session: Option<Box<str>>,
}

impl Browser {
    /// The browser of a request.
    pub fn of(parts: &Parts) -> Self {
        let session = shown(parts).cookie.map(Into::into);
        Browser { scheme: Scheme::of(&parts.extensions), session }
    }

    /// The same browser without its session.
    pub fn without_session(self) -> Self {
        Browser { session: None, ..self }
    }
}
