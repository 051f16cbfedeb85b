//! The members that a conversation shows without a request for a page: all if they are few, otherwise a bounded part.

use encke_engine::{ConversationId, PersonId, limits};
use encke_site::bulk;
use encke_store::{Sql, StoreError, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::conversation::{ConversationRow, MemberRole, MemberRow};

/// Rows of members, by their conversations.
pub type ByConversation = FxHashMap<ConversationId, Vec<MemberRow>>;

/// The members that these conversations show to a person: itself, the owners, the moderators, and then those that joined
/// first. If all are shown, they are in the order in which they joined.
pub fn shown_members(
    sql: &mut impl Sql,
    conversations: &[ConversationRow],
    person: PersonId,
) -> Result<ByConversation, StoreError> {
    let most = limits::MEMBERS_SHOWN_MAX as u64;
    let ids = |large: bool| -> Vec<ConversationId> {
        conversations.iter().filter(|c| (c.members > most) == large).map(|c| c.id).collect()
    };
    let mut shown = all_of(sql, &ids(false))?;
    for (id, mut rows) in some_of(sql, &ids(true), person)? {
        let mut seen = FxHashSet::default();
        rows.retain(|row| seen.insert(row.member.person));
        let me = rows.iter().position(|row| row.member.person == person);
        let me = me.map(|at| rows.remove(at));
        rows.sort_unstable_by_key(|row| (rank(row.member.role), row.joined_seq, row.member.person));
        rows.truncate(limits::MEMBERS_SHOWN_MAX - 1);
        rows.extend(me);
        shown.insert(id, rows);
    }
    Ok(shown)
}

/// The place of a role in the list.
fn rank(role: MemberRole) -> u8 {
    match role {
        MemberRole::Owner => 0,
        MemberRole::Moderator => 1,
        MemberRole::Member => 2,
    }
}

/// All members of these conversations.
fn all_of(sql: &mut impl Sql, ids: &[ConversationId]) -> Result<ByConversation, StoreError> {
    let mut found = ByConversation::default();
    for part in bulk::parts(ids) {
        let query = format!(
            "WITH v (conversation) AS ({})
             SELECT {} FROM v JOIN member m ON m.conversation = v.conversation",
            bulk::values(part.len(), 1),
            MemberRow::COLUMNS
        );
        gather(sql, &query, part, &[], &mut found)?;
    }
    for rows in found.values_mut() {
        rows.sort_unstable_by_key(|row| (row.joined_seq, row.member.person));
    }
    Ok(found)
}

/// The number of large conversations in one statement. Each is a part of it, and SQLite takes 500 of those.
const LARGE_MAX: usize = 64;

/// The first owners, moderators and members of each of these conversations, and the person itself; some of them twice.
/// Each is one step in an index, however many members there are.
fn some_of(
    sql: &mut impl Sql,
    ids: &[ConversationId],
    person: PersonId,
) -> Result<ByConversation, StoreError> {
    let (columns, most) = (MemberRow::COLUMNS, limits::MEMBERS_SHOWN_MAX);
    let mut found = ByConversation::default();
    for part in ids.chunks(LARGE_MAX).flat_map(bulk::parts) {
        let me = part.len() + 1;
        let of = |id: usize| {
            let first = |which: &str, name: &str| {
                format!(
                    "SELECT * FROM (SELECT {columns} FROM member m WHERE m.conversation = ?{id} {which}
                     ORDER BY m.joined_seq, m.person LIMIT {most}) AS {name}{id}"
                )
            };
            let owners = first("AND m.role = 'owner'", "owners");
            let moderators = first("AND m.role = 'moderator'", "moderators");
            let oldest = first("", "oldest");
            let mine = format!(
                "SELECT {columns} FROM member m WHERE m.conversation = ?{id} AND m.person = ?{me}"
            );
            [owners, moderators, oldest, mine].join(" UNION ALL ")
        };
        let query = (1..=part.len()).map(of).collect::<Vec<_>>().join(" UNION ALL ");
        gather(sql, &query, part, &[person.into()], &mut found)?;
    }
    Ok(found)
}

fn gather(
    sql: &mut impl Sql,
    query: &str,
    ids: &[ConversationId],
    more: &[Value],
    found: &mut ByConversation,
) -> Result<(), StoreError> {
    let params: Vec<Value> =
        ids.iter().map(|id| (*id).into()).chain(more.iter().cloned()).collect();
    for row in sql.query(query, &params)? {
        let row = MemberRow::of(&row)?;
        found.entry(row.conversation).or_default().push(row);
    }
    Ok(())
}
