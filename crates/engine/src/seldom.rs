//! A line of the log that anybody can cause: written at most once a second, with how often it was due.

/// Milliseconds between two lines.
const BETWEEN_MS: u64 = 1_000;

/// Counts what is not written.
#[derive(Debug, Default)]
pub struct Seldom {
    count: u64,
    next_ms: u64,
}

impl Seldom {
    /// Notes one more. Returns how many there were since the last line if a line may be written now.
    pub fn note(&mut self, now_ms: u64) -> Option<u64> {
        self.count += 1;
        if now_ms < self.next_ms {
            return None;
        }
        self.next_ms = now_ms + BETWEEN_MS;
        Some(std::mem::take(&mut self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_once_a_second_and_counts_the_others() {
        let mut seldom = Seldom::default();
        let said: Vec<_> = (0..3_000).filter_map(|ms| seldom.note(ms)).collect();
        assert_eq!(said, [1, 1_000, 1_000]);
    }
}
