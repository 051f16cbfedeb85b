//! An append on its way to the writer. The rules are the engine's ([`encke_engine::append`]).

use encke_engine::append::{Appended, Guard};
use encke_engine::{Error, NewEvent};

/// One append and who is to be told.
pub struct Append {
    /// What.
    pub event: NewEvent,
    /// Who may.
    pub guard: Guard,
    /// Called once, after the commit, on the store's thread: it must not block.
    pub reply: Box<dyn FnOnce(Result<Appended, Error>) + Send>,
}
