//! Uploads, in pieces that can be resumed.
//!
//! A client announces a file, and then sends its bytes from the beginning, in one piece or in several. What is on the
//! disk is noted in the row of the file, so an upload goes on after a break of the connection and after a restart
//! of the server: the client asks how far it is, and sends the rest.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::BodyDataStream;
use axum::extract::{Request, State as Shared};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use encke_engine::number_text::{bytes as said, grouped};
use encke_engine::{Code, Error, file_limits};
use encke_site::body;
use encke_site::caller::CallerOrVisitor;
use encke_site::path::Path;
use encke_site::{Act, Body, Identity, Refusal, Role, Site};
use encke_store::{Sql, Tx, params};
use futures_util::StreamExt;
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::blob::Syncing;
use crate::file::{File, FileRow, State, find};
use crate::file_id::{FileId, not_found};
use crate::holding::readable;
use crate::options::Allowance;
use crate::storage::Storage;
use crate::{file_name, finish, media_type, room};

/// The header that says where a piece begins.
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// The header that says how long an upload will be.
const LENGTH: HeaderName = HeaderName::from_static("upload-length");

/// Largest width and height that an uploader may name: what the description's `int32` holds.
const SIDE_PIXELS_MAX: u32 = i32::MAX as u32;

/// A file that is announced.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewFile {
    /// The name of the file. Paths and control characters are taken out of it.
    name: String,
    /// Number of bytes, from 1 on.
    #[schema(minimum = 1)]
    bytes: u64,
    /// Media type: a hint for files whose bytes say nothing.
    #[serde(rename = "type")]
    announced: Option<String>,
    /// Pixels of a video; of pictures the server finds them out.
    width: Option<u32>,
    /// Pixels of a video; of pictures the server finds them out.
    height: Option<u32>,
    /// Milliseconds of sound or video.
    duration_ms: Option<u64>,
}

/// An upload that has begun.
#[derive(Serialize, ToSchema)]
pub(crate) struct UploadBegun {
    /// Id of the file.
    #[schema(value_type = String)]
    id: FileId,
    /// The number of bytes that are stored.
    offset: u64,
    /// The address that takes the bytes.
    url: String,
}

/// The state of an upload.
#[derive(Serialize, ToSchema)]
pub(crate) struct UploadState {
    /// The number of bytes that are stored: where the next piece begins.
    offset: u64,
    /// The file, once it is whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    file: Option<File>,
}

/// Announces a file. Its bytes follow with `PATCH`.
#[utoipa::path(post, operation_id = "begin_upload", path = "/v1/files", tag = "files",
    request_body = NewFile,
    responses((status = 201, body = UploadBegun), (status = 409, description = "conflict, no_room"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn begin(
    Shared(site): Shared<Arc<Site>>,
    caller: CallerOrVisitor,
    Body(new): Body<NewFile>,
) -> Result<(StatusCode, Json<UploadBegun>), Refusal> {
    let Identity { person, role, .. } = caller.0;
    let allowance = Storage::of(&site).allowance()?;
    let row = announced(&caller, new, &allowance)?;
    site.take(person, role, Act::File)?;
    let id = row.id.clone();
    site.store.write(move |tx| insert(tx, &row, role, &allowance)).await?;
    let url = format!("/v1/files/{id}");
    Ok((StatusCode::CREATED, Json(UploadBegun { id, offset: 0, url })))
}

fn announced(
    caller: &CallerOrVisitor,
    new: NewFile,
    allowance: &Allowance,
) -> Result<FileRow, Error> {
    let NewFile { name, bytes, announced, width, height, duration_ms } = new;
    if bytes == 0 {
        return Err(Error::new(Code::Invalid, "A file has at least one byte."));
    }
    if bytes > allowance.file {
        let what = format!("A file has at most {}.", said(allowance.file));
        return Err(Error::new(Code::TooLarge, what));
    }
    if duration_ms.is_some_and(|ms| ms > file_limits::FILE_DURATION_MS_MAX) {
        let most = grouped(file_limits::FILE_DURATION_MS_MAX);
        return Err(Error::new(Code::Invalid, format!("duration_ms is at most {most}.")));
    }
    if [width, height].into_iter().flatten().any(|pixels| pixels > SIDE_PIXELS_MAX) {
        let most = grouped(SIDE_PIXELS_MAX);
        return Err(Error::new(Code::Invalid, format!("width and height are at most {most}.")));
    }
    Ok(FileRow {
        id: FileId::random()?,
        uploader: caller.0.person,
        name: file_name::cleaned(&name),
        bytes,
        media_type: media_type::check(announced.as_deref())?,
        state: State::Coming,
        received: 0,
        parts: String::new(),
        width: width.map(u64::from),
        height: height.map(u64::from),
        duration_ms,
        thumbnail: None,
    })
}

/// Notes an upload that begins, and takes the room for it.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    row: &FileRow,
    role: Role,
    allowance: &Allowance,
) -> Result<(), Error> {
    let query = "SELECT count(*) FROM file WHERE uploader = ?1 AND state = 'coming'";
    let begun = tx.query_one(query, params![row.uploader])?.map_or(Ok(0), |row| row.get(0))?;
    if begun >= file_limits::UPLOADS_BEGUN_PER_PERSON_MAX {
        let what = "You have begun many uploads; finish or cancel some first.";
        return Err(Error::new(Code::Conflict, what));
    }
    room::take(tx, row.uploader, role, row.bytes, allowance)?;
    let now = tx.now_ms();
    tx.execute(
        "INSERT INTO file (id, uploader, name, bytes, type, state, received, parts,
             width, height, duration_ms, created_ms, touched_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, 'coming', 0, '', ?6, ?7, ?8, ?9, ?9)",
        params![
            &row.id,
            row.uploader,
            &row.name,
            row.bytes,
            &row.media_type,
            row.width,
            row.height,
            row.duration_ms,
            now
        ],
    )?;
    Ok(())
}

