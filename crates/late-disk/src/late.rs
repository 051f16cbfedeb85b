//! The state of the library: whose files these are, the list of records, and how late a sync is.

use std::env::{var, var_os};
use std::ffi::{CString, c_int};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use encke_rig::disk::Record;
use libc::{AT_FDCWD, O_APPEND, O_CLOEXEC, O_CREAT, O_WRONLY};

use crate::real;

/// How late a sync is at most, in microseconds.
const SYNC_US_MAX: u64 = 15_000;
/// One sync in this many takes longer.
const STALL_EVERY: u64 = 16;
/// How late such a sync is at most, in microseconds.
const STALL_US_MAX: u64 = 80_000;
/// The longest path that is looked at.
const PATH_BYTES_MAX: usize = 4_096;

/// A file of the folder, or the folder itself.
pub enum Target {
    File(String),
    Folder,
}

pub struct Late {
    folder: Vec<u8>,
    list: c_int,
    lies: bool,
    seed: u64,
    syncs: AtomicU64,
    /// Held from the moment when a change is written down until it is made, so that the list has the order of changes.
    turn: Mutex<()>,
}

/// The right to change a file of the folder.
pub struct Turn<'a>(
    &'a Late,
    #[expect(dead_code, reason = "it holds the lock")] MutexGuard<'a, ()>,
);

/// The disk of this process, if the environment asks for one.
pub fn late() -> Option<&'static Late> {
    static LATE: OnceLock<Option<Late>> = OnceLock::new();
    LATE.get_or_init(Late::from_environment).as_ref()
}

impl Late {
    fn from_environment() -> Option<Self> {
        let folder = var_os("LATE_DISK_FOLDER")?.into_vec();
        let list = CString::new(var_os("LATE_DISK_LIST")?.as_bytes()).ok()?;
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
        let list = unsafe { real::open(AT_FDCWD, list.as_ptr(), flags, 0o600) };
        if list < 0 {
            give_up();
        }
        Some(Late {
            folder,
            list,
            lies: var_os("LATE_DISK_LIES").is_some(),
            seed: var("LATE_DISK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0),
            syncs: AtomicU64::new(0),
            turn: Mutex::new(()),
        })
    }

    /// The name of a file of the folder at this path.
    pub fn name_at(&self, path: &[u8]) -> Option<String> {
        let name = path.strip_prefix(&self.folder[..])?.strip_prefix(b"/")?;
        let left_out = name.contains(&b'/') || name.ends_with(b"-shm");
        // The kernel says this of a file without a name. Nobody can find it after a loss of power.
        let gone = name.ends_with(b" (deleted)");
        (!left_out && !gone && !name.is_empty()).then(|| String::from_utf8_lossy(name).into_owned())
    }

    pub fn target(&self, fd: c_int) -> Option<Target> {
        let mut buffer = [0; PATH_BYTES_MAX];
        let path = real::path_of(fd, &mut buffer)?;
        if path == self.folder {
            return Some(Target::Folder);
        }
        // Folders below it are left alone.
        self.name_at(path).filter(|_| real::is_file(fd)).map(Target::File)
    }

    pub fn turn(&self) -> Turn<'_> {
        // Nothing panics while it is held.
        Turn(self, self.turn.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    /// Syncs late, and keeps what was written before it began; or lies.
    pub fn sync(&self, target: Target) -> c_int {
        let number = self.syncs.fetch_add(1, Ordering::Relaxed);
        let name = match target {
            Target::File(name) => Some(name),
            Target::Folder => None,
        };
        self.turn().note(&Record::SyncBegan { number, name });
        if self.lies {
            return 0;
        }
        std::thread::sleep(self.lateness(number));
        self.turn().note(&Record::SyncEnded { number });
        0
    }

    fn lateness(&self, sync: u64) -> Duration {
        let random = scattered(self.seed.wrapping_add(sync));
        let us_max = if random.is_multiple_of(STALL_EVERY) { STALL_US_MAX } else { SYNC_US_MAX };
        Duration::from_micros((random >> 8) % us_max)
    }
}

impl Turn<'_> {
    /// Adds a record to the list. A kill leaves it whole, or without its end, or not at all.
    pub fn note(&self, record: &Record) {
        let bytes = record.encoded();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let written =
                unsafe { real::write(self.0.list, rest.as_ptr().cast(), rest.len(), None) };
            match usize::try_from(written) {
                Ok(written) if written > 0 => rest = &rest[written..],
                _ => give_up(),
            }
        }
    }
}

/// A number without a pattern for each number (SplitMix64).
fn scattered(number: u64) -> u64 {
    let mut z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Ends the process: without its list the test would say nothing.
fn give_up() -> ! {
    const WHY: &[u8] = b"late disk: its list can't be written\n";
    unsafe { real::write(2, WHY.as_ptr().cast(), WHY.len(), None) };
    std::process::abort()
}
