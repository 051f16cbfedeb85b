//! The numbers that name things. Each is a type of its own, so the compiler keeps them apart.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Number of an event in its space's log, from 1, in the order of commits. 0 is before the first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Position(pub u64);

/// Number of an event in its stream, from 1, without gaps. 0 is before the first.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(pub u64);

/// Incarnation of a space's log. It changes when history was lost or restored.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Epoch(pub u64);

/// A person: account, guest or bot. On the wire `p12`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PersonId(pub u64);

impl PersonId {
    /// A revocation for this person ends the sessions of all guests that follow channels.
    pub const EVERY_GUEST: PersonId = PersonId(0);
    /// The owner of sessions without a sign-in, which some other protocols allow.
    pub const NOBODY: PersonId = PersonId(0);
}

/// A conversation. On the wire `c12`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConversationId(pub u64);

/// The parse error: the text is not an identifier of the expected kind.
#[derive(Debug, PartialEq, Eq)]
pub struct BadId;

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an identifier of this kind")
    }
}

impl std::error::Error for BadId {}

/// The greatest id of a person or a conversation: a stream's number has room for 54 bits beside the class.
pub const ID_MAX: u64 = (1 << 54) - 1;

fn number(text: &str, prefix: char) -> Result<u64, BadId> {
    let digits = text.strip_prefix(prefix).ok_or(BadId)?;
    let plain = !digits.is_empty()
        && (digits == "0" || !digits.starts_with('0'))
        && digits.bytes().all(|b| b.is_ascii_digit());
    let value: u64 = if plain { digits.parse().map_err(|_| BadId)? } else { return Err(BadId) };
    if value == 0 || value > ID_MAX { Err(BadId) } else { Ok(value) }
}

macro_rules! number_form {
    ($name:ident, $prefix:literal) => {
        impl $name {
            const PREFIX: char = $prefix;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", Self::PREFIX, self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                number(text, Self::PREFIX).map($name)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

number_form!(PersonId, 'p');
number_form!(ConversationId, 'c');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_one_text_form() {
        assert_eq!("p12".parse(), Ok(PersonId(12)));
        assert_eq!(PersonId(12).to_string(), "p12");
        for bad in
            ["", "p", "12", "c12", "p0", "p012", "p-1", "p1x", "p99999999999999999999", "p１"]
        {
            assert_eq!(bad.parse::<PersonId>(), Err(BadId), "{bad}");
        }
    }
}
