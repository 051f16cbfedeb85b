//! The gate: the questions of the transports to the apps and the store.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use encke_engine::hub::{Follow, Page, PageRequest};
use encke_engine::{Batch, Code, Error, Position, Step};
use encke_site::identity::not_for_visitors;
use encke_site::{
    Credentials, Followed, Identity, Origin, PageRule, Posted, Role, Scheme, Sender, Site,
};
use encke_store::Appended;
use encke_transport::{
    Admission, CredentialTime, FeedRequest, Gate, LogPlace, Refusal, Reply, SendAnswer,
    SendRequest, Transport, Who,
};

use crate::http::schemes::{Arrived, Schemes};

/// Milliseconds for which a kept-alive poll needs no new admission. A revocation ends it at once all the same.
const GOOD_FOR_MS: u64 = 60_000;
/// A remembered list of a person's follows is read again after this many changes of follows on the site. A hub keeps
/// more changes than that.
const CHANGES_MAX: usize = 1_024;

/// The site as the transports see it.
pub struct SiteGate {
    site: Arc<Site>,
    schemes: Arc<Schemes>,
    /// Positions of the newest changes of follows.
    changes: Mutex<VecDeque<Position>>,
}

impl SiteGate {
    /// A gate to this site.
    pub fn new(site: Arc<Site>, schemes: Arc<Schemes>) -> Self {
        SiteGate { site, schemes, changes: Mutex::default() }
    }

    /// Notes the changes of follows in a commit. To be called before the batch is published.
    pub fn committed(&self, batch: &Batch) {
        self.site.committed(batch);
        if batch.steps.iter().all(|s| matches!(s, Step::Event(_))) {
            return;
        }
        let now = self.site.store.position();
        let mut changes = self.changes.lock().expect("not poisoned");
        for step in &batch.steps {
            if !matches!(step, Step::Event(_)) {
                changes.push_back(now);
            }
        }
        while changes.len() > CHANGES_MAX {
            changes.pop_front();
        }
    }

    fn is_fresh(&self, as_of: Position) -> bool {
        let changes = self.changes.lock().expect("not poisoned");
        changes.len() < CHANGES_MAX || changes.front().is_none_or(|oldest| as_of >= *oldest)
    }

    fn scheme(&self, request: &FeedRequest) -> Scheme {
        self.schemes.of(&Arrived {
            tls: request.tls,
            peer: request.peer.ip(),
            forwarded_https: request.forwarded_https,
            host: request.host.as_deref(),
        })
    }

