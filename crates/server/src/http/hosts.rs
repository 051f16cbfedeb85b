//! The host names of each space. All other names are refused.
//!
//! An unlisted name is refused even on a server with one site. The owner of the name could point it at this machine,
//! and a page of the owner's would then have the same origin as the site (DNS rebinding). Nobody can point a numeric
//! address or `localhost` elsewhere, so these are accepted.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::{Result, bail, ensure};
use encke_engine::limits;

/// The host names of all spaces of a process, by the number of the space.
#[derive(Debug, Default)]
pub struct Hosts {
    by_name: HashMap<Box<str>, usize>,
    /// The space of requests to a numeric address, to `localhost` or to no host.
    default: Option<usize>,
    /// Whether there is only one space, which takes every accepted name.
    only: bool,
}

impl Hosts {
    /// Takes the names of each space, and the number of the space that is reached without a name.
    ///
    /// # Errors
    ///
    /// A name is not a host name, or is given twice.
    pub fn new<'a>(
        spaces: impl Iterator<Item = &'a [String]>,
        default: Option<usize>,
    ) -> Result<Self> {
        let mut by_name = HashMap::new();
        for (space, names) in spaces.enumerate() {
            for name in names {
                if by_name.insert(checked(name)?, space).is_some() {
                    bail!("the host {name} is given twice; a host belongs to one space");
                }
            }
        }
        Ok(Hosts { by_name, default, only: false })
    }

    /// Takes the names of the only space. It is also reached without a name.
    ///
    /// # Errors
    ///
    /// A name is not a host name.
    pub fn only(names: &[String], public_url: Option<&str>) -> Result<Self> {
        let mut by_name = HashMap::new();
        for name in names {
            by_name.insert(checked(name)?, 0);
        }
        let public = public_url.and_then(|url| url.split_once("://"));
        if let Some(name) = public.and_then(|(_, host)| plain(host)) {
            by_name.insert(name.into(), 0);
        }
        Ok(Hosts { by_name, default: Some(0), only: true })
    }

    /// The space of a request to this host, as the header `Host` or HTTP/2's `:authority` names it.
    pub fn of(&self, host: Option<&str>) -> Option<usize> {
        // All browsers send the header.
        let Some(host) = host.filter(|host| !host.is_empty()) else { return self.default };
        let name = plain(host)?;
        let named = self.by_name.get(&*name).copied();
        named.or_else(|| self.default.filter(|_| is_fixed(&name)))
    }

    /// Whether the process serves one space only.
    pub fn is_only(&self) -> bool {
        self.only
    }

    /// Whether any name is listed. Without names a site is reached at addresses alone.
    pub fn has_names(&self) -> bool {
        !self.by_name.is_empty()
    }
}

/// Whether a plain name is a numeric address or this machine's own, so that nobody can point it elsewhere.
pub fn is_fixed(name: &str) -> bool {
    name == "localhost" || name.starts_with('[') || name.parse::<Ipv4Addr>().is_ok()
}

/// The form of a host name in which names are compared; `None` if this is not a host name.
///
/// It is in lower case, without a port and without a final dot. An IPv6 address is in brackets in its shortest form.
pub fn plain(host: &str) -> Option<Cow<'_, str>> {
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    if let Some(rest) = host.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        let good = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return good.then(|| Cow::Owned(format!("[{address}]")));
    }
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    let name = name.strip_suffix('.').unwrap_or(name);
    let letters = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    let good = is_port(port) && !name.is_empty() && name.len() <= limits::HOST_BYTES_MAX;
    if !good || !name.bytes().all(letters) {
        return None;
    }
    Some(match name.bytes().any(|b| b.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    })
}

