//! Which sites may show the desk within their pages.

use encke_engine::{Code, Error};
use encke_site::Embedding;
use encke_store::Read;

use crate::desk::DeskRow;

/// The desk, whose window other sites embed.
pub(crate) struct Window;

impl Embedding for Window {
    fn origins(&self, read: &mut Read<'_>, key: &str) -> Result<Vec<String>, Error> {
        match DeskRow::by_key(read, key) {
            Ok(desk) => Ok(desk.settings.origins),
            Err(error) if error.code == Code::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}
