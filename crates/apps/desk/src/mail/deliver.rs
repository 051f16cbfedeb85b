//! What becomes of a mail to a visitor that is due: it is sent, waits, is given up, or is not needed any more.

use std::sync::Arc;

use encke_engine::{ConversationId, Error, PersonId, Seq, desk_limits};
use encke_letter::{Letter, Outcome, Post, one_line, pause};
use encke_site::Site;
use encke_store::{Read, Sql, Tx, params};
use encke_talk::told::told;

use super::address;
use super::compose::{self, Answerable};
use super::outbox::{self, MailRow, wait_ms};
use super::state::MailState;
use super::turn::{Mail, Taken};
use super::words::Words;
use crate::agent::is_present;
use crate::contact;
use crate::desk::DeskRow;
use crate::incoming::{mailbox, thread};
use crate::keeper::FIRST_MESSAGE;
use crate::visitor::VisitorRow;

/// Looks after a mail that this node has taken, in a task of its own.
pub(crate) fn begin(site: &Arc<Site>, taken: Taken) {
    let Ok(place) = MailState::of(site).running.clone().try_acquire_owned() else { return };
    let site = site.clone();
    tokio::spawn(async move {
        let Taken { mail, until_ms } = taken;
        let done = match mail {
            Mail::Request(visitor) => request(&site, visitor, until_ms).await,
            Mail::Ticket(ticket) => answers(&site, ticket, until_ms).await,
        };
        // After a fault the mail waits until its time with this node is over.
        if let Err(e) = done {
            tracing::warn!("a mail to a visitor: {e}");
        }
        drop(place);
    });
}

/// Sends the request to confirm an address.
async fn request(site: &Arc<Site>, visitor: PersonId, until_ms: u64) -> Result<(), Error> {
    let Some(post) = MailState::of(site).post() else { return Ok(()) };
    let held = site.clone();
    let found = site.store.read(move |read| {
        let row = address::find(read, visitor)?.filter(|row| row.due_ms == Some(until_ms));
        let Some(row) = row else { return Ok(None) };
        let Some((desk, words)) = desk_of(read, row.house, visitor)? else { return Ok(None) };
        let post = MailState::of(&held).open()?;
        Ok(Some((row.tries, compose::request(read, post, &desk, &row, words)?)))
    });
    let Some((tries, letter)) = found.await? else { return Ok(()) };
    let again = match post.send(letter).await? {
        Outcome::Later => pause(tries + 1),
        Outcome::Taken | Outcome::Refused => None,
    };
    let stored = site.store.write(move |tx| {
        let due_ms = again.map(|ms| tx.now_ms() + ms);
        tx.execute(
            "UPDATE desk_mail_address SET due_ms = ?3, tries = tries + 1
             WHERE person = ?1 AND due_ms = ?2",
            params![visitor, until_ms, due_ms],
        )?;
        Ok(())
    });
    stored.await
}

fn desk_of(
    read: &mut Read<'_>,
    house: ConversationId,
    visitor: PersonId,
) -> Result<Option<(DeskRow, Words)>, Error> {
    let Some(desk) = DeskRow::find(read, house)? else { return Ok(None) };
    let language = VisitorRow::find(read, visitor)?.map(|row| row.language).unwrap_or_default();
    Ok(Some((desk, Words::of(&language))))
}

/// The next step with a mail.
enum Step {
    /// The visitor is here and has not read the answer yet: it is looked at again later.
    Here,
    /// Nothing has to be sent.
    Nothing,
    /// This has to be sent. It tells of messages up to this one.
    Send(Box<Letter>, Seq),
}

/// Sends the answers to a ticket that its visitor has not read, or the whole of it.
async fn answers(site: &Arc<Site>, ticket: ConversationId, until_ms: u64) -> Result<(), Error> {
    let Some(post) = MailState::of(site).post() else { return Ok(()) };
    let held = site.clone();
    // What is told is what is there, unread and not recalled, at this moment.
    let found = site.store.read(move |read| {
        let row = outbox::find(read, ticket)?.filter(|row| row.due_ms == Some(until_ms));
        let Some(row) = row else { return Ok(None) };
        let post = MailState::of(&held).open()?;
        let step = step(read, &held, post, &row)?;
        Ok(Some((row, step)))
    });
    let Some((row, step)) = found.await? else { return Ok(()) };
    let held = site.clone();
    let (outcome, sent) = match step {
        Step::Here => {
            let put_off =
                "UPDATE desk_mail SET due_ms = ?3 WHERE conversation = ?1 AND due_ms = ?2";
            let stored = site.store.write(move |tx| {
                let due_ms = tx.now_ms() + desk_limits::DESK_MAIL_HERE_MS;
                tx.execute(put_off, params![ticket, until_ms, due_ms])?;
                Ok(())
            });
            return stored.await;
        }
        Step::Nothing => (Outcome::Taken, None),
        Step::Send(letter, newest) => (post.send(*letter).await?, Some(newest)),
    };
    let again = match outcome {
        Outcome::Later => pause(row.tries + 1),
        Outcome::Taken | Outcome::Refused => None,
    };
    let stored = site.store.write(move |tx| match (again, outcome) {
        (Some(ms), _) => {
            let update = "UPDATE desk_mail SET due_ms = ?3, tries = tries + 1
                          WHERE conversation = ?1 AND due_ms = ?2";
            tx.execute(update, params![ticket, until_ms, tx.now_ms() + ms])?;
            Ok(())
        }
        (None, Outcome::Taken) => done(tx, &held, &row, until_ms, sent, None),
        (None, Outcome::Refused) => done(tx, &held, &row, until_ms, None, Some("refused")),
        (None, Outcome::Later) => done(tx, &held, &row, until_ms, None, Some("unreachable")),
    });
    stored.await
}

