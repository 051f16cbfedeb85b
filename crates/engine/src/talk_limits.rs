//! The bounds of what conversations hold beside plain messages, unit last. docs/reference/limits.md is made of this file,
//! too.

crate::limit::table! {
/// Bytes of the question of a poll.
pub const POLL_QUESTION_BYTES_MAX: usize = 1_000;
/// Options of a poll.
pub const POLL_OPTIONS: std::ops::RangeInclusive<usize> = 2..=10;
/// Bytes of one option of a poll.
pub const POLL_OPTION_BYTES_MAX: usize = 200;
/// Milliseconds from now to the end of a poll.
pub const POLL_AHEAD_MS_MAX: u64 = 366 * 24 * 60 * 60 * 1000;
/// People that vote in one poll.
pub const POLL_VOTERS_MAX: u64 = 100_000;
/// People in one page of those who voted for an option.
pub const POLL_VOTERS_PAGE_MAX: usize = 50;
/// Starred or pinned messages that one page of a search looks at.
pub const SEARCH_MARKED_LOOKED_AT_MAX: usize = 2_000;
/// Emoji of a site's own.
pub const SITE_EMOJI_MAX: usize = 500;
/// Bytes of the name of such an emoji.
pub const SITE_EMOJI_NAME_BYTES: std::ops::RangeInclusive<usize> = 2..=32;
/// Bytes of the picture of such an emoji.
pub const SITE_EMOJI_BYTES_MAX: usize = 45 * 1024;
/// Pixels on each side of the picture of such an emoji.
pub const SITE_EMOJI_SIDE_PX_MAX: u32 = 256;
/// Bytes of the title of a card, and of the line about it.
pub const CARD_LINE_BYTES_MAX: usize = 300;
/// Bytes of the price on a card, and of its reference.
pub const CARD_FACT_BYTES_MAX: usize = 100;
/// Bytes of the link of a card.
pub const CARD_URL_BYTES_MAX: usize = 1_000;
/// Milliseconds for which staff that looks at a ticket gets its events. A console says every 20 seconds that it still looks.
pub const ONLOOKER_MS: u64 = 60_000;
/// Milliseconds that are left of this time when a further look is not noted yet.
pub const ONLOOKER_FRESH_MS: u64 = 45_000;
/// Tickets at which a person looks at once.
pub const ONLOOKED_MAX: usize = 8;
/// Looks whose time is over that are ended in one write.
pub const ONLOOKERS_ENDED_AT_ONCE_MAX: u64 = 500;
}
