//! The header that gives a browser a cookie.

use cookie::CookieBuilder;
use cookie::time::Duration;
use encke_site::caller::Scheme;
use http::{HeaderMap, header};

/// The age of a cookie, the most that browsers grant. The store decides when a session ends, not the cookie.
pub(crate) const AGE: Duration = Duration::days(400);

/// Adds the header that sets this cookie. No script of a page can read it, and one that was set over HTTPS never goes over
/// plain HTTP.
pub(crate) fn set_cookie(headers: &mut HeaderMap, scheme: Scheme, cookie: CookieBuilder<'_>) {
    let cookie = cookie.http_only(true).secure(scheme == Scheme::Https).build();
    // Our values are made of characters that a header may have.
    if let Ok(line) = cookie.to_string().try_into() {
        headers.append(header::SET_COOKIE, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_hidden_from_scripts_and_over_https_from_plain_requests() {
        let line = |scheme| {
            let mut headers = HeaderMap::new();
            set_cookie(&mut headers, scheme, CookieBuilder::new("a", "b").path("/").max_age(AGE));
            headers[header::SET_COOKIE].to_str().unwrap().to_owned()
        };
        assert_eq!(line(Scheme::Http), "a=b; HttpOnly; Path=/; Max-Age=34560000");
        assert_eq!(line(Scheme::Https), "a=b; HttpOnly; Secure; Path=/; Max-Age=34560000");
    }
}
