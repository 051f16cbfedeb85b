//! The newest lines of what happened, for whoever looks for the reason of a failure.

use std::collections::VecDeque;
use std::fmt;

use crate::agenda::{MS, Time};

/// Lines that are kept.
const LINES_MAX: usize = 60;

/// See the top of this file.
#[derive(Clone, Debug, Default)]
pub struct Trace(VecDeque<(Time, String)>);

impl Trace {
    /// Adds a line.
    pub fn note(&mut self, now: Time, line: String) {
        if self.0.len() == LINES_MAX {
            self.0.pop_front();
        }
        self.0.push_back((now, line));
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (now, line) in &self.0 {
            writeln!(f, "{:>6}.{:03} ms  {line}", now / MS, now % MS)?;
        }
        Ok(())
    }
}
