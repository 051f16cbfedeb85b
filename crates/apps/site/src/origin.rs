//! The pages that may use the site: one rule for all requests that a browser can be made to send.

use encke_engine::{Code, Error};
use http::{Extensions, HeaderMap, Uri, header};

use crate::caller::Scheme;
use crate::site::Site;

/// The origin of a request's page, and the address of the site.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The header `Origin`.
    pub origin: Option<&'a str>,
    /// The header `Host` (or HTTP/2's authority).
    pub host: Option<&'a str>,
    /// The scheme by which the site was reached.
    pub scheme: Scheme,
}

/// The requirement of a request on the page that sends it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PageRule {
    /// No requirement: the request has a token or a pass, and foreign pages have none.
    Any,
    /// A page that the browser names must be trusted. Programs other than browsers name no page, and a browser names
    /// none when a page of the site itself reads.
    TrustedIfNamed,
    /// The browser must name a page, and the page must be trusted. The request changes something with a cookie, which a
    /// browser sends for any page.
    Trusted,
}

impl<'a> Origin<'a> {
    /// The origin of a request.
    pub fn of(headers: &'a HeaderMap, uri: &'a Uri, extensions: &Extensions) -> Self {
        let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
        let host = text(header::HOST).or(uri.authority().map(|a| a.as_str()));
        Origin { origin: text(header::ORIGIN), host, scheme: Scheme::of(extensions) }
    }

    /// Whether this is the site's own origin or one that the operator allows. Scheme, host and port have to be the
    /// same. `null` is never trusted.
    pub fn is_trusted(&self, site: &Site) -> bool {
        let Some(origin) = self.origin else { return false };
        let own = self.host.is_some_and(|host| {
            let rest = origin.strip_prefix(self.scheme.text());
            rest.is_some_and(|rest| rest.eq_ignore_ascii_case(host))
        });
        own || site.options.allowed_origins.iter().any(|o| o == origin)
    }

    /// Refuses a request that does not meet the requirement. Returns whether it names a trusted page.
    ///
    /// # Errors
    ///
    /// `foreign_origin`.
    pub fn check(&self, site: &Site, needed: PageRule) -> Result<bool, Error> {
        let is_trusted = self.is_trusted(site);
        let is_good = match needed {
            PageRule::Any => true,
            PageRule::TrustedIfNamed => self.origin.is_none() || is_trusted,
            PageRule::Trusted => is_trusted,
        };
        if is_good { Ok(is_trusted) } else { Err(foreign()) }
    }
}

fn foreign() -> Error {
    let what =
        "A page of this origin may not do this; the operator can allow it in allowed-origins.";
    Error::new(Code::ForeignOrigin, what)
}
