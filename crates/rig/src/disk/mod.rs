//! A disk that loses its power: the files in one folder that would be left.
//!
//! A process writes down all that it does to its files, before it does it, as a list of [`Record`]s. [`Disk`] follows
//! this list and knows two states of each file: what the process sees, and what has been synced. After a loss of power
//! a disk holds everything that was synced. The rest may be there or not: [`Disk::without_power`] decides for each
//! sector of each later write whether the disk still took it, so that files are old, new or torn, in any order.
//!
//! As on a real disk, a sync makes only those changes of its file durable that were made before the sync began. The name
//! of a new, renamed or removed file is a change of the folder, which has to be synced by itself. Unlike the sectors of
//! files, unsynced changes of the folder are kept in their order up to some moment: file systems keep a journal of them.

mod file;
mod folder;
mod record;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use file::{Change, File};
use folder::{Folder, Naming};
pub use record::{Record, records};

/// The content of each file in a folder, by its name.
pub type Image = BTreeMap<String, Vec<u8>>;

/// The smallest piece that a disk writes whole.
const SECTOR_BYTES: u64 = 512;

/// A number below the given one, chosen by chance. If it is always 0, nothing is left but what was synced.
pub type Chance<'a> = &'a mut dyn FnMut(u64) -> u64;

/// The file, or the folder itself.
#[derive(Clone, Copy)]
enum Target {
    File(usize),
    Folder,
}

/// A sync that has begun: it covers the first `changes` changes of its target.
struct Sync {
    target: Target,
    changes: u64,
}

/// The files of one folder, as the process sees them and as far as they are durable.
pub struct Disk {
    files: Vec<File>,
    folder: Folder,
    syncs: HashMap<u64, Sync>,
}

impl Disk {
    /// A disk on which all of this is durable.
    pub fn holding(image: Image) -> Self {
        let mut files = Vec::new();
        let mut names = BTreeMap::new();
        for (name, content) in image {
            names.insert(name, files.len());
            files.push(File::holding(content));
        }
        Disk { files, folder: Folder::holding(names), syncs: HashMap::new() }
    }

    /// Follows one record. An error says that the list can't be whole.
    pub fn follow(&mut self, record: Record) -> Result<(), String> {
        match record {
            Record::Write { name, at, bytes } => self.change(&name, Change::Write { at, bytes }),
            Record::Cut { name, length } => self.change(&name, Change::Cut { length }),
            Record::Create { name } => {
                self.files.push(File::holding(Vec::new()));
                self.folder.rename(Naming::Create { name, file: self.files.len() - 1 })
            }
            Record::Rename { from, to } => self.folder.rename(Naming::Rename { from, to }),
            Record::Remove { name } => self.folder.rename(Naming::Remove { name }),
            Record::SyncBegan { number, name } => self.sync_begins(number, name.as_deref()),
            Record::SyncEnded { number } => self.sync_ends(number),
        }
    }

    fn change(&mut self, name: &str, change: Change) -> Result<(), String> {
        let file = self.folder.file(name)?;
        self.files[file].change(change);
        Ok(())
    }

    fn sync_begins(&mut self, number: u64, name: Option<&str>) -> Result<(), String> {
        let sync = match name {
            None => Sync { target: Target::Folder, changes: self.folder.changes() },
            Some(name) => {
                let file = self.folder.file(name)?;
                Sync { target: Target::File(file), changes: self.files[file].changes() }
            }
        };
        match self.syncs.insert(number, sync) {
            None => Ok(()),
            Some(_) => Err(format!("sync {number} began twice")),
        }
    }

    fn sync_ends(&mut self, number: u64) -> Result<(), String> {
        let sync = self.syncs.remove(&number);
        let Sync { target, changes } = sync.ok_or_else(|| format!("sync {number} never began"))?;
        match target {
            Target::File(file) => self.files[file].keep(changes),
            Target::Folder => self.folder.keep(changes),
        }
        Ok(())
    }

    /// The process has ended. Its syncs that were under way never end; the numbers of the next process are its own.
    pub fn process_ended(&mut self) {
        self.syncs.clear();
    }

    /// The files as processes see them, whether they are durable or not.
    pub fn seen(&self) -> Image {
        let content = |file: &usize| self.files[*file].seen();
        self.folder.seen().iter().map(|(name, file)| (name.clone(), content(file))).collect()
    }

    /// The files after a loss of power.
    pub fn without_power(&self, chance: Chance) -> Image {
        let names = self.folder.without_power(chance);
        let mut content = |file: usize| self.files[file].without_power(chance);
        names.into_iter().map(|(name, file)| (name, content(file))).collect()
    }
}
