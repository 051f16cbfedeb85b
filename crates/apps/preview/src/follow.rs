//! Follows the log and notes which messages have to be looked after.

use std::sync::Arc;

use encke_engine::{Error, outgoing_limits};
use encke_site::Site;
use encke_site::following::{Part, Place};
use encke_store::{Read, Tx};
use encke_talk::preview;

use crate::due::{self, NewDue};
use crate::release;
use crate::state::State;

/// Looks through what is new in the log.
pub(crate) async fn follow(site: &Arc<Site>) -> Result<(), Error> {
    let note = |tx: &mut Tx<'_>, due: Vec<NewDue>| Ok(due::note(tx, &due)?);
    let parts = outgoing_limits::PREVIEW_PARTS_MAX;
    State::of(site).following.follow(site, parts, look, note).await.map(drop)
}

fn look(read: &mut Read<'_>, mut place: Place, now_ms: u64) -> Result<Option<Part<NewDue>>, Error> {
    let oldest_ms = now_ms.saturating_sub(outgoing_limits::PREVIEW_AGE_MS_MAX);
    if place.is_first {
        // Nothing holds a page yet, so what is older needs no look.
        place.after = place.after.max(read.position_at(oldest_ms)?);
    }
    let (up_to, entries) = place.events(read, outgoing_limits::PREVIEW_PART_EVENTS)?;
    let mut touched = Vec::new();
    for entry in entries {
        let noted = entry.event.position;
        touched.extend(preview::touched(&entry.event).map(|touched| (noted, touched)));
    }
    let keys: Vec<_> = touched.iter().map(|(_, one)| (one.conversation, one.seq)).collect();
    let held = release::held_among(read, &keys)?;
    touched.retain(|(_, one)| {
        (one.has_link && one.at_ms >= oldest_ms) || held.contains(&(one.conversation, one.seq))
    });
    let found = touched.into_iter().map(|(noted, one)| NewDue {
        conversation: one.conversation,
        seq: one.seq,
        since_ms: one.at_ms,
        noted,
    });
    Ok(Some(Part { up_to, found: found.collect() }))
}
