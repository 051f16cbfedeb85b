//! Bytes of files in a bucket of S3-compatible storage.
//!
//! A file is an object under its id. An upload is a multipart upload: each block is a part, and the row of the file
//! keeps what completes it, so that any node goes on with it at any time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use encke_engine::{Code, Error, file_limits};
use futures_util::stream::BoxStream;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{
    ClientOptions, Error as S3Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, RetryConfig,
};

use crate::file_id::{FileId, not_found};
use crate::options::BucketOptions;

/// The ending of a thumbnail's name.
const THUMBNAIL: &str = ".thumbnail";
/// Tries of a request beside the first.
const RETRIES: usize = 3;

/// A bucket of files.
#[derive(Clone)]
pub(crate) struct Bucket(Arc<AmazonS3>);

impl fmt::Debug for Bucket {
    // The client knows the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bucket")
    }
}

/// The refusal after a fault of the storage.
fn refused(e: &S3Error) -> Error {
    if matches!(e, S3Error::NotFound { .. }) {
        return not_found();
    }
    tracing::error!("the bucket of files: {e}");
    Error::new(Code::Overloaded, "The storage of files does not answer; try again.")
}

fn path(id: &FileId) -> Path {
    Path::from(id.text())
}

fn thumbnail(id: &FileId) -> Path {
    Path::from(format!("{id}{THUMBNAIL}"))
}

/// What completes a multipart upload: its id, and the id of each part, a line each.
struct Parts {
    upload: String,
    parts: Vec<PartId>,
}

impl Parts {
    fn of(text: &str) -> Option<Self> {
        let mut lines = text.lines().map(str::to_owned);
        let upload = lines.next()?;
        Some(Parts { upload, parts: lines.map(|content_id| PartId { content_id }).collect() })
    }
}

impl Bucket {
    /// The bucket that these options name.
    pub fn new(options: &BucketOptions) -> anyhow::Result<Self> {
        // The client takes the cryptography that the process has chosen, as everything else here does.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let wait = Duration::from_millis(file_limits::BUCKET_WAIT_MS_MAX);
        let client = ClientOptions::new()
            .with_allow_http(options.endpoint.as_deref().is_some_and(|e| e.starts_with("http://")))
            .with_connect_timeout(wait)
            .with_read_timeout(wait)
            // A download takes as long as its reader does.
            .with_timeout_disabled();
        let retry = RetryConfig { max_retries: RETRIES, retry_timeout: wait, ..Default::default() };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&options.bucket)
            .with_region(&options.region)
            .with_retry(retry)
            .with_client_options(client);
        if let Some(endpoint) = &options.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some((id, secret)) = &options.key {
            builder = builder.with_access_key_id(id).with_secret_access_key(secret);
        }
        Ok(Bucket(Arc::new(builder.build()?)))
    }

    /// Stores a block of an upload as its next part.
    pub async fn write(&self, id: &FileId, parts: String, block: Bytes) -> Result<String, Error> {
        let path = path(id);
        let Parts { upload, parts } = match Parts::of(&parts) {
            Some(parts) => parts,
            None => {
                let upload = self.0.create_multipart(&path).await.map_err(|e| refused(&e))?;
                Parts { upload, parts: Vec::new() }
            }
        };
        let part = self.0.put_part(&path, &upload, parts.len(), block.into()).await;
        let part = part.map_err(|e| refused(&e))?;
        let lines = parts.into_iter().chain([part]).map(|part| part.content_id);
        Ok([upload].into_iter().chain(lines).collect::<Vec<_>>().join("\n"))
    }

    /// Makes an object of the parts, and returns the number of its bytes.
    pub async fn complete(&self, id: &FileId, parts: &str) -> Result<u64, Error> {
        let path = path(id);
        if let Some(Parts { upload, parts }) = Parts::of(parts)
            && let Err(e) = self.0.complete_multipart(&path, &upload, parts).await
        {
            // The answer to an earlier try may have been lost; then the object is there.
            tracing::debug!("completing {id}: {e}");
        }
        Ok(self.0.head(&path).await.map_err(|e| refused(&e))?.size)
    }

    /// Puts these bytes in the place of the object.
    pub async fn replace(&self, id: &FileId, bytes: Bytes) -> Result<(), Error> {
        self.put(path(id), bytes).await
    }

    /// Stores a thumbnail.
    pub async fn put_thumbnail(&self, id: &FileId, bytes: Bytes) -> Result<(), Error> {
        self.put(thumbnail(id), bytes).await
    }

    async fn put(&self, path: Path, bytes: Bytes) -> Result<(), Error> {
        self.0.put(&path, bytes.into()).await.map(drop).map_err(|e| refused(&e))
    }

    /// Reads a thumbnail.
    pub async fn read_thumbnail(&self, id: &FileId) -> Result<Bytes, Error> {
        let got = self.0.get(&thumbnail(id)).await.map_err(|e| refused(&e))?;
        got.bytes().await.map_err(|e| refused(&e))
    }

    /// Begins to read a part of an object.
    pub async fn read(&self, id: &FileId, from: u64, to: u64) -> Result<Part, Error> {
        let range = Some(GetRange::Bounded(from..to));
        let options = GetOptions { range, ..Default::default() };
        let got = self.0.get_opts(&path(id), options).await.map_err(|e| refused(&e))?;
        Ok(Part(got.into_stream()))
    }

    /// Deletes an object, its thumbnail, and the parts of an upload.
    pub async fn remove(&self, id: &FileId, parts: &str) -> Result<(), Error> {
        if let Some(Parts { upload, .. }) = Parts::of(parts) {
            let aborted = self.0.abort_multipart(&path(id), &upload).await;
            gone(aborted)?;
        }
        gone(self.0.delete(&thumbnail(id)).await)?;
        gone(self.0.delete(&path(id)).await)
    }
}

/// What is not there is deleted.
fn gone(deleted: Result<(), S3Error>) -> Result<(), Error> {
    match deleted {
        Err(S3Error::NotFound { .. }) => Ok(()),
        other => other.map_err(|e| refused(&e)),
    }
}

/// A part of an object that is being read.
pub(crate) struct Part(BoxStream<'static, Result<Bytes, S3Error>>);

impl Part {
    /// The next bytes; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        use futures_util::StreamExt;
        self.0.next().await.transpose().map_err(|e| refused(&e))
    }
}
