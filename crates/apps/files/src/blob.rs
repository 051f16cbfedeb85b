//! The bytes of files, wherever they lie.

use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use encke_engine::{Code, Error, file_limits};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::bucket::{Bucket, Part};
use crate::file_id::{FileId, not_found};
use crate::folder::Folder;

/// A place where the bytes of files lie.
#[derive(Clone, Debug)]
pub(crate) enum Blobs {
    /// A folder of this machine.
    Folder(Folder),
    /// A bucket of S3-compatible storage.
    Bucket(Bucket),
}

/// Does work that blocks.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let done = spawn_blocking(work).await;
    done.map_err(|e| refused(&io::Error::other(e)))?.map_err(|e| refused(&e))
}

/// Blocks on their way to the disk.
pub(crate) struct Syncing(JoinHandle<io::Result<()>>);

impl Syncing {
    /// Whether waiting for it would take no time.
    pub fn is_over(&self) -> bool {
        self.0.is_finished()
    }

    /// Waits until the blocks are on the disk.
    pub async fn over(self) -> Result<(), Error> {
        self.0.await.map_err(|e| refused(&io::Error::other(e)))?.map_err(|e| refused(&e))
    }
}

/// The refusal after a fault of the disk.
fn refused(e: &io::Error) -> Error {
    match e.kind() {
        io::ErrorKind::NotFound => not_found(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Error::new(Code::StoreFull, "The disk is full; the operator has to make room.")
        }
        _ => {
            tracing::error!("the folder of files: {e}");
            Error::new(Code::Internal, "The file could not be stored or read.")
        }
    }
}

impl Blobs {
    /// Whether blocks are brought to the disk together, and may be shorter than
    /// [`UPLOAD_BLOCK_BYTES`](file_limits::UPLOAD_BLOCK_BYTES). In a bucket, each block is durable by itself.
    pub fn takes_short_blocks(&self) -> bool {
        match self {
            Blobs::Folder(_) => true,
            Blobs::Bucket(_) => false,
        }
    }

    /// Stores a block of an upload. `parts` is what the former block returned, or empty. Returns what the next block
    /// needs. The block is durable after [`Blobs::sync`].
    pub async fn write(
        &self,
        id: &FileId,
        parts: String,
        offset: u64,
        block: Bytes,
    ) -> Result<String, Error> {
        match self {
            Blobs::Folder(folder) => {
                let (folder, id) = (folder.clone(), id.clone());
                blocking(move || folder.write(&id, offset, &block)).await?;
                Ok(parts)
            }
            Blobs::Bucket(bucket) => bucket.write(id, parts, block).await,
        }
    }

    /// Begins to make all blocks of an upload durable. `None` if they are so already.
    pub fn begin_sync(&self, id: &FileId) -> Option<Syncing> {
        match self {
            Blobs::Folder(folder) => {
                let (folder, id) = (folder.clone(), id.clone());
                Some(Syncing(spawn_blocking(move || folder.sync(&id))))
            }
            Blobs::Bucket(_) => None,
        }
    }

    /// Makes all blocks of an upload durable.
    pub async fn sync(&self, id: &FileId) -> Result<(), Error> {
        match self.begin_sync(id) {
            Some(syncing) => syncing.over().await,
            None => Ok(()),
        }
    }

    /// Ends an upload, and returns the number of its bytes. It may be repeated.
    pub async fn complete(&self, id: &FileId, parts: &str) -> Result<u64, Error> {
        match self {
            Blobs::Folder(folder) => {
                let (folder, id) = (folder.clone(), id.clone());
                blocking(move || folder.complete(&id)).await
            }
            Blobs::Bucket(bucket) => bucket.complete(id, parts).await,
        }
    }

    /// Puts these bytes in the place of an upload that is complete.
    pub async fn replace(&self, id: &FileId, bytes: Bytes) -> Result<(), Error> {
        match self {
            Blobs::Folder(folder) => {
                let (folder, id) = (folder.clone(), id.clone());
                blocking(move || folder.replace(&id, &bytes)).await
            }
            Blobs::Bucket(bucket) => bucket.replace(id, bytes).await,
        }
    }

    /// Stores a thumbnail.
    pub async fn put_thumbnail(&self, id: &FileId, bytes: Bytes) -> Result<(), Error> {
        match self {
            Blobs::Folder(folder) => {
                let (folder, id) = (folder.clone(), id.clone());
                blocking(move || folder.put_thumbnail(&id, &bytes)).await
            }
            Blobs::Bucket(bucket) => bucket.put_thumbnail(id, bytes).await,
        }
    }

    /// Reads a thumbnail.
    pub async fn read_thumbnail(&self, id: &FileId) -> Result<Bytes, Error> {
        match self {
            Blobs::Folder(folder) => {
                let (folder, id) = (folder.clone(), id.clone());
                Ok(blocking(move || folder.read_thumbnail(&id)).await?.into())
            }
            Blobs::Bucket(bucket) => bucket.read_thumbnail(id).await,
        }
    }

    /// Begins to read a file from `from` up to `to`.
    pub async fn read(&self, id: &FileId, from: u64, to: u64) -> Result<Reading, Error> {
        let source = match self {
            Blobs::Folder(folder) => {
                let (folder, id) = (folder.clone(), id.clone());
                Source::File(Arc::new(blocking(move || folder.open(&id)).await?))
            }
            Blobs::Bucket(bucket) => Source::Part(bucket.read(id, from, to).await?),
        };
        Ok(Reading { source, at: from, to })
    }

    /// Reads a part of a file into memory.
    pub async fn read_all(&self, id: &FileId, from: u64, to: u64) -> Result<Bytes, Error> {
        let mut reading = self.read(id, from, to).await?;
        let mut all = Vec::with_capacity((to - from) as usize);
        while let Some(block) = reading.next().await? {
            all.extend_from_slice(&block);
        }
        Ok(all.into())
    }

    /// Deletes a file, its thumbnail, and what there is of its upload.
    pub async fn remove(&self, id: &FileId, parts: &str) -> Result<(), Error> {
        match self {
            Blobs::Folder(folder) => {
                let (folder, id) = (folder.clone(), id.clone());
                blocking(move || folder.remove(&id)).await
            }
            Blobs::Bucket(bucket) => bucket.remove(id, parts).await,
        }
    }
}

enum Source {
    File(Arc<std::fs::File>),
    Part(Part),
}

/// A file that is being read.
pub(crate) struct Reading {
    source: Source,
    at: u64,
    to: u64,
}

impl Reading {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// If the file is shorter than it should be, or can't be read.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if self.at >= self.to {
            return Ok(None);
        }
        let block = match &mut self.source {
            Source::File(file) => {
                let (file, at) = (file.clone(), self.at);
                let most = (self.to - at).min(file_limits::DOWNLOAD_BLOCK_BYTES as u64) as usize;
                blocking(move || {
                    let mut block = vec![0; most];
                    file.read_exact_at(&mut block, at)?;
                    Ok(Bytes::from(block))
                })
                .await?
            }
            Source::Part(part) => {
                let short = || Error::new(Code::Internal, "The file could not be read to its end.");
                part.next().await?.ok_or_else(short)?
            }
        };
        self.at += block.len() as u64;
        Ok(Some(block))
    }
}
