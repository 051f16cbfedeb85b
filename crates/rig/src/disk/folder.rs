//! The names in a folder: those that are durable, and the changes since.

use std::collections::{BTreeMap, VecDeque};

use super::Chance;

/// Files by name. A file is a place in the disk's list of files.
type Names = BTreeMap<String, usize>;

pub(super) enum Naming {
    Create { name: String, file: usize },
    Rename { from: String, to: String },
    Remove { name: String },
}

impl Naming {
    fn apply(&self, names: &mut Names) {
        match self {
            Naming::Create { name, file } => {
                names.insert(name.clone(), *file);
            }
            Naming::Rename { from, to } => {
                if let Some(file) = names.remove(from) {
                    names.insert(to.clone(), file);
                }
            }
            Naming::Remove { name } => {
                names.remove(name);
            }
        }
    }
}

pub(super) struct Folder {
    /// The names that the process sees.
    seen: Names,
    /// The durable names: all changes before those in `since` are in them.
    kept: Names,
    kept_changes: u64,
    since: VecDeque<Naming>,
}

impl Folder {
    pub fn holding(names: Names) -> Self {
        Folder { seen: names.clone(), kept: names, kept_changes: 0, since: VecDeque::new() }
    }

    /// The file that has this name now.
    pub fn file(&self, name: &str) -> Result<usize, String> {
        self.seen.get(name).copied().ok_or_else(|| format!("nobody has made {name}"))
    }

    pub fn rename(&mut self, naming: Naming) -> Result<(), String> {
        match &naming {
            Naming::Create { name, .. } if self.seen.contains_key(name) => {
                return Err(format!("{name} was made twice"));
            }
            Naming::Create { .. } => {}
            Naming::Rename { from: name, .. } | Naming::Remove { name } => {
                self.file(name)?;
            }
        }
        naming.apply(&mut self.seen);
        self.since.push_back(naming);
        Ok(())
    }

    /// The number of changes so far.
    pub fn changes(&self) -> u64 {
        self.kept_changes + self.since.len() as u64
    }

    /// Makes the first `changes` changes durable.
    pub fn keep(&mut self, changes: u64) {
        while self.kept_changes < changes
            && let Some(naming) = self.since.pop_front()
        {
            naming.apply(&mut self.kept);
            self.kept_changes += 1;
        }
    }

    pub fn seen(&self) -> &Names {
        &self.seen
    }

    pub fn without_power(&self, chance: Chance) -> Names {
        let mut names = self.kept.clone();
        let more = chance(self.since.len() as u64 + 1) as usize;
        self.since.iter().take(more).for_each(|naming| naming.apply(&mut names));
        names
    }
}
