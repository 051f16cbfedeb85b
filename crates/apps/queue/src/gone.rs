//! When the owner of a ticket counts as gone.

use encke_engine::{PersonId, desk_limits};
use rustc_hash::FxHashMap;

/// Since when a node has seen that owners of waiting tickets are not connected.
#[derive(Default)]
pub struct Gone(FxHashMap<PersonId, u64>);

impl Gone {
    /// Notes which owners are not connected now, and returns those that have not been for long.
    ///
    /// `owners` are all owners of waiting tickets. Others are forgotten.
    pub fn note(
        &mut self,
        owners: &[PersonId],
        is_present: impl Fn(PersonId) -> bool,
        now_ms: u64,
    ) -> Vec<PersonId> {
        self.0.retain(|person, _| owners.contains(person));
        let mut gone = Vec::new();
        for person in owners {
            if is_present(*person) {
                self.0.remove(person);
            } else if *self.0.entry(*person).or_insert(now_ms) + desk_limits::OWNER_GONE_MS
                <= now_ms
            {
                gone.push(*person);
            }
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_gone_once_it_was_away_for_long_without_a_break() {
        let (mut gone, ann, long) = (Gone::default(), PersonId(1), desk_limits::OWNER_GONE_MS);
        assert_eq!(gone.note(&[ann], |_| false, 1_000), []);
        assert_eq!(gone.note(&[ann], |_| false, 1_000 + long - 1), []);
        assert_eq!(gone.note(&[ann], |_| true, 1_000 + long), []);
        assert_eq!(gone.note(&[ann], |_| false, 2_000 + long), [], "it was there in between");
        assert_eq!(gone.note(&[ann], |_| false, 2_000 + 2 * long), [ann]);
        assert_eq!(gone.note(&[], |_| false, 2_000 + 2 * long), []);
        assert_eq!(gone.note(&[ann], |_| false, 3_000 + 2 * long), [], "it counts anew");
    }
}
