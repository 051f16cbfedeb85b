//! One file: the content that is durable, and the changes since.

use std::collections::VecDeque;

use super::{Chance, SECTOR_BYTES};

/// The chances in a hundred that a sector was still written; a loss of power takes one of them for each file. With 0
/// the disk stopped early. With 99 nearly all is there, and something in the middle is missing.
const KEPT_PERCENT: [u64; 5] = [0, 50, 90, 99, 100];

pub(super) enum Change {
    Write {
        at: u64,
        bytes: Vec<u8>,
    },
    /// The file gets this length: it is cut off, or lengthened by zeros.
    Cut {
        length: u64,
    },
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Change::Write { at, bytes } => put(content, *at, bytes),
            Change::Cut { length } => content.resize(*length as usize, 0),
        }
    }
}

/// Writes these bytes. A gap before them is filled with zeros.
fn put(content: &mut Vec<u8>, at: u64, bytes: &[u8]) {
    let end = at as usize + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[at as usize..end].copy_from_slice(bytes);
}

/// The pieces of a write, each within one sector.
fn pieces(at: u64, bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let (mut at, mut left) = (at, bytes);
    std::iter::from_fn(move || {
        let room = (SECTOR_BYTES - at % SECTOR_BYTES) as usize;
        let (piece, rest) = left.split_at(room.min(left.len()));
        let found = (!piece.is_empty()).then_some((at, piece));
        (at, left) = (at + piece.len() as u64, rest);
        found
    })
}

pub(super) struct File {
    /// The durable content: all changes before those in `since` are in it.
    kept: Vec<u8>,
    kept_changes: u64,
    since: VecDeque<Change>,
}

impl File {
    pub fn holding(content: Vec<u8>) -> Self {
        File { kept: content, kept_changes: 0, since: VecDeque::new() }
    }

    pub fn change(&mut self, change: Change) {
        self.since.push_back(change);
    }

    /// The number of changes so far.
    pub fn changes(&self) -> u64 {
        self.kept_changes + self.since.len() as u64
    }

    /// Makes the first `changes` changes durable. A sync that began earlier may end later: it changes nothing more.
    pub fn keep(&mut self, changes: u64) {
        while self.kept_changes < changes
            && let Some(change) = self.since.pop_front()
        {
            change.apply(&mut self.kept);
            self.kept_changes += 1;
        }
    }

    pub fn seen(&self) -> Vec<u8> {
        let mut content = self.kept.clone();
        self.since.iter().for_each(|change| change.apply(&mut content));
        content
    }

    pub fn without_power(&self, chance: Chance) -> Vec<u8> {
        let percent = KEPT_PERCENT[chance(KEPT_PERCENT.len() as u64) as usize];
        let mut is_kept = || chance(100) < percent;
        let mut content = self.kept.clone();
        for change in &self.since {
            match change {
                Change::Write { at, bytes } => {
                    for (at, piece) in pieces(*at, bytes).filter(|_| is_kept()) {
                        put(&mut content, at, piece);
                    }
                }
                Change::Cut { .. } if is_kept() => change.apply(&mut content),
                Change::Cut { .. } => {}
            }
        }
        content
    }
}
