//! The id of a file: nobody can guess it, and it is safe as the name of a file on any disk.

use std::fmt;
use std::str::FromStr;

use encke_engine::{Code, Error};
use encke_store::Value;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Hexadecimal digits of an id.
const DIGITS: usize = 32;

/// The id of a file: an `f` and 32 random hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FileId(Box<str>);

impl FileId {
    /// A new id of 128 random bits.
    pub(crate) fn random() -> Result<Self, Error> {
        let mut bytes = [0; DIGITS / 2];
        getrandom::fill(&mut bytes).map_err(|e| {
            tracing::error!("no random numbers: {e}");
            Error::new(Code::Internal, "The server has no random numbers.")
        })?;
        Ok(FileId(format!("f{:032x}", u128::from_be_bytes(bytes)).into()))
    }

    /// The id as text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// The refusal for a file that is not there, or that this person may not know of.
pub(crate) fn not_found() -> Error {
    Error::new(Code::NotFound, "There is no such file.")
}

impl FromStr for FileId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let digits = text.strip_prefix('f').ok_or_else(not_found)?;
        let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() == DIGITS && digits.bytes().all(is_digit) {
            Ok(FileId(text.into()))
        } else {
            Err(not_found())
        }
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for FileId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for FileId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl From<&FileId> for Value {
    fn from(id: &FileId) -> Self {
        id.text().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_random_and_nothing_else_is_one() {
        let id = FileId::random().unwrap();
        assert_ne!(id, FileId::random().unwrap());
        assert_eq!(id.text().parse::<FileId>().unwrap(), id);
        let wrong = ["", "f", "../etc/passwd", &id.text().to_uppercase(), &id.text()[1..]];
        for text in wrong {
            assert!(text.parse::<FileId>().is_err(), "{text}");
        }
        assert!(format!("{id}/").parse::<FileId>().is_err());
        assert!(format!("f../{}", &id.text()[4..]).parse::<FileId>().is_err());
    }
}
