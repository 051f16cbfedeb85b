//! The end of an upload: what the bytes are, and what is done with a picture.

use std::sync::Arc;

use bytes::Bytes;
use encke_engine::{Code, Error, file_limits};
use encke_site::Site;
use encke_store::params;
use tokio::task::spawn_blocking;

use crate::blob::Blobs;
use crate::file::{File, FileRow, State};
use crate::file_id::not_found;
use crate::picture::{self, Picture};
use crate::storage::Storage;
use crate::{media_type, room};

/// Ends an upload with all its bytes. If the server dies in the midst of it, the client's next piece, an empty one, does
/// it again.
pub(crate) async fn finish(site: &Arc<Site>, mut row: FileRow) -> Result<File, Error> {
    let blobs = Storage::of(site).blobs()?;
    let announced = row.bytes;
    row.bytes = blobs.complete(&row.id, &row.parts).await?;
    let first = row.bytes.min(media_type::SNIFFED_BYTES);
    let first = blobs.read_all(&row.id, 0, first).await?;
    row.media_type = media_type::of(&first, &row.media_type);
    if media_type::PICTURES.contains(&row.media_type.as_str()) {
        take_picture(site, blobs, &mut row).await?;
    } else if !media_type::is_played(&row.media_type) {
        (row.width, row.height, row.duration_ms) = (None, None, None);
    }
    row.state = State::Whole;
    let file = row.shown();
    site.store.write(move |tx| {
        let now = tx.now_ms();
        let changed = tx.execute(
            "UPDATE file SET state = 'whole', bytes = ?2, received = ?2, type = ?3, width = ?4, height = ?5,
                 duration_ms = ?6, thumbnail = ?7, parts = '', touched_ms = ?8
             WHERE id = ?1 AND state = 'coming'",
            params![
                &row.id,
                row.bytes,
                &row.media_type,
                row.width,
                row.height,
                row.duration_ms,
                row.thumbnail.as_deref(),
                now
            ],
        )?;
        if changed == 0 {
            // It was cancelled meanwhile.
            return Err(not_found());
        }
        Ok(room::change(tx, row.uploader, row.bytes as i64 - announced as i64)?)
    }).await?;
    Ok(file)
}

/// Looks into a picture, and stores it without what it says about its place and maker, and with a thumbnail. What is no
/// picture after all, or too large a one, becomes a file of no known type: it is never shown in place.
async fn take_picture(site: &Arc<Site>, blobs: &Blobs, row: &mut FileRow) -> Result<(), Error> {
    (row.width, row.height, row.duration_ms) = (None, None, None);
    let looked_at = if row.bytes > file_limits::PICTURE_BYTES_MAX {
        None
    } else {
        let permit = Storage::of(site).pictures.acquire().await;
        let _permit = permit.map_err(|_| Error::draining())?;
        let bytes = blobs.read_all(&row.id, 0, row.bytes).await?;
        look_at(bytes, row.media_type.clone()).await?
    };
    let Some(Picture { width, height, clean, thumbnail }) = looked_at else {
        row.media_type = media_type::UNKNOWN.to_owned();
        return Ok(());
    };
    if let Some(clean) = clean {
        row.bytes = clean.len() as u64;
        blobs.replace(&row.id, clean).await?;
    }
    if let Some((bytes, media_type)) = thumbnail {
        blobs.put_thumbnail(&row.id, bytes).await?;
        row.thumbnail = Some(media_type.to_owned());
    }
    (row.width, row.height) = (Some(width.into()), Some(height.into()));
    Ok(())
}

/// Looks at a picture where that holds nothing up. `None` if it is none, or beyond a bound.
pub(crate) async fn look_at(bytes: Bytes, media_type: String) -> Result<Option<Picture>, Error> {
    let looked = spawn_blocking(move || picture::look_at(&bytes, &media_type)).await;
    looked.or_else(|e| {
        // A decoder that panics on these bytes has found that they are no picture to be shown.
        if e.is_panic() {
            Ok(None)
        } else {
            Err(Error::new(Code::Overloaded, "The server is going down."))
        }
    })
}
