//! Hashing of passwords: argon2id on a few threads of its own.
//!
//! Each hash works on 19 MiB. A thread keeps that memory for its next hash, because an allocator does not always give
//! memory back to the system: on short-lived threads, thirty sign-ins cost hundreds of megabytes for good. The threads
//! belong to the process. Each site has a queue and the sites take turns, so that a site with a full queue does not
//! delay the others.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex};

use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{Output, ParamsString, PasswordHash, Salt, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use encke_engine::{Code, Error, limits};
use rustc_hash::FxHashMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use zeroize::{Zeroize, Zeroizing};

use super::password::check;

/// Hashes the passwords of one site.
pub(crate) struct Hasher {
    /// The number of the site's queue.
    site: u64,
    places: Arc<Semaphore>,
}

impl Default for Hasher {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let places = limits::HASHING_MAX + limits::HASHING_WAITING_MAX;
        let site = NEXT.fetch_add(1, Ordering::Relaxed);
        Hasher { site, places: Arc::new(Semaphore::new(places)) }
    }
}

/// The blocks that one hash works on.
type Memory = Vec<Block>;
type Work = Box<dyn FnOnce(&mut Memory) + Send>;

/// The waiting work of all sites.
#[derive(Default)]
struct Waiting {
    queues: FxHashMap<u64, VecDeque<Work>>,
    /// The sites with waiting work, each once.
    turns: VecDeque<u64>,
}

impl Waiting {
    fn push(&mut self, site: u64, work: Work) {
        let queue = self.queues.entry(site).or_default();
        if queue.is_empty() {
            self.turns.push_back(site);
        }
        queue.push_back(work);
    }

    fn pop(&mut self) -> Option<Work> {
        let site = self.turns.pop_front()?;
        let queue = self.queues.get_mut(&site)?;
        let work = queue.pop_front();
        if queue.is_empty() {
            self.queues.remove(&site);
        } else {
            self.turns.push_back(site);
        }
        work
    }
}

#[derive(Default)]
struct Threads {
    waiting: Mutex<Waiting>,
    came: Condvar,
}

impl Threads {
    /// The threads of the process. They start with the first password.
    fn shared() -> &'static Arc<Threads> {
        static SHARED: LazyLock<Arc<Threads>> = LazyLock::new(|| {
            let threads = Arc::<Threads>::default();
            for number in 0..limits::HASHING_MAX {
                let own = threads.clone();
                let named = std::thread::Builder::new().name(format!("password-{number}"));
                named.spawn(move || own.run()).expect("the system has threads");
            }
            threads
        });
        &SHARED
    }

    fn push(&self, site: u64, work: Work) {
        self.waiting.lock().expect("not poisoned").push(site, work);
        self.came.notify_one();
    }

    fn next(&self) -> Work {
        let mut waiting = self.waiting.lock().expect("not poisoned");
        loop {
            match waiting.pop() {
                Some(work) => return work,
                None => waiting = self.came.wait(waiting).expect("not poisoned"),
            }
        }
    }

    fn run(&self) {
        let mut memory = Memory::new();
        loop {
            let work = self.next();
            // If a piece of work panics, its caller gets an error and the thread goes on.
            let worked = std::panic::AssertUnwindSafe(|| work(&mut memory));
            let _ = std::panic::catch_unwind(worked);
        }
    }
}

/// argon2id with 19 MiB, two passes and one lane: the least that OWASP recommends for it.
fn params() -> Params {
    Params::new(19 * 1024, 2, 1, None).expect("these parameters are allowed")
}

/// Hashes in this memory and leaves no trace of the password in it.
fn hash_in(
    memory: &mut Memory,
    params: Params,
    password: &str,
    salt: Salt<'_>,
    bytes: usize,
) -> Result<Output, argon2::password_hash::Error> {
    let mut decoded = [0; Salt::MAX_LENGTH];
    let salt = salt.decode_b64(&mut decoded)?;
    let blocks = params.block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::default());
    }
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hashed = Output::init_with(bytes, |out| {
        let used = &mut memory[..blocks];
        Ok(argon.hash_password_into_with_memory(password.as_bytes(), salt, out, used)?)
    });
    memory[..blocks].iter_mut().for_each(Zeroize::zeroize);
    hashed
}

fn hash(memory: &mut Memory, password: &str) -> Result<String, Error> {
    let failed = |e: argon2::password_hash::Error| {
        tracing::error!("hashing a password: {e}");
        Error::new(Code::Internal, "The password could not be hashed.")
    };
    let salt = SaltString::generate(&mut OsRng);
    let bytes = Params::DEFAULT_OUTPUT_LEN;
    let output = hash_in(memory, params(), password, salt.as_salt(), bytes).map_err(failed)?;
    let made = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params()).map_err(failed)?,
        salt: Some(salt.as_salt()),
        hash: Some(output),
    };
    Ok(made.to_string())
}

