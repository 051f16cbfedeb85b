//! The part of the snapshot with what a person keeps.

use encke_engine::{Error, PersonId, keep_limits};
use encke_site::product::InSnapshot;
use encke_site::snapshot::{Described, Snapshot, describe};
use encke_site::{JsonList, Site};
use encke_store::{Read, Sql, StoreError, params};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Keep;
use crate::draft::{self, Draft};

/// The fields that this product adds.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
struct Part {
    /// The newest drafts, as many as fit.
    drafts: Vec<Draft>,
    /// Whether there are further drafts. The list of drafts has all of them.
    drafts_more: bool,
    /// Messages that are to be sent later.
    scheduled: ScheduledCounts,
    /// Reminders.
    reminders: ReminderCounts,
}

/// Numbers of messages that are to be sent later.
#[derive(Serialize, ToSchema)]
struct ScheduledCounts {
    /// Those that wait for their time.
    waiting: u64,
    /// Those that could not be sent.
    failed: u64,
}

/// Numbers of reminders.
#[derive(Serialize, ToSchema)]
struct ReminderCounts {
    /// Those that wait for their time.
    waiting: u64,
    /// Those that were told and not dismissed.
    due: u64,
}

/// How many messages and reminders of a person are planned. All are asked for at once.
fn counts(
    read: &mut Read<'_>,
    person: PersonId,
) -> Result<(ScheduledCounts, ReminderCounts), StoreError> {
    let query = "SELECT
        (SELECT count(*) FROM scheduled WHERE person = ?1 AND failed_ms IS NULL),
        (SELECT count(*) FROM scheduled WHERE person = ?1 AND failed_ms IS NOT NULL),
        (SELECT count(*) FROM reminder WHERE person = ?1 AND due_ms IS NULL),
        (SELECT count(*) FROM reminder WHERE person = ?1 AND due_ms IS NOT NULL)";
    let row = read.query_one(query, params![person])?;
    let row = row.ok_or_else(|| StoreError::Other("a count returned no row".into()))?;
    let scheduled = ScheduledCounts { waiting: row.get(0)?, failed: row.get(1)? };
    Ok((scheduled, ReminderCounts { waiting: row.get(2)?, due: row.get(3)? }))
}

impl InSnapshot for Keep {
    fn add(
        &self,
        read: &mut Read<'_>,
        _: &Site,
        person: PersonId,
        snapshot: &mut Snapshot,
    ) -> Result<(), Error> {
        let found = draft::newest(read, person, None, keep_limits::SNAPSHOT_DRAFTS_MAX + 1)?;
        let (mut drafts, mut shown) = (JsonList::default(), 0);
        for draft in found.iter().take(keep_limits::SNAPSHOT_DRAFTS_MAX) {
            let before = drafts.bytes();
            drafts.push(draft);
            if drafts.bytes() > keep_limits::SNAPSHOT_DRAFTS_BYTES_MAX {
                drafts.cut(before);
                break;
            }
            shown += 1;
        }
        snapshot.fields.put_json("drafts", &drafts.into_bytes());
        snapshot.add("drafts_more", &(shown < found.len()));
        let (scheduled, reminders) = counts(read, person)?;
        snapshot.add("scheduled", &scheduled);
        snapshot.add("reminders", &reminders);
        Ok(())
    }

    fn describe(&self) -> Described {
        describe::<Part>()
    }
}
