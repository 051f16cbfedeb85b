//! A line of the process's log that a stranger can cause: it is written at most once a second, with a count.

use crate::limits;

/// Counts the suppressed lines.
#[derive(Debug, Default)]
pub struct LineLimit {
    count: u64,
    next_ms: u64,
}

impl LineLimit {
    /// Counts one more occurrence. Returns the number since the last line if a line may be written now.
    pub fn note(&mut self, now_ms: u64) -> Option<u64> {
        self.count += 1;
        if now_ms < self.next_ms {
            return None;
        }
        self.next_ms = now_ms + limits::STRANGERS_LINES_MS_MIN;
        Some(std::mem::take(&mut self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_once_a_second_and_counts_the_others() {
        let mut line_limit = LineLimit::default();
        let said: Vec<_> = (0..3_000).filter_map(|ms| line_limit.note(ms)).collect();
        assert_eq!(said, [1, 1_000, 1_000]);
    }
}
