//! Which pages may use the site: the one rule for every request that a browser can be made to send.

use encke_engine::{Code, Error};
use http::{Extensions, HeaderMap, Uri, header};

use crate::caller::Scheme;
use crate::site::Site;

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

/// What a request needs of the page that sends it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PageRule {
    /// Nothing: the request shows a token or a pass, which no foreign page has.
    Any,
    /// If the browser names a page, that page is trusted. A program that is no browser names none, and a browser leaves the
    /// name out when a page of the site's own reads.
    TrustedIfNamed,
    /// The browser names a page, and it is trusted: the request does something with a cookie, which a browser adds for any
    /// page.
    Trusted,
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

    /// Refuses a request that does not come from a page as it needs one. Returns whether it names a page that is trusted.
    ///
    /// # Errors
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
