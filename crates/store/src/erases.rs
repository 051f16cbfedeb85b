//! The column in which an event of the log names the events that it erases: their positions, eight bytes each.

use encke_engine::Position;

const POSITION_BYTES: usize = size_of::<u64>();

/// The column for these positions: NULL if there are none, as nearly always.
pub(crate) fn column(erases: &[Position]) -> Option<Vec<u8>> {
    let bytes = || erases.iter().flat_map(|at| at.0.to_be_bytes()).collect();
    (!erases.is_empty()).then(bytes)
}

/// The positions in a column.
pub(crate) fn positions(column: &[u8]) -> Vec<Position> {
    let (whole, _) = column.as_chunks::<POSITION_BYTES>();
    whole.iter().map(|bytes| Position(u64::from_be_bytes(*bytes))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_out_of_the_column_as_they_went_in() {
        let some = vec![Position(1), Position(u64::MAX), Position(256)];
        assert_eq!(positions(&column(&some).unwrap()), some);
        assert_eq!(column(&[]), None);
        assert_eq!(positions(&[0; 15]), [Position(0)], "a part of a position counts for nothing");
    }
}
