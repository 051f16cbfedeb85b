//! The looks of names, so that a guest can't pass for a person with an account.
//!
//! Two names look alike if their skeletons are the same (Unicode Technical Standard 39). The table `look` has the
//! skeletons of all people but guests. A new person, or one with a new name, gets its skeletons before the next
//! comparison.

use encke_engine::PersonId;
use encke_store::{Sql, StoreError, Tx, Value, params};
use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

use encke_site::bulk;

/// Characters of a skeleton that are compared. A single character of a name may become eighteen.
const SKELETON_CHARS_MAX: usize = 256;
/// The number of people whose skeletons are computed at a time.
const WORKED_OUT: u64 = 512;

/// The skeleton of a name without regard to case.
pub(super) fn folded(name: &str) -> String {
    bare(&name.nfkc().collect::<String>().to_lowercase())
}

/// The skeleton of a name as it is written, so that `AIice` with a capital i is `alice`.
fn as_written(name: &str) -> String {
    bare(&bare(&name.nfkc().collect::<String>()).to_lowercase())
}

/// A skeleton without spaces, which may be too thin to be seen.
fn bare(text: &str) -> String {
    skeleton(text).filter(|c| !c.is_whitespace()).take(SKELETON_CHARS_MAX).collect()
}

/// Whether this name looks like the sign-in name of a person.
pub(super) fn is_a_sign_in_name(tx: &mut Tx<'_>, name: &str) -> Result<bool, StoreError> {
    complete(tx)?;
    let query = "SELECT 1 FROM person WHERE skeleton = ?1 AND name IS NOT NULL LIMIT 1";
    Ok(tx.query_one(query, params![folded(name)])?.is_some())
}

/// Whether this name looks like a name of anybody but a guest.
pub(super) fn is_somebodys(tx: &mut Tx<'_>, name: &str) -> Result<bool, StoreError> {
    complete(tx)?;
    let query = "SELECT 1 FROM look WHERE skeleton IN (?1, ?2) LIMIT 1";
    Ok(tx.query_one(query, params![folded(name), as_written(name)])?.is_some())
}

/// Whether this name looks like a name of anybody but a guest, and of somebody else than this person.
pub(super) fn is_somebody_elses(
    tx: &mut Tx<'_>,
    person: PersonId,
    name: &str,
) -> Result<bool, StoreError> {
    complete(tx)?;
    let query = "SELECT 1 FROM look WHERE skeleton IN (?1, ?2) AND person <> ?3 LIMIT 1";
    Ok(tx.query_one(query, params![folded(name), as_written(name), person])?.is_some())
}

/// Forgets how a person with this display name looks, because it gets another one.
pub(super) fn forget(tx: &mut Tx<'_>, person: PersonId, name: &str) -> Result<(), StoreError> {
    let delete = "DELETE FROM look WHERE skeleton IN (?1, ?2) AND person = ?3";
    tx.execute(delete, params![folded(name), as_written(name), person])?;
    // A look that the sign-in name has, too, comes back with those of the new name.
    tx.execute("UPDATE person SET skeleton = NULL WHERE id = ?1", params![person])?;
    Ok(())
}

/// Computes the missing skeletons of people.
fn complete(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    loop {
        let query = "SELECT id, coalesce(shown_name, name), display_name FROM person
                     WHERE skeleton IS NULL AND role <> 'guest' ORDER BY id LIMIT ?1";
        let rows = tx.query(query, params![WORKED_OUT])?;
        if rows.is_empty() {
            return Ok(());
        }
        let (mut own, mut all) = (Vec::new(), Vec::new());
        for row in &rows {
            let person: PersonId = row.get(0)?;
            let name: Option<String> = row.get(1)?;
            own.push((person, name.as_deref().map(folded).unwrap_or_default()));
            let mut looks = Vec::new();
            for name in name.into_iter().chain([row.get::<String>(2)?]) {
                looks.extend([folded(&name), as_written(&name)]);
            }
            looks.sort_unstable();
            looks.dedup();
            all.extend(looks.into_iter().map(|look| (person, look)));
        }
        for part in bulk::parts(&own) {
            let sql = format!(
                "WITH v (id, skeleton) AS ({}) UPDATE person SET skeleton = v.skeleton
                 FROM v WHERE person.id = v.id",
                bulk::numbers_and_texts(part.len())
            );
            tx.execute(&sql, &values(part))?;
        }
        for part in bulk::parts(&all) {
            // SQLite needs the WHERE: without it, it would read ON as the condition of a join.
            let sql = format!(
                "WITH v (person, skeleton) AS ({}) INSERT INTO look (person, skeleton)
                 SELECT person, skeleton FROM v WHERE 1 = 1 ON CONFLICT DO NOTHING",
                bulk::numbers_and_texts(part.len())
            );
            tx.execute(&sql, &values(part))?;
        }
    }
}

fn values(rows: &[(PersonId, String)]) -> Vec<Value> {
    rows.iter().flat_map(|(person, text)| [(*person).into(), text.as_str().into()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn are_alike(a: &str, b: &str) -> bool {
        folded(a) == folded(b) || as_written(a) == as_written(b)
    }

    #[test]
    fn names_that_look_alike_have_the_same_skeleton() {
        let table = [
            ("Alice", "alice"),
            ("Alice", "AIice"),
            ("Alice", "A1ice"),
            ("Alice", "А\u{406}ice"),
            ("Alice", "\u{410}lice"),
            ("Alice", "a\u{217C}ice"),
            ("Alice", "ＡＬＩＣＥ"),
            ("Alice", "𝓐𝓵𝓲𝓬𝓮"),
            ("Alice", "A l i c e"),
            ("Alice", "Al\u{200A}ice"),
            ("Alice", "Al\u{3164}ice"),
            ("Alice", "\u{202E}Alice"),
            ("AHHA", "АННА"),
            ("анна", "АННА"),
            ("MIKE", "MlKE"),
            ("Tom", "Torn"),
            ("Zoë", "Zoe\u{308}"),
            ("Oslo", "0slo"),
            ("口", "ロ"),
            ("ﬁn", "fin"),
        ];
        for (a, b) in table {
            assert!(
                are_alike(a, b),
                "{a} {b}: {} {}, {} {}",
                folded(a),
                folded(b),
                as_written(a),
                as_written(b)
            );
        }
    }

    #[test]
    fn names_of_different_people_stay_different() {
        let table = [
            ("Mei", "Mel"),
            ("Ali", "All"),
            ("Anna", "Anne"),
            ("Zoë", "Zoe"),
            ("林美", "林梅"),
            ("Mei", "Mei 2"),
            ("1001", "1002"),
            ("\u{1F600}", "\u{1F603}"),
        ];
        for (a, b) in table {
            assert!(!are_alike(a, b), "{a} {b}");
        }
    }

    #[test]
    fn a_skeleton_is_short_whatever_the_name_is() {
        assert!(folded(&"\u{FDFA}".repeat(255)).chars().count() <= SKELETON_CHARS_MAX);
        assert!(as_written(&"\u{FDFA}".repeat(255)).chars().count() <= SKELETON_CHARS_MAX);
    }
}
