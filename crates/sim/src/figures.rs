//! Counts that show whether the worlds were hostile enough.

use std::fmt;
use std::ops::AddAssign;

macro_rules! figures {
    ($($name:ident: $text:literal),* $(,)?) => {
        /// The counts.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
        pub struct Figures {
            $(#[doc = $text] pub $name: u64,)*
        }

        impl Figures {
            /// All counts, each with a text that says what it counts.
            pub fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$(($text, self.$name)),*].into_iter()
            }
        }

        impl AddAssign for Figures {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)*
            }
        }
    };
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.all().try_for_each(|(what, count)| writeln!(f, "{count:>12} {what}"))
    }
}

figures! {
    steps: "steps",
    commits: "commits",
    acknowledged: "sends acknowledged",
    repeated: "of them repeats that got the first result",
    unknown: "sends with an unknown outcome, sent again",
    elsewhere: "of them sent again to another node",
    received: "events received",
    opened: "sessions opened",
    node_changes: "clients that went to another node between request and response",
    transport_changes: "clients that took another transport between request and response",
    too_late: "responses to clients that had gone",
    resets: "resets",
    resets_trimmed: "of them because events were trimmed",
    revoked: "sessions revoked",
    revoked_admissions: "admissions that a revocation overtook",
    pages: "pages read from the store for a session",
    full: "times that a reader was full and fell behind",
    cut: "readers cut because they took nothing",
    looks: "looks of a node at the store",
    hints: "hints",
    hints_lost: "hints lost",
    hints_doubled: "hints doubled",
    hints_late: "hints late",
    hints_ahead: "hints that came before what precedes them",
    hints_early: "hints before their commit",
    hints_foreign: "hints of a log that was replaced",
    forged: "messages forged by somebody on the bus without the key",
    replayed: "messages of nodes that somebody said again",
    refused_forged: "hints refused because no node had said them",
    refused_stale: "hints refused because they were taken before, or old",
    signals: "signals that arrived at another node",
    signals_handed: "signals that arrived at a client",
    slow: "transactions that stood still",
    waited: "transactions that waited for another's turn",
    taken_along: "writes taken along by a transaction that had waited long",
    turns_taken: "turns taken from who stood still for too long",
    commits_unknown: "commits whose answer was lost",
    commits_lost: "commits lost with the store's machine",
    clock_jumps: "clocks that jumped",
    clock_jumps_back: "of them backwards",
    crashes: "nodes killed",
    pauses: "nodes that stood still",
    anew: "nodes that began anew on another log",
    store_cuts: "nodes cut from the store",
    bus_cuts: "nodes cut from the bus",
    restarts: "restarts of the store",
    failovers: "standbys that took over",
    breaks: "connections broken",
    stalls: "readers that stopped for a while",
    drains: "nodes told to go down",
    drained: "clients told that their node goes down",
    erased: "events erased",
    erased_received: "events received after they had lost their content",
    trims: "times that the oldest events were trimmed",
    keys_forgotten: "keys used again after they were forgotten for their age",
}
