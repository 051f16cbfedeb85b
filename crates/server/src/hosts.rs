//! Which space a host name belongs to.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::Ipv6Addr;

use anyhow::{Result, bail, ensure};
use encke_engine::limits;

/// The host names of all spaces of a process, by the number of the space.
#[derive(Debug, Default)]
pub struct Hosts {
    by_name: HashMap<Box<str>, usize>,
    /// Whose is what has no name here.
    default: Option<usize>,
}

impl Hosts {
    /// Of the names of each space, and of the one that gets all other requests.
    ///
    /// # Errors
    /// If a name is none, or is given twice.
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
        Ok(Hosts { by_name, default })
    }

    /// The space of a request to this host, as the header `Host` or HTTP/2's `:authority` has it.
    pub fn of(&self, host: Option<&str>) -> Option<usize> {
        let named = host.and_then(plain).and_then(|name| self.by_name.get(&*name).copied());
        named.or(self.default)
    }
}

/// The name as it is compared: in small letters, without a port and without the dot that may end it; an IPv6 address in
/// brackets, in its shortest form. `None` if it is no name of a host.
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

/// A name out of the configuration, as it is compared.
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
    fn what_is_no_known_host_is_the_default_spaces_or_nobodys() {
        let long = "a".repeat(300);
        let others = [
            None,
            Some(""),
            Some("."),
            Some("shop.example.."),
            Some("x.shop.example"),
            Some("shop.example:80:80"),
            Some("shop.example:http"),
            Some("evil@shop.example"),
            Some("shop.example/"),
            Some("shop.example, club.example"),
            Some("::1"),
            Some("[::1"),
            Some("[::1]x"),
            Some(long.as_str()),
        ];
        for (default, space) in [(None, None), (Some(1), Some(1))] {
            let hosts = hosts(&[&["shop.example", "::1"], &["club.example"]], default).unwrap();
            for host in others {
                assert_eq!(hosts.of(host), space, "{host:?}");
            }
            assert_eq!(hosts.of(Some("shop.example")), Some(0));
        }
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