    /// The credentials of a request that count over the scheme by which it came.
    fn given<'a>(&self, request: &'a FeedRequest) -> Credentials<'a> {
        let shown = &request.credentials;
        let cookie = shown.session.as_deref().map(|value| (value, shown.session_is_hosts));
        let is_https = cookie.is_some() && self.scheme(request) == Scheme::Https;
        let cookie = encke_credentials::counting(cookie, is_https);
        Credentials { bearer: shown.bearer.as_deref(), cookie }
    }

    /// The identity of the request's sender, if it is known without waiting.
    ///
    /// To be called once for each request, because it uses up a pass.
    fn known(&self, request: &FeedRequest) -> Option<Result<Identity, Error>> {
        match &request.credentials.pass {
            Some(pass) => Some(self.site.redeem(pass).ok_or_else(used_up)),
            None => self.site.known_identity(self.given(request)).map(Ok),
        }
    }

    /// The streams that a person follows, if they are known without waiting.
    fn known_follows(
        &self,
        request: &FeedRequest,
        identity: Identity,
    ) -> Option<(Vec<Follow>, Position)> {
        if request.cursor.is_some_and(|c| c.position > self.site.store.position()) {
            // Another node may have committed more than this one has heard of. The store knows.
            return None;
        }
        if !request.conversations {
            return Some((Vec::new(), self.site.store.position()));
        }
        let known = self.site.known_follows(identity.person)?;
        self.is_fresh(known.as_of).then(|| (known.follows.to_vec(), known.as_of))
    }

    /// Asks the store for the missing parts of an admission.
    fn look_up(
        self: &Arc<Self>,
        request: Arc<FeedRequest>,
        known: Option<Identity>,
        revocations_seen: u64,
        reply: Reply<Admission>,
    ) {
        let (gate, asked) = (self.clone(), request.clone());
        let admit = move |found: Result<(Identity, Followed), Error>| {
            let (identity, Followed { follows, as_of }) = match found {
                Ok(found) => found,
                Err(e) => return reply.admit(Err(e.into())),
            };
            let site = gate.site.clone();
            let names = asked.channels.clone();
            let admission = move |may: Result<(), Error>| {
                let follows = if asked.conversations { follows.to_vec() } else { Vec::new() };
                let admission =
                    |()| gate.admission(&asked, identity, revocations_seen, follows, as_of);
                reply.admit(may.map_err(Refusal::from).and_then(admission));
            };
            if identity.visitor && !names.is_empty() {
                admission(Err(not_for_visitors()));
            } else if identity.role == Role::Guest && !names.is_empty() {
                site.submit_may_guest_follow(names, admission);
            } else {
                admission(Ok(()));
            }
        };
        match known {
            Some(identity) => self.site.submit_follows(identity.person, move |found| {
                admit(found.map(|followed| (identity, followed)));
            }),
            None => self.site.submit_admission(self.given(&request), admit),
        }
    }

    fn admission(
        &self,
        request: &FeedRequest,
        identity: Identity,
        revocations_seen: u64,
        mut follows: Vec<Follow>,
        as_of: Position,
    ) -> Result<Admission, Refusal> {
        let allow_origin = self.check_origin(request, identity)?;
        for name in &request.channels {
            let stream = self.site.store.channels().stream(name)?;
            follows.push(Follow { stream, from: Position(0) });
        }
        let Identity { person, credential, role, .. } = identity;
        Ok(Admission {
            who: Who { person, credential, rank: role.rank(), client: request.client.clone() },
            follows,
            as_of,
            revocations_seen,
            guest: role == Role::Guest,
            // The store may have read the follows at a position that this node has not heard of yet.
            known: self.site.store.position().max(as_of),
            good_for_ms: GOOD_FOR_MS,
            ends_in_ms: identity.expires_ms.saturating_sub(self.site.clock.now_ms()),
            allow_credentials: allow_origin.is_some() && identity.by_cookie,
            allow_origin,
        })
    }

    /// Refuses foreign pages. Returns the origin to name in the answer, if it is not the site's own.
    fn check_origin(
        &self,
        request: &FeedRequest,
        identity: Identity,
    ) -> Result<Option<Box<str>>, Refusal> {
        let (host, scheme) = (request.host.as_deref(), self.scheme(request));
        let origin = Origin { origin: request.origin.as_deref(), host, scheme };
        let is_two_way = request.transport == Transport::WebSocket;
        let needed = match (identity.by_cookie, is_two_way) {
            (true, true) => PageRule::Trusted,
            (false, false) => PageRule::Any,
            _ => PageRule::TrustedIfNamed,
        };
        let is_trusted = origin.check(&self.site, needed)?;
        if let Some(parent) = &request.parent {
            Origin { origin: Some(parent), ..origin }.check(&self.site, PageRule::Trusted)?;
        }
        Ok(if is_trusted { request.origin.clone() } else { None })
    }
}

impl SiteGate {
    fn scheme_of_send(&self, request: &SendRequest<'_>) -> Scheme {
        self.schemes.of(&Arrived {
            tls: request.tls,
            peer: request.peer.ip(),
            forwarded_https: request.forwarded_https,
            host: request.host,
        })
    }