/// The hash to compare with when nobody has the name, so that the time of the answer does not tell. No password has
/// this hash.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWlzLWNhbGxlZA\
                      $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn is_right(memory: &mut Memory, password: &str, stored: &str) -> bool {
    let Ok(stored) = PasswordHash::new(stored) else { return false };
    let (Some(salt), Some(expected)) = (stored.salt, stored.hash) else { return false };
    // All stored hashes have the same parameters. Others would need a memory of another size.
    let same = Params::try_from(&stored).is_ok_and(|p| p.block_count() <= params().block_count());
    if stored.algorithm != Algorithm::Argon2id.ident() || !same {
        tracing::error!("a stored password has an unknown form");
        return false;
    }
    let Ok(params) = Params::try_from(&stored) else { return false };
    // The comparison of the outputs takes constant time.
    hash_in(memory, params, password, salt, expected.len()).is_ok_and(|hashed| hashed == expected)
}

impl Hasher {
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let busy = || {
            Error::new(Code::Overloaded, "Too many people are signing in.").retry_after_ms(2_000)
        };
        let place = self.places.clone().try_acquire_owned().map_err(|_| busy())?;
        let (done, answer) = oneshot::channel();
        let work = move |memory: &mut Memory| {
            // The work itself holds the permit, because it goes on when its request is given up.
            let _held: OwnedSemaphorePermit = place;
            let _ = done.send(work(memory));
        };
        Threads::shared().push(self.site, Box::new(work));
        answer.await.map_err(|_| Error::new(Code::Internal, "The password could not be checked."))
    }

    /// Hashes a password for the store.
    pub async fn hash(&self, password: String) -> Result<String, Error> {
        check(&password)?;
        let password = Zeroizing::new(password);
        self.run(move |memory| hash(memory, &password)).await?
    }

    /// Whether a password has this stored hash. With `None` the answer is no, after the same time.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, Error> {
        if password.len() > *limits::PASSWORD_BYTES.end() {
            return Ok(false);
        }
        let password = Zeroizing::new(password);
        self.run(move |memory| is_right(memory, &password, stored.as_deref().unwrap_or(NOBODY)))
            .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::task::JoinSet;

    use super::*;

    #[test]
    fn a_hash_knows_its_password_only_also_in_memory_that_was_used_before() {
        let mut memory = Memory::new();
        let made = hash(&mut memory, "correct horse").unwrap();
        for _ in 0..2 {
            assert!(is_right(&mut memory, "correct horse", &made));
            assert!(!is_right(&mut memory, "Correct horse", &made));
        }
        assert_eq!(memory.len(), params().block_count());
        assert!(memory.iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
    }

    #[test]
    fn a_hash_of_earlier_versions_is_understood() {
        use argon2::password_hash::PasswordHasher;
        let salt = SaltString::generate(&mut OsRng);
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params());
        let made = argon.hash_password(b"correct horse", &salt).unwrap().to_string();
        assert!(is_right(&mut Memory::new(), "correct horse", &made));
        assert!(!is_right(&mut Memory::new(), "wrong", "not a hash"));
    }

    #[test]
    fn an_unknown_name_takes_as_long_to_check_as_a_known_one() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let somebody = hash(&mut Memory::new(), "correct horse").unwrap();
        let somebody = PasswordHash::new(&somebody).unwrap();
        assert_eq!(nobody.algorithm, somebody.algorithm);
        assert_eq!(nobody.params, somebody.params);
        assert_eq!(nobody.version, somebody.version);
        let bytes = |hash: &PasswordHash<'_>| hash.hash.map(|h| h.len());
        assert_eq!(bytes(&nobody), bytes(&somebody));
        assert!(!is_right(&mut Memory::new(), "correct horse", NOBODY));
    }

    #[test]
    fn sites_take_turns() {
        let (told, order) = std::sync::mpsc::channel();
        let mut waiting = Waiting::default();
        for (site, name) in [(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (3, "c1"), (2, "b2")] {
            let told = told.clone();
            waiting.push(site, Box::new(move |_| told.send(name).unwrap()));
        }
        while let Some(work) = waiting.pop() {
            work(&mut Memory::new());
        }
        assert_eq!(order.try_iter().collect::<Vec<_>>(), ["a1", "b1", "c1", "a2", "b2", "a3"]);
        assert!(waiting.queues.is_empty());
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
                let work = move |_: &mut Memory| {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let _ = held.lock().unwrap().recv();
                    now.fetch_sub(1, Ordering::SeqCst);
                };
                hasher.run(work).await
            });
        }
        while hasher.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = hasher.run(|_| ()).await.unwrap_err();
        assert_eq!(refused.code, Code::Overloaded);
        assert!(refused.retry_after_ms.is_some());
        drop(hold);
        while let Some(done) = all.join_next().await {
            assert_eq!(done.unwrap(), Ok(()));
        }
        assert!(most.load(Ordering::SeqCst) <= limits::HASHING_MAX);
        assert_eq!(hasher.run(|_| 7).await, Ok(7));
    }
}
