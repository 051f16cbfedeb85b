//! The cursor: a client keeps it to come back to exactly where it was.

use std::fmt;
use std::str::FromStr;

use bytes::BufMut;

use crate::error::{Code, Error};
use crate::ids::{Epoch, Position};
use crate::reason::reasons;

/// Epoch and position; its text is `EPOCH.POSITION`, both in lower-case hexadecimal. Clients treat it as opaque.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// The incarnation of the log in which the position counts.
    pub epoch: Epoch,
    /// The client holds everything up to and including this position.
    pub position: Position,
}

/// The longest text of a cursor, in bytes.
pub const CURSOR_BYTES_MAX: usize = 33;

/// The verdict on a cursor that a client presents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// The log can be replayed from this position.
    Good(Position),
    /// The log can't be replayed: the client has to take a snapshot.
    Reset(Reset),
}

reasons! {
    /// The reason why a cursor can't be replayed.
    Reset {
        /// The cursor belongs to another incarnation of the log.
        UnknownEpoch = "unknown_epoch",
        /// Events after the cursor were trimmed.
        Trimmed = "trimmed",
        /// The cursor lies beyond the end of the log.
        Ahead = "ahead",
    }
}

impl Cursor {
    /// Compares the cursor with a log of this epoch that holds the events after `trimmed`, up to `head`.
    pub fn standing(self, epoch: Epoch, trimmed: Position, head: Position) -> Standing {
        if self.epoch != epoch {
            Standing::Reset(Reset::UnknownEpoch)
        } else if self.position > head {
            Standing::Reset(Reset::Ahead)
        } else if self.position < trimmed {
            Standing::Reset(Reset::Trimmed)
        } else {
            Standing::Good(self.position)
        }
    }
}

/// The text of a number in lower-case hexadecimal, written from the end of `text` on.
fn digits(mut number: u64, text: &mut [u8; 16]) -> &[u8] {
    let mut at = text.len();
    loop {
        at -= 1;
        text[at] = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
        if number == 0 {
            return &text[at..];
        }
    }
}

impl Cursor {
    /// Writes the cursor's text.
    pub fn put_into(self, out: &mut impl BufMut) {
        let mut text = [0; 16];
        out.put_slice(digits(self.epoch.0, &mut text));
        out.put_u8(b'.');
        out.put_slice(digits(self.position.0, &mut text));
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{:x}", self.epoch.0, self.position.0)
    }
}

/// Reads digits in the form that [`Display`](fmt::Display) makes, and in no other.
fn hex(digits: &[u8]) -> Option<u64> {
    let plain = match digits {
        [] => false,
        [b'0', rest @ ..] => rest.is_empty(),
        all => all.len() <= 16,
    };
    let next = |number: u64, byte: &u8| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u64::from(digit))
    };
    if plain { digits.iter().try_fold(0, next) } else { None }
}

impl FromStr for Cursor {
    type Err = Error;

    /// Takes only the text that [`Display`](fmt::Display) makes; any other is `bad_cursor`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let bytes = text.as_bytes();
        let dot = bytes.iter().take(CURSOR_BYTES_MAX).position(|b| *b == b'.');
        let parts = dot.and_then(|dot| Some((hex(&bytes[..dot])?, hex(&bytes[dot + 1..])?)));
        let (epoch, position) = parts.ok_or_else(|| {
            Error::new(Code::BadCursor, "This is not a cursor; leave it out to start from now.")
        })?;
        Ok(Cursor { epoch: Epoch(epoch), position: Position(position) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fuzz_a_cursor_is_read_as_it_is_written_or_not_at_all() {
        encke_fuzz::run("cursor", &[b".", b"ffffffff", b"0", b"+"], |bytes| {
            let Ok(text) = std::str::from_utf8(bytes) else { return };
            if let Ok(cursor) = text.parse::<Cursor>() {
                assert_eq!(cursor.to_string(), text);
            }
        });
    }

    proptest! {
        #[test]
        fn any_text_decodes_or_is_refused(text in ".{0,60}") {
            if let Ok(cursor) = text.parse::<Cursor>() {
                prop_assert_eq!(cursor.to_string(), text);
            }
        }

        #[test]
        fn near_misses_are_refused_or_canonical(text in "[0-9a-fA-F.+_-]{0,40}") {
            if let Ok(cursor) = text.parse::<Cursor>() {
                prop_assert_eq!(cursor.to_string(), text);
            }
        }

        #[test]
        fn every_cursor_comes_back(epoch: u64, position: u64) {
            let cursor = Cursor { epoch: Epoch(epoch), position: Position(position) };
            let text = cursor.to_string();
            prop_assert!(text.len() <= CURSOR_BYTES_MAX);
            let mut put = Vec::new();
            cursor.put_into(&mut put);
            prop_assert_eq!(&put, text.as_bytes());
            prop_assert_eq!(text.parse::<Cursor>().ok(), Some(cursor));
        }
    }

    #[test]
    fn a_cursor_that_cannot_be_replayed_says_why() {
        let at = |epoch, position| Cursor { epoch: Epoch(epoch), position: Position(position) };
        let stand = |c: Cursor| c.standing(Epoch(7), Position(10), Position(20));
        assert_eq!(stand(at(7, 10)), Standing::Good(Position(10)));
        assert_eq!(stand(at(7, 20)), Standing::Good(Position(20)));
        assert_eq!(stand(at(7, 9)), Standing::Reset(Reset::Trimmed));
        assert_eq!(stand(at(7, 21)), Standing::Reset(Reset::Ahead));
        assert_eq!(stand(at(8, 15)), Standing::Reset(Reset::UnknownEpoch));
    }
}
