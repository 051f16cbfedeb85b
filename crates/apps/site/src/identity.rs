//! Who is asking.

use std::sync::Arc;

use encke_engine::{Code, Error, PersonId};
use encke_store::Tx;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use utoipa::ToSchema;

use crate::site::Site;

/// What a person is on this site.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Runs the site.
    Owner,
    /// Has an account.
    Member,
    /// Came with a display name alone.
    Guest,
    /// A program.
    Bot,
}

impl Role {
    /// As it is stored.
    pub fn text(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Member => "member",
            Role::Guest => "guest",
            Role::Bot => "bot",
        }
    }

    /// As one byte, for those who carry it without knowing what it means.
    pub fn rank(self) -> u8 {
        match self {
            Role::Guest => 0,
            Role::Member => 1,
            Role::Bot => 2,
            Role::Owner => 3,
        }
    }

    /// From such a byte; anything unknown has the least rights.
    pub fn of_rank(rank: u8) -> Self {
        match rank {
            1 => Role::Member,
            2 => Role::Bot,
            3 => Role::Owner,
            _ => Role::Guest,
        }
    }

    /// From how it is stored; anything unknown has the least rights.
    pub fn of(text: &str) -> Self {
        match text {
            "owner" => Role::Owner,
            "member" => Role::Member,
            "bot" => Role::Bot,
            _ => Role::Guest,
        }
    }
}

/// Who is signed in, and by what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The person.
    pub person: PersonId,
    /// What it is on this site.
    pub role: Role,
    /// The credential's own number, to end just the connections that rest on it.
    pub credential: u64,
    /// Whether a browser sends it by itself, so that the origin has to be checked.
    pub by_cookie: bool,
    /// When it ends, in milliseconds since 1970.
    pub expires_ms: u64,
}

/// The credentials that a request carries.
#[derive(Clone, Copy, Debug, Default)]
pub struct Credentials<'a> {
    /// `Authorization: Bearer …`
    pub bearer: Option<&'a str>,
    /// The cookie of a session.
    pub cookie: Option<&'a str>,
}

/// What a write ended: one credential of a person, or all.
pub struct Ended {
    /// The person.
    pub person: PersonId,
    /// The credential's number; all of the person's if absent.
    pub credential: Option<u64>,
}

/// Takes who stands behind a credential. It runs on the store's thread, or at once if too much is waiting.
pub type Identified = Box<dyn FnOnce(Result<Identity, Error>) + Send>;

/// Knows who stands behind a credential. Accounts put one into the site's parts, as `Box<dyn Identify>`.
pub trait Identify: Send + Sync {
    /// Who these credentials are, if that is known without reading the store.
    fn known(&self, site: &Site, shown: Credentials<'_>) -> Option<Identity>;

    /// Looks up in the store who these credentials are.
    fn submit(&self, site: &Arc<Site>, shown: Credentials<'_>, reply: Identified);
}

/// The refusal of whoever shows no credential that holds.
pub fn not_signed_in() -> Error {
    Error::new(Code::NotSignedIn, "Sign in first.")
}

impl Site {
    /// Without accounts nobody is known.
    fn accounts(&self) -> Option<&dyn Identify> {
        self.find_part::<Box<dyn Identify>>().map(|accounts| &**accounts)
    }

    /// Who these credentials are, if that is known without reading the store.
    pub fn known_identity(&self, shown: Credentials<'_>) -> Option<Identity> {
        self.accounts()?.known(self, shown)
    }

    /// Who these credentials are; `not_signed_in` if nobody.
    pub async fn identify(self: &Arc<Self>, shown: Credentials<'_>) -> Result<Identity, Error> {
        if let Some(known) = self.known_identity(shown) {
            return Ok(known);
        }
        let (done, found) = oneshot::channel();
        self.submit_identify(shown, |found| drop(done.send(found)));
        let lost = || Error::new(Code::Overloaded, "The store did not take this; try again.");
        found.await.map_err(|_| lost())?
    }

    /// Looks up who these credentials are. `reply` runs on the store's thread, or at once if too much is waiting.
    pub fn submit_identify(
        self: &Arc<Self>,
        shown: Credentials<'_>,
        reply: impl FnOnce(Result<Identity, Error>) + Send + 'static,
    ) {
        match self.accounts() {
            Some(accounts) => accounts.submit(self, shown, Box::new(reply)),
            None => reply(Err(not_signed_in())),
        }
    }

    /// Writes, and in the same commit ends what rests on the credentials that the write ended: on every node, before
    /// this is answered here, and also when the client is gone before that, as a page is that signs out and is closed.
    pub async fn write_and_revoke<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<(T, Vec<Ended>), Error> + Send + 'static,
    {
        let revoking = |tx: &mut Tx<'_>| {
            let (value, ended) = work(tx)?;
            for Ended { person, credential } in ended {
                tx.revoke(person, credential)?;
            }
            Ok(value)
        };
        self.store.write(revoking).await
    }
}
