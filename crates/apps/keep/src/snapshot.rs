//! The part of the snapshot with what a person keeps.

use encke_engine::{Error, PersonId, keep_limits};
use encke_site::product::InSnapshot;
use encke_site::snapshot::{Described, Snapshot, describe};
use encke_site::{JsonList, Site};
use encke_store::Read;
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
        Ok(())
    }

    fn describe(&self) -> Described {
        describe::<Part>()
    }
}
