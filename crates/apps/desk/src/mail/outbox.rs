//! What is to be mailed about a ticket: one row for each, written with what causes it.

use encke_engine::{ConversationId, Error, PersonId, Seq, desk_limits};
use encke_site::Site;
use encke_store::{Row, Sql, StoreError, Tx, params};

use super::state::MailState;
use crate::ticket::Ticket;

/// A row of `desk_mail`.
pub(crate) struct MailRow {
    pub ticket: ConversationId,
    pub visitor: PersonId,
    /// The first message that was not mailed.
    pub first_seq: Seq,
    /// The newest answer. Nothing waits if it is below the first.
    pub last_seq: Seq,
    /// Whether the visitor asks for the whole conversation.
    pub whole: bool,
    pub due_ms: Option<u64>,
    pub tries: u64,
    /// When the last mail was sent.
    pub sent_ms: Option<u64>,
    /// The reason why the last one was given up.
    pub failed: Option<String>,
    /// The number of mails that were sent.
    pub number: u64,
}

impl MailRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(MailRow {
            ticket: row.get(0)?,
            visitor: row.get(1)?,
            first_seq: row.get(2)?,
            last_seq: row.get(3)?,
            whole: row.get(4)?,
            due_ms: row.get(5)?,
            tries: row.get(6)?,
            sent_ms: row.get(7)?,
            failed: row.get(8)?,
            number: row.get(9)?,
        })
    }

    /// Whether something is to be sent.
    pub fn waits(&self) -> bool {
        self.whole || self.first_seq <= self.last_seq
    }
}

/// What is to be mailed about a ticket.
pub(crate) fn find(
    sql: &mut impl Sql,
    ticket: ConversationId,
) -> Result<Option<MailRow>, StoreError> {
    let query =
        "SELECT conversation, visitor, first_seq, last_seq, whole, due_ms, tries, sent_ms, failed, number
                 FROM desk_mail WHERE conversation = ?1";
    sql.query_one(query, params![ticket])?.as_ref().map(MailRow::read).transpose()
}

/// The ticket that was merged into this one and mailed last, with the number of its mails.
pub(crate) fn mailed_before_merge(
    sql: &mut impl Sql,
    ticket: ConversationId,
) -> Result<Option<(ConversationId, u64)>, StoreError> {
    let query = "SELECT m.conversation, m.number FROM desk_ticket t
                 JOIN desk_mail m ON m.conversation = t.conversation
                 WHERE t.merged_into = ?1 AND m.number > 0
                 ORDER BY m.sent_ms DESC, m.conversation DESC LIMIT 1";
    let row = sql.query_one(query, params![ticket])?;
    row.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

/// Milliseconds after which answers go out together.
pub(crate) fn wait_ms(site: &Site) -> u64 {
    let soon = MailState::of(site).post().map_or(u64::MAX, |post| post.soon_ms);
    soon.min(desk_limits::DESK_MAIL_WAIT_MS)
}

/// Notes an answer to a ticket, if its visitor has left an address. It is due once that is confirmed.
pub(crate) fn answered(
    tx: &mut Tx<'_>,
    site: &Site,
    ticket: &Ticket,
    answer: Seq,
) -> Result<(), Error> {
    note(tx, ticket, answer, false, tx.now_ms() + wait_ms(site))
}

/// Notes that a mail of a ticket came back for good: no more are sent to its address, until somebody writes from there.
pub(crate) fn came_back(tx: &mut Tx<'_>, ticket: ConversationId) -> Result<(), Error> {
    let stop = "UPDATE desk_mail_address SET confirmed = 0
                WHERE person IN (SELECT visitor FROM desk_mail WHERE conversation = ?1)";
    tx.execute(stop, params![ticket])?;
    let note = "UPDATE desk_mail SET failed = 'bounced', due_ms = NULL WHERE conversation = ?1";
    tx.execute(note, params![ticket])?;
    Ok(())
}

/// Notes that the visitor of a ticket asks for the whole of it.
pub(crate) fn asked_for_all(tx: &mut Tx<'_>, ticket: &Ticket) -> Result<(), Error> {
    note(tx, ticket, Seq(0), true, tx.now_ms())
}

fn note(
    tx: &mut Tx<'_>,
    ticket: &Ticket,
    answer: Seq,
    whole: bool,
    due_ms: u64,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO desk_mail (conversation, visitor, first_seq, last_seq, whole, due_ms, tries, number)
         SELECT CAST(?1 AS BIGINT), person, CAST(?6 AS BIGINT), CAST(?3 AS BIGINT), CAST(?4 AS BIGINT),
             CASE WHEN confirmed = 1 THEN CAST(?5 AS BIGINT) ELSE NULL END, 0, 0
         FROM desk_mail_address WHERE person = ?2
         ON CONFLICT (conversation) DO UPDATE SET failed = NULL, tries = 0,
             last_seq = CASE WHEN excluded.last_seq > desk_mail.last_seq THEN excluded.last_seq ELSE desk_mail.last_seq END,
             whole = CASE WHEN excluded.whole = 1 THEN 1 ELSE desk_mail.whole END,
             due_ms = coalesce(desk_mail.due_ms, excluded.due_ms)",
        params![ticket.id, ticket.visitor, answer, whole, due_ms, answer.max(Seq(1))],
    )?;
    Ok(())
}
