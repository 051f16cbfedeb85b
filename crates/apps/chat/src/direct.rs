//! Direct conversations, each of the same two people for ever.

use std::sync::Arc;

use axum::Json;
use encke_engine::{Code, ConversationId, Error, PersonId, Seq};
use encke_site::{Act, Caller, Refusal, Role, Site};
use encke_store::{Sql, StoreError, Tx, params};
use encke_talk::block::check_not_blocked;
use encke_talk::conversation::{
    Conversation, MemberRole, begin, check_present, insert, insert_member, load,
    share_a_conversation,
};
use encke_talk::kind::Kind;
use http::StatusCode;

/// The direct conversation of two people, if there is one.
pub(crate) fn find(
    sql: &mut impl Sql,
    a: PersonId,
    b: PersonId,
) -> Result<Option<ConversationId>, StoreError> {
    let query = "SELECT id FROM conversation WHERE first_person = ?1 AND second_person = ?2";
    let row = sql.query_one(query, params![a.min(b), a.max(b)])?;
    row.map(|row| row.get(0)).transpose()
}

/// Answers with the caller's direct conversation with a person. It is made if there is none.
pub(crate) async fn open(
    site: Arc<Site>,
    caller: Caller,
    other: PersonId,
) -> Result<(StatusCode, Json<Conversation>), Refusal> {
    let me = caller.0.person;
    if other == me {
        return Err(Refusal::new(Code::Invalid, "A direct conversation is with somebody else."));
    }
    site.take(caller.0.person, caller.0.role, Act::Creation)?;
    let guest = caller.0.role == Role::Guest;
    let held = site.clone();
    let made = site.store.write(move |tx| {
        if let Some(id) = find(tx, me, other)? {
            return Ok((StatusCode::OK, load(tx, &held, id, me)?));
        }
        check_present(tx, other)?;
        if guest && !share_a_conversation(tx, me, other)? {
            return Err(Error::new(Code::NotFound, "There is no such person."));
        }
        let id = make(tx, &held, me, other)?;
        Ok((StatusCode::CREATED, load(tx, &held, id, me)?))
    });
    let (status, conversation) = made.await?;
    Ok((status, Json(conversation)))
}

/// Makes the direct conversation of two people. The caller has seen that they have none.
pub(crate) fn make(
    tx: &mut Tx<'_>,
    site: &Site,
    me: PersonId,
    other: PersonId,
) -> Result<ConversationId, Error> {
    check_not_blocked(tx, me, other)?;
    let pair = (me.min(other), me.max(other));
    let id = insert(tx, Kind::Direct, None, false, Some(pair))?;
    for person in [me, other] {
        insert_member(tx, id, person, MemberRole::Member, Seq(1), me)?;
    }
    begin(tx, site, id, me, [me, other].into_iter())?;
    Ok(id)
}
