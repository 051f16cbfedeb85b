//! The body of a download: read block by block, at the pace of its reader, for as long as the reader may read it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use encke_engine::{Error, PersonId, file_limits};
use encke_site::Site;
use futures_util::stream::unfold;
use tokio::sync::mpsc::{Sender, channel};

use crate::blob::Reading;
use crate::file_id::FileId;
use crate::holding::readable;
use crate::places::Place;

/// A download under way.
pub(crate) struct Outgoing {
    pub site: Arc<Site>,
    pub id: FileId,
    pub reader: PersonId,
    pub reading: Reading,
    /// Kept until the download ends.
    pub _place: Place,
}

type Block = io::Result<Bytes>;

impl Outgoing {
    /// The body. One block waits for the reader, and no more.
    pub fn into_body(self) -> Body {
        let (blocks, taken) = channel(1);
        tokio::spawn(self.send(blocks));
        Body::from_stream(unfold(taken, async |mut taken| Some((taken.recv().await?, taken))))
    }

    /// Sends all blocks. A body that ends early breaks the connection, so its reader knows, and goes on with a range.
    async fn send(mut self, blocks: Sender<Block>) {
        let stall = Duration::from_millis(file_limits::DOWNLOAD_STALL_MS_MAX);
        let mut asked_ms = self.site.now_ms();
        loop {
            let block = match self.next(&mut asked_ms).await {
                Ok(Some(block)) => Ok(block),
                Ok(None) => return,
                Err(e) => Err(io::Error::other(e)),
            };
            let is_last = block.is_err();
            let sent = tokio::time::timeout(stall, blocks.send(block)).await;
            if is_last || !matches!(sent, Ok(Ok(()))) {
                return;
            }
        }
    }

    /// The next block, if the person may still read the file (P7).
    async fn next(&mut self, asked_ms: &mut u64) -> Result<Option<Bytes>, Error> {
        let now = self.site.now_ms();
        if now.saturating_sub(*asked_ms) >= file_limits::DOWNLOAD_ACCESS_MS {
            *asked_ms = now;
            let (id, reader) = (self.id.clone(), self.reader);
            self.site.store.read(move |read| readable(read, &id, reader)).await?;
        }
        self.reading.next().await
    }
}
