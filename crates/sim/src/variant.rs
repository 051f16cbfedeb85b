//! Ways to build the cluster wrongly. Each is one fault in the simulation's own wiring that it has to find.

use clap::ValueEnum;

/// How the cluster is built.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Variant {
    /// As the product is.
    #[default]
    Sound,
    /// A client is sent what there is, and is registered with the hub afterwards.
    CheckBeforeRegister,
    /// A hint is taken at its word, also when it is not the next one.
    AnyHint,
    /// A node tells the others of a commit before it has happened.
    HintBeforeCommit,
    /// Positions come from a sequence, outside the lock: they become visible out of order.
    Sequence,
    /// A sender is answered before the commit.
    AnswerBeforeCommit,
    /// Whether a key was used is known only to the node that used it.
    KeysOnNode,
    /// A standby that took over goes on under the same epoch.
    EpochKept,
    /// A list of what a person follows is used without what changed since it was read.
    StaleFollows,
    /// The newest ack is taken for the mark.
    MarksOverwritten,
    /// A connection that can take no more is handed more.
    FullStaysLive,
    /// What is on the bus is taken without a seal.
    NoSeal,
    /// What a node has said is taken again.
    NoReplayCheck,
    /// Commits are taken without a seal, and who follows what and whose sign-in has ended is believed of them.
    RightsFromHints,
    /// Commits are taken without a seal, and nobody looks whether what was told is in the log.
    AheadOfLog,
    /// What was revoked while a request was being admitted is not made up for.
    StaleRevocations,
    /// A signal is handed to every session, whatever it follows.
    SignalsToAll,
    /// A reader from whom events were trimmed is sent what is left.
    TrimHole,
    /// An idempotency key is forgotten after an hour.
    KeysForgottenEarly,
    /// A node that goes down ends before it has finished what it accepted.
    DrainDropsWrites,
    /// A node that goes down does not tell its clients.
    DrainSilent,
}

impl Variant {
    /// The promise that it breaks. A hole in the log is met by the engine itself, which stops rather than go on.
    pub fn breaks(self) -> &'static str {
        match self {
            Variant::Sound => "none",
            Variant::CheckBeforeRegister
            | Variant::Sequence
            | Variant::AheadOfLog
            | Variant::TrimHole => "P4",
            Variant::AnyHint => "an assertion",
            Variant::HintBeforeCommit | Variant::EpochKept | Variant::NoSeal => "P2",
            Variant::AnswerBeforeCommit => "P1",
            Variant::KeysOnNode | Variant::KeysForgottenEarly => "P3",
            Variant::StaleFollows
            | Variant::RightsFromHints
            | Variant::StaleRevocations
            | Variant::SignalsToAll => "P7",
            Variant::DrainDropsWrites | Variant::DrainSilent => "P8",
            Variant::MarksOverwritten => "P5",
            Variant::FullStaysLive => "P6",
            Variant::NoReplayCheck => "P9",
        }
    }

    /// Whether anybody's word on the bus is a node's, if it is a commit or if it is not.
    pub fn takes_without_seal(self, is_commit: bool) -> bool {
        match self {
            Variant::NoSeal => true,
            Variant::RightsFromHints | Variant::AheadOfLog => is_commit,
            _ => false,
        }
    }

    /// All but the sound one.
    pub const BROKEN: [Variant; 20] = [
        Variant::CheckBeforeRegister,
        Variant::AnyHint,
        Variant::HintBeforeCommit,
        Variant::Sequence,
        Variant::AnswerBeforeCommit,
        Variant::KeysOnNode,
        Variant::EpochKept,
        Variant::StaleFollows,
        Variant::MarksOverwritten,
        Variant::FullStaysLive,
        Variant::NoSeal,
        Variant::NoReplayCheck,
        Variant::RightsFromHints,
        Variant::AheadOfLog,
        Variant::StaleRevocations,
        Variant::SignalsToAll,
        Variant::TrimHole,
        Variant::KeysForgottenEarly,
        Variant::DrainDropsWrites,
        Variant::DrainSilent,
    ];
}
