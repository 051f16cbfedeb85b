//! Which pages of other sites may frame the page of a visitor: those that the desk names.

use std::sync::Arc;

use encke_site::{Embedded, Site};
use http::Uri;

/// The sources of `frame-ancestors` for a request of the visitor's page, which names its desk as `desk=KEY`.
///
/// A desk that names no origin may be framed by every page, and so may a page that only says that there is no such desk.
pub async fn ancestors(site: &Arc<Site>, uri: &Uri) -> String {
    let Some(Embedded(embedded)) = site.find_part() else { return "*".into() };
    let query = uri.query().unwrap_or_default().split('&');
    let Some(desk) = query.filter_map(|pair| pair.strip_prefix("desk=")).next() else {
        return "*".into();
    };
    let (embedded, desk) = (*embedded, desk.to_owned());
    match site.store.read(move |read| embedded.origins(read, &desk)).await {
        Ok(origins) if origins.is_empty() => "*".into(),
        // The site's own page for trying it is always one of them.
        Ok(origins) => format!("'self' {}", origins.join(" ")),
        // Better shown nowhere than where the desk does not want it.
        Err(_) => "'none'".into(),
    }
}
