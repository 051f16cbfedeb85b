//! The end of a growing message.

use std::sync::Arc;

use axum::extract::State;
use encke_engine::{Code, ConversationId, Error, NewEvent, PersonId, Position, Seq, StreamId};
use encke_site::{Act, Body, Caller, EventBody, Path, Refusal, Site, event};
use encke_store::{Tx, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{GrowingRow, GrowthState, amending, check_is_author};
use crate::amendment::parse_seq;
use crate::conversation::parse;
use crate::ticket::TicketKeeper;

/// A growing message grows no more: this is its text. Its pieces are gone with this.
#[derive(Serialize, ToSchema)]
pub(crate) struct Whole {
    #[schema(value_type = u64)]
    message: Seq,
    text: String,
    state: GrowthState,
    /// The number of pieces that it was written in.
    pieces: u64,
}

impl EventBody for Whole {
    const KIND: &'static str = "whole";
}

/// The end of a growing message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Closing {
    /// The number of pieces that the author has sent; refused if the message has another number.
    pieces: u64,
    /// Whether the author has stopped because somebody asked for it.
    #[serde(default)]
    stopped: bool,
}

/// Closes a growing message of the caller's own. One that is closed already stays as it is.
#[utoipa::path(post, operation_id = "close_growing",
    path = "/v1/conversations/{id}/messages/{seq}/whole", tag = "conversations",
    params(("id" = String, Path), ("seq" = String, Path)), request_body = Closing,
    responses((status = 204),
        (status = 403, description = "blocked, muted, not_member, not_yours, read_only"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn close(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, seq)): Path<(String, String)>,
    Body(closing): Body<Closing>,
) -> Result<StatusCode, Refusal> {
    let (key, me) = ((parse(&id)?, parse_seq(&seq)?), caller.0.person);
    site.take(me, caller.0.role, Act::Piece)?;
    let keeper = site.find_part::<TicketKeeper>().copied();
    let closed = site.store.write(move |tx| {
        let (it, growing) = amending(tx, keeper, me, key)?;
        check_is_author(tx, &it, &growing)?;
        let has = growing.pieces;
        if closing.pieces != has {
            let what = format!("This message has {has} pieces.");
            return Err(Error::new(Code::Conflict, what));
        }
        let state = if closing.stopped { GrowthState::Stopped } else { GrowthState::Done };
        match growing.state {
            GrowthState::Growing => growing.end(tx, key, Some(me), state),
            GrowthState::Broken => {
                let what = "This message was broken off, because nothing was heard of its author.";
                Err(Error::new(Code::Conflict, what))
            }
            _ => Ok(()),
        }
    });
    closed.await?;
    Ok(StatusCode::NO_CONTENT)
}

impl GrowingRow {
    /// Ends it: the amendment has the whole text, and the pieces are erased with it.
    pub(super) fn end(
        &self,
        tx: &mut Tx<'_>,
        (id, seq): (ConversationId, Seq),
        by: Option<PersonId>,
        state: GrowthState,
    ) -> Result<(), Error> {
        let text = self.text(tx)?;
        let body = Whole { message: seq, text, state, pieces: self.pieces };
        let whole = event(StreamId::amendments(id), by, &body);
        let at = tx.append(NewEvent { erases: self.live.clone(), ..whole })?.position;
        tx.execute(
            "UPDATE growing SET state = ?3, live = '' WHERE conversation = ?1 AND seq = ?2",
            params![id, seq, state.number()],
        )?;
        self.note_text(tx, (id, seq), at)
    }

    /// Notes where the text stands, as the text that the message has before any edit.
    fn note_text(
        &self,
        tx: &mut Tx<'_>,
        (id, seq): (ConversationId, Seq),
        at: Position,
    ) -> Result<(), Error> {
        tx.execute(
            "INSERT INTO amended (conversation, seq, position, edited_position, edits)
             VALUES (?1, ?2, ?3, ?4, 0)
             ON CONFLICT (conversation, seq) DO UPDATE
             SET edited_position = excluded.edited_position",
            params![id, seq, self.position, at],
        )?;
        tx.execute(
            "INSERT INTO edit (conversation, seq, number, position) VALUES (?1, ?2, 0, ?3)",
            params![id, seq, at],
        )?;
        Ok(())
    }
}
