//! The public key of a desk: what a page names it by.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use encke_engine::{Code, Error};

/// Characters of a key, six bits each.
const CHARS: usize = 16;

/// A new key: 96 random bits.
pub(crate) fn new_key() -> Result<String, Error> {
    let mut bytes = [0; CHARS * 6 / 8];
    getrandom::fill(&mut bytes).map_err(|e| {
        tracing::error!("no random numbers: {e}");
        Error::new(Code::Internal, "The server has no random numbers.")
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Refuses a text that can't be a key. Others are not asked for: not each engine takes every text.
pub(crate) fn check_key(text: &str) -> Result<(), Error> {
    let is_of_key = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if text.len() == CHARS && text.bytes().all(is_of_key) {
        return Ok(());
    }
    Err(no_such_desk())
}

/// The refusal of a key or an id that no desk has, or one of others.
pub(crate) fn no_such_desk() -> Error {
    Error::new(Code::NotFound, "There is no such desk.")
}
