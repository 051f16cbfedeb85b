//! Credentials in the head of a request: the `Authorization` header and the cookies of a session.
//!
//! Shards read heads themselves; all other requests come through hyper. Both use these functions, so that a credential
//! counts the same on either way. Nothing is allocated here, and nothing is checked against the store.

/// The cookie of a session over HTTPS. Only this very host can set it, and only over TLS, so neither a site on the same
/// domain nor an attacker on the network can give a browser a session of its own.
pub const HOSTS_COOKIE: &str = "__Host-encke_session";
/// The cookie of a session over plain HTTP.
pub const PLAIN_COOKIE: &str = "encke_session";

/// A session's cookie: its value, and whether it is [`HOSTS_COOKIE`].
pub type SessionCookie<'a> = (&'a str, bool);

/// The error of an `Authorization` header with the scheme `Bearer` and characters that are illegal in a token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoToken;

/// The token of an `Authorization` header; `None` for another scheme.
///
/// # Errors
///
/// [`NoToken`] if the scheme is `Bearer` and no valid token follows.
pub fn bearer(header: &[u8]) -> Result<Option<&str>, NoToken> {
    let Some((scheme, token)) = header.split_at_checked(7) else { return Ok(None) };
    if !scheme.eq_ignore_ascii_case(b"bearer ") {
        return Ok(None);
    }
    match std::str::from_utf8(token.trim_ascii()) {
        Ok(token) if !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic()) => {
            Ok(Some(token))
        }
        _ => Err(NoToken),
    }
}

/// The session's cookie after one more `Cookie` header. [`HOSTS_COOKIE`] wins over [`PLAIN_COOKIE`], and the first
/// cookie of a name over later ones.
///
/// A shard does this for each head that it reads, so it compares bytes. The crate `cookie`, which writes cookies, makes
/// a `Cookie` of every pair: 1.6 µs for a header of five cookies, where this takes 0.6 µs.
pub fn with_cookies<'a>(
    known: Option<SessionCookie<'a>>,
    header: &'a [u8],
) -> Option<SessionCookie<'a>> {
    if matches!(known, Some((_, true))) {
        return known;
    }
    let find = |name: &str| {
        header.split(|b| *b == b';').find_map(|pair| {
            let value = pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
            std::str::from_utf8(value).ok().filter(|value| !value.is_empty())
        })
    };
    let hosts = find(HOSTS_COOKIE).map(|value| (value, true));
    hosts.or(known).or_else(|| find(PLAIN_COOKIE).map(|value| (value, false)))
}

/// The secret in a session's cookie, if the cookie counts. [`PLAIN_COOKIE`] counts over plain HTTP alone.
pub fn counting(cookie: Option<SessionCookie<'_>>, is_https: bool) -> Option<&str> {
    cookie.filter(|(_, is_hosts)| *is_hosts || !is_https).map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_visible_ascii_behind_the_word_bearer() {
        assert_eq!(bearer(b"Bearer tok"), Ok(Some("tok")));
        assert_eq!(bearer(b"bEARER   tok "), Ok(Some("tok")));
        for other in [&b"Basic eA=="[..], b"", b"Bearer", b"Token tok"] {
            assert_eq!(bearer(other), Ok(None), "{other:?}");
        }
        for wrong in [&b"Bearer "[..], b"Bearer a b", b"Bearer \xff", "Bearer é".as_bytes()] {
            assert_eq!(bearer(wrong), Err(NoToken), "{wrong:?}");
        }
    }

    #[test]
    fn the_cookie_that_only_the_host_can_set_wins_wherever_it_stands() {
        let of = |lines: &[&'static str]| {
            lines.iter().fold(None, |known, line| with_cookies(known, line.as_bytes()))
        };
        assert_eq!(of(&["a=b; encke_session=1; encke_session=2"]), Some(("1", false)));
        assert_eq!(of(&["encke_session=1", "encke_session=2"]), Some(("1", false)));
        assert_eq!(of(&["encke_session=1; __Host-encke_session=2"]), Some(("2", true)));
        assert_eq!(of(&["encke_session=1", "__Host-encke_session=2"]), Some(("2", true)));
        assert_eq!(of(&["__Host-encke_session=2", "__Host-encke_session=3"]), Some(("2", true)));
        assert_eq!(of(&["encke_session=; encke_session=1"]), Some(("1", false)));
        assert_eq!(of(&["encke_sessions=1; xencke_session=2"]), None);
    }

    #[test]
    fn the_cookie_of_plain_http_does_not_count_over_https() {
        for (cookie, is_https, counts) in [
            (("1", false), false, Some("1")),
            (("1", false), true, None),
            (("1", true), true, Some("1")),
            (("1", true), false, Some("1")),
        ] {
            assert_eq!(counting(Some(cookie), is_https), counts, "{cookie:?} {is_https}");
        }
        assert_eq!(counting(None, false), None);
    }
}
