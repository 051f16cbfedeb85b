//! The bounds of mails that come in, unit last. docs/reference/limits.md is made of this file, too.

crate::limit::table! {
/// Bytes of a mail that a desk takes.
pub const MAIL_BYTES_MAX: usize = 25 * 1024 * 1024;
/// Bytes of the header of such a mail.
pub const MAIL_HEADER_BYTES_MAX: usize = 256 * 1024;
/// Parts of a mail that are looked at. The rest stays in the whole mail, which is kept as a file.
pub const MAIL_PARTS_MAX: usize = 200;
/// Texts of a mail that are put together to its message.
pub const MAIL_TEXTS_MAX: usize = 10;
/// Bytes of a subject.
pub const MAIL_SUBJECT_BYTES_MAX: usize = 500;
/// Bytes of a Message-ID. A longer one is known by its beginning.
pub const MAIL_ID_BYTES_MAX: usize = 500;
/// Earlier mails that a mail may name.
pub const MAIL_EARLIER_MAX: usize = 50;
/// Mails that a node reads at one time. Further ones are to come again.
pub const MAILS_READ_AT_ONCE_MAX: usize = 4;
/// Milliseconds that a mail may take to arrive.
pub const MAIL_WAIT_MS_MAX: u64 = 60_000;
/// Mails of one sender to a desk in an hour. Further ones are to come again later, so that no two programs answer each other.
pub const MAILS_PER_SENDER_PER_HOUR: u64 = 30;
/// Mails of all senders to a desk in an hour.
pub const MAILS_PER_DESK_PER_HOUR: u64 = 2_000;
/// Milliseconds for which a mail is known by its Message-ID, so that it is taken once.
pub const MAIL_KNOWN_MS: u64 = 400 * 24 * 60 * 60 * 1000;
/// Mails that are known and that one look forgets.
pub const MAILS_FORGOTTEN_AT_ONCE_MAX: usize = 1_000;
}
