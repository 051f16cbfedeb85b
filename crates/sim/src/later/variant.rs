//! Ways to send planned messages wrongly, each of which the checks have to find.

use clap::ValueEnum;

/// The way in which planned messages are sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum LaterVariant {
    /// They are sent as the product sends them.
    #[default]
    Sound,
    /// A message is appended in one transaction, and its plan is taken away in another.
    SentThenForgotten,
    /// A plan is taken away in one transaction, and its message is appended in another.
    ForgottenThenSent,
    /// Only the node that took a plan sends its message.
    OnlyItsNode,
    /// A plan is acknowledged before its commit.
    AnswerBeforeCommit,
}

impl LaterVariant {
    /// All variants except the sound one.
    pub const BROKEN: [LaterVariant; 4] = [
        LaterVariant::SentThenForgotten,
        LaterVariant::ForgottenThenSent,
        LaterVariant::OnlyItsNode,
        LaterVariant::AnswerBeforeCommit,
    ];

    /// The promise that the variant breaks.
    pub fn breaks(self) -> &'static str {
        match self {
            LaterVariant::Sound => "none",
            LaterVariant::AnswerBeforeCommit => "P1",
            _ => "P11",
        }
    }
}
