//! The asker of a request: the person of the session or, where claims are believed, whoever the page says.

use axum::http::request::Parts;
use encke_engine::{Error, PersonId};
use encke_site::{Identity, Origin, PageRule, Peer, shown};
use encke_transport::Who;
use http::{HeaderMap, Version, header};

use super::answer::Refused;
use super::{Claims, Classic};

/// The one who asks, as far as the connection tells.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    /// The one who is signed in; always somebody where sessions decide.
    pub identity: Option<Identity>,
    /// The count of revocations, read before the credential was looked at.
    pub revocations_seen: u64,
    /// Whether another request may come on the connection.
    pub keep_alive: bool,
    pub peer: Option<std::net::IpAddr>,
}

impl Asker {
    /// The session of a person, as this asker's credential carries it.
    pub fn who(&self, person: PersonId) -> Who {
        let credential = self.identity.map_or(0, |i| i.credential);
        // Nothing comes up on a wait, so its rank is of no matter.
        Who { person, credential, rank: 0, client: "classic".into() }
    }

    /// Milliseconds until the credential ends; a claim has no end.
    pub fn ends_in_ms(&self, now_ms: u64) -> u64 {
        self.identity.map_or(u64::MAX, |i| i.expires_ms.saturating_sub(now_ms))
    }

    /// The one who is signed in.
    pub fn person(&self) -> Option<PersonId> {
        self.identity.map(|i| i.person)
    }
}

impl Classic {
    /// The asker of a request. Where sessions decide, a request without one is refused.
    pub(super) async fn asker(&self, parts: &Parts) -> Result<Asker, Refused> {
        self.ask(parts, self.claims == Claims::Session).await
    }

    /// The asker of a request that needs a session, also where claims are believed.
    pub(super) async fn signed_in(&self, parts: &Parts) -> Result<(Asker, Identity), Refused> {
        let asker = self.ask(parts, true).await?;
        let identity = asker.identity.ok_or(Refused::new(401, "Sign in first."))?;
        Ok((asker, identity))
    }

    /// The asker of a request that needs no session; one that is there is looked at.
    pub(super) async fn anybody(&self, parts: &Parts) -> Result<Asker, Refused> {
        let mut asker = self.ask(parts, false).await?;
        if asker.identity.is_none() {
            asker.identity = self.site.identify(shown(parts)).await.ok();
        }
        Ok(asker)
    }

    async fn ask(&self, parts: &Parts, session: bool) -> Result<Asker, Refused> {
        if self.is_foreign(parts) {
            return Err(foreign());
        }
        let revocations_seen = self.site.revocations();
        let identity = match session {
            true => Some(self.site.identify(shown(parts)).await?),
            false => None,
        };
        let peer = parts.extensions.get::<Peer>().map(|Peer(address)| *address);
        let keep_alive = is_kept_alive(parts.version, &parts.headers);
        Ok(Asker { identity, revocations_seen, keep_alive, peer })
    }

    /// The asker of a GET that changes something. A link of any page could be such a GET, so it has to come from a script or a
    /// frame of the site's own; a program that is no browser says nothing of pages, and is heard.
    pub(super) async fn asker_who_changes(&self, parts: &Parts, by: By) -> Result<Asker, Refused> {
        if !self.is_own(parts, by) {
            return Err(foreign());
        }
        self.asker(parts).await
    }

    fn is_own(&self, parts: &Parts, by: By) -> bool {
        let says = |name: &str| parts.headers.get(name).map(|v| v.to_str().unwrap_or("?"));
        // No script navigates. Of an address that a browser goes to, nobody knows who made it, also in the site itself.
        let navigates = says("sec-fetch-mode") == Some("navigate")
            || says("upgrade-insecure-requests").is_some();
        if by == By::Script && navigates {
            return false;
        }
        let origin = Origin::of(&parts.headers, &parts.uri, &parts.extensions);
        match (says("sec-fetch-site"), origin.origin, says("referer")) {
            (Some("same-origin"), None, _) => true,
            (_, Some(_), _) => origin.is_trusted(&self.site),
            (Some(_), None, _) => false,
            (None, None, Some(page)) => {
                Origin { origin: Some(origin_of(page)), ..origin }.is_trusted(&self.site)
            }
            (None, None, None) => true,
        }
    }

    /// Takes a message from the quota of whoever is signed in. Where names are believed, nobody has one.
    pub(super) fn take_message(&self, asker: &Asker, bytes: usize) -> Result<(), Error> {
        let Some(Identity { person, role, .. }) = asker.identity else { return Ok(()) };
        self.site.take_message(person, role, bytes)
    }

    /// Whether a page of another site makes a browser ask this. A link says no origin, but that it is one.
    fn is_foreign(&self, parts: &Parts) -> bool {
        let origin = Origin::of(&parts.headers, &parts.uri, &parts.extensions);
        let from = parts.headers.get("sec-fetch-site");
        let is_link =
            origin.origin.is_none() && from.is_some_and(|v| v == "cross-site" || v == "same-site");
        is_link || origin.check(&self.site, PageRule::TrustedIfNamed).is_err()
    }
}

/// The part of a page that asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum By {
    Script,
    /// A frame, into which a browser navigates.
    Frame,
}

fn foreign() -> Refused {
    Refused::new(403, "This page may not do this.")
}

/// The origin in a page's address.
fn origin_of(page: &str) -> &str {
    let host = page.find("://").map_or(0, |at| at + 3);
    let end = page[host..].find(['/', '?', '#']).map_or(page.len(), |at| host + at);
    &page[..end]
}

fn is_kept_alive(version: Version, headers: &HeaderMap) -> bool {
    let says = |word: &str| {
        let lines = headers.get_all(header::CONNECTION).into_iter().filter_map(|v| v.to_str().ok());
        lines.flat_map(|l| l.split(',')).any(|w| w.trim().eq_ignore_ascii_case(word))
    };
    !says("close") && (version != Version::HTTP_10 || says("keep-alive"))
}
