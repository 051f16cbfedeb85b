//! What was counted, to see that the worlds were hostile enough.

use std::fmt;
use std::ops::AddAssign;

macro_rules! figures {
    ($($(#[$doc:meta])* $name:ident: $text:literal),* $(,)?) => {
        /// See the top of this file.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
        pub struct Figures {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl AddAssign for Figures {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)*
            }
        }

        impl fmt::Display for Figures {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                $(writeln!(f, "{:>12} {}", self.$name, $text)?;)*
                Ok(())
            }
        }
    };
}

figures! {
    /// Steps of the world.
    steps: "steps",
    /// Sends that were acknowledged.
    acknowledged: "sends acknowledged",
    /// Sends that were answered with the first result.
    repeated: "of them repeats that got the first result",
    /// Sends whose fate their client did not learn at first.
    unknown: "sends with an unknown outcome, sent again",
    /// Commits.
    commits: "commits",
    /// Events that clients received.
    received: "events received",
    /// Pages that were read from the store for a session.
    pages: "pages read from the store",
    /// Times that a connection was full.
    full: "times that a reader fell behind",
    /// Connections that ended because their reader took nothing.
    cut: "readers cut",
    /// Looks of a node at the store.
    looks: "looks at the store",
    /// Hints on the bus.
    hints: "hints",
    /// Those that were lost.
    hints_lost: "hints lost, doubled, late or early",
    /// Clients that were told to take a snapshot.
    resets: "resets",
    /// Requests for the feed that were admitted.
    opened: "sessions opened",
    /// Requests that had to be admitted again.
    stale: "admissions that were too old",
    /// Sessions that ended because their credential did.
    revoked: "sessions and admissions revoked",
    /// Changes of client from one node or transport to another before the answer.
    hops: "changes of node or transport in mid-flight",
    /// Nodes that crashed, stood still, or began anew.
    crashes: "crashes, pauses and new beginnings of nodes",
    /// Times that the store restarted or a standby took over.
    failovers: "restarts and failovers of the store",
    /// Times that a node was cut from the store or the bus.
    cuts: "cuts between a node and the store or the bus",
    /// Clocks that jumped.
    jumps: "clocks that jumped",
}
