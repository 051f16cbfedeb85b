//! The bounds of what the server sends to servers outside, unit last. docs/reference/limits.md is made of this file and of
//! [`limits`](crate::limits).

crate::limit::table! {
/// Requests to servers outside that a site sends at one time.
pub const EGRESS_RUNNING_MAX: usize = 32;
/// Bytes of an address outside.
pub const EGRESS_URL_BYTES_MAX: usize = 2_048;
/// Bytes of an answer from outside that are read.
pub const EGRESS_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Milliseconds until a server outside takes a connection.
pub const EGRESS_CONNECT_MS_MAX: u64 = 5_000;
/// Milliseconds that a request to a server outside may take, with its answer.
pub const EGRESS_WAIT_MS_MAX: u64 = 15_000;
/// Connections to one server outside that are kept for further requests.
pub const EGRESS_IDLE_PER_HOST_MAX: usize = 8;
/// Milliseconds that a connection to a server outside is kept without a request.
pub const EGRESS_IDLE_MS_MAX: u64 = 30_000;

/// Bytes of a page that are read for the preview of a link.
pub const PREVIEW_PAGE_BYTES_MAX: usize = 512 * 1024;
/// Bytes of a picture that is fetched for the preview of a link.
pub const PREVIEW_PICTURE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Pixels of the longer side of the picture of a preview.
pub const PREVIEW_PICTURE_SIDE_PX: u32 = 192;
/// Redirects that are followed for the preview of a link.
pub const PREVIEW_REDIRECTS_MAX: usize = 4;
/// Milliseconds that all requests for the preview of a link may take together.
pub const PREVIEW_WAIT_MS_MAX: u64 = 20_000;
/// Characters of the title in a preview.
pub const PREVIEW_TITLE_CHARS_MAX: usize = 200;
/// Characters of the description in a preview.
pub const PREVIEW_DESCRIPTION_CHARS_MAX: usize = 300;
/// Characters of the name of a site in a preview.
pub const PREVIEW_SITE_CHARS_MAX: usize = 60;
/// Milliseconds that reading a page may take.
pub const PREVIEW_READ_MS_MAX: u64 = 500;
/// Milliseconds between two looks at the log for messages with links.
pub const PREVIEW_FOLLOW_MS: u64 = 600;
/// Events that are looked through at one time for messages with links.
pub const PREVIEW_PART_EVENTS: usize = 2_000;
/// Parts of the log that are looked through for links in one turn.
pub const PREVIEW_PARTS_MAX: usize = 16;
/// Milliseconds after which a message gets no preview any more.
pub const PREVIEW_AGE_MS_MAX: u64 = 10 * 60 * 1000;
/// Previews that a node makes at one time. They leave places for other requests outside.
pub const PREVIEW_RUNNING_MAX: usize = 8;
/// Milliseconds after which another node makes a preview that a node has begun to make.
pub const PREVIEW_LEASE_MS: u64 = 60_000;
/// Milliseconds until a message looks again whether the page that another message has asked for is there.
pub const PREVIEW_AGAIN_MS: u64 = 1_000;
/// Milliseconds for which messages with the same link share what was fetched.
pub const PREVIEW_REUSE_MS_MAX: u64 = 24 * 60 * 60 * 1000;
/// Milliseconds in which a page that gave no preview is not asked for again.
pub const PREVIEW_FAILED_MS: u64 = 10 * 60 * 1000;
/// Pages that gave no preview that are remembered.
pub const PREVIEW_FAILED_KEPT_MAX: u64 = 10_000;
/// Pages that are fetched in a minute for the messages of one person.
pub const PREVIEWS_PER_PERSON_PER_MIN: u64 = 20;
/// Pages that are fetched in a minute from one host.
pub const PREVIEWS_PER_HOST_PER_MIN: u64 = 30;
/// People and hosts whose fetched pages are counted.
pub const PREVIEW_COUNTED_MAX: usize = 10_000;

/// Browsers of one person that are told of messages by Web Push; a further one takes the place of the oldest.
pub const PUSH_SUBSCRIPTIONS_PER_PERSON_MAX: usize = 10;
/// Milliseconds between two looks at the log for messages that somebody is to be told of.
pub const PUSH_FOLLOW_MS: u64 = 1_000;
/// Events that are looked through at one time for messages that somebody is to be told of.
pub const PUSH_PART_EVENTS: usize = 2_000;
/// Parts of the log that are looked through in one turn.
pub const PUSH_PARTS_MAX: usize = 16;
/// Milliseconds from now to the end of a pause of all notifications of a person.
pub const QUIET_AHEAD_MS_MAX: u64 = 31 * 24 * 60 * 60 * 1000;
/// Bytes of the name of a time zone.
pub const ZONE_BYTES_MAX: usize = 64;
/// Milliseconds after which nobody is told of a message any more, if the server was away.
pub const PUSH_AGE_MS_MAX: u64 = 10 * 60 * 1000;
/// Milliseconds between a message and its notification, in which the person may read it.
pub const PUSH_DELAY_MS: u64 = 3_000;
/// Milliseconds after a message in which a person is still told of it when its last page is closed unread.
pub const PUSH_PAGE_MS_MAX: u64 = 60_000;
/// Members of a conversation above which only mentions are told by Web Push.
pub const PUSH_MEMBERS_MAX: u64 = 1_000;
/// Browsers that are told of the messages of one conversation in one part of the log.
pub const PUSH_SUBSCRIPTIONS_TOLD_MAX: u64 = 10_000;
/// Conversations of which one browser is to be told at one time.
pub const PUSH_DUE_PER_SUBSCRIPTION_MAX: u64 = 100;
/// Messages of a conversation that one notification counts.
pub const PUSH_MESSAGES_COUNTED_MAX: usize = 50;
/// Characters of a message in a notification.
pub const PUSH_TEXT_CHARS_MAX: usize = 240;
/// Characters of a name in a notification.
pub const PUSH_NAME_CHARS_MAX: usize = 80;
/// Notifications that a node sends at one time.
pub const PUSH_RUNNING_MAX: usize = 64;
/// Milliseconds after which another node sends a notification that a node has begun to send.
pub const PUSH_LEASE_MS: u64 = 60_000;
/// Tries to send a notification.
pub const PUSH_TRIES_MAX: u64 = 6;
/// Milliseconds between the first two tries; between further ones each time twice as many.
pub const PUSH_RETRY_MS: u64 = 5_000;
/// Milliseconds between two tries at most, also if a push service asks for more.
pub const PUSH_RETRY_MS_MAX: u64 = 10 * 60 * 1000;
/// Seconds for which a push service keeps a notification for a browser that is away.
pub const PUSH_TTL_S: u64 = 24 * 60 * 60;
/// Seconds for which a push service may take the site's word for who it is.
pub const PUSH_TOKEN_AGE_S: u64 = 12 * 60 * 60;
/// Bytes of an e-mail address.
pub const MAIL_ADDRESS_BYTES_MAX: usize = 254;
/// Requests to confirm an address that one person may have sent in a day.
pub const MAIL_ASKED_PER_PERSON_PER_DAY: u64 = 5;
/// Requests to confirm that go to one address in a day, whoever asks.
pub const MAIL_ASKED_PER_ADDRESS_PER_DAY: u64 = 3;
/// Milliseconds for which the link in such a request works.
pub const MAIL_CONFIRM_MS_MAX: u64 = 24 * 60 * 60 * 1000;
/// Milliseconds between two looks at the log for messages that somebody may miss.
pub const MAIL_FOLLOW_MS: u64 = 1_000;
/// Events that are looked through at one time for messages that somebody may miss.
pub const MAIL_PART_EVENTS: usize = 2_000;
/// Parts of the log that are looked through for mails in one turn.
pub const MAIL_PARTS_MAX: usize = 16;
/// Milliseconds after which nobody is mailed about a message any more, if the server was away.
pub const MAIL_AGE_MS_MAX: u64 = 2 * 24 * 60 * 60 * 1000;
/// People who are mailed about the messages of one conversation in one part of the log.
pub const MAIL_PEOPLE_TOLD_MAX: u64 = 10_000;
/// Conversations in one mail.
pub const MAIL_CONVERSATIONS_MAX: u64 = 50;
/// Characters of a message in a mail.
pub const MAIL_TEXT_CHARS_MAX: usize = 500;
/// Mails that a node sends at one time.
pub const MAIL_RUNNING_MAX: usize = 4;
/// Milliseconds that a mail server may take for one answer.
pub const MAIL_ANSWER_MS_MAX: u64 = 20_000;
/// Milliseconds that sending a mail may take.
pub const MAIL_WAIT_MS_MAX: u64 = 60_000;
/// Milliseconds after which another node sends a mail that a node has begun to send.
pub const MAIL_LEASE_MS: u64 = 180_000;
/// Tries to send a mail.
pub const MAIL_TRIES_MAX: u64 = 8;
/// Milliseconds between the first two tries; between further ones each time twice as many.
pub const MAIL_RETRY_MS: u64 = 5_000;
/// Milliseconds between two tries at most.
pub const MAIL_RETRY_MS_MAX: u64 = 60 * 60 * 1000;
/// Ends of sessions that wait until their subscriptions are looked at. Each notification looks again.
pub const PUSH_ENDED_WAITING_MAX: usize = 1_000;
}
