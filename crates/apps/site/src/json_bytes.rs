//! The size of a part of an answer, for answers with a bound in bytes.

use serde::Serialize;

/// Bytes that a value takes in a list of an answer, with the comma behind it.
pub fn json_bytes(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).expect("answers are plain data").len() + 1
}
