//! The disk under the server: the machine's own, or one that answers late and may lose its power.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::ValueEnum;
use encke_rig::disk::{Disk, Image, Record, records};
use encke_trial::random::Random;

/// The library of `crates/late-disk`. Cargo puts it beside the server.
const LIBRARY: &str = "libencke_late_disk.so";
/// On a late disk, this many of a hundred ends of the server are a loss of power. After the others the machine goes on,
/// and the next server finds the unsynced writes of the last one.
const POWER_LOST: u64 = 75;

/// The kinds of disks.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum DiskKind {
    /// The machine's own disk, which outlives every kill as a whole
    Real,
    /// It answers late and out of order; when its power goes, it has what was synced and anything of the rest
    Late,
    /// It answers each sync at once and keeps nothing: the test must report acknowledged sends as lost, so it fails
    Lying,
}

/// A disk that answers late or lies.
pub struct LateDisk {
    /// Whether it is to lie, and whether it already does.
    is_liar: bool,
    lies: bool,
    library: PathBuf,
    /// The server's folder, as an absolute path.
    data: PathBuf,
    /// The server's list of what it does in this folder.
    list: PathBuf,
    disk: Disk,
    random: Random,
    pub power_losses: u64,
}

impl LateDisk {
    /// A disk of this kind below the folder, which holds all that is in there now.
    pub fn under(
        kind: DiskKind,
        server: &Path,
        data: &Path,
        list: &Path,
        random: Random,
    ) -> Result<Option<Self>> {
        if kind == DiskKind::Real {
            return Ok(None);
        }
        let library = server.with_file_name(LIBRARY);
        let library = library.canonicalize().with_context(|| {
            format!("{} is missing: cargo build -p encke-late-disk", library.display())
        })?;
        let data = data.canonicalize()?;
        let disk = Disk::holding(image(&data)?);
        let is_liar = kind == DiskKind::Lying;
        let list = std::path::absolute(list)?;
        Ok(Some(LateDisk {
            is_liar,
            lies: false,
            library,
            data,
            list,
            disk,
            random,
            power_losses: 0,
        }))
    }

    /// From the next start of the server on, a disk that is to lie does.
    pub fn begins_to_lie(&mut self) -> bool {
        self.lies = self.is_liar;
        self.lies
    }

    /// Puts the disk under a server that is about to be started.
    pub fn put_under(&mut self, server: &mut Command) -> Result<()> {
        // A server that is killed at once leaves an empty list.
        std::fs::write(&self.list, "")?;
        server
            .env("LD_PRELOAD", &self.library)
            .env("LATE_DISK_FOLDER", &self.data)
            .env("LATE_DISK_LIST", &self.list)
            .env("LATE_DISK_SEED", self.random.number().to_string());
        if self.lies {
            server.env("LATE_DISK_LIES", "1");
        }
        Ok(())
    }

    /// The server has ended, and sometimes the power goes at the same moment.
    pub fn server_ended(&mut self) -> Result<()> {
        self.follow()?;
        let random = &mut self.random;
        if !self.lies && !random.percent(POWER_LOST) {
            return Ok(());
        }
        let lies = self.lies;
        // At worst a loss of power takes everything unsynced. A liar loses all of it, so that it is found.
        let mut chance = |end| if lies { 0 } else { random.below(end) };
        let left = self.disk.without_power(&mut chance);
        write(&self.data, &left)?;
        self.disk = Disk::holding(left);
        self.power_losses += 1;
        Ok(())
    }

    /// Follows the list of the server that has ended, and checks that the list has every change.
    fn follow(&mut self) -> Result<()> {
        let list = std::fs::read(&self.list)?;
        std::fs::remove_file(&self.list)?;
        let list = records(&list).map_err(|e| anyhow!(e))?;
        let last = list.iter().rposition(changes).unwrap_or(0);
        let mut before = Image::new();
        for (number, record) in list.into_iter().enumerate() {
            if number == last {
                before = self.disk.seen();
            }
            self.disk.follow(record).map_err(|e| anyhow!("record {number} of the disk: {e}"))?;
        }
        self.disk.process_ended();
        same(&image(&self.data)?, &before, &self.disk.seen())
    }
}

fn changes(record: &Record) -> bool {
    !matches!(record, Record::SyncBegan { .. } | Record::SyncEnded { .. })
}

/// The files of a folder that a disk keeps. SQLite's `-shm` is memory that processes share, and the library leaves out
/// files in folders below.
fn image(folder: &Path) -> Result<Image> {
    let mut found = Image::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.with_context(|| path.display().to_string())?;
        if path.is_file() && !name.ends_with("-shm") {
            found.insert(name.to_owned(), std::fs::read(&path)?);
        }
    }
    Ok(found)
}

/// Makes a folder hold exactly these files.
fn write(folder: &Path, image: &Image) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_file() && !image.contains_key(name) {
            std::fs::remove_file(&path)?;
        }
    }
    for (name, content) in image {
        std::fs::write(folder.join(name), content)?;
    }
    Ok(())
}

/// Checks that the files are as the list says. The kill may have left anything or nothing of the last change.
fn same(found: &Image, before: &Image, after: &Image) -> Result<()> {
    let names: BTreeSet<&String> =
        [found, before, after].into_iter().flat_map(Image::keys).collect();
    for name in names {
        let [found, before, after] = [found, before, after].map(|image| image.get(name));
        if found == before || found == after {
            continue;
        }
        let (Some(found), Some(before), Some(after)) = (found, before, after) else {
            bail!("the late disk did not see how {name} came or went");
        };
        let shortest = before.len().min(after.len());
        let longest = before.len().max(after.len());
        ensure!(
            (shortest..=longest).contains(&found.len()),
            "the late disk did not see how {name} got its {} bytes: {} to {} are due",
            found.len(),
            before.len(),
            after.len()
        );
        let is_one = |at: &usize| [before.get(*at), after.get(*at)].contains(&found.get(*at));
        if let Some(at) = (0..found.len()).find(|at| !is_one(at)) {
            bail!("the late disk did not see a write to {name} at byte {at}");
        }
    }
    Ok(())
}