    fn send(
        &self,
        identity: Identity,
        scheme: Scheme,
        request: &SendRequest<'_>,
        reply: Reply<SendAnswer>,
    ) {
        let origin = Origin { origin: request.origin, host: request.host, scheme };
        let needed = if identity.by_cookie { PageRule::Trusted } else { PageRule::Any };
        let is_trusted = match origin.check(&self.site, needed) {
            Ok(is_trusted) => is_trusted,
            Err(foreign) => return reply.sent(foreign.into()),
        };
        let allow_origin = if is_trusted { request.origin.map(Into::into) } else { None };
        let body = Bytes::copy_from_slice(request.body);
        let posted = Posted { key: request.key, content_type: request.content_type, body };
        let site = self.site.clone();
        let answer = move |result: Result<Appended, Error>| {
            let stands = |a: Appended| LogPlace {
                seq: a.seq,
                cursor: site.store.cursor_at(a.position),
                at_ms: a.at_ms,
                repeated: a.repeated,
            };
            reply.sent(SendAnswer { result: result.map(stands), allow_origin });
        };
        encke_site::post(&self.site, identity, request.path, posted, Box::new(answer));
    }
}

fn used_up() -> Error {
    Error::new(Code::NotSignedIn, "This ticket is used up or too old; ask for a new one.")
}

/// The gate as the transports hold it: a type of this crate, so that it can implement their [`Gate`].
pub struct SharedGate(pub Arc<SiteGate>);

impl Gate for SharedGate {
    fn admit(&self, request: Arc<FeedRequest>, reply: Reply<Admission>) {
        let gate = self.0.clone();
        // The count is read before the credential is looked up, so that a revocation in between is noticed.
        let revocations_seen = gate.site.revocations();
        if let Some(pass) = &request.credentials.pass
            && gate.site.store.is_shared()
        {
            let asked = request.clone();
            return self.0.site.submit_redeem(pass, move |found| {
                match found.and_then(|identity| identity.ok_or_else(used_up)) {
                    Ok(identity) => gate.look_up(asked, Some(identity), revocations_seen, reply),
                    Err(e) => reply.admit(Err(e.into())),
                }
            });
        }
        let known = match gate.known(&request).transpose() {
            Ok(known) => known,
            Err(e) => return reply.admit(Err(e.into())),
        };
        if let Some(identity) = known
            // The store decides each time which channels a guest may follow.
            && (identity.role != Role::Guest || request.channels.is_empty())
            && let Some((follows, as_of)) = gate.known_follows(&request, identity)
        {
            let answer = gate.admission(&request, identity, revocations_seen, follows, as_of);
            return reply.admit(answer);
        }
        gate.look_up(request, known, revocations_seen, reply);
    }

    fn page(&self, request: PageRequest, reply: Reply<Page>) {
        let work = move |read: &mut encke_store::Read<'_>| Ok(read.page(&request)?);
        self.0.site.store.submit_read(work, move |page| reply.page(page));
    }

    fn command(&self, who: &Who, frame: Bytes, reply: Reply<Bytes>) {
        let answer = move |item| reply.answer(item);
        let (person, role) = (who.person, Role::of_rank(who.rank));
        let sender = Sender { person, role, device: &who.client };
        encke_site::command(&self.0.site, sender, &frame, answer);
    }

    fn send(&self, request: &SendRequest<'_>, reply: Reply<SendAnswer>) {
        let scheme = self.0.scheme_of_send(request);
        let cookie = encke_credentials::counting(request.session, scheme == Scheme::Https);
        let credentials = Credentials { bearer: request.bearer, cookie };
        if let Some(identity) = self.0.site.known_identity(credentials) {
            return self.0.send(identity, scheme, request, reply);
        }
        let (gate, kept) = (self.0.clone(), request.keep());
        self.0.site.submit_identify(credentials, move |found| match found {
            Ok(identity) => gate.send(identity, scheme, &kept.request(), reply),
            Err(e) => reply.sent(e.into()),
        });
    }

    fn left(&self, who: &Who, reply: Reply<CredentialTime>) {
        let credential = who.credential;
        self.0.site.submit_left(who.person, credential, move |left| match left {
            Ok(ms) => reply.left(CredentialTime::Ms(credential, ms)),
            Err(e) => {
                tracing::debug!("whether a session has ended can't be told now: {e}");
                reply.left(CredentialTime::Unknown);
            }
        });
    }

    fn acked(&self, who: &Who, position: Position) {
        self.0.site.acked(who.person, position);
    }

    fn opened(&self, who: &Who) {
        self.0.site.opened(who.person, &who.client);
    }

    fn closed(&self, who: &Who) {
        self.0.site.closed(who.person, &who.client);
    }
}
