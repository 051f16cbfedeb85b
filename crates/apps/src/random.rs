//! Secrets.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use encke_engine::{Code, Error};

/// A secret of 256 bits as text, behind a prefix that tells what it is.
pub(crate) fn secret(prefix: &str) -> Result<String, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|e| {
        tracing::error!("no random numbers: {e}");
        Error::new(Code::Internal, "The server has no random numbers.")
    })?;
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes)))
}
