//! Places for requests that wait on socket pairs of the bridge. Their number is bounded for the process, for one
//! connection and for one person.
//!
//! A shard ends the oldest connection of a person that has too many. Its bridge stays until the client has read the
//! end, so bridges need a count of their own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use encke_engine::{PersonId, limits};

/// A person of a site. The address of the site's shards stands for the site.
pub type Somebody = (usize, PersonId);

/// All places of a process.
pub struct Places {
    max: usize,
    taken: Mutex<PlaceCounts>,
}

#[derive(Default)]
struct PlaceCounts {
    all: usize,
    /// Holds only people that have a place.
    by_person: HashMap<Somebody, usize>,
}

/// The number of places that one connection has taken.
#[derive(Clone, Default)]
pub struct OnConnection(Arc<Mutex<usize>>);

/// A taken place. It is free again when this value is dropped.
pub struct Place {
    places: Arc<Places>,
    connection: OnConnection,
    person: Option<Somebody>,
}

/// Why a request gets no place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Full {
    /// The process or the connection has no free place.
    NoRoom,
    /// The person has too many places.
    Person,
}

impl Places {
    /// Makes a number of places. The shard counts the files of both ends of a pair.
    pub fn new(max: usize) -> Arc<Self> {
        Arc::new(Places { max, taken: Mutex::default() })
    }

    /// Takes a place.
    pub fn take(
        self: &Arc<Self>,
        connection: &OnConnection,
        person: Option<Somebody>,
    ) -> Result<Place, Full> {
        let mut taken = self.taken.lock().expect("not poisoned");
        let mut here = connection.0.lock().expect("not poisoned");
        if taken.all >= self.max || *here >= limits::BRIDGES_PER_CONNECTION_MAX {
            return Err(Full::NoRoom);
        }
        let theirs = person.and_then(|person| taken.by_person.get(&person));
        if theirs.is_some_and(|count| *count >= limits::BRIDGES_PER_PERSON_MAX) {
            return Err(Full::Person);
        }
        if let Some(person) = person {
            *taken.by_person.entry(person).or_default() += 1;
        }
        taken.all += 1;
        *here += 1;
        Ok(Place { places: self.clone(), connection: connection.clone(), person })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().expect("not poisoned");
        taken.all -= 1;
        *self.connection.0.lock().expect("not poisoned") -= 1;
        if let Some(person) = self.person
            && let Some(theirs) = taken.by_person.get_mut(&person)
        {
            *theirs -= 1;
            if *theirs == 0 {
                taken.by_person.remove(&person);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_all_on_a_connection_and_of_a_person() {
        let places = Places::new(1_000);
        let somebody = |n| Some((1, PersonId(n)));
        let one = OnConnection::default();
        let mut held: Vec<Place> = (0..limits::BRIDGES_PER_CONNECTION_MAX as u64)
            .filter_map(|n| places.take(&one, somebody(n)).ok())
            .collect();
        assert_eq!(places.take(&one, None).err(), Some(Full::NoRoom));
        assert!(places.take(&OnConnection::default(), None).is_ok());
        let few = Places::new(1);
        let only = few.take(&OnConnection::default(), None);
        assert_eq!(few.take(&OnConnection::default(), None).err(), Some(Full::NoRoom));
        drop(only);
        assert!(few.take(&OnConnection::default(), None).is_ok());
        held.pop();
        assert!(places.take(&one, None).is_ok());
        drop(held);

        let take = |person| places.take(&OnConnection::default(), person);
        let mut held: Vec<Place> =
            (0..limits::BRIDGES_PER_PERSON_MAX).filter_map(|_| take(somebody(7)).ok()).collect();
        assert_eq!(take(somebody(7)).err(), Some(Full::Person));
        // Another person has places of its own, and so has a person with the same number on another site.
        assert!(take(somebody(8)).is_ok() && take(Some((2, PersonId(7)))).is_ok());
        held.pop();
        assert!(take(somebody(7)).is_ok());
        drop(held);
        let taken = places.taken.lock().unwrap();
        assert!(taken.all == 0 && taken.by_person.is_empty());
    }
}
