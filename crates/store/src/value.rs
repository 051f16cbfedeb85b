//! A value in SQL, of the kinds that both engines have.

use encke_engine::{ConversationId, PersonId, Position, Seq, StreamId};

/// A parameter or a field of a row.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// NULL
    Null,
    /// A whole number, at most 63 bits of it if unsigned.
    Int(i64),
    /// Text
    Text(String),
    /// Bytes
    Blob(Vec<u8>),
}

macro_rules! from {
    ($type:ty, |$value:ident| $made:expr) => {
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $made
            }
        }
    };
}

from!(i64, |v| Value::Int(v));
from!(u64, |v| Value::Int(v as i64));
from!(bool, |v| Value::Int(i64::from(v)));
from!(String, |v| Value::Text(v));
from!(&str, |v| Value::Text(v.to_owned()));
from!(&String, |v| Value::Text(v.clone()));
from!(Vec<u8>, |v| Value::Blob(v));
from!(&[u8], |v| Value::Blob(v.to_vec()));
from!(PersonId, |v| v.0.into());
from!(ConversationId, |v| v.0.into());
from!(Position, |v| v.0.into());
from!(Seq, |v| v.0.into());
from!(StreamId, |v| v.raw().into());

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Self {
        v.map_or(Value::Null, Into::into)
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(v) => ValueRef::Integer(*v),
            Value::Text(v) => ValueRef::Text(v.as_bytes()),
            Value::Blob(v) => ValueRef::Blob(v),
        }))
    }
}
