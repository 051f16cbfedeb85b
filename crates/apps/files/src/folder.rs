//! Bytes of files in a folder of this machine.
//!
//! A file lies under its id, in one of 256 folders. While its upload is coming it has another name, so that a late block
//! can't change a file that is whole. Blocks are on the disk before its row says so. Everything here blocks.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use encke_engine::file_limits;

use crate::file_id::FileId;

/// The ending of a thumbnail's name.
const THUMBNAIL: &str = "thumbnail";
/// The ending of an upload that is coming.
const COMING: &str = "coming";
/// The ending of a file that is being replaced.
const PARTIAL: &str = "partial";

/// Nobody else on the machine may read a file.
const MODE: u32 = 0o600;

/// A folder of files.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Files in this folder. It is made when the first file comes.
    pub fn new(path: PathBuf) -> Self {
        Folder(path)
    }

    fn path(&self, id: &FileId) -> PathBuf {
        self.0.join(&id.text()[1..3]).join(id.text())
    }

    fn thumbnail(&self, id: &FileId) -> PathBuf {
        self.path(id).with_extension(THUMBNAIL)
    }

    /// Writes a block of an upload. [`Folder::sync`] brings it to the disk.
    pub fn write(&self, id: &FileId, offset: u64, block: &[u8]) -> io::Result<()> {
        let path = self.path(id).with_extension(COMING);
        if offset == 0 {
            self.make_folder_of(&path)?;
        }
        // An upload that was cancelled, or has become whole, is not made anew.
        let mut options = OpenOptions::new();
        let file = options.write(true).create(offset == 0).truncate(false).mode(MODE).open(path)?;
        check_space(&file, block.len() as u64)?;
        file.write_all_at(block, offset)
    }

    /// Brings all blocks of an upload to the disk.
    pub fn sync(&self, id: &FileId) -> io::Result<()> {
        File::open(self.path(id).with_extension(COMING))?.sync_data()
    }

    fn make_folder_of(&self, path: &Path) -> io::Result<()> {
        let folder = path.parent().ok_or(ErrorKind::NotFound)?;
        if !folder.exists() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            sync_folder(&self.0)?;
        }
        Ok(())
    }

    /// Ends an upload, and returns the number of its bytes. It may be repeated.
    pub fn complete(&self, id: &FileId) -> io::Result<u64> {
        let path = self.path(id);
        match fs::rename(path.with_extension(COMING), &path) {
            // It was done before.
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            renamed => renamed?,
        }
        let bytes = fs::metadata(&path)?.len();
        path.parent().map_or(Ok(()), sync_folder)?;
        Ok(bytes)
    }

    /// Puts these bytes in the place of an upload that is complete, or nothing of them.
    pub fn replace(&self, id: &FileId, bytes: &[u8]) -> io::Result<()> {
        put(&self.path(id), bytes)
    }

    /// Stores a thumbnail.
    pub fn put_thumbnail(&self, id: &FileId, bytes: &[u8]) -> io::Result<()> {
        put(&self.thumbnail(id), bytes)
    }

    /// Reads a thumbnail.
    pub fn read_thumbnail(&self, id: &FileId) -> io::Result<Vec<u8>> {
        fs::read(self.thumbnail(id))
    }

    /// Opens a file to be read.
    pub fn open(&self, id: &FileId) -> io::Result<File> {
        File::open(self.path(id))
    }

    /// Deletes a file, its thumbnail, and its upload.
    pub fn remove(&self, id: &FileId) -> io::Result<()> {
        let path = self.path(id);
        for path in [self.thumbnail(id), path.with_extension(COMING), path] {
            match fs::remove_file(path) {
                Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Writes a whole file. Whoever reads it sees the old bytes or the new ones.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let partial = path.with_extension(PARTIAL);
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(MODE).open(&partial)?;
    check_space(&file, bytes.len() as u64)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    fs::rename(&partial, path)?;
    path.parent().map_or(Ok(()), sync_folder)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Refuses bytes that would leave too little room on the disk for the log, which often lies beside the files.
fn check_space(file: &File, bytes: u64) -> io::Result<()> {
    let disk = rustix::fs::fstatvfs(file)?;
    let left = disk.f_bavail.saturating_mul(disk.f_frsize);
    if left < bytes.saturating_add(file_limits::DISK_LEFT_BYTES_MIN) {
        return Err(ErrorKind::StorageFull.into());
    }
    Ok(())
}
