//! Files that the server itself has got for somebody, such as those of a mail.

use std::sync::Arc;

use bytes::Bytes;
use encke_engine::{Code, Error, PersonId, file_limits};
use encke_site::{Role, Site};

use crate::file::{FileRow, State};
use crate::file_id::FileId;
use crate::storage::Storage;
use crate::upload::insert;
use crate::{file_name, finish, media_type};

/// Stores these bytes as a file of a person, within its room. Until a message holds the file it is the person's alone, and it is
/// collected if none does.
pub async fn keep(
    site: &Arc<Site>,
    person: PersonId,
    name: &str,
    bytes: Bytes,
) -> Result<FileId, Error> {
    let allowance = Storage::of(site).allowance()?;
    if bytes.is_empty() || bytes.len() as u64 > allowance.file {
        return Err(Error::new(Code::TooLarge, "The file is empty, or too large."));
    }
    let mut row = FileRow {
        id: FileId::random()?,
        uploader: person,
        name: file_name::cleaned(name),
        bytes: bytes.len() as u64,
        media_type: media_type::UNKNOWN.to_owned(),
        state: State::Coming,
        received: 0,
        parts: String::new(),
        width: None,
        height: None,
        duration_ms: None,
        thumbnail: None,
    };
    let (begun, id) = (row.clone(), row.id.clone());
    site.store.write(move |tx| insert(tx, &begun, Role::Guest, &allowance)).await?;
    let blobs = Storage::of(site).blobs()?;
    let mut rest = bytes;
    while !rest.is_empty() {
        let block = rest.split_to(rest.len().min(file_limits::UPLOAD_BLOCK_BYTES));
        let (offset, length) = (row.received, block.len() as u64);
        row.parts = blobs.write(&id, std::mem::take(&mut row.parts), offset, block).await?;
        row.received += length;
    }
    blobs.sync(&id).await?;
    finish::finish(site, row).await?;
    Ok(id)
}
