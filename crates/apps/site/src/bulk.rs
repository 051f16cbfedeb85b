//! SQL for many rows at once, because each statement costs a round trip if the store is a network away.
//!
//! There are statements for 1, 2, 4 … rows, so that few texts are prepared for any number of rows.

use std::fmt::Write;

/// The greatest number of rows of one statement.
const ROWS_MAX: usize = 128;

/// Divides rows into parts of sizes that have a statement.
pub fn parts<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let most = rows.len().min(ROWS_MAX);
        if most == 0 {
            return None;
        }
        // The size is the greatest power of two up to that.
        let (part, rest) = rows.split_at(1 << most.ilog2());
        rows = rest;
        Some(part)
    })
}

/// Divides rows into as few parts as have a statement. The last row stands several times to fill up a part, so this is for
/// statements to which a row that stands twice is one row.
pub fn padded<T: Clone>(rows: &[T]) -> impl Iterator<Item = Vec<T>> {
    rows.chunks(ROWS_MAX).map(|part| {
        let mut part = part.to_vec();
        if let Some(last) = part.last().cloned() {
            part.resize(part.len().next_power_of_two(), last);
        }
        part
    })
}

/// `VALUES (?1, ?2), (?3, ?4) …` for whole numbers. Without a cast, PostgreSQL takes a parameter here for a text.
pub fn values(rows: usize, columns: usize) -> String {
    // Every snapshot makes such texts, so one text grows rather than many being joined.
    let mut text = String::with_capacity(8 + rows * (4 + columns * 24));
    text.push_str("VALUES ");
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 1..=columns {
            let before = if column == 1 { "" } else { ", " };
            let _ = write!(text, "{before}CAST(?{} AS BIGINT)", row * columns + column);
        }
        text.push(')');
    }
    text
}

/// `VALUES (?1, ?2), (?3, ?4) …` for rows of a whole number and a text.
pub fn numbers_and_texts(rows: usize) -> String {
    let row = |row: usize| {
        let at = 2 * row + 1;
        format!("(CAST(?{at} AS BIGINT), CAST(?{} AS TEXT))", at + 1)
    };
    format!("VALUES {}", (0..rows).map(row).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_divided_into_powers_of_two() {
        let lengths = |n: usize| parts(&vec![(); n]).map(<[()]>::len).collect::<Vec<_>>();
        assert_eq!(lengths(0), [] as [usize; 0]);
        assert_eq!(lengths(7), [4, 2, 1]);
        assert_eq!(lengths(300), [128, 128, 32, 8, 4]);
        let numbers: Vec<u32> = (0..130).collect();
        let padded = |n: usize| -> Vec<_> {
            padded(&numbers[..n]).map(|part| (part.len(), part[part.len() - 1])).collect()
        };
        assert_eq!(padded(0), []);
        assert_eq!(padded(5), [(8, 4)]);
        assert_eq!(padded(130), [(128, 127), (2, 129)]);
        assert_eq!(
            values(2, 2),
            "VALUES (CAST(?1 AS BIGINT), CAST(?2 AS BIGINT)), (CAST(?3 AS BIGINT), CAST(?4 AS BIGINT))"
        );
    }
}