/// Takes a piece of a file. It begins where the upload is; the answer to the last one has the file.
#[utoipa::path(patch, operation_id = "upload", path = "/v1/files/{id}", tag = "files",
    params(("id" = String, Path),
        ("Upload-Offset" = u64, Header, description = "The number of bytes that are stored already.")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = UploadState), (status = 404, description = "not_found"),
        (status = 409, description = "conflict"), (status = 429, description = "rate_limited")))]
pub(crate) async fn piece(
    Shared(site): Shared<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<UploadState>, Refusal> {
    let (id, me): (FileId, _) = (id.parse()?, caller.0.person);
    site.take(me, caller.0.role, Act::FileRequest)?;
    check_type(request.headers())?;
    let offset = offset_of(request.headers())?;
    let _turn = Storage::of(&site).begin(&id, me)?;
    let own = id.clone();
    let found = site.store.read(move |read| Ok(find(read, &own)?));
    let row = found.await?.filter(|row| row.uploader == me && row.state != State::Gone);
    let row = row.ok_or_else(not_found)?;
    if offset != row.received {
        let what = format!("The upload is at {}; go on there.", grouped(row.received));
        return Err(Error::new(Code::Conflict, what).into());
    }
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let length = announced.and_then(|v| v.to_str().ok()?.parse::<u64>().ok()).unwrap_or_default();
    if length > row.bytes - row.received {
        return Err(too_long().into());
    }
    if row.state != State::Coming {
        // The answer to the last piece was lost.
        return Ok(Json(UploadState { offset: row.received, file: Some(row.shown()) }));
    }
    let mut receiving = Receiving { site: &site, written: row.received, row, syncing: None };
    receiving.take(request.into_body().into_data_stream()).await?;
    let row = receiving.row;
    let offset = row.received;
    let file = if offset == row.bytes { Some(finish::finish(&site, row).await?) } else { None };
    Ok(Json(UploadState { offset, file }))
}

fn too_long() -> Error {
    Error::new(Code::TooLarge, "The file has more bytes than were announced.")
}

fn check_type(headers: &HeaderMap) -> Result<(), Error> {
    let essence = body::essence(body::content_type(headers));
    if essence.eq_ignore_ascii_case(media_type::UNKNOWN) {
        return Ok(());
    }
    Err(Error::new(Code::WrongType, "The body has to be application/octet-stream."))
}

fn offset_of(headers: &HeaderMap) -> Result<u64, Error> {
    let text = headers.get(OFFSET).and_then(|value| value.to_str().ok());
    let digits = text.filter(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit()));
    let wrong = || Error::new(Code::BadRequest, "The header Upload-Offset has to be a number.");
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(wrong)
}

/// An upload that a piece is coming for.
struct Receiving<'a> {
    site: &'a Site,
    /// Its `received` is what the store has noted.
    row: FileRow,
    /// The bytes that are written, whether they are noted or not.
    written: u64,
    /// Blocks go to the disk while further ones come, so that [`Receiving::note`] waits for little.
    syncing: Option<Syncing>,
}

