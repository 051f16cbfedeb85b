//! A bounded number of places: so many for each person, and so many together.

use std::sync::{Arc, Mutex};

use encke_engine::{Code, Error, PersonId};
use rustc_hash::FxHashMap;

/// Milliseconds after which a place may be free.
const AGAIN_MS: u64 = 1_000;

/// Places that people take for a while.
#[derive(Debug)]
pub(crate) struct Places {
    taken: Mutex<FxHashMap<PersonId, usize>>,
    person_max: usize,
    max: usize,
}

/// A place that a person has taken. It is free again when this is dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    person: PersonId,
}

impl Places {
    pub fn new(person_max: usize, max: usize) -> Arc<Self> {
        Arc::new(Places { taken: Mutex::default(), person_max, max })
    }

    /// Takes a place for a person.
    pub fn take(self: &Arc<Self>, person: PersonId) -> Result<Place, Error> {
        let mut taken = self.taken.lock().expect("not poisoned");
        let all: usize = taken.values().sum();
        if all >= self.max {
            let what = "The server sends and takes as many files as it can; try again.";
            return Err(Error::new(Code::Overloaded, what).retry_after_ms(AGAIN_MS));
        }
        let own = taken.entry(person).or_default();
        if *own >= self.person_max {
            let what = "You send or read as many files as you can at one time; try again.";
            return Err(Error::new(Code::RateLimited, what).retry_after_ms(AGAIN_MS));
        }
        *own += 1;
        Ok(Place { places: self.clone(), person })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().expect("not poisoned");
        if let Some(own) = taken.get_mut(&self.person) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.person);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_for_each_person_and_together_and_come_free() {
        let places = Places::new(2, 3);
        let code = |person| places.take(PersonId(person)).err().map(|e| e.code);
        let first = places.take(PersonId(1)).unwrap();
        let _second = places.take(PersonId(1)).unwrap();
        assert_eq!(code(1), Some(Code::RateLimited));
        let _third = places.take(PersonId(2)).unwrap();
        assert_eq!(code(2), Some(Code::Overloaded));
        drop(first);
        assert_eq!(code(2), None);
        assert_eq!(places.taken.lock().unwrap().len(), 2);
    }
}
