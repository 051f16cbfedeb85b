//! A row of a query's result.

use encke_engine::{ConversationId, PersonId, Position, Seq, StreamId};

use crate::error::StoreError;
use crate::value::Value;

/// The fields of one row, in the order of the query.
#[derive(Clone, PartialEq, Debug)]
pub struct Row(pub(crate) Vec<Value>);

/// A type that a field can be read as.
pub trait Field: Sized {
    /// `None` if the value is of another kind.
    fn from_value(value: &Value) -> Option<Self>;
}

impl Row {
    /// The field of this number, from 0.
    ///
    /// # Errors
    /// If there is no such field or it is of another kind, which means that the query and the code disagree.
    pub fn get<T: Field>(&self, index: usize) -> Result<T, StoreError> {
        let value = self.0.get(index);
        value.and_then(T::from_value).ok_or_else(|| {
            StoreError::Other(format!(
                "field {index} of a row is {value:?}, which was not expected"
            ))
        })
    }
}

macro_rules! field {
    ($type:ty, $pattern:pat => $made:expr) => {
        impl Field for $type {
            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    $pattern => Some($made),
                    _ => None,
                }
            }
        }
    };
}

field!(i64, Value::Int(v) => *v);
field!(u64, Value::Int(v) => *v as u64);
field!(bool, Value::Int(v) => *v != 0);
field!(String, Value::Text(v) => v.clone());
field!(Vec<u8>, Value::Blob(v) => v.clone());
field!(PersonId, Value::Int(v) => PersonId(*v as u64));
field!(ConversationId, Value::Int(v) => ConversationId(*v as u64));
field!(Position, Value::Int(v) => Position(*v as u64));
field!(Seq, Value::Int(v) => Seq(*v as u64));
field!(StreamId, Value::Int(v) => StreamId::from_raw(*v as u64));

impl<T: Field> Field for Option<T> {
    fn from_value(value: &Value) -> Option<Self> {
        if *value == Value::Null { Some(None) } else { T::from_value(value).map(Some) }
    }
}
