//! Names: the person behind a name, and the name of a person.
//!
//! A name belongs to an account or is in the table `classic_name`. If claims are believed, a name gets a guest of its
//! own when it is first used. A name that a guest brings with its session is that guest's. A number (web IM) is a name,
//! too; if it is nobody's name, it is the number of a person.

use std::sync::{Arc, RwLock};

use encke_account::gateway_sign_in;
use encke_engine::{Code, Error, PersonId};
use encke_store::{Read, Sql, StoreError, Tx, params};
use encke_transport::ForeignAnswer;
use rustc_hash::FxHashMap;

use super::{Claims, Classic};

/// The number of names that guests may get by claims.
const NAMES_MAX: u64 = 100_000;
/// The number of people whose names are remembered. When there are more, all are looked up again.
const REMEMBERED_MAX: usize = 100_000;

/// The person of a name, if there is one.
pub(super) fn find(sql: &mut impl Sql, name: &str) -> Result<Option<PersonId>, StoreError> {
    if let Some(person) = gateway_sign_in::account_of(sql, name)? {
        return Ok(Some(person));
    }
    let query = "SELECT n.person FROM classic_name n JOIN person p ON p.id = n.person
                 WHERE n.name = ?1 AND p.disabled_ms IS NULL";
    sql.query_one(query, params![name])?.map(|row| row.get(0)).transpose()
}

/// The person of a name. If there is none, a guest is made.
pub(super) fn find_or_make(tx: &mut Tx<'_>, name: &str) -> Result<PersonId, Error> {
    if let Some(person) = find(tx, name)? {
        return Ok(person);
    }
    let count = tx.query_one("SELECT count(*) FROM classic_name", params![])?;
    if count.map_or(Ok(0), |row| row.get::<u64>(0))? >= NAMES_MAX {
        return Err(Error::new(Code::Overloaded, "There are too many names."));
    }
    let person = gateway_sign_in::new_guest(tx, name)?;
    bind(tx, name, person)?;
    Ok(person)
}

/// Gives a name to a person.
pub(super) fn bind(tx: &mut Tx<'_>, name: &str, person: PersonId) -> Result<(), StoreError> {
    let sql = "INSERT INTO classic_name (name, person) VALUES (?1, ?2)
               ON CONFLICT (name) DO UPDATE SET person = excluded.person";
    tx.execute(sql, params![name, person]).map(drop)
}

/// Whether a name is free: it is nobody's, or of a guest whose last session is over.
pub(super) fn is_free(sql: &mut impl Sql, name: &str, now_ms: u64) -> Result<bool, StoreError> {
    let Some(person) = find(sql, name)? else { return Ok(true) };
    let query =
        "SELECT 1 FROM person p WHERE p.id = ?1 AND (p.role NOT IN ('guest', 'visitor') OR EXISTS
                 (SELECT 1 FROM session s WHERE s.person = p.id AND s.expires_ms > ?2))";
    Ok(sql.query_one(query, params![person, now_ms])?.is_none())
}

/// The person of a number. Where claims are believed, a guest's own number does not count, because the guest was made
/// for another name.
pub(super) fn find_number(
    sql: &mut impl Sql,
    number: u64,
    claims: Claims,
) -> Result<Option<PersonId>, StoreError> {
    if let Some(person) = find(sql, &number.to_string())? {
        return Ok(Some(person));
    }
    let guests = claims == Claims::Session;
    let query = "SELECT id FROM person
                 WHERE id = ?1 AND disabled_ms IS NULL AND (?2 = 1 OR role NOT IN ('guest', 'visitor'))";
    sql.query_one(query, params![number, guests])?.map(|row| row.get(0)).transpose()
}

/// The names of people that were looked up.
#[derive(Default)]
pub(super) struct Names(RwLock<FxHashMap<(PersonId, Called), Arc<str>>>);

/// The two names of a person.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Called {
    /// The name that others see.
    Shown,
    /// The name by which pages address the person.
    Addressed,
}

impl Called {
    fn query(self) -> &'static str {
        match self {
            Called::Shown => {
                "SELECT coalesce(g.name, p.display_name) FROM person p
                 LEFT JOIN classic_guest g ON g.person = p.id WHERE p.id = ?1"
            }
            Called::Addressed => {
                "SELECT coalesce(p.shown_name, n.name, p.display_name) FROM person p
                 LEFT JOIN classic_name n ON n.person = p.id WHERE p.id = ?1 ORDER BY n.name"
            }
        }
    }
}

/// The names of some people.
pub(super) type Calls = FxHashMap<PersonId, Arc<str>>;

impl Names {
    /// The names of these people, if all are remembered.
    pub fn known(&self, people: &[PersonId], called: Called) -> Option<Calls> {
        let known = self.0.read().expect("not poisoned");
        people.iter().map(|p| Some((*p, known.get(&(*p, called))?.clone()))).collect()
    }

    /// Looks up the names of these people and remembers them.
    pub fn look_up(
        &self,
        sql: &mut impl Sql,
        people: &[PersonId],
        called: Called,
    ) -> Result<Calls, StoreError> {
        let mut calls = Calls::default();
        for person in people {
            let Some(row) = sql.query_one(called.query(), params![*person])? else { continue };
            calls.insert(*person, row.get::<String>(0)?.into());
        }
        let mut known = self.0.write().expect("not poisoned");
        if known.len() + calls.len() > REMEMBERED_MAX {
            known.clear();
        }
        known.extend(calls.iter().map(|(person, name)| ((*person, called), name.clone())));
        Ok(calls)
    }

    /// Forgets a person's names, because it has got a new one.
    pub fn forget(&self, person: PersonId) {
        let mut known = self.0.write().expect("not poisoned");
        known.remove(&(person, Called::Shown));
        known.remove(&(person, Called::Addressed));
    }
}

impl Classic {
    /// Makes an answer with the names of these people: at once if they are remembered, otherwise after a look-up.
    pub(super) fn naming(
        self: &Arc<Self>,
        people: impl Iterator<Item = PersonId>,
        called: Called,
        make: impl FnOnce(&Calls) -> ForeignAnswer + Send + 'static,
    ) -> ForeignAnswer {
        let mut people: Vec<PersonId> = people.collect();
        people.sort_unstable();
        people.dedup();
        if let Some(calls) = self.names.known(&people, called) {
            return make(&calls);
        }
        let classic = self.clone();
        ForeignAnswer::Later(Box::new(move |reply| {
            let this = classic.clone();
            let look_up =
                move |read: &mut Read<'_>| Ok(this.names.look_up(read, &people, called)?);
            classic.site.store.submit_read(look_up, move |calls| match calls {
                Ok(calls) => reply.say(make(&calls)),
                Err(_) => reply.say(ForeignAnswer::Cut),
            });
        }))
    }
}
