//! The gate: what the transports ask of the apps and the store.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use encke_apps::{Credentials, Identity, Origin, Site, chat};
use encke_engine::hub::{Follow, Page, PageRequest};
use encke_engine::{Batch, Code, Error, Position, Step};
use encke_transport::{Admission, FeedRequest, Gate, Refusal, Reply, Transport, Who};
use tokio::runtime::Handle;

/// For how long a kept-alive poll is not asked again who it is; a revocation ends it at once all the same.
const GOOD_FOR_MS: u64 = 60_000;
/// A remembered list of what a person follows is read again after so many changes anywhere: fewer than a hub keeps.
const CHANGES_MAX: usize = 1_024;

/// The site, as the transports see it.
pub struct SiteGate {
    site: Arc<Site>,
    runtime: Handle,
    /// Positions of the newest changes of who follows what.
    changes: Mutex<VecDeque<Position>>,
}

impl SiteGate {
    /// A gate that does its slow work on this runtime.
    pub fn new(site: Arc<Site>, runtime: Handle) -> Self {
        SiteGate { site, runtime, changes: Mutex::default() }
    }

    /// Notes what a commit changed of who follows what; before the batch is published.
    pub fn committed(&self, batch: &Batch) {
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

    /// Everything that can be answered without waiting; `None` if the store has to be read.
    fn at_once(&self, request: &FeedRequest) -> Option<Result<Admission, Refusal>> {
        let revocations_seen = self.site.revocations();
        let identity = match &request.credentials.ticket {
            Some(ticket) => match self.site.redeem(ticket) {
                Some(identity) => identity,
                None => return Some(Err(used_up().into())),
            },
            None => self.site.known_identity(credentials(request))?,
        };
        let (follows, as_of) = if request.conversations {
            let known = self.site.known_follows(identity.person)?;
            if !self.is_fresh(known.as_of) {
                return None;
            }
            (known.follows.to_vec(), known.as_of)
        } else {
            (Vec::new(), self.site.store.position())
        };
        Some(self.admission(request, identity, revocations_seen, follows, as_of))
    }

    async fn look_up(&self, request: &FeedRequest) -> Result<Admission, Refusal> {
        let revocations_seen = self.site.revocations();
        let identity = match &request.credentials.ticket {
            Some(ticket) => self.site.redeem(ticket).ok_or_else(used_up)?,
            None => self.site.identify(credentials(request)).await?,
        };
        self.follow(request, identity, revocations_seen).await
    }

    async fn follow(
        &self,
        request: &FeedRequest,
        identity: Identity,
        revocations_seen: u64,
    ) -> Result<Admission, Refusal> {
        let (follows, as_of) = if request.conversations {
            let followed = self.site.follows(identity.person).await?;
            (followed.follows.to_vec(), followed.as_of)
        } else {
            (Vec::new(), self.site.store.position())
        };
        self.admission(request, identity, revocations_seen, follows, as_of)
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
        let Identity { person, credential, .. } = identity;
        Ok(Admission {
            who: Who { person, credential, client: request.client.clone() },
            follows,
            as_of,
            revocations_seen,
            known: self.site.store.position(),
            good_for_ms: GOOD_FOR_MS,
            allow_credentials: allow_origin.is_some() && identity.by_cookie,
            allow_origin,
        })
    }

    /// Refuses foreign pages; returns the origin that has to be named in the answer, if it is another than the site's own.
    fn check_origin(
        &self,
        request: &FeedRequest,
        identity: Identity,
    ) -> Result<Option<Box<str>>, Refusal> {
        let origin = Origin { origin: request.origin.as_deref(), host: request.host.as_deref() };
        let trusted = origin.is_trusted(&self.site);
        let needed = request.transport == Transport::WebSocket && identity.by_cookie;
        // A page that a browser names must be trusted wherever a cookie or a WebSocket is in play; a script names none.
        let checked = identity.by_cookie || request.transport == Transport::WebSocket;
        if checked && !trusted && (needed || origin.origin.is_some()) {
            return Err(foreign().into());
        }
        if let Some(parent) = &request.parent {
            let parent = Origin { origin: Some(parent), host: request.host.as_deref() };
            if !parent.is_trusted(&self.site) {
                return Err(foreign().into());
            }
        }
        Ok(if trusted { request.origin.clone() } else { None })
    }
}

fn foreign() -> Error {
    Error::new(Code::ForeignOrigin, "This page may not use the site's feed.")
}

fn used_up() -> Error {
    Error::new(Code::NotSignedIn, "This ticket is used up or too old; ask for a new one.")
}

fn credentials(request: &FeedRequest) -> Credentials<'_> {
    let given = &request.credentials;
    Credentials { bearer: given.bearer.as_deref(), cookie: given.session.as_deref() }
}

/// The gate as the transports hold it.
pub struct Shared(pub Arc<SiteGate>);

impl Gate for Shared {
    fn admit(&self, request: Arc<FeedRequest>, reply: Reply<Admission>) {
        if let Some(answer) = self.0.at_once(&request) {
            return reply.admit(answer);
        }
        let gate = self.0.clone();
        self.0.runtime.spawn(async move { reply.admit(gate.look_up(&request).await) });
    }

    fn page(&self, request: PageRequest, reply: Reply<Page>) {
        let work = move |read: &mut encke_store::Read<'_>| Ok(read.page(&request)?);
        self.0.site.store.submit_read(work, move |page| reply.page(page));
    }

    fn command(&self, who: &Who, frame: Bytes, reply: Reply<Bytes>) {
        let answer = move |item| reply.answer(item);
        chat::command(&self.0.site, who.person, &who.client, &frame, answer);
    }

    fn acked(&self, who: &Who, position: Position) {
        self.0.site.acked(who.person, position);
    }

    fn opened(&self, who: &Who) {
        self.0.site.connected(who.person, &who.client);
    }

    fn closed(&self, who: &Who) {
        self.0.site.disconnected(who.person, &who.client);
    }
}

