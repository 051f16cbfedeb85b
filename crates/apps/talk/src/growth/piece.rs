//! A piece of a growing message.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::number_text::grouped;
use encke_engine::{Code, ConversationId, Error, NewEvent, PersonId, Seq, StreamId, growth_limits};
use encke_site::{Body, Caller, EventBody, Path, Refusal, Site, event};
use encke_store::{Tx, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::open::check_size;
use super::{GrowingRow, GrowthState, amending, check_is_author, text_with};
use crate::amendment::parse_seq;
use crate::conversation::parse;
use crate::ticket::TicketKeeper;

/// A growing message has got longer by a piece.
#[derive(Serialize, ToSchema)]
pub(crate) struct Piece {
    #[schema(value_type = u64)]
    message: Seq,
    /// The number of the piece in the message, from 1.
    n: u64,
    /// What it adds at the end of the text.
    text: String,
}

impl EventBody for Piece {
    const KIND: &'static str = "piece";
}

/// A growing message has got longer by a piece, and this is all of its text so far. It comes in place of a piece now and
/// then, and erases the pieces before it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Grown {
    #[schema(value_type = u64)]
    message: Seq,
    /// The number of its newest piece.
    n: u64,
    /// The text so far, with that piece.
    text: String,
}

impl EventBody for Grown {
    const KIND: &'static str = "grown";
}

/// A piece to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPiece {
    /// The number of the piece, from 1 without a gap. A number that was there already changes nothing, and says that the
    /// author is still there.
    n: u64,
    /// What it adds at the end of the text.
    #[serde(default)]
    text: String,
}

/// What the author of a growing message learns with each piece.
#[derive(Serialize, ToSchema)]
pub(crate) struct PieceAdded {
    /// The pieces that the message has.
    pieces: u64,
    /// Whether somebody has asked the author to stop.
    stop: bool,
}

/// Adds a piece to a growing message of the caller's own.
#[utoipa::path(post, operation_id = "add_piece",
    path = "/v1/conversations/{id}/messages/{seq}/pieces", tag = "conversations",
    params(("id" = String, Path), ("seq" = String, Path)), request_body = NewPiece,
    responses((status = 201, body = PieceAdded), (status = 200, body = PieceAdded),
        (status = 403, description = "blocked, muted, not_member, not_yours, read_only"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 413, description = "too_large"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn piece(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, seq)): Path<(String, String)>,
    Body(new): Body<NewPiece>,
) -> Result<(StatusCode, Json<PieceAdded>), Refusal> {
    let (key, me) = ((parse(&id)?, parse_seq(&seq)?), caller.0.person);
    let most = growth_limits::PIECE_BYTES_MAX;
    if new.text.len() > most {
        let what = format!("A piece has at most {} bytes.", grouped(most));
        return Err(Error::new(Code::TooLarge, what).into());
    }
    site.take_piece(me, caller.0.role, new.text.len())?;
    let keeper = site.find_part::<TicketKeeper>().copied();
    let (is_new, added) = site.store.write(move |tx| add(tx, keeper, me, key, new)).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(added)))
}

fn add(
    tx: &mut Tx<'_>,
    keeper: Option<TicketKeeper>,
    me: PersonId,
    key: (ConversationId, Seq),
    new: NewPiece,
) -> Result<(bool, PieceAdded), Error> {
    let (it, mut growing) = amending(tx, keeper, me, key)?;
    check_is_author(tx, &it, &growing)?;
    let stop = growing.stop_by.is_some();
    let grows = growing.state == GrowthState::Growing;
    if new.n <= growing.pieces {
        if grows {
            growing.store(tx, key)?;
        }
        return Ok((false, PieceAdded { pieces: growing.pieces, stop }));
    }
    if !grows {
        return Err(Error::new(Code::Conflict, "This message does not grow any more."));
    }
    let next = growing.pieces + 1;
    if new.n != next {
        let what = format!("The next piece of this message is number {next}.");
        return Err(Error::new(Code::Conflict, what));
    }
    if new.text.is_empty() {
        return Err(Error::new(Code::Invalid, "A piece needs a text."));
    }
    if next > growth_limits::PIECES_PER_MESSAGE_MAX {
        let most = grouped(growth_limits::PIECES_PER_MESSAGE_MAX as usize);
        let what = format!("A growing message has at most {most} pieces. Send longer ones.");
        return Err(Error::new(Code::TooLarge, what));
    }
    check_size(growing.bytes + new.text.len() as u64)?;
    growing.add(tx, me, key, new)?;
    Ok((true, PieceAdded { pieces: growing.pieces, stop }))
}

impl GrowingRow {
    /// Appends the next piece.
    fn add(
        &mut self,
        tx: &mut Tx<'_>,
        me: PersonId,
        key: (ConversationId, Seq),
        NewPiece { n, text }: NewPiece,
    ) -> Result<(), Error> {
        let (stream, message) = (StreamId::growth(key.0), key.1);
        self.bytes += text.len() as u64;
        self.pieces = n;
        if self.live.len() < growth_limits::PIECES_UNFOLDED_MAX {
            let appended = tx.append(event(stream, Some(me), &Piece { message, n, text }))?;
            self.live.push(appended.position);
        } else {
            let text = self.text(tx)? + &text;
            let grown = event(stream, Some(me), &Grown { message, n, text });
            let erases = std::mem::take(&mut self.live);
            let appended = tx.append(NewEvent { erases, ..grown })?;
            self.live.push(appended.position);
        }
        self.store(tx, key)
    }

    /// Stores how far it is; its author was heard of now.
    fn store(&self, tx: &mut Tx<'_>, (id, seq): (ConversationId, Seq)) -> Result<(), Error> {
        let due = self.due_ms(tx.now_ms());
        tx.execute(
            "UPDATE growing SET pieces = ?3, bytes = ?4, live = ?5, due_ms = ?6
             WHERE conversation = ?1 AND seq = ?2",
            params![id, seq, self.pieces, self.bytes, text_with(&self.live), due],
        )?;
        Ok(())
    }
}
