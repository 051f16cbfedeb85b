//! Erasing what was said in a conversation, for products that erase a person (P10).

use encke_engine::{Code, ConversationId, Error, PersonId, Position, Seq};
use encke_store::Tx;

use crate::amendment::{Amending, message_at};
use crate::conversation::{Member, MemberRole, find, not_member};
use crate::recall::wipe_message;
use crate::thread;

/// Recalls the message at a position, whoever wrote it, also for somebody that may not recall it by hand. The caller has
/// decided that it goes. One that is gone already stays so.
pub fn erase_message(
    tx: &mut Tx<'_>,
    id: ConversationId,
    at: Position,
    by: PersonId,
) -> Result<(), Error> {
    let message = match message_at(tx, at) {
        Ok(entry) => entry.event.clone(),
        Err(e) if matches!(e.code, Code::Erased | Code::NotFound) => return Ok(()),
        Err(e) => return Err(e),
    };
    let conversation = find(tx, id)?.ok_or_else(not_member)?;
    let (delivered, read) = (Seq(0), Seq(0));
    let member = Member { person: by, role: MemberRole::Owner, delivered, read, muted_until: None };
    let it = Amending { me: by, member, conversation, message, keeper: None };
    wipe_message(tx, &it)?;
    thread::answer_recalled(tx, &it.conversation, by)
}
