//! The identity of a request's sender.

use std::sync::Arc;

use encke_engine::{Code, Error, PersonId};
use encke_store::Tx;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use utoipa::ToSchema;

use crate::follows::Followed;
use crate::site::Site;

/// The role of a person on a site.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A person that runs the site.
    Owner,
    /// A person with an account.
    Member,
    /// A person with a display name alone.
    Guest,
    /// A program.
    Bot,
}

impl Role {
    /// The role in its stored form.
    pub fn text(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Member => "member",
            Role::Guest => "guest",
            Role::Bot => "bot",
        }
    }

    /// The role as one byte, for layers that carry it without knowing its meaning.
    pub fn rank(self) -> u8 {
        match self {
            Role::Guest => 0,
            Role::Member => 1,
            Role::Bot => 2,
            Role::Owner => 3,
        }
    }

    /// The role of such a byte. An unknown byte is the role with the least rights.
    pub fn of_rank(rank: u8) -> Self {
        match rank {
            1 => Role::Member,
            2 => Role::Bot,
            3 => Role::Owner,
            _ => Role::Guest,
        }
    }

    /// The role of a stored text. An unknown text is the role with the least rights.
    pub fn of(text: &str) -> Self {
        match text {
            "owner" => Role::Owner,
            "member" => Role::Member,
            "bot" => Role::Bot,
            _ => Role::Guest,
        }
    }
}

/// A signed-in person and its credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The signed-in person.
    pub person: PersonId,
    /// The person's role on this site.
    pub role: Role,
    /// Whether the person is a visitor that a product let in for one purpose: then only what that product and its
    /// conversations offer to visitors is open to it ([`CallerOrVisitor`](crate::CallerOrVisitor)).
    pub visitor: bool,
    /// The number of the credential. With it, just the connections that rest on this credential can be ended.
    pub credential: u64,
    /// Whether browsers send the credential by themselves. Then the origin of a request has to be checked.
    pub by_cookie: bool,
    /// The time at which the credential ends, in milliseconds since 1970.
    pub expires_ms: u64,
}

/// The credentials of a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Credentials<'a> {
    /// `Authorization: Bearer …`
    pub bearer: Option<&'a str>,
    /// The session's cookie.
    pub cookie: Option<&'a str>,
}

/// Credentials that a write ended: one of a person's, or all of them.
pub struct Ended {
    /// The person.
    pub person: PersonId,
    /// The number of the credential; `None` for all credentials of the person.
    pub credential: Option<u64>,
}

/// Takes the answer to a look-up. It runs on the store's thread, or at once if too much is waiting.
pub type LookedUp<T> = Box<dyn FnOnce(Result<T, Error>) + Send>;

/// Finds the identity behind credentials. Accounts add one to the site's parts, as `Box<dyn Identify>`.
pub trait Identify: Send + Sync {
    /// The identity behind these credentials, if it is known without reading the store.
    fn known(&self, site: &Site, shown: Credentials<'_>) -> Option<Identity>;

    /// Looks up the identity behind these credentials in the store.
    fn submit(&self, site: &Arc<Site>, shown: Credentials<'_>, reply: LookedUp<Identity>);

    /// Looks up the same, and in one view with it the streams that the person follows.
    fn submit_admission(
        &self,
        site: &Arc<Site>,
        shown: Credentials<'_>,
        reply: LookedUp<(Identity, Followed)>,
    );

    /// Uses up a pass of this node and returns the identity that it was given to.
    fn redeem(&self, site: &Site, pass: &str) -> Option<Identity>;

    /// Uses up a pass of any node and looks up the identity that it was given to.
    fn submit_redeem(&self, site: &Arc<Site>, pass: &str, reply: LookedUp<Option<Identity>>);

    /// Looks up for how many milliseconds a person's credential still holds; 0 if it has ended.
    fn submit_left(
        &self,
        site: &Arc<Site>,
        person: PersonId,
        credential: u64,
        reply: LookedUp<u64>,
    );
}

/// The role, as it is stored, of a visitor that a product let in for one purpose. Read as a [`Role`], it is that of a guest.
pub const VISITOR: &str = "visitor";

/// The refusal of what a visitor may not do.
pub fn not_for_visitors() -> Error {
    Error::new(Code::Forbidden, "This is not open to visitors.")
}

/// The refusal of a request without a valid credential.
pub fn not_signed_in() -> Error {
    Error::new(Code::NotSignedIn, "Sign in first.")
}

impl Site {
    /// The look-up that accounts provide. Without accounts nobody can be identified.
    fn accounts(&self) -> Option<&dyn Identify> {
        self.find_part::<Box<dyn Identify>>().map(|accounts| &**accounts)
    }

    /// The identity behind these credentials, if it is known without reading the store.
    pub fn known_identity(&self, shown: Credentials<'_>) -> Option<Identity> {
        self.accounts()?.known(self, shown)
    }

    /// The identity behind these credentials; `not_signed_in` if there is none.
    pub async fn identify(self: &Arc<Self>, shown: Credentials<'_>) -> Result<Identity, Error> {
        if let Some(known) = self.known_identity(shown) {
            return Ok(known);
        }
        let (done, found) = oneshot::channel();
        self.submit_identify(shown, |found| drop(done.send(found)));
        let lost = || Error::new(Code::Overloaded, "The store did not take this; try again.");
        found.await.map_err(|_| lost())?
    }

    /// Looks up the identity behind these credentials. `reply` runs on the store's thread, or at once if too much is
    /// waiting.
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

    /// Looks up the identity behind these credentials and the streams that the person follows. `reply` runs on the
    /// store's thread, or at once if too much is waiting.
    pub fn submit_admission(
        self: &Arc<Self>,
        shown: Credentials<'_>,
        reply: impl FnOnce(Result<(Identity, Followed), Error>) + Send + 'static,
    ) {
        match self.accounts() {
            Some(accounts) => accounts.submit_admission(self, shown, Box::new(reply)),
            None => reply(Err(not_signed_in())),
        }
    }

    /// Uses up a pass of this node and returns the identity that it was given to.
    pub fn redeem(&self, pass: &str) -> Option<Identity> {
        self.accounts()?.redeem(self, pass)
    }

    /// Uses up a pass of any node and looks up the identity that it was given to. `reply` runs on the store's thread, or
    /// at once.
    pub fn submit_redeem(
        self: &Arc<Self>,
        pass: &str,
        reply: impl FnOnce(Result<Option<Identity>, Error>) + Send + 'static,
    ) {
        match self.accounts() {
            Some(accounts) => accounts.submit_redeem(self, pass, Box::new(reply)),
            None => reply(Ok(None)),
        }
    }

    /// Looks up for how many milliseconds a person's credential still holds; 0 if it has ended. `reply` runs on the
    /// store's thread, or at once if too much is waiting.
    pub fn submit_left(
        self: &Arc<Self>,
        person: PersonId,
        credential: u64,
        reply: impl FnOnce(Result<u64, Error>) + Send + 'static,
    ) {
        match self.accounts() {
            Some(accounts) => accounts.submit_left(self, person, credential, Box::new(reply)),
            None => reply(Ok(0)),
        }
    }

    /// Writes, and revokes the credentials that the write ended, in the same commit and on every node.
    ///
    /// The revocation is complete before this returns. It also happens if the client is gone by then, like a page that
    /// signs out and is closed.
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
