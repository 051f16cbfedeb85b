//! A file: its row, and how a message shows it.

use encke_engine::PersonId;
use encke_store::{Row, Sql, StoreError, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::file_id::FileId;

/// A file as a message shows it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct File {
    /// Id of the file: random, behind an `f`. `GET /v1/files/{id}` has its bytes.
    #[schema(value_type = String)]
    pub id: FileId,
    /// The name that its uploader gave it, without paths and control characters.
    pub name: String,
    /// Number of bytes.
    pub bytes: u64,
    /// Media type, as the bytes say. `application/octet-stream` if they say nothing that is known.
    #[serde(rename = "type")]
    pub media_type: String,
    /// Pixels of a picture or video as it is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub width: Option<u64>,
    /// Pixels of a picture or video as it is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub height: Option<u64>,
    /// Milliseconds of sound or video, as its uploader tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub duration_ms: Option<u64>,
    /// Whether `GET /v1/files/{id}/thumbnail` has a small picture of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub thumbnail: bool,
}

/// The state of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// Its upload has begun.
    Coming,
    /// All bytes are there, and no message holds it.
    Whole,
    /// Messages hold it.
    Held,
    /// It is the picture of its uploader.
    Portrait,
    /// It is the picture of a room.
    Emblem,
    /// Nobody may read it any more, and housekeeping deletes it.
    Gone,
}

impl State {
    fn of(text: &str) -> Self {
        match text {
            "coming" => State::Coming,
            "whole" => State::Whole,
            "held" => State::Held,
            "portrait" => State::Portrait,
            "emblem" => State::Emblem,
            _ => State::Gone,
        }
    }

    pub fn text(self) -> &'static str {
        match self {
            State::Coming => "coming",
            State::Whole => "whole",
            State::Held => "held",
            State::Portrait => "portrait",
            State::Emblem => "emblem",
            State::Gone => "gone",
        }
    }

    /// Whether it is the picture of a person or a room, so that no message can hold it.
    pub fn stands_for_something(self) -> bool {
        matches!(self, State::Portrait | State::Emblem)
    }

    /// Whether the bytes can be read.
    pub fn is_readable(self) -> bool {
        matches!(self, State::Whole | State::Held) || self.stands_for_something()
    }
}

/// A row of `file`.
#[derive(Clone, Debug)]
pub(crate) struct FileRow {
    pub id: FileId,
    pub uploader: PersonId,
    pub name: String,
    pub bytes: u64,
    pub media_type: String,
    pub state: State,
    pub received: u64,
    pub parts: String,
    pub width: Option<u64>,
    pub height: Option<u64>,
    pub duration_ms: Option<u64>,
    pub thumbnail: Option<String>,
}

impl FileRow {
    /// The columns that [`FileRow::of`] reads.
    pub const COLUMNS: &'static str = "id, uploader, name, bytes, type, state, received, parts, \
        width, height, duration_ms, thumbnail";

    /// Reads a row of these columns.
    pub fn of(row: &Row) -> Result<Self, StoreError> {
        let id: String = row.get(0)?;
        let id = id.parse().map_err(|_| StoreError::Other(format!("{id} is no id of a file")))?;
        Ok(FileRow {
            id,
            uploader: row.get(1)?,
            name: row.get(2)?,
            bytes: row.get(3)?,
            media_type: row.get(4)?,
            state: State::of(&row.get::<String>(5)?),
            received: row.get(6)?,
            parts: row.get(7)?,
            width: row.get(8)?,
            height: row.get(9)?,
            duration_ms: row.get(10)?,
            thumbnail: row.get(11)?,
        })
    }

    /// The file as a message shows it.
    pub fn shown(&self) -> File {
        File {
            id: self.id.clone(),
            name: self.name.clone(),
            bytes: self.bytes,
            media_type: self.media_type.clone(),
            width: self.width,
            height: self.height,
            duration_ms: self.duration_ms,
            thumbnail: self.thumbnail.is_some(),
        }
    }
}

/// A file by its id, whatever its state.
pub(crate) fn find(sql: &mut impl Sql, id: &FileId) -> Result<Option<FileRow>, StoreError> {
    let query = format!("SELECT {} FROM file WHERE id = ?1", FileRow::COLUMNS);
    sql.query_one(&query, params![id])?.as_ref().map(FileRow::of).transpose()
}
