//! Ways to build the desk wrongly, each of which the checks have to find.

use clap::ValueEnum;

/// The way in which the desk is built.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum DeskVariant {
    /// The desk is built like the product.
    #[default]
    Sound,
    /// A claim looks in one transaction and writes in another.
    ClaimLooksFirst,
    /// A gift is planned in one transaction and written in another, which does not look again.
    GiveWithoutLooking,
    /// Nobody takes tickets back from owners that are gone.
    OwnerForgotten,
    /// The queue is given out when somebody asks, and never again.
    GivenOnlyOnce,
    /// The newest question is given out first.
    NewestFirst,
    /// A claim is answered before its commit.
    AnswerBeforeCommit,
}

impl DeskVariant {
    /// All variants except the sound one.
    pub const BROKEN: [DeskVariant; 6] = [
        DeskVariant::ClaimLooksFirst,
        DeskVariant::GiveWithoutLooking,
        DeskVariant::OwnerForgotten,
        DeskVariant::GivenOnlyOnce,
        DeskVariant::NewestFirst,
        DeskVariant::AnswerBeforeCommit,
    ];

    /// The promise that the variant breaks.
    pub fn breaks(self) -> &'static str {
        match self {
            DeskVariant::Sound => "none",
            DeskVariant::AnswerBeforeCommit => "P1",
            _ => "P11",
        }
    }
}
