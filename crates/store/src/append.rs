//! An append on its way to the writer. The rules are the engine's ([`encke_engine::append`]).

use encke_engine::append::{Appended, Guard};
use encke_engine::{Error, NewEvent};

/// One append, and the way to answer its sender.
pub struct Append {
    /// The event.
    pub event: NewEvent,
    /// The condition under which it may be appended.
    pub guard: Guard,
    /// The answer. It is called once, after the commit, on the store's thread, and must not block.
    pub reply: Box<dyn FnOnce(Result<Appended, Error>) + Send>,
}
