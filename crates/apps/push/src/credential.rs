//! The session or token that a subscription ends with.

use std::sync::Arc;

use encke_engine::{Code, Error, PersonId};
use encke_site::Site;
use tokio::sync::oneshot;

/// The number of a credential in its stored form. It has 64 bits, one more than a number of the store.
pub(crate) fn stored(credential: u64) -> String {
    format!("{credential:016x}")
}

/// The number of a stored credential. An unreadable one stands for no credential.
pub(crate) fn read(stored: &str) -> u64 {
    u64::from_str_radix(stored, 16).unwrap_or(0)
}

/// Whether a credential of a person has ended.
pub(crate) async fn has_ended(
    site: &Arc<Site>,
    person: PersonId,
    credential: u64,
) -> Result<bool, Error> {
    let (done, found) = oneshot::channel();
    site.submit_left(person, credential, move |left| drop(done.send(left)));
    let lost = || Error::new(Code::Overloaded, "The store did not take this; try again.");
    Ok(found.await.map_err(|_| lost())?? == 0)
}
