//! The bounds of desks, tickets and visitors, unit last. docs/reference/limits.md is made of this file, too.

crate::limit::table! {
/// Milliseconds for which the token of a visitor holds.
pub const VISITOR_TOKEN_AGE_MS: u64 = 180 * 24 * 60 * 60 * 1000;
/// New visitors of all desks from one address in a minute.
pub const VISITORS_PER_ADDRESS_PER_MIN: u32 = 10;
/// Desks that one person is staff of.
pub const DESKS_PER_PERSON_MAX: usize = 100;
/// Characters of the name of a desk.
pub const DESK_NAME_CHARS_MAX: usize = 80;
/// Bytes of a desk's settings.
pub const DESK_SETTINGS_BYTES_MAX: usize = 16 * 1024;
/// Characters of a text that a desk shows to visitors, in one language.
pub const DESK_TEXT_CHARS_MAX: usize = 500;
/// Fields of the form before the first question.
pub const DESK_FORM_FIELDS_MAX: usize = 10;
/// Web sites that may embed the window of a desk, if not all may.
pub const DESK_ORIGINS_MAX: usize = 20;
/// Spans of office hours in one day.
pub const DESK_SPANS_PER_DAY_MAX: usize = 4;
/// Days on which a desk is closed beside its week.
pub const DESK_HOLIDAYS_MAX: usize = 100;
/// Staff of one desk that is listed, and that tickets are given to.
pub const DESK_AGENTS_MAX: usize = 500;
/// Agents that a visitor is shown before it asks.
pub const DESK_AGENTS_SHOWN_MAX: usize = 5;
/// Open tickets that one agent is given; more only by its own hand.
pub const AGENT_CAPACITY_MAX: u64 = 100;
/// Skills of one agent.
pub const AGENT_SKILLS_MAX: usize = 20;
/// Tickets of one visitor that are not resolved.
pub const TICKETS_OPEN_PER_VISITOR_MAX: u64 = 5;
/// Tickets of one visitor in all.
pub const TICKETS_PER_VISITOR_MAX: u64 = 200;
/// Tags of one ticket.
pub const TICKET_TAGS_MAX: usize = 20;
/// Bytes of one tag of a ticket, one skill of an agent, or the name of a team.
pub const TICKET_TAG_BYTES_MAX: usize = 40;
/// Tickets in one page of a list.
pub const TICKETS_PAGE_MAX: usize = 50;
/// The number from which tickets of a list are no longer counted.
pub const TICKETS_COUNTED_MAX: u64 = 1_000;
/// Milliseconds from now until a ticket that was put off comes back.
pub const SNOOZE_AHEAD_MS_MAX: u64 = 366 * 24 * 60 * 60 * 1000;
/// Bytes of the comment of a rating.
pub const RATING_COMMENT_BYTES_MAX: usize = 1_000;
/// Bytes of one address of a page that a visitor is on.
pub const VISIT_URL_BYTES_MAX: usize = 1_000;
/// Bytes of the title of such a page, and of each other fact about a visitor.
pub const VISIT_FACT_BYTES_MAX: usize = 200;
/// Attributes that the embedding site tells of a visitor.
pub const VISITOR_ATTRIBUTES_MAX: usize = 20;
/// Pages in the trail of a visitor, the newest ones.
pub const VISIT_TRAIL_MAX: usize = 20;
/// Milliseconds after its last visit for which a visitor counts as being on the site.
pub const VISITOR_HERE_MS: u64 = 5 * 60_000;
/// Visitors in one page of those that are on the site.
pub const VISITORS_PAGE_MAX: usize = 50;
/// Milliseconds without a session after which an agent is taken for gone, and its waiting tickets are given to others.
pub const OWNER_GONE_MS: u64 = 30_000;
/// Milliseconds between two looks at what waits.
pub const DESK_LOOK_MS: u64 = 2_000;
/// Tickets that one look gives to agents or takes back. The others follow at once.
pub const ASSIGNED_AT_ONCE_MAX: usize = 100;
/// Notes in one page.
pub const NOTES_PAGE_MAX: usize = 50;
/// Bytes of a note of staff.
pub const NOTE_BYTES_MAX: usize = 4_000;
/// Days that a report covers.
pub const REPORT_DAYS_MAX: u64 = 366;
/// Teams in a report, and tags.
pub const REPORT_NAMES_MAX: usize = 100;
/// Tickets of a report's table that are read at one time.
pub const REPORT_PART_TICKETS: usize = 500;
/// People that a note mentions.
pub const NOTE_MENTIONS_MAX: usize = 20;
/// Canned replies of one desk and its teams, and of one agent there.
pub const CANNED_MAX: usize = 500;
/// Canned replies in one page.
pub const CANNED_PAGE_MAX: usize = 50;
/// Articles of one desk.
pub const ARTICLES_MAX: usize = 200;
/// Bytes of the title of an article, in one language.
pub const ARTICLE_TITLE_BYTES_MAX: usize = 200;
/// Bytes of an article, in one language.
pub const ARTICLE_BYTES_MAX: usize = 16 * 1024;
/// Articles that a search finds at most.
pub const ARTICLES_FOUND_MAX: usize = 5;
/// Bytes of a search for articles or canned replies. Of a longer one the beginning counts.
pub const DESK_SEARCH_BYTES_MAX: usize = 100;
/// Words, or pairs of Chinese characters, that a search for articles looks for.
pub const DESK_SEARCH_WORDS_MAX: usize = 6;
/// Milliseconds after its last visit until a visitor that has never asked is forgotten.
pub const VISITOR_IDLE_MS_MAX: u64 = 30 * 24 * 60 * 60 * 1000;
/// Milliseconds between two looks for visitors to forget.
pub const VISITORS_FORGET_MS: u64 = 10 * 60 * 1000;
/// Visitors that one look forgets.
pub const VISITORS_FORGOTTEN_AT_ONCE_MAX: usize = 1_000;
// Mails to visitors.
/// Milliseconds after which the answers to a ticket go out by mail, together. The option mail-soon-s may make it shorter.
pub const DESK_MAIL_WAIT_MS: u64 = 30_000;
/// Milliseconds until another look whether a visitor that is here has read an answer, or has gone.
pub const DESK_MAIL_HERE_MS: u64 = 30_000;
/// Mails that visitors of one desk may ask for in a day: requests to confirm, and whole conversations.
pub const DESK_MAIL_ASKED_PER_DAY: u64 = 1_000;
/// Messages in one mail to a visitor.
pub const DESK_MAIL_MESSAGES_MAX: usize = 200;
/// Bytes of all messages in one mail to a visitor.
pub const DESK_MAIL_BYTES_MAX: usize = 256 * 1024;
}
