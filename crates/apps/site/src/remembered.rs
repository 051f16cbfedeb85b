//! A bounded table of values that may be needed again soon. It keeps no list of when each was used.

use std::hash::Hash;

use rustc_hash::FxHashMap;

/// The newest entries: at least as many as the bound says, at most twice as many.
pub struct Remembered<K, V> {
    young: FxHashMap<K, V>,
    /// The generation before. It is forgotten when the young one is full.
    old: FxHashMap<K, V>,
    /// The sum of the weights of the young generation.
    young_weight: usize,
    weigh: fn(&V) -> usize,
    generation_max: usize,
}

impl<K: Hash + Eq, V> Remembered<K, V> {
    /// An empty table.
    pub fn new(generation_max: usize) -> Self {
        Remembered::weighing(generation_max, |_| 1)
    }

    /// An empty table with a bound on what the values weigh together, in place of their number. One generation may be
    /// heavier than the bound by its last value.
    pub fn weighing(generation_max: usize, weigh: fn(&V) -> usize) -> Self {
        let (young, old) = Default::default();
        Remembered { young, old, young_weight: 0, weigh, generation_max }
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
        if self.young_weight >= self.generation_max {
            self.old = std::mem::take(&mut self.young);
            self.young_weight = 0;
        }
        self.old.remove(&key);
        self.young_weight += (self.weigh)(&value);
        if let Some(before) = self.young.insert(key, value) {
            self.young_weight -= (self.weigh)(&before);
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Forgets the values for which `keep` returns false.
    pub fn retain(&mut self, mut keep: impl FnMut(&V) -> bool) {
        self.young.retain(|_, value| keep(value));
        self.young_weight = self.young.values().map(self.weigh).sum();
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
    fn values_that_weigh_more_are_fewer() {
        let mut remembered = Remembered::weighing(100, |weight: &usize| *weight);
        for n in 0..1_000 {
            remembered.insert(n, 1);
            remembered.insert(n, 50);
            assert!((0..=n).rev().take(2).all(|n| remembered.get(&n).is_some()));
            assert!(remembered.len() <= 4, "{}", remembered.len());
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