/// A name of the configuration in the form in which names are compared.
fn checked(name: &str) -> Result<Box<str>> {
    if let Ok(address) = name.parse::<Ipv6Addr>() {
        return Ok(format!("[{address}]").into());
    }
    ensure!(
        name.is_ascii(),
        "the host {name} should be written as browsers send it, which begins with xn--"
    );
    let has_port = name
        .rsplit_once(':')
        .is_some_and(|(before, _)| !before.starts_with('[') || before.ends_with(']'));
    match plain(name) {
        Some(plain) if !has_port => Ok(plain.into()),
        _ => bail!(
            "{name} is not a host: it should look like chat.example.com, without a scheme or a port"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(names: &[&[&str]], default: Option<usize>) -> Result<Hosts> {
        let names: Vec<Vec<String>> =
            names.iter().map(|n| n.iter().map(|s| (*s).to_owned()).collect()).collect();
        Hosts::new(names.iter().map(Vec::as_slice), default)
    }

    #[test]
    fn a_host_is_known_however_it_is_written() {
        let hosts = hosts(&[&["Shop.example.", "::1"], &["club.example", "10.0.0.7"]], None);
        let hosts = hosts.unwrap();
        for (host, space) in [
            ("shop.example", 0),
            ("SHOP.example:8080", 0),
            ("shop.example.:443", 0),
            ("shop.example:", 0),
            ("[::1]", 0),
            ("[0:0:0:0:0:0:0:1]:80", 0),
            ("club.example", 1),
            ("10.0.0.7:8080", 1),
        ] {
            assert_eq!(hosts.of(Some(host)), Some(space), "{host}");
        }
    }

    #[test]
    fn a_request_without_a_name_goes_to_the_default_space_and_unknown_names_to_none() {
        let long = "a".repeat(300);
        let unnamed = [
            None,
            Some(""),
            Some("localhost"),
            Some("LOCALHOST:8080"),
            Some("127.0.0.1:8080"),
            Some("192.0.2.7"),
            Some("[::2]:80"),
        ];
        let nobodys = [
            ".",
            "shop.example..",
            "x.shop.example",
            "x.localhost",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "0x7f.1",
            "evil.example:8080",
            "shop.example:80:80",
            "shop.example:http",
            "evil@shop.example",
            "shop.example/",
            "shop.example, club.example",
            "::1",
            "[::1",
            "[::1]x",
            long.as_str(),
        ];
        for default in [None, Some(1)] {
            let hosts = hosts(&[&["shop.example", "::1"], &["club.example"]], default).unwrap();
            for host in unnamed {
                assert_eq!(hosts.of(host), default, "{host:?}");
            }
            for host in nobodys {
                assert_eq!(hosts.of(Some(host)), None, "{host:?}");
            }
            assert_eq!(hosts.of(Some("shop.example")), Some(0));
        }
    }

    #[test]
    fn one_site_has_the_names_that_it_was_given_and_that_of_its_address() {
        let names = ["a.example".to_owned(), "chat.example".to_owned()];
        let hosts = Hosts::only(&names, Some("https://chat.example:8443")).unwrap();
        for host in ["a.example", "chat.example", "Chat.example:8443", "127.0.0.1", "localhost:1"] {
            assert_eq!(hosts.of(Some(host)), Some(0), "{host}");
        }
        assert_eq!(hosts.of(Some("evil.example")), None);
        assert!(Hosts::only(&["a.example:80".to_owned()], None).is_err());
        let hosts = Hosts::only(&[], None).unwrap();
        assert_eq!((hosts.of(Some("10.0.0.1")), hosts.of(Some("a.example"))), (Some(0), None));
    }

    #[test]
    fn names_that_cannot_be_meant_are_refused() {
        for bad in ["", "https://a.example", "a.example:80", "a b", "bücher.example", "[::1]:80"] {
            assert!(hosts(&[&[bad]], None).is_err(), "{bad}");
        }
        for (one, other) in [("a.example", "A.Example."), ("::1", "[0::1]")] {
            let said = hosts(&[&[one], &[other]], None).unwrap_err().to_string();
            assert!(said.contains("twice"), "{said}");
        }
    }
}
