//! Pages of a product that other sites embed.

use encke_engine::Error;
use encke_store::Read;

/// What the server asks the product whose pages are embedded.
pub trait Embedding: Send + Sync {
    /// The origins whose pages may frame the page with this public key. With none, every page may; an unknown key has none.
    fn origins(&self, read: &mut Read<'_>, key: &str) -> Result<Vec<String>, Error>;
}

/// The product whose pages are embedded, among the [parts](crate::Parts).
pub struct Embedded(pub &'static dyn Embedding);