impl Receiving<'_> {
    /// Stores the bytes of a piece, block by block. What was stored stays, also if the piece breaks off.
    async fn take(&mut self, mut piece: BodyDataStream) -> Result<(), Error> {
        let wait = Duration::from_millis(file_limits::UPLOAD_WAIT_MS_MAX);
        let mut block = BytesMut::new();
        loop {
            let next = tokio::time::timeout(wait, piece.next()).await;
            let Ok(Some(Ok(mut bytes))) = next else {
                self.store_last(block.freeze()).await?;
                self.note().await?;
                let whole = matches!(next, Ok(None));
                let early = || Error::new(Code::BadRequest, "The piece ended too early.");
                return if whole { Ok(()) } else { Err(early()) };
            };
            if (block.len() + bytes.len()) as u64 > self.row.bytes - self.written {
                return Err(too_long());
            }
            while block.len() + bytes.len() >= file_limits::UPLOAD_BLOCK_BYTES {
                let missing = bytes.split_to(file_limits::UPLOAD_BLOCK_BYTES - block.len());
                block.extend_from_slice(&missing);
                self.store(block.split().freeze()).await?;
            }
            block.extend_from_slice(&bytes);
        }
    }

    /// Stores the last block of a piece, if it can be stored by itself.
    async fn store_last(&mut self, block: Bytes) -> Result<(), Error> {
        let is_end = self.written + block.len() as u64 == self.row.bytes;
        let takes = is_end || Storage::of(self.site).blobs()?.takes_short_blocks();
        if block.is_empty() || !takes { Ok(()) } else { self.store(block).await }
    }

    /// Stores a block. It is noted with others, because bringing each to the disk by itself takes several times as long.
    async fn store(&mut self, block: Bytes) -> Result<(), Error> {
        let blobs = Storage::of(self.site).blobs()?;
        let bytes = block.len() as u64;
        let parts = std::mem::take(&mut self.row.parts);
        self.row.parts = blobs.write(&self.row.id, parts, self.written, block).await?;
        self.written += bytes;
        let is_due = self.written - self.row.received >= file_limits::UPLOAD_SYNC_BYTES;
        if is_due || !blobs.takes_short_blocks() {
            return self.note().await;
        }
        if self.syncing.as_ref().is_none_or(Syncing::is_over) {
            self.synced().await?;
            self.syncing = blobs.begin_sync(&self.row.id);
        }
        Ok(())
    }

    /// Waits for the blocks that are on their way to the disk. A fault is told once, so it must not be missed.
    async fn synced(&mut self) -> Result<(), Error> {
        match self.syncing.take() {
            Some(syncing) => syncing.over().await,
            None => Ok(()),
        }
    }

    /// Notes what is written, once it is durable.
    async fn note(&mut self) -> Result<(), Error> {
        let (id, from, to) = (self.row.id.clone(), self.row.received, self.written);
        if from == to {
            return Ok(());
        }
        self.synced().await?;
        Storage::of(self.site).blobs()?.sync(&id).await?;
        let parts = self.row.parts.clone();
        let noted = self.site.store.write(move |tx| {
            let now = tx.now_ms();
            let update = "UPDATE file SET received = ?3, parts = ?4, touched_ms = ?5
                          WHERE id = ?1 AND received = ?2 AND state = 'coming'";
            Ok(tx.execute(update, params![&id, from, to, parts, now])?)
        });
        if noted.await? == 0 {
            let what = "The upload was cancelled, or goes on elsewhere.";
            return Err(Error::new(Code::Conflict, what));
        }
        self.row.received = to;
        Ok(())
    }
}

/// How far an upload is.
#[utoipa::path(head, operation_id = "upload_state", path = "/v1/files/{id}", tag = "files",
    params(("id" = String, Path)),
    responses((status = 200, headers(
            ("Upload-Offset" = u64, description = "Bytes that are stored: where the next piece begins."),
            ("Upload-Length" = u64, description = "Bytes of the whole file."))),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn state(
    Shared(site): Shared<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let (id, me): (FileId, _) = (id.parse()?, caller.0.person);
    site.take(me, caller.0.role, Act::FileRequest)?;
    let row = site.store.read(move |read| {
        let own = find(read, &id)?.filter(|row| row.uploader == me && row.state == State::Coming);
        own.map_or_else(|| readable(read, &id, me), Ok)
    });
    let row = row.await?;
    let offset = if row.state == State::Coming { row.received } else { row.bytes };
    let lines = [(OFFSET, offset.to_string()), (LENGTH, row.bytes.to_string())];
    Ok(lines.into_response())
}

/// Cancels an upload, or deletes a file of the caller that no message holds.
#[utoipa::path(delete, operation_id = "delete_file", path = "/v1/files/{id}", tag = "files",
    params(("id" = String, Path)),
    responses((status = 204), (status = 404, description = "not_found"),
        (status = 409, description = "conflict"), (status = 429, description = "rate_limited")))]
pub(crate) async fn cancel(
    Shared(site): Shared<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let (id, me): (FileId, _) = (id.parse()?, caller.0.person);
    site.take(me, caller.0.role, Act::FileRequest)?;
    let cancelled = site.store.write(move |tx| {
        let row = find(tx, &id)?.filter(|row| row.uploader == me && row.state != State::Gone);
        let held = match row.ok_or_else(not_found)?.state {
            State::Held => Some("A message holds this file; recall the message."),
            State::Portrait => Some("This is your picture; take it away in your profile."),
            State::Emblem => Some("This is the picture of a room; take it away there."),
            _ => None,
        };
        if let Some(what) = held {
            return Err(Error::new(Code::Conflict, what));
        }
        let now = tx.now_ms();
        let update = "UPDATE file SET state = 'gone', name = '', touched_ms = ?2 WHERE id = ?1";
        tx.execute(update, params![&id, now])?;
        Ok(())
    });
    cancelled.await?;
    Ok(StatusCode::NO_CONTENT)
}
