//! Members' marks as they are stored, many at once.

use encke_engine::marks::Marks;
use encke_engine::{ConversationId, PersonId, Seq, limits};
use encke_store::{Read, Sql, StoreError, Tx, Value};
use rustc_hash::FxHashMap;

use encke_site::bulk;

/// A member of a conversation.
pub(crate) type Pair = (ConversationId, PersonId);

/// The stored marks of a member.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored {
    pub marks: Marks,
    /// The `seq` of the event with which the member joined.
    pub joined: Seq,
    /// Whether the conversation is too large for its members to be told of each other's marks.
    pub in_large: bool,
}

/// Reads the marks of these pairs. People outside of the conversation are left out.
pub(crate) fn read(
    sql: &mut impl Sql,
    pairs: &[Pair],
) -> Result<FxHashMap<Pair, Stored>, StoreError> {
    let mut found = FxHashMap::default();
    for part in bulk::parts(pairs) {
        let query = format!(
            "WITH v (conversation, person) AS ({})
             SELECT m.conversation, m.person, m.delivered, m.read, m.joined_seq, c.members FROM v
             JOIN member m ON m.conversation = v.conversation AND m.person = v.person
             JOIN conversation c ON c.id = m.conversation",
            bulk::values(part.len(), 2)
        );
        let params: Vec<Value> =
            part.iter().flat_map(|(c, p)| [(*c).into(), (*p).into()]).collect();
        for row in sql.query(&query, &params)? {
            let marks = Marks { delivered: row.get(2)?, read: row.get(3)? };
            let in_large = row.get::<u64>(5)? > limits::RECEIPTS_MEMBERS_MAX as u64;
            let stored = Stored { marks, joined: row.get(4)?, in_large };
            found.insert((row.get(0)?, row.get(1)?), stored);
        }
    }
    Ok(found)
}

/// Stores the marks of members.
pub(crate) fn write(tx: &mut Tx<'_>, marks: &[(Pair, Marks)]) -> Result<(), StoreError> {
    for part in bulk::parts(marks) {
        let update = format!(
            "WITH v (conversation, person, delivered, read) AS ({})
             UPDATE member SET delivered = v.delivered, read = v.read FROM v
             WHERE member.conversation = v.conversation AND member.person = v.person",
            bulk::values(part.len(), 4)
        );
        let row = |((c, p), m): &(Pair, Marks)| -> [Value; 4] {
            [(*c).into(), (*p).into(), m.delivered.into(), m.read.into()]
        };
        tx.execute(&update, &part.iter().flat_map(row).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// The conversations of people, with their delivered marks. Large conversations keep no such marks and are left out.
pub(crate) fn delivered_to(
    read: &mut Read<'_>,
    people: &[PersonId],
) -> Result<Vec<(PersonId, ConversationId, Seq)>, StoreError> {
    let mut found = Vec::new();
    for part in bulk::parts(people) {
        let query = format!(
            "WITH v (person) AS ({})
             SELECT m.person, m.conversation, m.delivered FROM v JOIN member m ON m.person = v.person
             JOIN conversation c ON c.id = m.conversation WHERE c.members <= {}",
            bulk::values(part.len(), 1),
            limits::RECEIPTS_MEMBERS_MAX
        );
        let params: Vec<Value> = part.iter().map(|p| (*p).into()).collect();
        for row in read.query(&query, &params)? {
            found.push((row.get(0)?, row.get(1)?, row.get(2)?));
        }
    }
    Ok(found)
}
