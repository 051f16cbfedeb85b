//! The sender of a request: the person of the session or, where claims are believed, the person that the page names.

use axum::http::request::Parts;
use encke_engine::{Error, PersonId};
use encke_site::identity::not_for_visitors;
use encke_site::{Identity, Origin, PageRule, Peer, shown};
use encke_transport::Who;
use http::{HeaderMap, Version, header};

use super::answer::Refused;
use super::{Claims, Classic};

/// The sender of a request, as far as the connection shows.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    /// The signed-in person. It is always there if sessions decide.
    pub identity: Option<Identity>,
    /// The count of revocations, read before the credential was looked at.
    pub revocations_seen: u64,
    /// Whether the connection may carry another request.
    pub keep_alive: bool,
    pub peer: Option<std::net::IpAddr>,
}

impl Asker {
    /// The session of a person with this sender's credential.
    pub fn who(&self, person: PersonId) -> Who {
        let credential = self.identity.map_or(0, |i| i.credential);
        // A waiting request never sends a command, so its rank does not matter.
        Who { person, credential, rank: 0, client: "classic".into() }
    }

    /// Milliseconds until the credential ends. A claim never ends.
    pub fn ends_in_ms(&self, now_ms: u64) -> u64 {
        self.identity.map_or(u64::MAX, |i| i.expires_ms.saturating_sub(now_ms))
    }

    /// The signed-in person.
    pub fn person(&self) -> Option<PersonId> {
        self.identity.map(|i| i.person)
    }
}

impl Classic {
    /// The sender of a request. If sessions decide, a request without one is refused.
    pub(super) async fn asker(&self, parts: &Parts) -> Result<Asker, Refused> {
        self.ask(parts, self.claims == Claims::Session).await
    }

    /// The sender of a request that needs a session, even where claims are believed.
    pub(super) async fn signed_in(&self, parts: &Parts) -> Result<(Asker, Identity), Refused> {
        let asker = self.ask(parts, true).await?;
        let identity = asker.identity.ok_or(Refused::new(401, "Sign in first."))?;
        Ok((asker, identity))
    }

    /// The sender of a request for which a session is optional. A session is looked up if there is one.
    pub(super) async fn anybody(&self, parts: &Parts) -> Result<Asker, Refused> {
        let mut asker = self.ask(parts, false).await?;
        if asker.identity.is_none() {
            let found = self.site.identify(shown(parts)).await.ok();
            asker.identity = found.filter(|identity| !identity.visitor);
        }
        Ok(asker)
    }

    async fn ask(&self, parts: &Parts, session: bool) -> Result<Asker, Refused> {
        if self.is_foreign(parts) {
            return Err(foreign());
        }
        let revocations_seen = self.site.revocations();
        let identity = match session {
            true => {
                let identity = self.site.identify(shown(parts)).await?;
                if identity.visitor {
                    return Err(not_for_visitors().into());
                }
                Some(identity)
            }
            false => None,
        };
        let peer = parts.extensions.get::<Peer>().map(|Peer(address)| *address);
        let keep_alive = is_kept_alive(parts.version, &parts.headers);
        Ok(Asker { identity, revocations_seen, keep_alive, peer })
    }

    /// The sender of a GET that changes something.
    ///
    /// A link on any page could be such a GET, so it has to come from a script or a frame of the site's own. Programs
    /// other than browsers name no page and are accepted.
    pub(super) async fn asker_who_changes(&self, parts: &Parts, by: By) -> Result<Asker, Refused> {
        if !self.is_own(parts, by) {
            return Err(foreign());
        }
        self.asker(parts).await
    }

    fn is_own(&self, parts: &Parts, by: By) -> bool {
        let says = |name: &str| parts.headers.get(name).map(|v| v.to_str().unwrap_or("?"));
        // A script does not navigate. Anybody can have made the address that a browser navigates to, also within the
        // site itself.
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

    /// Takes a message from the signed-in person's quota. Where claims are believed, nobody has a quota.
    pub(super) fn take_message(&self, asker: &Asker, bytes: usize) -> Result<(), Error> {
        let Some(Identity { person, role, .. }) = asker.identity else { return Ok(()) };
        self.site.take_message(person, role, bytes)
    }

    /// Whether a page of another site makes a browser send this. A link names no origin, but the browser tells that it
    /// is one.
    fn is_foreign(&self, parts: &Parts) -> bool {
        let origin = Origin::of(&parts.headers, &parts.uri, &parts.extensions);
        let from = parts.headers.get("sec-fetch-site");
        let is_link =
            origin.origin.is_none() && from.is_some_and(|v| v == "cross-site" || v == "same-site");
        is_link || origin.check(&self.site, PageRule::TrustedIfNamed).is_err()
    }
}

/// The part of a page that sends a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum By {
    Script,
    /// A frame. Browsers navigate into it.
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
