//! The bounds of what people keep for themselves, unit last. docs/reference/limits.md is made of this file, too.

crate::limit::table! {
/// Messages that one person has starred.
pub const STARS_PER_PERSON_MAX: usize = 1_000;
/// Conversations in which one person has a draft.
pub const DRAFTS_PER_PERSON_MAX: usize = 100;
/// Messages that one person has planned to send later, those that could not be sent included.
pub const SCHEDULED_PER_PERSON_MAX: usize = 100;
/// Reminders of one person, those that are due included.
pub const REMINDERS_PER_PERSON_MAX: usize = 100;
/// Bytes of the note of a reminder.
pub const REMINDER_NOTE_BYTES_MAX: usize = 500;
/// Milliseconds from now to the time of a message that is sent later, or of a reminder.
pub const PLANNED_AHEAD_MS_MAX: u64 = 366 * 24 * 60 * 60 * 1000;
/// Messages that are sent at their time, and reminders, in one look of a node. The others follow at once.
pub const DUE_AT_ONCE_MAX: usize = 256;
/// Milliseconds after which a node looks for what is due, also if it knows of nothing.
pub const DUE_LOOK_MS: u64 = 30_000;
/// Milliseconds until what is due and could not be done for want of room or of the store is tried again.
pub const DUE_AGAIN_MS: u64 = 1_000;
/// Entries in one page of a list of what a person keeps.
pub const KEPT_PAGE_MAX: usize = 50;
/// Drafts in the snapshot, the newest ones.
pub const SNAPSHOT_DRAFTS_MAX: usize = 20;
/// Bytes of drafts in the snapshot; the others come with the list of drafts.
pub const SNAPSHOT_DRAFTS_BYTES_MAX: usize = 8 * 1024;
}
