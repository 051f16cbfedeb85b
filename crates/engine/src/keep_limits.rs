//! The bounds of what people keep for themselves, unit last. docs/reference/limits.md is made of this file, too.

crate::limit::table! {
/// Messages that one person has starred.
pub const STARS_PER_PERSON_MAX: usize = 1_000;
/// Conversations in which one person has a draft.
pub const DRAFTS_PER_PERSON_MAX: usize = 100;
/// Entries in one page of a list of what a person keeps.
pub const KEPT_PAGE_MAX: usize = 50;
/// Drafts in the snapshot, the newest ones.
pub const SNAPSHOT_DRAFTS_MAX: usize = 20;
/// Bytes of drafts in the snapshot; the others come with the list of drafts.
pub const SNAPSHOT_DRAFTS_BYTES_MAX: usize = 8 * 1024;
}
