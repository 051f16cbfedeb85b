//! The host that a request names: one rule for requests that shards read and for those that the HTTP server reads.

use encke_engine::Error;
use http::{HeaderMap, Request, Version, header};

use super::bad;

/// The value of a `Host` header without the spaces and tabs around it. `None` if it is empty or holds a byte that is
/// illegal in a host name: two readers must never see two hosts in one header.
pub fn plain(value: &[u8]) -> Option<&str> {
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let from = value.iter().position(|b| !blank(b))?;
    let to = value.iter().rposition(|b| !blank(b))?;
    let name = &value[from..=to];
    if name.iter().all(u8::is_ascii_graphic) { std::str::from_utf8(name).ok() } else { None }
}

/// The refusal of a request over HTTP/1.1 without a host.
pub fn missing() -> Error {
    bad("The header Host is missing.")
}

/// Checks the host of a request that the HTTP server has read: over HTTP/1.1 exactly one `Host`, otherwise at most one.
///
/// # Errors
/// If the header is missing, comes twice, or names no host.
pub fn check<B>(request: &Request<B>) -> Result<(), Error> {
    let is_needed = request.version() == Version::HTTP_11;
    match only(request.headers())? {
        None if is_needed => Err(missing()),
        _ => Ok(()),
    }
}

fn only(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let mut host = None;
    for value in headers.get_all(header::HOST) {
        super::once("Host", &mut host, value.as_bytes(), plain)?;
    }
    Ok(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_spaces_and_tabs_around_a_host_are_taken_away() {
        for (value, host) in [
            ("a.example", Some("a.example")),
            (" \ta.example:80 \t", Some("a.example:80")),
            ("[::1]:80", Some("[::1]:80")),
            ("", None),
            (" ", None),
            ("a b", None),
            ("a\tb", None),
            ("a\u{b}", None),
            ("\u{c}a", None),
            ("\u{a0}a", None),
            ("a\u{3000}", None),
            ("a\u{2028}", None),
            ("ä", None),
        ] {
            assert_eq!(plain(value.as_bytes()), host, "{value:?}");
        }
        assert_eq!(plain(b"a\xff"), None);
    }

    #[test]
    fn a_request_names_one_host() {
        let checked = |version, hosts: &[&str]| {
            let mut request = Request::builder().version(version);
            for host in hosts {
                request = request.header("Host", *host);
            }
            check(&request.body(()).unwrap()).is_ok()
        };
        assert!(checked(Version::HTTP_11, &["a"]));
        assert!(!checked(Version::HTTP_11, &[]));
        for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
            assert!(!checked(version, &["a", "a"]));
            assert!(!checked(version, &["ä"]));
        }
        // An old client may name none, and HTTP/2 has a field of its own.
        assert!(checked(Version::HTTP_10, &[]) && checked(Version::HTTP_2, &[]));
    }
}
