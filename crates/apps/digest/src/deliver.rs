//! What becomes of a mail that is due: it is sent, waits, or is not needed any more.

use std::sync::Arc;

use encke_engine::{ConversationId, Error, Seq, outgoing_limits};
use encke_letter::{Letter, Outcome, Post, pause};
use encke_site::Site;
use encke_store::{Read, Row, Sql, Tx, params};
use encke_talk::notice::{self, Counted, News};

use crate::compose;
use crate::settings::{PersonRow, find};
use crate::state::State;
use crate::turn::Taken;

/// Messages of a conversation that a person may have missed.
struct Waiting {
    conversation: ConversationId,
    first_seq: Seq,
    last_seq: Seq,
}

/// Looks after a mail that this node has taken, in a task of its own.
pub(crate) fn begin(site: &Arc<Site>, taken: Taken) {
    let Ok(place) = State::of(site).running.clone().try_acquire_owned() else { return };
    let site = site.clone();
    tokio::spawn(async move {
        // After a fault the mail waits until its time with this node is over.
        if let Err(e) = look_after(&site, taken).await {
            tracing::warn!("a mail: {e}");
        }
        drop(place);
    });
}

async fn look_after(site: &Arc<Site>, taken: Taken) -> Result<(), Error> {
    let Some(post) = State::of(site).post() else { return Ok(()) };
    let held = site.clone();
    // What is told is what is there, unread and not recalled, at this moment.
    let found = site.store.read(move |read| {
        let Some(row) = find(read, taken.person)? else { return Ok(None) };
        if row.due_ms != Some(taken.until_ms) {
            return Ok(None);
        }
        let post = State::of(&held).open()?;
        let (letter, waiting) = letter(read, &held, post, &row)?;
        Ok(Some((row.tries, letter, waiting)))
    });
    let Some((tries, letter, waiting)) = found.await? else { return Ok(()) };
    let outcome = match letter {
        Some(letter) => post.send(letter).await?,
        None => Outcome::Taken,
    };
    let again = match outcome {
        Outcome::Later => pause(tries + 1),
        Outcome::Taken | Outcome::Refused => None,
    };
    let stored = site.store.write(move |tx| match again {
        Some(ms) => {
            let update = "UPDATE digest_person SET due_ms = ?3, tries = tries + 1
                          WHERE person = ?1 AND due_ms = ?2";
            tx.execute(update, params![taken.person, taken.until_ms, tx.now_ms() + ms])?;
            Ok(())
        }
        None => done(tx, taken, &waiting),
    });
    stored.await
}

/// The mail of a person, if it needs one, and what it is about.
fn letter(
    read: &mut Read<'_>,
    site: &Site,
    post: &Post,
    row: &PersonRow,
) -> Result<(Option<Letter>, Vec<Waiting>), Error> {
    if !row.is_confirmed {
        return Ok((Some(compose::request(read, site, post, row)?), Vec::new()));
    }
    let query = "SELECT conversation, first_seq, last_seq FROM digest_waiting
                 WHERE person = ?1 ORDER BY conversation LIMIT ?2";
    let most = outgoing_limits::MAIL_CONVERSATIONS_MAX;
    let of = |row: &Row| -> Result<Waiting, Error> {
        Ok(Waiting { conversation: row.get(0)?, first_seq: row.get(1)?, last_seq: row.get(2)? })
    };
    let rows = read.query(query, params![row.person, most])?;
    let waiting = rows.iter().map(of).collect::<Result<Vec<_>, _>>()?;
    let mut news: Vec<(ConversationId, News)> = Vec::new();
    for one in &waiting {
        let counted = match notice::is_direct(read, one.conversation)? {
            true => Counted::All,
            false => Counted::Mentions,
        };
        let messages = one.first_seq..=one.last_seq;
        let found = notice::news(read, site, one.conversation, row.person, messages, counted)?;
        news.extend(found.map(|found| (one.conversation, found)));
    }
    if news.is_empty() || row.every_ms == 0 {
        return Ok((None, waiting));
    }
    Ok((Some(compose::digest(read, post, row, &news)?), waiting))
}

/// Forgets what a mail was about. What came meanwhile is told by the next one.
fn done(tx: &mut Tx<'_>, taken: Taken, waiting: &[Waiting]) -> Result<(), Error> {
    for one in waiting {
        let (id, last) = (one.conversation, one.last_seq);
        let which = "person = ?1 AND conversation = ?2";
        let told = format!("DELETE FROM digest_waiting WHERE {which} AND last_seq <= ?3");
        tx.execute(&told, params![taken.person, id, last])?;
        let rest = format!("UPDATE digest_waiting SET first_seq = ?3 WHERE {which}");
        tx.execute(&rest, params![taken.person, id, Seq(last.0 + 1)])?;
    }
    let now = tx.now_ms();
    tx.execute(
        "UPDATE digest_person SET tries = 0, due_ms =
             CASE WHEN EXISTS (SELECT 1 FROM digest_waiting w WHERE w.person = ?1)
             THEN every_ms + CAST(?3 AS BIGINT) ELSE NULL END
         WHERE person = ?1 AND due_ms = ?2",
        params![taken.person, taken.until_ms, now],
    )?;
    Ok(())
}
