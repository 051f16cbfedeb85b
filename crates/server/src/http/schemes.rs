//! The scheme by which a browser reached a site. The server knows of its own TLS; a proxy has to say that it ended TLS.

use std::net::IpAddr;

use encke_site::Scheme;
use http::{HeaderName, HeaderValue, Request, header};

use crate::http::hosts::{is_fixed, plain};
use crate::http::proxies::Proxies;

/// Finds the scheme of each request to one site.
pub struct Schemes {
    proxies: Proxies,
    /// The host of `public-url`, and its scheme.
    public: Option<(String, Scheme)>,
}

/// The facts about a request that its scheme follows from.
pub struct Arrived<'a> {
    /// Whether this server ended the connection's TLS.
    pub tls: bool,
    /// The other end of the connection.
    pub peer: IpAddr,
    /// Whether `X-Forwarded-Proto` names HTTPS; `None` without the header.
    pub forwarded_https: Option<bool>,
    /// The host that the request was sent to.
    pub host: Option<&'a str>,
}

impl Schemes {
    /// For a site with this `public-url` behind these proxies.
    pub fn new(proxies: Proxies, public_url: Option<&str>) -> Self {
        let public = public_url.and_then(|url| {
            let (scheme, host) = match url.strip_prefix("https://") {
                Some(host) => (Scheme::Https, host),
                None => (Scheme::Http, url.strip_prefix("http://")?),
            };
            Some((plain(host)?.into_owned(), scheme))
        });
        Schemes { proxies, public }
    }

    /// The scheme of a request. The headers of a proxy count only if the operator named that proxy.
    pub fn of(&self, arrived: &Arrived<'_>) -> Scheme {
        let said = |https: bool| if https { Scheme::Https } else { Scheme::Http };
        if arrived.tls {
            return Scheme::Https;
        }
        if let Some((public, scheme)) = &self.public
            && arrived.host.and_then(plain).is_some_and(|host| *public == *host)
        {
            return *scheme;
        }
        let forwarded = arrived.forwarded_https.filter(|_| self.proxies.are(arrived.peer));
        forwarded.map_or(Scheme::Http, said)
    }

    /// The scheme by which a request reached the site, and whether it named a host.
    ///
    /// An address and `localhost` count as no name: other servers of a machine share them, so a browser must not be
    /// told to keep to HTTPS there.
    pub fn reached<B>(&self, request: &Request<B>, tls: bool, peer: IpAddr) -> (Scheme, bool) {
        let text = |name: HeaderName| request.headers().get(name)?.to_str().ok();
        let host = text(header::HOST).or(request.uri().authority().map(|a| a.as_str()));
        let proto = request.headers().get_all("x-forwarded-proto").into_iter().next_back();
        let said = |v: &HeaderValue| {
            let last = v.as_bytes().rsplit(|b| *b == b',').next().unwrap_or_default();
            last.trim_ascii().eq_ignore_ascii_case(b"https")
        };
        let forwarded_https = proto.map(said);
        let arrived = Arrived { tls, peer, forwarded_https, host };
        (self.of(&arrived), host.and_then(plain).is_some_and(|name| !is_fixed(&name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_seen_and_a_proxy_is_believed_if_it_was_named() {
        let proxies = Proxies::parse(&["10.0.0.0/8".to_owned()]).unwrap();
        let schemes = Schemes::new(proxies, Some("https://chat.example:8443"));
        let of = |tls: bool, peer: &str, forwarded_https: Option<bool>, host: &str| {
            let peer = peer.parse().unwrap();
            schemes.of(&Arrived { tls, peer, forwarded_https, host: Some(host) })
        };
        let (near, far) = ("10.0.0.1", "192.0.2.1");
        for (tls, peer, said, host, expected) in [
            (true, far, None, "x", Scheme::Https),
            (true, near, Some(false), "x", Scheme::Https),
            (false, far, None, "x", Scheme::Http),
            (false, far, Some(true), "x", Scheme::Http),
            (false, near, Some(true), "x", Scheme::Https),
            (false, near, Some(false), "x", Scheme::Http),
            (false, far, None, "CHAT.example", Scheme::Https),
            (false, near, Some(false), "chat.example:8443", Scheme::Https),
            (false, far, Some(true), "chat.example.evil", Scheme::Http),
        ] {
            assert_eq!(of(tls, peer, said, host), expected, "{tls} {peer} {said:?} {host}");
        }
    }
}
