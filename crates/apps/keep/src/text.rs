//! Places for texts that change and go.
//!
//! When a row of a table in SQLite becomes larger or goes, its neighbours may move to other pages and leave copies of
//! themselves in the free bytes of the old ones, which `secure_delete` does not overwrite. A text that is gone must not
//! be found there (P10). So a text lies in a place of one of a few sizes. A place never changes its size and never goes:
//! it is overwritten where it lies, emptied with zeros, and used again for another text.

use encke_engine::{Code, Error, limits};
use encke_store::{Sql, StoreError, Tx, params};

/// Bytes for the length before each text.
const LENGTH_BYTES: usize = size_of::<u32>();
/// Bytes of the places, the length included.
const SIZES: [usize; 5] = [64, 256, 1024, 4096, limits::TEXT_BYTES_MAX + LENGTH_BYTES];

/// The number of a place that holds a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct TextId(pub u64);

/// The size of the places for a text.
fn size_for(text: &str) -> Result<usize, Error> {
    let bytes = text.len() + LENGTH_BYTES;
    let size = SIZES.into_iter().find(|size| bytes <= *size);
    size.ok_or_else(|| Error::new(Code::TooLarge, "This text is too long to be kept."))
}

/// The bytes of a place with a text.
fn filled(text: &str, size: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size);
    bytes.extend((text.len() as u32).to_be_bytes());
    bytes.extend(text.as_bytes());
    bytes.resize(size, 0);
    bytes
}

/// The text in the bytes of a place.
pub(crate) fn text_in(bytes: &[u8]) -> Result<String, StoreError> {
    let text = bytes.split_first_chunk().and_then(|(length, rest)| {
        let text = rest.get(..u32::from_be_bytes(*length) as usize)?;
        std::str::from_utf8(text).ok()
    });
    text.map(str::to_owned).ok_or_else(|| StoreError::Other("a kept text is damaged".into()))
}

/// Stores a text.
pub(crate) fn put(tx: &mut Tx<'_>, text: &str) -> Result<TextId, Error> {
    let size = size_for(text)?;
    let free = "SELECT id FROM kept_text WHERE used = 0 AND size = ?1 LIMIT 1";
    if let Some(row) = tx.query_one(free, params![size as u64])? {
        let id = TextId(row.get(0)?);
        write(tx, id, true, filled(text, size))?;
        return Ok(id);
    }
    let insert = "INSERT INTO kept_text (size, used, bytes) VALUES (?1, 1, ?2) RETURNING id";
    let row = tx.query_one(insert, params![size as u64, filled(text, size)])?;
    let row = row.ok_or_else(|| StoreError::Other("an insert returned no row".into()))?;
    Ok(TextId(row.get(0)?))
}

/// Stores another text in place of one, which is gone then.
pub(crate) fn replace(tx: &mut Tx<'_>, id: TextId, text: &str) -> Result<TextId, Error> {
    let size = size_for(text)?;
    if size_of_place(tx, id)? == size {
        write(tx, id, true, filled(text, size))?;
        return Ok(id);
    }
    clear(tx, id)?;
    put(tx, text)
}

/// Overwrites a text. Its place is free for another one.
pub(crate) fn clear(tx: &mut Tx<'_>, id: TextId) -> Result<(), Error> {
    let size = size_of_place(tx, id)?;
    write(tx, id, false, vec![0; size])
}

fn size_of_place(tx: &mut Tx<'_>, id: TextId) -> Result<usize, Error> {
    let row = tx.query_one("SELECT size FROM kept_text WHERE id = ?1", params![id.0])?;
    let row = row.ok_or_else(|| StoreError::Other("a kept text is missing".into()))?;
    Ok(row.get::<u64>(0)? as usize)
}

/// Overwrites a place with as many bytes as it has.
fn write(tx: &mut Tx<'_>, id: TextId, used: bool, bytes: Vec<u8>) -> Result<(), Error> {
    let update = "UPDATE kept_text SET used = ?2, bytes = ?3 WHERE id = ?1";
    tx.execute(update, params![id.0, used, bytes])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_out_of_their_places_as_they_went_in() {
        let longest = "x".repeat(limits::TEXT_BYTES_MAX);
        for text in ["", "a", "\u{0}", "你好", &longest[..60], &longest[..61], &longest] {
            let size = size_for(text).unwrap();
            let place = filled(text, size);
            assert_eq!((place.len(), text_in(&place).unwrap().as_str()), (size, text));
        }
        assert_eq!(size_for(&longest[..60]).unwrap(), 64);
        assert_eq!(size_for(&longest[..61]).unwrap(), 256);
        assert!(size_for(&(longest + "x")).is_err());
        assert!(text_in(&[0, 0, 0, 9, 1]).is_err(), "the length lies");
        assert!(text_in(&[0, 0]).is_err());
    }
}
