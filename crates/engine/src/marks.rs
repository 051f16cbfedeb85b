//! Marks: how far each member of a conversation was delivered to and has read. They only move forward (P5).

use rustc_hash::FxHashMap;

use crate::ids::{ConversationId, PersonId, Seq};

/// The two marks of one member in one conversation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Marks {
    /// One of the person's clients holds everything up to here.
    pub delivered: Seq,
    /// The person has read everything up to here.
    pub read: Seq,
}

impl Marks {
    /// The further of both marks, each for itself. A message that was read counts as delivered.
    pub fn merged(self, other: Marks) -> Marks {
        let read = self.read.max(other.read);
        Marks { read, delivered: self.delivered.max(other.delivered).max(read) }
    }
}

/// Marks that moved and wait to be stored. Any number of acks folds into one change for each member.
#[derive(Debug, Default)]
pub struct MarksMoved {
    marks: FxHashMap<(ConversationId, PersonId), Marks>,
}

impl MarksMoved {
    /// Moves a member's marks forward to these, if they are not further already.
    pub fn advance(&mut self, conversation: ConversationId, person: PersonId, to: Marks) {
        let marks = self.marks.entry((conversation, person)).or_default();
        *marks = marks.merged(to);
    }

    /// The marks of a member that moved; both are 0 if they did not.
    pub fn get(&self, conversation: ConversationId, person: PersonId) -> Marks {
        self.marks.get(&(conversation, person)).copied().unwrap_or_default()
    }

    /// The number of members with marks that moved.
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Whether no marks moved.
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Takes all marks that moved, ordered by conversation and person.
    pub fn take(&mut self) -> Vec<(ConversationId, PersonId, Marks)> {
        let mut all: Vec<_> =
            std::mem::take(&mut self.marks).into_iter().map(|((c, p), m)| (c, p, m)).collect();
        all.sort_unstable_by_key(|(c, p, _)| (*c, *p));
        all
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn marks_never_move_back_and_order_does_not_matter(acks in proptest::collection::vec((0u64..50, 0u64..50), 1..20)) {
            let (c, p) = (ConversationId(1), PersonId(1));
            let fold = |acks: &[(u64, u64)]| {
                let mut moved = MarksMoved::default();
                let mut last = Marks::default();
                for (delivered, read) in acks {
                    moved.advance(c, p, Marks { delivered: Seq(*delivered), read: Seq(*read) });
                    let now = moved.marks[&(c, p)];
                    prop_assert!(now.delivered >= last.delivered && now.read >= last.read);
                    prop_assert!(now.delivered >= now.read);
                    last = now;
                }
                Ok(last)
            };
            let mut reversed = acks.clone();
            reversed.reverse();
            prop_assert_eq!(fold(&acks)?, fold(&reversed)?);
        }
    }
}
