//! The text of a search in a query string.

use encke_engine::{Code, Error};

/// Refuses a search for a text that is longer than anything it could find.
pub fn check_search(q: &str, chars_max: usize) -> Result<(), Error> {
    if q.chars().count() > chars_max {
        let what = format!("A search has at most {chars_max} characters.");
        return Err(Error::new(Code::Invalid, what));
    }
    Ok(())
}
