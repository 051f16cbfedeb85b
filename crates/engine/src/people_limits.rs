//! The bounds of what people tell of themselves, unit last. docs/reference/limits.md is made of this file, too.

crate::limit::table! {
/// Characters of the text of a person's status.
pub const STATUS_CHARS_MAX: usize = 100;
/// Milliseconds from now to the end of a person's status.
pub const STATUS_AHEAD_MS_MAX: u64 = 366 * 24 * 60 * 60 * 1000;
/// Milliseconds between two looks for statuses that have ended and lie in the store still.
pub const STATUSES_ENDED_EVERY_MS: u64 = 5_000;
/// Statuses that one write takes out of the store because they have ended.
pub const STATUSES_ENDED_MAX: usize = 500;
/// Bytes of a person's picture.
pub const PORTRAIT_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Conversations in which a change of a person's name, picture or status is told, those with the latest activity.
pub const PROFILE_CONVERSATIONS_MAX: usize = 100;
/// People in one write that says when they were last seen.
pub const LAST_SEEN_WRITTEN_MAX: usize = 1_000;
/// People whose leaving waits for such a write at one node. Beyond it, the time of some is not kept.
pub const LAST_SEEN_WAITING_MAX: usize = 100_000;
}
