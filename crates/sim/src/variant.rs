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
    /// Positions come from a sequence, outside the lock: they become visible out of order.
    Sequence,
    /// Whether a key was used is known to the node that used it.
    KeysOnNode,
    /// A standby that took over goes on under the same epoch.
    EpochKept,
    /// A node tells the others of a commit before it has happened.
    HintBeforeCommit,
    /// A list of what a person follows is used without what changed since it was read.
    StaleFollows,
}

impl Variant {
    /// All but the sound one.
    pub const BROKEN: [Variant; 7] = [
        Variant::CheckBeforeRegister,
        Variant::AnyHint,
        Variant::Sequence,
        Variant::KeysOnNode,
        Variant::EpochKept,
        Variant::HintBeforeCommit,
        Variant::StaleFollows,
    ];
}
