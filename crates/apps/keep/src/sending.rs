//! Sending a planned message when its time has come.

use std::sync::Arc;

use encke_engine::{Code, Error, PersonId};
use encke_site::Site;
use encke_store::{Sql, Tx, params};
use encke_talk::message::{Message, say_message};

use crate::due::is_passing;
use crate::scheduled::{PlanState, ScheduledMessage, tell};

/// Sends a planned message whose time has come, unless another node was faster. A message that can't be sent any more
/// is kept as failed. The error is one that passes: the message is still due.
pub(crate) async fn send(site: Arc<Site>, id: String, now: u64) -> Result<(), Error> {
    let planned = id.clone();
    let sent = {
        let held = site.clone();
        site.store.write(move |tx| send_due(tx, &held, &planned, now)).await
    };
    let Err(e) = sent else { return Ok(()) };
    if is_passing(&e) {
        return Err(e);
    }
    site.store.write(move |tx| fail(tx, &id, now, &e)).await
}

/// Takes the planned message away and appends it, in one write: whoever commits first has done both, and nobody does
/// either of them again.
fn send_due(tx: &mut Tx<'_>, site: &Site, id: &str, now: u64) -> Result<(), Error> {
    let Some(planned) = due(tx, id, now)? else { return Ok(()) };
    let person = planned.person;
    check_account(tx, person)?;
    planned.forget(tx)?;
    let mut told = planned.told(PlanState::Sent);
    let ScheduledMessage { conversation, text, reply_to, .. } = planned;
    // The row is enough for it to be sent once. The key tells the writer's clients which one it was.
    let key = Some(format!("scheduled-{id}").into());
    let message = Message { conversation, key, text, reply_to };
    told.seq = Some(say_message(tx, site, person, message)?.seq);
    tell(tx, person, &told, None)?;
    Ok(())
}

/// Keeps a planned message as one that could not be sent, and tells its writer.
fn fail(tx: &mut Tx<'_>, id: &str, now: u64, e: &Error) -> Result<(), Error> {
    let Some(planned) = due(tx, id, now)? else { return Ok(()) };
    let code = e.code.text();
    tx.execute(
        "UPDATE scheduled SET failed_ms = ?2, failed_code = ?3, failed_message = ?4 WHERE id = ?1",
        params![id, now, code, &e.message],
    )?;
    let mut told = planned.told(PlanState::Failed);
    told.code = Some(code.to_owned());
    tell(tx, planned.person, &told, None)?;
    Ok(())
}

/// The planned message, if it is still there and still due.
fn due(tx: &mut Tx<'_>, id: &str, now: u64) -> Result<Option<ScheduledMessage>, Error> {
    let found = ScheduledMessage::find(tx, id)?;
    Ok(found.filter(|planned| planned.failed.is_none() && planned.send_at <= now))
}

/// Refuses a person whose account was disabled since.
fn check_account(tx: &mut Tx<'_>, person: PersonId) -> Result<(), Error> {
    let query = "SELECT 1 FROM person WHERE id = ?1 AND disabled_ms IS NULL";
    match tx.query_one(query, params![person])? {
        Some(_) => Ok(()),
        None => Err(Error::new(Code::Forbidden, "This account is disabled.")),
    }
}
