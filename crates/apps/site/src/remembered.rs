//! A bounded table of values that may be needed again soon. It keeps no list of when each was used.

use std::hash::Hash;

use rustc_hash::FxHashMap;

/// The newest entries: at least as many as the bound says, at most twice as many.
pub struct Remembered<K, V> {
    young: FxHashMap<K, V>,
    /// The generation before. It is forgotten when the young one is full.
    old: FxHashMap<K, V>,
    generation_max: usize,
}

impl<K: Hash + Eq, V> Remembered<K, V> {
    /// An empty table.
    pub fn new(generation_max: usize) -> Self {
        let (young, old) = Default::default();
        Remembered { young, old, generation_max }
    }

    /// The value of a key, if it is still remembered.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// The value of a key for changes, if it is still remembered.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        match self.young.get_mut(key) {
            None => self.old.get_mut(key),
            young => young,
        }
    }

    /// Remembers a value. The oldest values may be forgotten for it.
    pub fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.generation_max && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Forgets the values for which `keep` returns false.
    pub fn retain(&mut self, mut keep: impl FnMut(&V) -> bool) {
        self.young.retain(|_, value| keep(value));
        self.old.retain(|_, value| keep(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_there_and_the_oldest_go() {
        let mut remembered = Remembered::new(10);
        for n in 0..100 {
            remembered.insert(n, n);
            assert!((0..=n).rev().take(10).all(|n| remembered.get(&n) == Some(&n)));
            assert!((0..=n).filter(|n| remembered.get(n).is_some()).count() <= 20);
        }
    }

    #[test]
    fn a_key_that_is_inserted_again_is_there_once_and_new() {
        let mut remembered = Remembered::new(1);
        for value in ["a", "b"] {
            remembered.insert(1, value);
            remembered.insert(2, "x");
        }
        assert_eq!(remembered.get(&1), Some(&"b"));
        remembered.retain(|value| *value != "b");
        assert_eq!(remembered.get(&1), None);
        assert_eq!(remembered.get(&2), Some(&"x"));
    }
}
