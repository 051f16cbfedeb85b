//! Ids of what waits for its time: a letter and random digits.

use encke_engine::{Code, Error};

/// Digits of an id, four bits each.
const DIGITS: usize = 16;

/// A new id with this letter.
pub(crate) fn new_id(letter: char) -> Result<String, Error> {
    let number = getrandom::u64().map_err(|e| {
        tracing::error!("no random numbers: {e}");
        Error::new(Code::Internal, "The server has no random numbers.")
    })?;
    Ok(format!("{letter}{number:016x}"))
}

/// Whether a text of a request may be an id. Others are not asked for: not each engine takes every text.
pub(crate) fn is_id(text: &str, letter: char) -> bool {
    text.strip_prefix(letter).is_some_and(|digits| {
        digits.len() == DIGITS && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_of_its_form_are_taken_for_an_id() {
        let id = new_id('s').unwrap();
        assert!(is_id(&id, 's'), "{id}");
        for text in [
            "",
            "s",
            "s12",
            &id[1..],
            &format!("{id}0"),
            "s\u{0}00000000000000ab",
            "sABCDEF0123456789",
        ] {
            assert!(!is_id(text, 's'), "{text:?}");
        }
        assert!(!is_id(&id, 'n'));
    }
}
