//! The states that products keep in memory for a site.

use std::any::{Any, TypeId};

use rustc_hash::FxHashMap;

/// The states of all products, found by their types.
///
/// Each product adds a type of its own. Another crate can reach that state only if the type is public, so a site
/// carries all states and each stays private to its product.
#[derive(Default)]
pub struct Parts(FxHashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl Parts {
    /// Adds a state. It replaces one of the same type.
    pub fn insert<T: Send + Sync + 'static>(&mut self, part: T) {
        self.0.insert(TypeId::of::<T>(), Box::new(part));
    }

    /// The state of this type, if a product has added one.
    pub fn get<T: 'static>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>())?.downcast_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_by_its_type() {
        let mut parts = Parts::default();
        parts.insert(7_u32);
        parts.insert("seven");
        assert_eq!(parts.get::<u32>(), Some(&7));
        assert_eq!(parts.get::<&str>(), Some(&"seven"));
        assert_eq!(parts.get::<u64>(), None);
    }
}
