//! Values on PostgreSQL's wire. The server decides the type of a parameter from the statement.

use std::borrow::Cow;

use bytes::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::error::StoreError;
use crate::row::Row;
use crate::value::Value;

type ConversionError = Box<dyn std::error::Error + Sync + Send>;

/// PostgreSQL holds no NUL in a text. No stored text has one, so a search for a text with one finds nothing, like a
/// search for this.
fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, ConversionError> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(v) => match *ty {
                Type::INT8 => v.to_sql(ty, out),
                Type::INT4 => i32::try_from(*v)?.to_sql(ty, out),
                Type::INT2 => i16::try_from(*v)?.to_sql(ty, out),
                Type::BOOL => (*v != 0).to_sql(ty, out),
                _ => Err(format!("a number stands where {ty} is expected").into()),
            },
            Value::Text(v) => match *ty {
                Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => {
                    (&*without_nul(v)).to_sql(&Type::TEXT, out)
                }
                _ => Err(format!("a text stands where {ty} is expected").into()),
            },
            Value::Blob(v) => match *ty {
                Type::BYTEA => v.as_slice().to_sql(ty, out),
                _ => Err(format!("bytes stand where {ty} is expected").into()),
            },
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A whole `numeric`, the type of sums: groups of four decimal digits.
struct WholeNumeric(i64);

impl<'a> FromSql<'a> for WholeNumeric {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, ConversionError> {
        let words: Vec<i64> =
            raw.chunks_exact(2).map(|b| i64::from(i16::from_be_bytes([b[0], b[1]]))).collect();
        let [groups, weight, sign, _, digits @ ..] = &words[..] else {
            return Err("a numeric is cut off".into());
        };
        if *groups > weight + 1 || !matches!(sign, 0 | 0x4000) {
            return Err("a numeric is not whole".into());
        }
        let mut value: i64 = 0;
        for place in 0..=*weight {
            let digit = digits.get(usize::try_from(place)?).copied().unwrap_or(0);
            value =
                value.checked_mul(10_000).and_then(|v| v.checked_add(digit)).ok_or("too large")?;
        }
        Ok(WholeNumeric(if *sign == 0 { value } else { -value }))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::NUMERIC
    }
}

/// A row as callers of the store get it.
pub(super) fn row(row: &tokio_postgres::Row) -> Result<Row, StoreError> {
    let field = |(index, column): (usize, &tokio_postgres::Column)| {
        fn or_null<T>(found: Option<T>, value: impl FnOnce(T) -> Value) -> Value {
            found.map_or(Value::Null, value)
        }
        let ty = column.type_();
        let value = match *ty {
            Type::INT8 => row.try_get(index).map(|v| or_null(v, Value::Int)),
            Type::INT4 => row.try_get(index).map(|v| or_null(v, |v: i32| Value::Int(v.into()))),
            Type::INT2 => row.try_get(index).map(|v| or_null(v, |v: i16| Value::Int(v.into()))),
            Type::BOOL => row.try_get(index).map(|v| or_null(v, |v: bool| Value::Int(v.into()))),
            Type::NUMERIC => {
                row.try_get(index).map(|v| or_null(v, |v: WholeNumeric| Value::Int(v.0)))
            }
            Type::BYTEA => row.try_get(index).map(|v| or_null(v, Value::Blob)),
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => {
                row.try_get(index).map(|v| or_null(v, Value::Text))
            }
            _ => return Err(StoreError::Other(format!("a field has the type {ty}"))),
        };
        value.map_err(StoreError::from)
    };
    Ok(Row(row.columns().iter().enumerate().map(field).collect::<Result<_, _>>()?))
}

/// SQL with `?1`, `?2` … in the form of PostgreSQL. Text between quotes stays.
pub(super) fn placeholders(sql: &str) -> String {
    let mut quoted = false;
    sql.chars()
        .map(|c| {
            quoted ^= c == '\'';
            if c == '?' && !quoted { '$' } else { c }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_mark_in_a_text_is_no_parameter() {
        let sql = "SELECT 'it''s ?1' WHERE a = ?1 AND b = '?' AND c = ?12";
        assert_eq!(placeholders(sql), "SELECT 'it''s ?1' WHERE a = $1 AND b = '?' AND c = $12");
    }

    #[test]
    fn a_whole_numeric_is_a_number() {
        let raw =
            |words: &[i16]| -> Vec<u8> { words.iter().flat_map(|w| w.to_be_bytes()).collect() };
        let read =
            |words: &[i16]| WholeNumeric::from_sql(&Type::NUMERIC, &raw(words)).map(|w| w.0).ok();
        assert_eq!(read(&[0, 0, 0, 0]), Some(0));
        assert_eq!(read(&[2, 1, 0, 0, 12, 345]), Some(120_345));
        assert_eq!(read(&[1, 1, 0x4000, 0, 7]), Some(-70_000));
        assert_eq!(read(&[2, 0, 0, 1, 1, 5_000]), None, "1.5");
    }
}
