//! The division of the files that the process may have open.
//!
//! Each party that waits for a client holds a file: parked connections, connections that hyper serves, TLS handshakes,
//! the ends of socket pairs. One [`Files`] counts them all, so that a file is always left for the stores, logs and
//! listeners. Each kind also has an upper bound of its own, so that a flood of one kind leaves room for the others.

use std::sync::Arc;

use encke_engine::limits;
use encke_transport::Files;

/// The shares of the process's open files.
pub struct Budget {
    /// The count that all kinds share.
    pub files: Arc<Files>,
    /// The number of connections that hyper serves.
    pub connections: usize,
    /// The number of TLS handshakes under way.
    pub handshakes: usize,
    /// The number of requests that wait on socket pairs.
    pub bridges: usize,
    /// The number of files that parked connections leave to others: half to connections that hyper serves, half to
    /// handshakes.
    pub left: usize,
    /// The number of parked connections of one space.
    pub space: usize,
    /// The number of connections of the shards that accept for all of several spaces.
    pub door: usize,
}

impl Budget {
    /// The shares for a number of open files and of spaces.
    pub fn new(open_files: usize, spaces: usize) -> Self {
        let more_spaces = if spaces > 1 { spaces } else { 0 };
        let own = limits::FILES_RESERVED + more_spaces * limits::FILES_PER_SPACE;
        let all = open_files.saturating_sub(own).max(limits::FILES_MIN);
        let connections = (all / 4).min(limits::HTTP_CONNECTIONS_MAX);
        let left = connections / 8;
        let parked = all - left;
        // The connections of these shards are short, and all sites depend on them.
        let door = if spaces > 1 { parked / 3 } else { 0 };
        Budget {
            files: Arc::new(Files::new(all)),
            connections,
            handshakes: connections / 4,
            bridges: limits::BRIDGES_MAX.min(open_files / 8),
            left,
            space: ((parked - door) / spaces.max(1)).max(1),
            door,
        }
    }

    /// The shares of this process, which may have as many files open as the system allows.
    pub fn of_process(spaces: usize) -> Self {
        let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        Budget::new(files.map_or(1 << 20, |n| usize::try_from(n).unwrap_or(1 << 20)), spaces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_site_has_nearly_all_files_for_waiting_connections() {
        let budget = Budget::new(20_000, 1);
        assert_eq!((budget.connections, budget.handshakes), (4_096, 1_024));
        assert_eq!((budget.left, budget.space, budget.door), (512, 19_232, 0));
    }

    #[test]
    fn the_parts_of_several_sites_fit_into_the_whole() {
        for (files, spaces) in [(600, 2), (1_024, 2), (16_000, 10), (1 << 20, 64)] {
            let budget = Budget::new(files, spaces);
            let parked = budget.door + spaces * budget.space;
            let own = limits::FILES_RESERVED + spaces * limits::FILES_PER_SPACE;
            assert!(parked + budget.left + own <= files, "{files} {spaces}");
            assert!(budget.door * 7 >= parked * 2, "{files} {spaces}");
            assert!(budget.space > 0 && budget.handshakes > 0, "{files} {spaces}");
        }
    }

    #[test]
    fn where_hardly_any_file_may_be_open_each_part_still_has_some() {
        let budget = Budget::new(64, 64);
        assert!(budget.space > 0 && budget.handshakes > 0 && budget.left > 0);
    }
}
