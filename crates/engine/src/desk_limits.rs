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
/// Texts among which a field of that form may let a visitor choose.
pub const DESK_FIELD_CHOICES: std::ops::RangeInclusive<usize> = 2..=20;
/// Bytes of such a text.
pub const DESK_CHOICE_BYTES_MAX: usize = 100;
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
// Contacts, teams, views, verified visitors.
/// Contacts in one page.
pub const CONTACTS_PAGE_MAX: usize = 50;
/// Contacts that one page of a search looks at. The next page goes on behind them.
pub const CONTACTS_SCANNED_MAX: usize = 5_000;
/// Bytes of the address of a contact.
pub const CONTACT_ADDRESS_BYTES_MAX: usize = 400;
/// Notes about one contact.
pub const CONTACT_NOTES_MAX: usize = 100;
/// Events of one ticket in the export of a contact, the newest ones.
pub const EXPORT_EVENTS_PER_TICKET_MAX: usize = 1_000;
/// Events in the export of a contact.
pub const EXPORT_EVENTS_MAX: usize = 20_000;
/// Events that one write erases with a contact.
pub const CONTACT_ERASED_AT_ONCE_MAX: usize = 50;
/// Contacts whose erasing one look goes on with, if it was interrupted.
pub const ERASURES_RESUMED_AT_ONCE_MAX: usize = 10;
/// Milliseconds after which an erasing counts as interrupted.
pub const ERASURE_RESUMED_AFTER_MS: u64 = 30_000;
/// Bytes of what a site signs about a visitor.
pub const IDENTITY_BYTES_MAX: usize = 4 * 1024;
/// Bytes of the id that a person has at the site.
pub const IDENTITY_SUBJECT_BYTES_MAX: usize = 200;
/// Seconds for which what a site signs about a visitor may hold.
pub const IDENTITY_AGE_S_MAX: u64 = 60 * 60;
/// Seconds by which the clock of a site may be ahead.
pub const IDENTITY_AHEAD_S_MAX: u64 = 60;
/// Secrets of a desk that hold at one time.
pub const SITE_SECRETS_MAX: usize = 2;
/// Tokens of one visitor that the site has verified. With one more the oldest ends.
pub const VERIFIED_TOKENS_MAX: usize = 10;
/// Teams of one desk.
pub const TEAMS_MAX: usize = 50;
/// Tickets that one bulk change names.
pub const BULK_TICKETS_MAX: usize = 100;
/// Saved views of one desk, and of one agent there.
pub const SAVED_VIEWS_MAX: usize = 50;
/// Characters of the name of a saved view.
pub const SAVED_VIEW_NAME_CHARS_MAX: usize = 60;
/// Tickets that one page of a saved view or a search looks at. The next page goes on behind them.
pub const TICKETS_SCANNED_MAX: usize = 2_000;
/// Mentions in one page.
pub const MENTIONS_PAGE_MAX: usize = 50;
// Help pages and what the settings list.
/// Elements of an article that lie in each other. What is deeper is shown without its marks.
pub const ARTICLE_DEPTH_MAX: usize = 24;
/// Articles that the search of the help page finds at most.
pub const HELP_PAGE_FOUND_MAX: usize = 20;
/// Characters of an article that the help page shows below its title.
pub const ARTICLE_BEGINNING_CHARS_MAX: usize = 150;
/// Characters of an article's title in its address.
pub const ARTICLE_SLUG_CHARS_MAX: usize = 60;
/// Blocked visitors in one page.
pub const BLOCKED_PAGE_MAX: usize = 50;
// Of the visitor's window.
/// Bytes of what staff is shown of a text that a visitor is typing: its end.
pub const VISITOR_DRAFT_BYTES_MAX: usize = 400;
/// Greetings of a desk that appear beside its button.
pub const DESK_GREETINGS_MAX: usize = 10;
/// Bytes of the pages on which a greeting appears.
pub const GREETING_PAGE_BYTES_MAX: usize = 200;
/// Seconds on a page after which a greeting appears.
pub const GREETING_AFTER_S_MAX: u64 = 60 * 60;
/// Questions with answers that a desk shows as buttons.
pub const DESK_COMMON_QUESTIONS_MAX: usize = 12;
// Rules, macros and the times that a desk promises.
/// Rules of one desk.
pub const RULES_MAX: usize = 100;
/// Conditions of one rule.
pub const RULE_CONDITIONS_MAX: usize = 10;
/// Acts of one rule or macro.
pub const RULE_ACTS_MAX: usize = 10;
/// Bytes of the name of a rule or a macro, and of what a condition compares with.
pub const RULE_TEXT_BYTES_MAX: usize = 200;
/// Seconds for which a visitor waits until a rule for that, and a rule's or macro's time to put a ticket off.
pub const RULE_AFTER_S_MAX: u64 = 7 * 24 * 60 * 60;
/// Times that one rule runs on one ticket within an hour.
pub const RULE_RUNS_PER_TICKET_PER_HOUR: u64 = 10;
/// Happenings that one look hands to the rules, and tickets that one look finds too late. The others follow at once.
pub const HAPPENINGS_AT_ONCE_MAX: usize = 100;
/// Milliseconds for which it is kept what rules did.
pub const RULE_RUN_AGE_MS: u64 = 30 * 24 * 60 * 60 * 1000;
/// Milliseconds for which the request that ran a macro is known.
pub const MACRO_RUN_AGE_MS: u64 = 24 * 60 * 60 * 1000;
/// Rows of these that one look forgets.
pub const RUNS_FORGOTTEN_AT_ONCE_MAX: usize = 1_000;
/// What rules did, in one page.
pub const RULE_RUNS_PAGE_MAX: usize = 50;
/// Macros of a desk, and of one agent there.
pub const MACROS_MAX: usize = 100;
/// Seconds of work that a desk may promise: thirty whole days.
pub const PROMISE_S_MAX: u64 = 30 * 24 * 60 * 60;
/// Days that are looked at for the end of a promised time.
pub const PROMISE_AHEAD_DAYS_MAX: i64 = 400;
/// Tickets whose first answer tells how long one waits, the newest of the last day.
pub const EXPECTED_WAIT_TICKETS: usize = 50;
/// First answers that are needed to tell how long one waits.
pub const EXPECTED_WAIT_ANSWERS_MIN: usize = 3;
// What strangers may ask of a desk without a token.
/// Looks at the doors of desks from one address in a minute.
pub const DOORS_PER_ADDRESS_PER_MIN: u32 = 1_200;
/// Reads of help, searches among them, from one address in a minute.
pub const HELP_PER_ADDRESS_PER_MIN: u32 = 300;
/// Milliseconds for which a node answers with the door that it has read, unless it learns of a change.
pub const DOOR_KEPT_MS: u64 = 1_000;
/// Doors that a node keeps.
pub const DOORS_KEPT_MAX: usize = 1_000;
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
// Sums for reports, and claims of many agents at once.
/// Milliseconds between two looks for days whose tickets are to be summed up for reports.
pub const DAY_SUMS_LOOK_MS: u64 = 60_000;
/// Days that one look sums up. The others follow with the next turn.
pub const DAYS_SUMMED_AT_ONCE_MAX: usize = 20;
/// Bytes of the sums of a day. A day with more names than that is added up out of its tickets each time.
pub const DAY_SUMS_BYTES_MAX: usize = 64 * 1024;
/// Claims of tickets that one node decides in one write.
pub const CLAIMS_AT_ONCE_MAX: usize = 128;
/// Claims of tickets that wait at a node.
pub const CLAIMS_WAITING_MAX: usize = 2_000;
// What contacts said before a merge, and whether articles helped.
/// Visitors that a contact was before, of whom its tickets are told when it gets another name: the newest ones.
pub const MERGED_TOLD_MAX: usize = 20;
/// Tickets whose messages a search for contacts finds.
pub const CONTACTS_FOUND_BY_TEXT_MAX: usize = 100;
/// Messages that a search for contacts looks at for that, the newest that have its words.
pub const CONTACT_MESSAGES_LOOKED_AT_MAX: usize = 2_000;
/// Answers to "Did this help?" that a desk counts in a day.
pub const HELPED_PER_DAY_MAX: usize = 10_000;
/// Milliseconds for which it is known who has answered, so that nobody counts twice in a day.
pub const HELPED_KNOWN_MS: u64 = 2 * 24 * 60 * 60 * 1000;
/// Such answers that one look forgets.
pub const HELPED_FORGOTTEN_AT_ONCE_MAX: usize = 1_000;
}
