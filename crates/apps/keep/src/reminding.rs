//! Reminders that have come, for people without an open page.

use std::sync::Arc;

use encke_engine::{Entry, Error, Event, PersonId, StreamClass};
use encke_site::notices::{Notice, Notices};
use encke_site::{EventBody, Site};
use encke_store::Read;

use crate::product::Keep;
use crate::reminder::{self, ReminderState, ReminderTold};

/// The reminder that an event says has come.
fn come(event: &Event) -> Option<ReminderTold> {
    if event.stream.class() != StreamClass::PERSON || *event.kind != *ReminderTold::KIND {
        return None;
    }
    let told: ReminderTold = serde_json::from_slice(&event.body).ok()?;
    (told.state == ReminderState::Due).then_some(told)
}

impl Notices for Keep {
    fn told_to(
        &self,
        _read: &mut Read<'_>,
        _site: &Site,
        event: &Event,
    ) -> Result<Vec<PersonId>, Error> {
        Ok(come(event).map(|_| PersonId(event.stream.owner_number())).into_iter().collect())
    }

    fn notice(
        &self,
        read: &mut Read<'_>,
        _site: &Site,
        events: &[Arc<Entry>],
        person: PersonId,
    ) -> Result<Option<Notice>, Error> {
        let (mut count, mut newest) = (0, None);
        for told in events.iter().filter_map(|entry| come(&entry.event)) {
            // One that was dismissed or put off meanwhile is no news.
            if let Some(found) = reminder::due(read, person, &told.reminder)? {
                count += 1;
                newest = Some(found);
            }
        }
        Ok(newest.map(|found| Notice {
            kind: "reminder",
            conversation: found.conversation,
            seq: found.message,
            desk: None,
            title: None,
            from: None,
            text: found.note,
            count,
        }))
    }
}
