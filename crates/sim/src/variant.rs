//! Ways to build the cluster wrongly. Each variant has one fault in the simulation's own wiring, which the checks have
//! to find.

use clap::ValueEnum;

/// The way in which the cluster is built.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Variant {
    /// The cluster is built like the product.
    #[default]
    Sound,
    /// A client is sent the events that are there, and is registered with the hub afterwards.
    CheckBeforeRegister,
    /// A hint is handed on even if it is not the next one.
    AnyHint,
    /// A node tells the others of a commit before it has happened.
    HintBeforeCommit,
    /// Positions come from a sequence, outside the lock: they become visible out of order.
    Sequence,
    /// A sender is answered before the commit.
    AnswerBeforeCommit,
    /// Only the node that used an idempotency key knows of it.
    KeysOnNode,
    /// A standby that took over goes on under the same epoch.
    EpochKept,
    /// A list of a person's follows is used without the changes since it was read.
    StaleFollows,
    /// The newest ack is taken for the mark.
    MarksOverwritten,
    /// An ack that goes back overwrites the mark.
    FullStaysLive,
    /// Messages on the bus are taken without a seal.
    NoSeal,
    /// A message of a node is taken a second time.
    NoReplayCheck,
    /// Commits are taken without a seal, and their changes of follows and sign-ins are believed.
    RightsFromHints,
    /// Commits are taken without a seal, and nobody checks whether the log holds them.
    AheadOfLog,
    /// A revocation during an admission has no effect on it.
    StaleRevocations,
    /// A signal is handed to every session, also to those that don't follow its stream.
    SignalsToAll,
    /// A reader whose next events were trimmed is sent the rest.
    TrimHole,
    /// An idempotency key is forgotten after an hour.
    KeysForgottenEarly,
    /// The hubs of a node are not told which events an event erases.
    ErasuresUntold,
    /// A node that goes down ends before it has finished its accepted work.
    DrainDropsWrites,
    /// A node that goes down does not tell its clients.
    DrainSilent,
}

impl Variant {
    /// The promise that the variant breaks. The engine itself meets a hole in the log and stops rather than go on.
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
            Variant::ErasuresUntold => "P10",
        }
    }

    /// Whether a message without a seal is taken: a commit, or another message.
    pub fn takes_without_seal(self, is_commit: bool) -> bool {
        match self {
            Variant::NoSeal => true,
            Variant::RightsFromHints | Variant::AheadOfLog => is_commit,
            _ => false,
        }
    }

    /// All variants except the sound one.
    pub const BROKEN: [Variant; 21] = [
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
        Variant::ErasuresUntold,
        Variant::DrainDropsWrites,
        Variant::DrainSilent,
    ];
}
