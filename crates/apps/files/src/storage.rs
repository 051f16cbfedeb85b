//! What a site keeps in memory about its files: where the bytes lie, how much they may take, and what is under way.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use encke_engine::{Code, Error, PersonId, file_limits};
use encke_site::Site;
use rustc_hash::FxHashSet;
use tokio::sync::Semaphore;

use crate::blob::Blobs;
use crate::bucket::Bucket;
use crate::file_id::FileId;
use crate::folder::Folder;
use crate::options::{Allowance, FileOptions, Place};
use crate::places::{self, Places};

/// The place of the bytes, and their bounds. It is known once the site is opened.
struct Ground {
    blobs: Blobs,
    allowance: Allowance,
}

/// The state of files in memory.
pub(crate) struct Storage {
    ground: OnceLock<Ground>,
    uploads: Arc<Places>,
    /// Files with a piece that is being taken: one at a time, so that pieces come in their order.
    running: Arc<Mutex<FxHashSet<FileId>>>,
    /// Downloads under way.
    pub downloads: Arc<Places>,
    /// Pictures that may be decoded at one time.
    pub pictures: Semaphore,
}

impl Default for Storage {
    fn default() -> Self {
        use file_limits::{
            DOWNLOADS_RUNNING_MAX, DOWNLOADS_RUNNING_PER_PERSON_MAX, PICTURES_RUNNING_MAX,
            UPLOADS_RUNNING_MAX, UPLOADS_RUNNING_PER_PERSON_MAX,
        };
        Storage {
            ground: OnceLock::new(),
            uploads: Places::new(UPLOADS_RUNNING_PER_PERSON_MAX, UPLOADS_RUNNING_MAX),
            running: Arc::default(),
            downloads: Places::new(DOWNLOADS_RUNNING_PER_PERSON_MAX, DOWNLOADS_RUNNING_MAX),
            pictures: Semaphore::new(PICTURES_RUNNING_MAX),
        }
    }
}

/// Gives the files of a site their place: a folder, or a bucket. To be called once, before the site serves. A site
/// without [`Files`](crate::Files) has none.
pub fn open(site: &Site, options: &FileOptions, data: &Path) -> anyhow::Result<()> {
    let blobs = match options.place(data)? {
        Place::Folder(path) => Blobs::Folder(Folder::new(path)),
        Place::Bucket(bucket) => Blobs::Bucket(Bucket::new(&bucket)?),
    };
    let ground = Ground { blobs, allowance: options.allowance() };
    if let Some(storage) = site.find_part::<Storage>() {
        let _ = storage.ground.set(ground);
    }
    Ok(())
}

/// The turn of one request to write to a file.
pub(crate) struct Turn {
    running: Arc<Mutex<FxHashSet<FileId>>>,
    id: FileId,
    _place: places::Place,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.running.lock().expect("not poisoned").remove(&self.id);
    }
}

impl Storage {
    /// The files of a site.
    pub fn of(site: &Site) -> &Storage {
        site.part()
    }

    fn ground(&self) -> Result<&Ground, Error> {
        let closed = || Error::new(Code::Overloaded, "This site keeps no files yet; try again.");
        self.ground.get().ok_or_else(closed)
    }

    /// The place of the bytes.
    pub fn blobs(&self) -> Result<&Blobs, Error> {
        Ok(&self.ground()?.blobs)
    }

    /// Bytes that files may take.
    pub fn allowance(&self) -> Result<Allowance, Error> {
        Ok(self.ground()?.allowance)
    }

    /// Begins to take a piece of a file.
    pub fn begin(&self, id: &FileId, person: PersonId) -> Result<Turn, Error> {
        let place = self.uploads.take(person)?;
        if !self.running.lock().expect("not poisoned").insert(id.clone()) {
            let what = "Another request writes to this file; ask how far it is, and go on there.";
            return Err(Error::new(Code::Conflict, what));
        }
        Ok(Turn { running: self.running.clone(), id: id.clone(), _place: place })
    }

    /// Whether a piece of a file is being taken here.
    pub fn is_running(&self, id: &FileId) -> bool {
        self.running.lock().expect("not poisoned").contains(id)
    }
}
