//! Stars: messages that a person marks for itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, ConversationId, Error, PersonId, Position, Seq, StreamId, keep_limits};
use encke_site::{Act, Caller, EventBody, Path, Refusal, Site, event};
use encke_store::{Sql, StoreError, Tx, params};
use encke_talk::member::check_member;
use encke_talk::{find_message, message_at, parse_conversation, parse_seq};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// The person that this is told to has starred a message, or has taken the star away.
#[derive(Serialize, ToSchema)]
pub(crate) struct Starred {
    #[schema(value_type = String)]
    conversation: ConversationId,
    #[schema(value_type = u64)]
    message: Seq,
    on: bool,
}

impl EventBody for Starred {
    const KIND: &'static str = "starred";
}

/// A message that a person stars.
#[derive(Clone, Copy)]
struct Starring {
    person: PersonId,
    conversation: ConversationId,
    seq: Seq,
}

/// Stars a message for oneself. One that is starred already stays as it is.
#[utoipa::path(put, operation_id = "star",
    path = "/v1/conversations/{id}/messages/{seq}/star", tag = "keeping",
    params(("id" = String, Path), ("seq" = String, Path)),
    responses((status = 204), (status = 403, description = "not_member"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 410, description = "erased"), (status = 429, description = "rate_limited")))]
pub(crate) async fn star(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, seq)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Message)?;
    let (conversation, seq) = (parse_conversation(&id)?, parse_seq(&seq)?);
    let it = Starring { person: caller.0.person, conversation, seq };
    let position = site.store.read(move |read| {
        check_member(read, conversation, it.person)?;
        Ok(find_message(read, conversation, seq)?.event.position)
    });
    let position = position.await?;
    site.store.write(move |tx| it.put(tx, position)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a star away. A message that is not starred stays as it is. It works in conversations that one has left, too.
#[utoipa::path(delete, operation_id = "unstar",
    path = "/v1/conversations/{id}/messages/{seq}/star", tag = "keeping",
    params(("id" = String, Path), ("seq" = String, Path)),
    responses((status = 204), (status = 403, description = "not_member"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn unstar(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, seq)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Message)?;
    let (conversation, seq) = (parse_conversation(&id)?, parse_seq(&seq)?);
    let it = Starring { person: caller.0.person, conversation, seq };
    site.store.write(move |tx| it.delete(tx)).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Starring {
    /// Stars the message at a position. What may have changed since it was found is looked at again.
    fn put(self, tx: &mut Tx<'_>, position: Position) -> Result<(), Error> {
        let Starring { person, conversation, seq } = self;
        check_member(tx, conversation, person)?;
        message_at(tx, position)?;
        let query = "SELECT 1 FROM star WHERE person = ?1 AND conversation = ?2 AND seq = ?3";
        if tx.query_one(query, params![person, conversation, seq])?.is_some() {
            return Ok(());
        }
        make_room(tx, person)?;
        let told = self.tell(tx, true)?;
        let now = tx.now_ms();
        tx.execute(
            "INSERT INTO star (person, starred_position, conversation, seq, position, starred_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![person, told, conversation, seq, position, now],
        )?;
        Ok(())
    }

    fn delete(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let Starring { person, conversation, seq } = self;
        let Ok(_) = i64::try_from(seq.0) else { return Ok(()) };
        let delete = "DELETE FROM star WHERE person = ?1 AND conversation = ?2 AND seq = ?3";
        if tx.execute(delete, params![person, conversation, seq])? > 0 {
            self.tell(tx, false)?;
        }
        Ok(())
    }

    /// Tells the person's devices. Returns the position of the event.
    fn tell(self, tx: &mut Tx<'_>, on: bool) -> Result<Position, Error> {
        let body = Starred { conversation: self.conversation, message: self.seq, on };
        let told = tx.append(event(StreamId::person(self.person), Some(self.person), &body))?;
        Ok(told.position)
    }
}

/// Refuses a person with as many stars as one may have. Those in conversations that it has left go first: it can't see
/// them.
fn make_room(tx: &mut Tx<'_>, person: PersonId) -> Result<(), Error> {
    let most = keep_limits::STARS_PER_PERSON_MAX;
    let query = "SELECT 1 FROM star WHERE person = ?1 ORDER BY starred_position LIMIT 1 OFFSET ?2";
    if tx.query_one(query, params![person, most as u64 - 1])?.is_none() {
        return Ok(());
    }
    let delete = "DELETE FROM star WHERE person = ?1
                  AND NOT EXISTS (SELECT 1 FROM conversation c
                      JOIN member m ON m.conversation = coalesce(c.parent, c.id)
                      WHERE c.id = star.conversation AND m.person = ?1)";
    if tx.execute(delete, params![person])? > 0 {
        return Ok(());
    }
    let what =
        format!("You have starred {most} messages, which is the most. Take some stars away.");
    Err(Error::new(Code::Conflict, what))
}

/// The messages of a conversation that the caller has starred.
#[derive(Serialize, ToSchema)]
pub(crate) struct StarsOfConversation {
    /// Their `seq`, rising.
    #[schema(value_type = Vec<u64>)]
    messages: Vec<Seq>,
}

/// The numbers of the messages of a conversation that the caller has starred.
#[utoipa::path(get, operation_id = "stars_of_conversation",
    path = "/v1/conversations/{id}/stars", tag = "keeping", params(("id" = String, Path)),
    responses((status = 200, body = StarsOfConversation),
        (status = 403, description = "not_member"), (status = 429, description = "rate_limited")))]
pub(crate) async fn of_conversation(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<StarsOfConversation>, Refusal> {
    let (id, me) = (parse_conversation(&id)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let found = site.store.read(move |read| {
        check_member(read, id, me)?;
        let query = "SELECT seq FROM star WHERE person = ?1 AND conversation = ?2 ORDER BY seq";
        let rows = read.query(query, params![me, id])?;
        let messages = rows.iter().map(|row| row.get(0)).collect::<Result<_, StoreError>>()?;
        Ok(StarsOfConversation { messages })
    });
    Ok(Json(found.await?))
}
