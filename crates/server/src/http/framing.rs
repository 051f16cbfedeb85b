//! Which pages of other sites may frame the page of a visitor: those that the desk names.

use std::sync::Arc;

use encke_site::{Embedded, Site};
use http::Uri;

/// The sources of `frame-ancestors` for a request of the visitor's page, which names its desk as `desk=KEY`.
///
/// A desk that names no origin may be framed by every page, and so may a page that only says that there is no such desk.
pub async fn ancestors(site: &Arc<Site>, uri: &Uri) -> String {
    let Some(Embedded(embedded)) = site.find_part() else { return "*".into() };
    let Some(desk) = desk_of(uri.query().unwrap_or_default()) else { return "'none'".into() };
    let Some(desk) = desk else { return "*".into() };
    let (embedded, desk) = (*embedded, desk.to_owned());
    match site.store.read(move |read| embedded.origins(read, &desk)).await {
        Ok(origins) if origins.is_empty() => "*".into(),
        // The site's own page for trying it is always one of them.
        Ok(origins) => format!("'self' {}", origins.join(" ")),
        // Better shown nowhere than where the desk does not want it.
        Err(_) => "'none'".into(),
    }
}

/// The desk that a query names, if it names one; `None` for a query that the page could read in another way than is done here.
fn desk_of(query: &str) -> Option<Option<&str>> {
    let is_of_key = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let mut desk = None;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        // The page decodes names, so that `%64esk` is one.
        if !name.bytes().all(is_of_key) {
            return None;
        }
        if name == "desk" {
            if desk.is_some() || !value.bytes().all(is_of_key) {
                return None;
            }
            desk = Some(value);
        }
    }
    Some(desk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_a_desk_in_one_way() {
        for (query, desk) in [
            ("", None),
            ("language=zh-CN", None),
            ("desk=aB-_9", Some("aB-_9")),
            ("language=zh-CN&desk=aB", Some("aB")),
            ("desk=aB&language=a%20b", Some("aB")),
        ] {
            assert_eq!(desk_of(query), Some(desk), "{query}");
        }
        for query in [
            "desk=%61B",
            "%64esk=aB",
            "desk=xx&desk=aB",
            "%64esk=aB&desk=xx",
            "desk=aB+",
            "desk+=aB",
            "desk=aB%00",
        ] {
            assert_eq!(desk_of(query), None, "{query}");
        }
    }
}
