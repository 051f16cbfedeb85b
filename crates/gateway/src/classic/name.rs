//! Names: the person that a name stands for, and what people are called.
//!
//! A name is an account's, or stands in the table `classic_name`: there a name that is believed gets a guest of its own
//! when it is first used, and one that a guest brings with its session is that guest's. A number (web IM) is a name as
//! well; one that is nobody's name is the number of a person.

use std::sync::{Arc, RwLock};

use encke_account::gateway_sign_in;
use encke_engine::{Code, Error, PersonId};
use encke_store::{Read, Sql, StoreError, Tx, params};
use encke_transport::ForeignAnswer;
use rustc_hash::FxHashMap;

use super::{Claims, Classic};

/// Names that guests may get by being claimed.
const NAMES_MAX: u64 = 100_000;
/// Names of people that are remembered; beyond that all are looked up again.
const REMEMBERED_MAX: usize = 100_000;

/// The person that a name stands for, if there is one.
pub(super) fn find(sql: &mut impl Sql, name: &str) -> Result<Option<PersonId>, StoreError> {
    if let Some(person) = gateway_sign_in::account_of(sql, name)? {
        return Ok(Some(person));
    }
    let query = "SELECT n.person FROM classic_name n JOIN person p ON p.id = n.person
                 WHERE n.name = ?1 AND p.disabled_ms IS NULL";
    sql.query_one(query, params![name])?.map(|row| row.get(0)).transpose()
}

/// The person that a name stands for; a guest is made for a name that stands for nobody.
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

/// Lets a name stand for a person from now on.
pub(super) fn bind(tx: &mut Tx<'_>, name: &str, person: PersonId) -> Result<(), StoreError> {
    let sql = "INSERT INTO classic_name (name, person) VALUES (?1, ?2)
               ON CONFLICT (name) DO UPDATE SET person = excluded.person";
    tx.execute(sql, params![name, person]).map(drop)
}

/// Whether a name is free for somebody: nobody's, or of a guest whose last session is over.
pub(super) fn is_free(sql: &mut impl Sql, name: &str, now_ms: u64) -> Result<bool, StoreError> {
    let Some(person) = find(sql, name)? else { return Ok(true) };
    let query = "SELECT 1 FROM person p WHERE p.id = ?1 AND (p.role <> 'guest' OR EXISTS
                 (SELECT 1 FROM session s WHERE s.person = p.id AND s.expires_ms > ?2))";
    Ok(sql.query_one(query, params![person, now_ms])?.is_none())
}

/// The person that a number stands for. Where claims are believed, a guest's own number is none: it was made for another
/// name.
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
                 WHERE id = ?1 AND disabled_ms IS NULL AND (?2 = 1 OR role <> 'guest')";
    sql.query_one(query, params![number, guests])?.map(|row| row.get(0)).transpose()
}

/// What people are called, as it was looked up.
#[derive(Default)]
pub(super) struct Names(RwLock<FxHashMap<(PersonId, Called), Arc<str>>>);

/// Two ways of calling somebody.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Called {
    /// The name that others see.
    Shown,
    /// The name that pages address the person by.
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

/// What some people are called.
pub(super) type Calls = FxHashMap<PersonId, Arc<str>>;

impl Names {
    /// What these people are called, if all of that is remembered.
    pub fn known(&self, people: &[PersonId], called: Called) -> Option<Calls> {
        let known = self.0.read().expect("not poisoned");
        people.iter().map(|p| Some((*p, known.get(&(*p, called))?.clone()))).collect()
    }

    /// Looks them up, and remembers it.
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

    /// A name has come to stand for somebody.
    pub fn forget(&self, person: PersonId) {
        let mut known = self.0.write().expect("not poisoned");
        known.remove(&(person, Called::Shown));
        known.remove(&(person, Called::Addressed));
    }
}

impl Classic {
    /// Makes an answer that names these people: at once if they are remembered, or when they were looked up.
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
