//! The proxies that the operator trusts to name the source of a request.

use std::net::IpAddr;

use anyhow::{Context, Result};
use http::HeaderMap;
use ipnet::IpNet;

/// The number of addresses of `X-Forwarded-For` that are looked at, from its end.
const HOPS_MAX: usize = 16;

/// Addresses of proxies. If there are none, a request's source is the other end of its connection.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Reads addresses (`127.0.0.1`) and networks (`10.0.0.0/8`).
    ///
    /// # Errors
    ///
    /// The text names the wrong entry.
    pub fn parse(list: &[String]) -> Result<Self> {
        let net = |text: &String| {
            let net = text.parse::<IpNet>().or(text.parse::<IpAddr>().map(IpNet::from));
            let what = || format!("{text} is neither an address nor a network such as 10.0.0.0/8");
            net.with_context(what)
        };
        list.iter().map(net).collect::<Result<_, _>>().map(Proxies)
    }

    /// Whether a connection from this address comes from a trusted proxy.
    pub fn are(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address.to_canonical()))
    }

    /// The address of the visitor.
    ///
    /// Each proxy appends the address that it was called from. The last address outside of the trusted proxies is the
    /// visitor's; anybody could have written the ones before it.
    pub fn visitor(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let lists = headers.get_all("x-forwarded-for").into_iter().rev();
        let said = lists.flat_map(|value| value.to_str().unwrap_or("").rsplit(','));
        let mut visitor = peer.to_canonical();
        for hop in said.take(HOPS_MAX) {
            if !self.are(visitor) {
                break;
            }
            let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
            visitor = address.to_canonical();
        }
        visitor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(proxies: &[&str], peer: &str, said: &[&str]) -> String {
        let list: Vec<String> = proxies.iter().map(|p| (*p).to_owned()).collect();
        let mut headers = HeaderMap::new();
        for line in said {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        Proxies::parse(&list).unwrap().visitor(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn the_visitor_is_the_last_address_that_is_no_trusted_proxy() {
        let cases: [(&[&str], &str, &[&str], &str); 9] = [
            (&[], "127.0.0.1", &["192.0.2.1"], "127.0.0.1"),
            (&["127.0.0.1"], "127.0.0.1", &["192.0.2.1"], "192.0.2.1"),
            (&["127.0.0.1"], "127.0.0.1", &[], "127.0.0.1"),
            (&["127.0.0.1"], "198.51.100.7", &["192.0.2.1"], "198.51.100.7"),
            (&["127.0.0.1"], "127.0.0.1", &["10.9.9.9, 192.0.2.1"], "192.0.2.1"),
            (&["127.0.0.1", "10.0.0.0/8"], "127.0.0.1", &["192.0.2.1, 10.1.2.3"], "192.0.2.1"),
            (&["127.0.0.1", "10.0.0.0/8"], "127.0.0.1", &["192.0.2.1", "10.1.2.3"], "192.0.2.1"),
            (&["127.0.0.1"], "127.0.0.1", &["192.0.2.1, nonsense"], "127.0.0.1"),
            (&["::1", "127.0.0.0/8"], "::ffff:127.0.0.1", &["2001:db8::1"], "2001:db8::1"),
        ];
        for (proxies, peer, said, expected) in cases {
            assert_eq!(visitor(proxies, peer, said), expected, "{proxies:?} {peer} {said:?}");
        }
    }

    #[test]
    fn invalid_networks_are_refused() {
        for bad in ["", "nginx", "10.0.0.0/33", "10.0.0"] {
            assert!(Proxies::parse(&[bad.to_owned()]).is_err(), "{bad}");
        }
    }
}
