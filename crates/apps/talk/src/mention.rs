//! Mentions: the people that a message names, written in its text as `<@p12>`, and all members, written as `<@all>`.
//!
//! The tables of mentions hold who was mentioned where, without any text. A person's unread mentions are those beyond what
//! the person has seen, so nothing has to be written when somebody reads.

use encke_account::people;
use encke_engine::{Code, ConversationId, Error, PersonId, Seq, limits};
use encke_site::{Site, bulk};
use encke_store::{Sql, StoreError, Tx, Value, params};
use rustc_hash::{FxHashMap, FxHashSet};

/// The beginning of a mention in a text; it ends with `>`.
const BEGIN: &str = "<@";
/// Bytes of a person's id, at most.
const ID_BYTES_MAX: usize = 24;

/// Whether a text may mention anybody.
pub(crate) fn may_mention(text: &str) -> bool {
    text.contains(BEGIN)
}

/// The mentions in a text, as they are written.
#[derive(Default, PartialEq, Eq, Debug)]
pub(crate) struct Written {
    /// The people, in the order in which they come.
    pub people: Vec<PersonId>,
    /// Whether it mentions all.
    pub all: bool,
}

/// Reads the mentions in a text. What is no mention is text like any other.
pub(crate) fn written(text: &str) -> Result<Written, Error> {
    let mut found = Written::default();
    for (at, _) in text.match_indices(BEGIN) {
        let rest = &text[at + BEGIN.len()..];
        let Some(end) = rest.bytes().take(ID_BYTES_MAX).position(|b| b == b'>') else { continue };
        let name = &rest[..end];
        if name == "all" {
            found.all = true;
        } else if let Ok(person) = name.parse()
            && !found.people.contains(&person)
        {
            found.people.push(person);
            let most = limits::MENTIONS_PER_MESSAGE_MAX;
            if found.people.len() > most {
                let what = format!("A message mentions at most {most} people.");
                return Err(Error::new(Code::Invalid, what));
            }
        }
    }
    Ok(found)
}

/// A text with names in place of its mentions.
pub(crate) fn with_names(
    sql: &mut impl Sql,
    site: &Site,
    seen_by: PersonId,
    text: &str,
) -> Result<String, StoreError> {
    if !may_mention(text) {
        return Ok(text.to_owned());
    }
    let mentioned = written(text).map(|written| written.people).unwrap_or_default();
    let mut named = text.replace("<@all>", "@all");
    for person in people(sql, site, seen_by, &mentioned)? {
        named = named.replace(&format!("<@{}>", person.id), &format!("@{}", person.display_name));
    }
    Ok(named)
}

/// Those of these people that are in the conversation, in the same order.
pub(crate) fn members_among(
    tx: &mut Tx<'_>,
    id: ConversationId,
    people: Vec<PersonId>,
) -> Result<Vec<PersonId>, StoreError> {
    let mut members = FxHashSet::default();
    for part in bulk::parts(&people) {
        let query = format!(
            "WITH v (person) AS ({})
             SELECT m.person FROM v JOIN member m ON m.conversation = ?{} AND m.person = v.person",
            bulk::values(part.len(), 1),
            part.len() + 1
        );
        let params: Vec<Value> = part.iter().map(|p| (*p).into()).chain([id.into()]).collect();
        for row in tx.query(&query, &params)? {
            members.insert(row.get::<PersonId>(0)?);
        }
    }
    Ok(people.into_iter().filter(|person| members.contains(person)).collect())
}

