//! The bounds of what people tell of themselves, unit last. docs/reference/limits.md is made of this file, too.

crate::limit::table! {
/// Characters of the text of a person's status.
pub const STATUS_CHARS_MAX: usize = 100;
/// Milliseconds from now to the end of a person's status.
pub const STATUS_AHEAD_MS_MAX: u64 = 366 * 24 * 60 * 60 * 1000;
/// Bytes of a person's picture.
pub const PORTRAIT_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Conversations in which a change of a person's picture or status is told, those with the latest activity.
pub const PROFILE_CONVERSATIONS_MAX: usize = 100;
}
