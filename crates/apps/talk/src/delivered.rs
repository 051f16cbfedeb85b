//! Delivered marks follow the cursors of people: in each conversation, to the newest event that the cursor covers.

use encke_engine::marks::Marks;
use encke_engine::{ConversationId, Error, Owner, PersonId, Position, Seq, StreamId, limits};
use encke_store::Read;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::marks::{self, Pair};

/// An ack of a person: one of its clients holds everything up to a position.
pub(crate) struct Held {
    pub person: PersonId,
    pub position: Position,
    /// The last ack that moved the person's marks in all of its conversations, if it is remembered.
    pub before: Option<Position>,
}

impl Held {
    /// The position of the last ack, if few events follow it. Otherwise all conversations have to be looked at.
    fn recent(&self) -> Option<Position> {
        let few = |before: &Position| {
            self.position.0.saturating_sub(before.0) <= limits::ACKED_EVENTS_MAX as u64
        };
        self.before.filter(few)
    }
}

/// Marks that acks move.
#[derive(Default)]
pub(crate) struct Delivered {
    /// Members with marks that move.
    pub marks: Vec<(Pair, Marks)>,
    /// People with many conversations, and the position up to which all of their marks have moved.
    pub with_many: Vec<(PersonId, Position)>,
}

/// Finds the marks that acks move. Large conversations are left out: they keep no delivered marks.
pub(crate) fn delivered(read: &mut Read<'_>, acks: &[Held]) -> Result<Delivered, Error> {
    let positions: FxHashMap<PersonId, Position> =
        acks.iter().map(|held| (held.person, held.position)).collect();
    let mut found = Delivered::default();
    let everywhere: Vec<PersonId> =
        acks.iter().filter(|held| held.recent().is_none()).map(|held| held.person).collect();
    let mut rows = marks::delivered_to(read, &everywhere)?;
    let mut counts: FxHashMap<PersonId, usize> = FxHashMap::default();
    rows.iter().for_each(|(person, ..)| *counts.entry(*person).or_default() += 1);
    let many = counts.into_iter().filter(|(_, count)| *count > limits::ACKED_CONVERSATIONS_MAX);
    found.with_many.extend(many.map(|(person, _)| (person, positions[&person])));
    for held in acks {
        if let Some(before) = held.recent().filter(|before| *before < held.position) {
            rows.extend(moved_since(read, held, before)?);
            found.with_many.push((held.person, held.position));
        }
    }
    let streams: Vec<_> = rows.iter().map(|(_, id, _)| StreamId::conversation(*id)).collect();
    read.expect(&streams)?;
    for ((person, id, before), stream) in rows.into_iter().zip(streams) {
        let mut at = read.head(stream)?;
        while at.position > positions[&person] {
            let Some(entry) = read.event(at.position)? else { break };
            at.seq = Seq(entry.event.seq.0.saturating_sub(1));
            at.position = entry.event.earlier().unwrap_or_default();
        }
        if at.seq > before {
            found.marks.push(((id, person), Marks { delivered: at.seq, read: Seq(0) }));
        }
    }
    Ok(found)
}

/// The conversations of a person in which something was said between two acks, and its delivered mark in each.
fn moved_since(
    read: &mut Read<'_>,
    held: &Held,
    before: Position,
) -> Result<Vec<(PersonId, ConversationId, Seq)>, Error> {
    let count = (held.position.0 - before.0) as usize;
    let said = read.log_after(before, count)?.into_iter().filter_map(|event| {
        let Owner::Conversation(id) = event.stream.owner() else { return None };
        (event.stream == StreamId::conversation(id)).then_some((id, held.person))
    });
    let pairs: Vec<Pair> = said.collect::<FxHashSet<_>>().into_iter().collect();
    let stored = marks::read(read, &pairs)?.into_iter().filter(|(_, stored)| !stored.in_large);
    Ok(stored.map(|((id, person), stored)| (person, id, stored.marks.delivered)).collect())
}
