//! What a recall may change, and what nobody may be told after it (P10).

use std::collections::HashMap;

use super::Evidence;
use crate::journal::{Recall, Seen, Stream};

/// The recalls of a trial, acknowledged or not.
pub struct Recalled<'a>(HashMap<(&'a Stream, u64), &'a Recall>);

impl<'a> Recalled<'a> {
    pub fn of(recalls: &'a [Recall]) -> Self {
        Recalled(recalls.iter().map(|recall| ((&recall.stream, recall.seq), recall)).collect())
    }

    /// The event as it was before it may have been recalled.
    pub fn as_sent(&self, seen: &Seen) -> Seen {
        let mut sent = seen.clone();
        if let Some(recall) = self.0.get(&(&seen.stream, seen.seq))
            && seen.digest == recall.erased
        {
            sent.digest = recall.message;
        }
        sent
    }

    /// Checks that nothing told a recalled message after all recalls were answered.
    pub fn check(&self, evidence: &Evidence, found: &mut Vec<String>) {
        let late = evidence.late.iter().map(|reading| (reading.name.as_str(), &reading.seen));
        let histories = evidence.histories.iter().map(|history| ("the history", history));
        for (who, all) in late.chain(histories) {
            for seen in all {
                let recall = self.0.get(&(&seen.stream, seen.seq));
                if recall.is_some_and(|r| r.acknowledged && seen.digest == r.message) {
                    found.push(format!(
                        "not gone: {who} saw {}#{} after its recall was acknowledged",
                        seen.stream, seen.seq
                    ));
                }
            }
        }
    }
}
