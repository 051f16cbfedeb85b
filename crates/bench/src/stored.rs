//! Bytes that a SQLite store takes, while a server runs on it.

use std::path::Path;

use anyhow::{Context, Result};
use rusqlite::{Connection, OpenFlags};

/// Bytes of all pages that are in use. The newest of them may lie in the write-ahead log, so the figure is the same
/// before and after a checkpoint.
pub fn bytes(data: &Path) -> Result<u64> {
    let path = data.join("space.db");
    let open = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .with_context(|| path.display().to_string())?;
    let pragma = |name: &str| open.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = pragma("page_count")? - pragma("freelist_count")?;
    Ok(u64::try_from(pages * pragma("page_size")?)?)
}
