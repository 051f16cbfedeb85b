//! Passwords: argon2id, a few at a time.

use std::sync::Arc;

use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use axum::extract::State;
use encke_engine::{Code, Error, PersonId, limits};
use encke_store::{Sql, params};
use http::StatusCode;
use serde::Deserialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use super::session::end_sessions;
use crate::body::Body;
use crate::caller::Caller;
use crate::reply::{Refusal, Refused};
use crate::site::Site;

/// Hashes passwords off the async threads, at most [`limits::HASHING_MAX`] at a time.
pub(crate) struct Hasher {
    working: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Hasher {
    fn default() -> Self {
        let waiting = limits::HASHING_MAX + limits::HASHING_WAITING_MAX;
        Hasher {
            working: Arc::new(Semaphore::new(limits::HASHING_MAX)),
            waiting: Arc::new(Semaphore::new(waiting)),
        }
    }
}

/// argon2id with 19 MiB, two passes, one lane: OWASP's least for it.
fn argon() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("these parameters are allowed");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &str) -> Result<String, Error> {
    let salt = SaltString::generate(&mut OsRng);
    let made = argon().hash_password(password.as_bytes(), &salt).map_err(|e| {
        tracing::error!("hashing a password: {e}");
        Error::new(Code::Internal, "The password could not be hashed.")
    })?;
    Ok(made.to_string())
}

/// What is compared with when there is nobody of the name, so that the time does not tell.
/// No password has this hash.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWlzLWNhbGxlZA\
                      $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub(super) fn check(password: &str) -> Result<(), Error> {
    if limits::PASSWORD_BYTES.contains(&password.len()) {
        return Ok(());
    }
    Err(Error::new(Code::Invalid, "A password has 8 to 256 bytes."))
}

impl Hasher {
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let busy = || {
            Error::new(Code::Overloaded, "Too many people are signing in.").retry_after_ms(2_000)
        };
        let place = self.waiting.clone().try_acquire_owned().map_err(|_| busy())?;
        let turn = self.working.clone().acquire_owned().await.map_err(|_| busy())?;
        let done = tokio::task::spawn_blocking(move || {
            // Held by the work itself, which goes on when its request is given up.
            let _held = (place, turn);
            work()
        });
        done.await.map_err(|_| Error::new(Code::Internal, "The password could not be checked."))
    }

    /// The hash to store of a password.
    pub async fn hash(&self, password: String) -> Result<String, Error> {
        check(&password)?;
        self.run(move || hash(&password)).await?
    }

    /// Whether a password is the one that was hashed; with `None` it never is, but takes as long.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, Error> {
        if password.len() > *limits::PASSWORD_BYTES.end() {
            return Ok(false);
        }
        self.run(move || {
            let against = stored.as_deref().unwrap_or(NOBODY);
            PasswordHash::new(against)
                .is_ok_and(|hash| argon().verify_password(password.as_bytes(), &hash).is_ok())
        })
        .await
    }
}

/// Stores a new hash and ends the person's sessions, but for one.
pub(super) async fn replace(
    site: &Arc<Site>,
    person: PersonId,
    hash: String,
    keep: Option<u64>,
) -> Result<(), Error> {
    let replaced = site.write_and_revoke(move |tx| {
        tx.execute("UPDATE person SET password = ?2 WHERE id = ?1", params![person, hash])?;
        Ok(((), end_sessions(tx, person, |credential| keep != Some(credential))?))
    });
    replaced.await
}

/// The old password and the new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Passwords {
    old: String,
    new: String,
}

/// Changes the caller's password; its other sessions end.
#[utoipa::path(post, path = "/v1/password", tag = "people", request_body = Passwords,
    responses((status = 204),
        (status = 401, body = Refused, description = "not_signed_in, wrong_password"),
        (status = 403, body = Refused, description = "foreign_origin"),
        (status = 422, body = Refused, description = "unknown_field, invalid"),
        (status = 429, body = Refused, description = "rate_limited"),
        (status = 503, body = Refused, description = "overloaded")))]
pub(crate) async fn change(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(Passwords { old, new }): Body<Passwords>,
) -> Result<StatusCode, Refusal> {
    check(&new)?;
    let me = caller.0.person;
    // Not a name: those have no blank. Who guesses here does not keep the person from signing in.
    let guesses = format!(" {me}");
    site.sign_ins.take_name(&guesses, site.now_ms())?;
    let stored = site.store.read(move |read| {
        let row = read.query_one("SELECT password FROM person WHERE id = ?1", params![me])?;
        Ok(row.map(|r| r.get::<Option<String>>(0)).transpose()?.flatten())
    });
    if !site.hasher.verify(old, stored.await?).await? {
        return Err(Refusal::new(Code::WrongPassword, "The old password is not right."));
    }
    site.sign_ins.succeeded(&guesses);
    let hash = site.hasher.hash(new).await?;
    replace(&site, me, hash, Some(caller.0.credential)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::task::JoinSet;

    use super::*;

    #[test]
    fn a_hash_knows_its_password_only() {
        let made = hash("correct horse").unwrap();
        let made = PasswordHash::new(&made).unwrap();
        assert!(argon().verify_password(b"correct horse", &made).is_ok());
        assert!(argon().verify_password(b"Correct horse", &made).is_err());
    }

    #[test]
    fn nobody_takes_as_long_to_check_as_anybody() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let somebody = hash("correct horse").unwrap();
        let somebody = PasswordHash::new(&somebody).unwrap();
        assert_eq!(nobody.algorithm, somebody.algorithm);
        assert_eq!(nobody.params, somebody.params);
        let bytes = |hash: &PasswordHash<'_>| hash.hash.map(|h| h.len());
        assert_eq!(bytes(&nobody), bytes(&somebody));
    }

    #[tokio::test]
    async fn few_are_hashed_at_a_time_and_few_wait() {
        let hasher = Arc::new(Hasher::default());
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut all = JoinSet::new();
        for _ in 0..limits::HASHING_MAX + limits::HASHING_WAITING_MAX {
            let (hasher, held, now, most) =
                (hasher.clone(), held.clone(), now.clone(), most.clone());
            all.spawn(async move {
                let work = move || {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let _ = held.lock().unwrap().recv();
                    now.fetch_sub(1, Ordering::SeqCst);
                };
                hasher.run(work).await
            });
        }
        while hasher.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = hasher.run(|| ()).await.unwrap_err();
        assert_eq!(refused.code, Code::Overloaded);
        assert!(refused.retry_after_ms.is_some());
        drop(hold);
        while let Some(done) = all.join_next().await {
            assert_eq!(done.unwrap(), Ok(()));
        }
        assert!(most.load(Ordering::SeqCst) <= limits::HASHING_MAX);
        assert_eq!(hasher.run(|| 7).await, Ok(7));
    }
}
