//! The events that were erased lately.
//!
//! A page that the store was asked for before an erasure may arrive after it, with the content. So the hub remembers
//! which events were erased lately, and takes their content out of such a page (P10).

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::entry::Entry;
use crate::ids::Position;
use crate::limits;

/// The newest events that were erased; see the top of this file.
#[derive(Default)]
pub(super) struct ErasedLately {
    order: VecDeque<Position>,
    positions: FxHashSet<Position>,
    /// Whether an event was erased since [`ErasedLately::take_news`] was called last.
    has_news: bool,
}

impl ErasedLately {
    /// Notes the events that an event erases.
    pub(super) fn note(&mut self, erases: &[Position]) {
        for at in erases {
            self.has_news = true;
            if !self.positions.insert(*at) {
                continue;
            }
            self.order.push_back(*at);
            if self.order.len() > limits::HUB_ERASED_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.positions.remove(&oldest);
            }
        }
    }

    /// Whether an event was erased since the last call.
    pub(super) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.has_news)
    }

    /// Takes the content out of those entries whose events were erased.
    pub(super) fn take_out_of(&self, entries: &mut [Arc<Entry>]) {
        if self.positions.is_empty() {
            return;
        }
        for entry in entries {
            let event = &entry.event;
            if self.positions.contains(&event.position) && !event.is_erased() {
                *entry = Arc::new(entry.erased());
            }
        }
    }
}
