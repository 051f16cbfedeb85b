//! The newest event that a node has seen, kept in its data folder. By it the first node that starts notices that the
//! database was put back to an older state while no node ran.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use encke_engine::{Epoch, Position, limits};

use super::identity::renew;
use super::session::Session;
use crate::error::StoreError;

/// An event that was in the store, and the mark of its commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Seen {
    pub epoch: Epoch,
    pub position: Position,
    pub mark: u64,
}

impl Seen {
    fn parse(text: &str) -> Option<Seen> {
        let mut fields = text.trim_end().split(' ');
        let mut number = || u64::from_str_radix(fields.next()?, 16).ok();
        Some(Seen { epoch: Epoch(number()?), position: Position(number()?), mark: number()? })
    }
}

/// The file that holds the newest event that was seen.
pub(crate) struct Keeper {
    path: PathBuf,
    kept: Option<Seen>,
    at: Instant,
}

impl Keeper {
    pub fn new(data: &Path) -> Self {
        let path = data.join("seen");
        // An unreadable file counts as none, since it only serves one more check.
        let kept = std::fs::read_to_string(&path).ok().and_then(|text| Seen::parse(&text));
        Keeper { path, kept, at: Instant::now() }
    }

    /// Writes the file, at most once in [`limits::SEEN_KEPT_MS`] unless it is the last time.
    pub fn keep(&mut self, seen: Seen, last: bool) {
        let early = self.at.elapsed() < Duration::from_millis(limits::SEEN_KEPT_MS);
        if self.kept == Some(seen) || seen.position.0 == 0 || (early && !last) {
            return;
        }
        let Seen { epoch, position, mark } = seen;
        let text = format!("{:x} {:x} {mark:x}\n", epoch.0, position.0);
        let beside = self.path.with_extension("new");
        let written =
            std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, &self.path));
        match written {
            Ok(()) => self.kept = Some(seen),
            Err(e) => tracing::debug!("keeping what was seen of the log: {e}"),
        }
        self.at = Instant::now();
    }

    /// Gives the log a new epoch if it lacks the event that this folder's node has seen.
    pub fn check(&self, session: &mut Session, live: &str) -> Result<(), StoreError> {
        let Some(seen) = self.kept else { return Ok(()) };
        let sql = "SELECT (SELECT mark FROM log WHERE position = $1) FROM space WHERE epoch = $2";
        let rows = session.rows(sql, &[&(seen.position.0 as i64), &(seen.epoch.0 as i64)])?;
        // Another epoch is another log.
        let Some(row) = rows.first() else { return Ok(()) };
        if row.try_get::<_, Option<i64>>(0)?.map(|mark| mark as u64) == Some(seen.mark) {
            return Ok(());
        }
        tracing::warn!("the database lacks events that this node has seen: it was put back");
        renew(session, seen.epoch, live)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_event_is_read_again_and_a_torn_file_counts_as_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let seen = Seen { epoch: Epoch(u64::MAX), position: Position(7), mark: 0xab };
        Keeper::new(folder.path()).keep(seen, true);
        assert_eq!(Keeper::new(folder.path()).kept, Some(seen));
        for torn in ["", "ff 7", "ff 7 x", "\u{0}\u{0}"] {
            std::fs::write(folder.path().join("seen"), torn).expect("it can be written");
            assert_eq!(Keeper::new(folder.path()).kept, None, "{torn:?}");
        }
    }
}