/// Notes that a message mentions these people, and perhaps all.
pub(crate) fn note(
    tx: &mut Tx<'_>,
    (id, seq): (ConversationId, Seq),
    people: &[PersonId],
    everyone: bool,
) -> Result<(), StoreError> {
    if everyone {
        let insert = "INSERT INTO mention_all (conversation, seq) VALUES (?1, ?2)";
        tx.execute(insert, params![id, seq])?;
    }
    for part in bulk::parts(people) {
        let insert = format!(
            "WITH v (person, conversation, seq) AS ({})
             INSERT INTO mention (person, conversation, seq)
             SELECT person, conversation, seq FROM v",
            bulk::values(part.len(), 3)
        );
        let row = |person: &PersonId| -> [Value; 3] { [(*person).into(), id.into(), seq.into()] };
        tx.execute(&insert, &part.iter().flat_map(row).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Forgets whom a message mentions.
pub(crate) fn forget(tx: &mut Tx<'_>, (id, seq): (ConversationId, Seq)) -> Result<(), StoreError> {
    for table in ["mention", "mention_all"] {
        let delete = format!("DELETE FROM {table} WHERE conversation = ?1 AND seq = ?2");
        tx.execute(&delete, params![id, seq])?;
    }
    Ok(())
}

/// The mentions of a person that it has not seen yet, by conversation: the newest ones, the oldest first. `seen` says of
/// each conversation up to where the person has seen it. Messages that the person has hidden are left out.
pub(crate) fn unseen(
    sql: &mut impl Sql,
    person: PersonId,
    seen: &[(ConversationId, Seq)],
) -> Result<FxHashMap<ConversationId, Vec<Seq>>, StoreError> {
    let mut found: FxHashMap<ConversationId, Vec<Seq>> = FxHashMap::default();
    for part in bulk::parts(seen) {
        let me = part.len() * 2 + 1;
        let params: Vec<Value> = part
            .iter()
            .flat_map(|(id, seq)| [(*id).into(), (*seq).into()])
            .chain([person.into()])
            .collect();
        let values = bulk::values(part.len(), 2);
        let own = newest_of("mention", &format!("x.person = ?{me} AND"));
        let all = newest_of("mention_all", "");
        let query = format!(
            "WITH v (conversation, seen) AS ({values})
             SELECT f.conversation, f.seq FROM ({own} UNION ALL {all}) f
             WHERE NOT EXISTS (SELECT 1 FROM hidden h WHERE h.person = ?{me}
                 AND h.conversation = f.conversation AND h.seq = f.seq)"
        );
        for row in sql.query(&query, &params)? {
            found.entry(row.get(0)?).or_default().push(row.get(1)?);
        }
    }
    for seqs in found.values_mut() {
        seqs.sort_unstable();
        seqs.dedup();
        seqs.drain(..seqs.len().saturating_sub(limits::MENTIONS_SHOWN_MAX));
    }
    Ok(found)
}

/// The newest rows of a table of mentions beyond what was seen, in each conversation of `v`. However many there are, a
/// bounded number is looked at: the one bound leads an index to the first of them that counts.
fn newest_of(table: &str, whose: &str) -> String {
    let last = limits::MENTIONS_SHOWN_MAX - 1;
    let oldest_shown = format!(
        "SELECT y.seq - 1 FROM {table} y WHERE {} y.conversation = v.conversation
         ORDER BY y.seq DESC LIMIT 1 OFFSET {last}",
        whose.replace("x.", "y.")
    );
    format!(
        "SELECT x.conversation, x.seq FROM v JOIN {table} x
         ON {whose} x.conversation = v.conversation AND x.seq > (
             SELECT CASE WHEN v.seen > b.below THEN v.seen ELSE b.below END
             FROM (SELECT coalesce(({oldest_shown}), 0) AS below) b)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(text: &str) -> Vec<u64> {
        written(text).map(|found| found.people.iter().map(|p| p.0).collect()).expect("it may")
    }

    #[test]
    fn mentions_are_read_wherever_they_stand() {
        assert_eq!(people("<@p1>, 你好<@p22>! <@p1>"), [1, 22]);
        assert_eq!(people("<<@p3>> <@<@p4>"), [3, 4]);
        for text in ["", "<@>", "<@p>", "<@p1", "<@ p1>", "<@c1>", "@p1", "<@你>", "<@p-1>"] {
            assert_eq!(written(text), Ok(Written::default()), "{text}");
        }
        let long = format!("<@{}>", "p".repeat(1_000));
        assert_eq!(written(&long), Ok(Written::default()));
        assert!(written("<@all>").is_ok_and(|found| found.all));
    }

    #[test]
    fn a_message_mentions_a_bounded_number_of_people() {
        let text = |count| (1..=count).map(|n| format!("<@p{n}>")).collect::<String>();
        let most = limits::MENTIONS_PER_MESSAGE_MAX;
        assert_eq!(people(&text(most)).len(), most);
        assert!(written(&text(most + 1)).is_err());
        assert_eq!(people(&"<@p1>".repeat(3_000)), [1]);
    }
}
