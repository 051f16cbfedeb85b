//! The bounds of messages that grow while a program writes them, unit last. docs/reference/limits.md is made of this
//! file, too.

crate::limit::table! {
/// Bytes of one piece of a growing message.
pub const PIECE_BYTES_MAX: usize = 4 * 1024;
/// Pieces of one growing message.
pub const PIECES_PER_MESSAGE_MAX: u64 = 5_000;
/// Pieces of a growing message that stand in the log beside each other. The next one has the whole text so far and
/// erases them.
pub const PIECES_UNFOLDED_MAX: usize = 40;
/// Pieces that a member sends in a minute.
pub const PIECES_PER_MIN: u64 = 3_600;
/// Pieces that a member sends at once after a pause.
pub const PIECES_AT_ONCE: u64 = 300;
/// Growing messages that a person has open at once.
pub const GROWING_PER_PERSON_MAX: u64 = 64;
/// Growing messages that a person has open at once in one conversation.
pub const GROWING_PER_CONVERSATION_MAX: u64 = 4;
/// Seconds without a piece after which a growing message is broken off, as its author chooses when opening it.
pub const GROWTH_SILENCE_S: std::ops::RangeInclusive<u64> = 1..=600;
/// Seconds of this silence if the author chooses none.
pub const GROWTH_SILENCE_DEFAULT_S: u64 = 60;
/// Milliseconds that a message grows.
pub const GROWTH_MS_MAX: u64 = 60 * 60 * 1000;
/// Milliseconds between two looks for growing messages that are broken off.
pub const GROWTH_LOOK_EVERY_MS: u64 = 1_000;
/// Growing messages that are broken off in one write.
pub const GROWTH_BROKEN_AT_ONCE_MAX: u64 = 50;
}