fn step(read: &mut Read<'_>, site: &Site, post: &Post, row: &MailRow) -> Result<Step, Error> {
    let address = address::find(read, row.visitor)?.filter(|row| row.is_confirmed);
    let Some(address) = address else { return Ok(Step::Nothing) };
    let Some((desk, words)) = desk_of(read, address.house, row.visitor)? else {
        return Ok(Step::Nothing);
    };
    let query = "SELECT read FROM member WHERE conversation = ?1 AND person = ?2";
    let seen = read.query_one(query, params![row.ticket, row.visitor])?;
    let seen = seen.map_or(Ok(Seq(0)), |found| found.get::<Seq>(0))?;
    if !row.whole && seen < row.last_seq && is_present(site, row.visitor) {
        return Ok(Step::Here);
    }
    let messages = match row.whole {
        true => Seq(1)..=Seq(i64::MAX as u64 - 1),
        false => row.first_seq.max(Seq(seen.0 + 1))..=row.last_seq,
    };
    let most = desk_limits::DESK_MAIL_MESSAGES_MAX;
    let mut all = told(read, site, row.ticket, row.visitor, messages, most)?;
    if !row.whole {
        let own = contact::selves(read, row.visitor)?;
        all.retain(|told| told.from.is_none_or(|from| !own.contains(&from)));
    }
    let Some(newest) = all.last().map(|told| told.seq) else { return Ok(Step::Nothing) };
    let merged = outbox::mailed_before_merge(read, row.ticket)?;
    let answerable = answerable(read, site, &desk, row)?;
    let letter = compose::answers(post, &desk, &address, (row, merged), (&all, answerable), words);
    Ok(Step::Send(Box::new(letter), newest))
}

/// What answers to the mail need, if the desk has a mailbox.
fn answerable(
    read: &mut Read<'_>,
    site: &Site,
    desk: &DeskRow,
    row: &MailRow,
) -> Result<Option<Answerable>, Error> {
    let Some(mailbox) = mailbox::find(read, desk.house)? else { return Ok(None) };
    let by_mail = thread::is_by_mail(read, row.ticket)?;
    let last = thread::last_name(read, row.ticket)?;
    let mut subject = None;
    if by_mail {
        let first = told(read, site, row.ticket, row.visitor, FIRST_MESSAGE..=FIRST_MESSAGE, 1)?;
        let title = first.first().and_then(|told| told.text.lines().next()).map(one_line);
        subject = title.filter(|title| !title.is_empty());
    }
    Ok(Some(Answerable { mailbox, by_mail, subject, last }))
}

/// Notes what became of a mail. What was answered meanwhile is told by the next one.
fn done(
    tx: &mut Tx<'_>,
    site: &Site,
    row: &MailRow,
    until_ms: u64,
    sent: Option<Seq>,
    failed: Option<&str>,
) -> Result<(), Error> {
    let now = tx.now_ms();
    let told = sent.unwrap_or_default().max(row.last_seq);
    let next = row.first_seq.max(Seq(told.0 + 1));
    tx.execute(
        "UPDATE desk_mail SET tries = 0, whole = 0, first_seq = ?3, failed = ?4,
             sent_ms = CASE WHEN CAST(?5 AS BIGINT) = 1 THEN CAST(?6 AS BIGINT) ELSE sent_ms END, number = number + CAST(?5 AS BIGINT),
             due_ms = CASE WHEN last_seq >= ?3 THEN CAST(?7 AS BIGINT) ELSE NULL END
         WHERE conversation = ?1 AND due_ms = ?2",
        params![row.ticket, until_ms, next, failed, u64::from(sent.is_some()), now, now + wait_ms(site)],
    )?;
    Ok(())
}
