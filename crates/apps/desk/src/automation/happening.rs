//! What happens to a ticket, noted for the rules that wait for it.

use encke_engine::{ConversationId, Error, Position};
use encke_store::{Row, Sql, StoreError, Tx, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ticket::Ticket;

/// What a rule waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Happening {
    /// A visitor has asked: the first message of a ticket.
    Asked,
    /// The visitor has written again.
    Wrote,
    /// Somebody of the staff has answered.
    Answered,
    /// The state has changed.
    State,
    /// An agent got the ticket.
    Assigned,
    /// The visitor waits for a time.
    Waits,
    /// The visitor has rated.
    Rated,
    /// A tag came.
    Tagged,
    /// A promised time was missed.
    Late,
}

impl Happening {
    pub fn text(self) -> &'static str {
        match self {
            Happening::Asked => "asked",
            Happening::Wrote => "wrote",
            Happening::Answered => "answered",
            Happening::State => "state",
            Happening::Assigned => "assigned",
            Happening::Waits => "waits",
            Happening::Rated => "rated",
            Happening::Tagged => "tagged",
            Happening::Late => "late",
        }
    }

    pub fn of(text: &str) -> Self {
        match text {
            "wrote" => Happening::Wrote,
            "answered" => Happening::Answered,
            "state" => Happening::State,
            "assigned" => Happening::Assigned,
            "waits" => Happening::Waits,
            "rated" => Happening::Rated,
            "tagged" => Happening::Tagged,
            "late" => Happening::Late,
            _ => Happening::Asked,
        }
    }

    /// Whether a message is what happened.
    pub fn has_text(self) -> bool {
        matches!(self, Happening::Asked | Happening::Wrote | Happening::Answered)
    }
}

/// Notes what has happened at a position of the log, if a rule of the desk waits for it.
pub(crate) fn note(
    tx: &mut Tx<'_>,
    ticket: &Ticket,
    happening: Happening,
    position: Position,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO desk_happening (ticket, happening, position)
         SELECT CAST(?1 AS BIGINT), CAST(?2 AS TEXT), CAST(?3 AS BIGINT)
         WHERE EXISTS (SELECT 1 FROM desk_rule WHERE happening = ?2 AND house = ?4 AND enabled = 1)",
        params![ticket.id, happening.text(), position, ticket.desk],
    )?;
    Ok(())
}

/// Whether a rule of a desk waits for this.
pub(crate) fn is_awaited(
    sql: &mut impl Sql,
    house: ConversationId,
    happening: Happening,
) -> Result<bool, StoreError> {
    let query =
        "SELECT 1 FROM desk_rule WHERE happening = ?1 AND house = ?2 AND enabled = 1 LIMIT 1";
    Ok(sql.query_one(query, params![happening.text(), house])?.is_some())
}

/// Notes what a change of a ticket is, if rules wait for it.
pub(crate) fn note_change(
    tx: &mut Tx<'_>,
    before: &Ticket,
    after: &Ticket,
    position: Position,
) -> Result<(), Error> {
    let is_given = after.owner.is_some() && after.owner != before.owner;
    let is_tagged = after.tags.iter().any(|tag| !before.tags.contains(tag));
    let is_rated = after.rating.is_some() && after.rating != before.rating;
    for (is_so, happening) in [
        (before.state != after.state, Happening::State),
        (is_given, Happening::Assigned),
        (is_tagged, Happening::Tagged),
        (is_rated, Happening::Rated),
    ] {
        if is_so {
            note(tx, after, happening, position)?;
        }
    }
    Ok(())
}

/// Something that happened, as it is noted.
pub(crate) struct Noted {
    pub ticket: ConversationId,
    pub happening: Happening,
    pub position: Position,
}

/// The numbers of what is noted, the oldest first, up to a bound.
pub(crate) fn waiting(sql: &mut impl Sql, most: usize) -> Result<Vec<u64>, StoreError> {
    let query = "SELECT number FROM desk_happening ORDER BY number LIMIT ?1";
    sql.query(query, params![most as u64])?.iter().map(|row| row.get(0)).collect()
}

/// Takes one out. `None` if another node was faster.
pub(crate) fn take(tx: &mut Tx<'_>, number: u64) -> Result<Option<Noted>, StoreError> {
    let delete =
        "DELETE FROM desk_happening WHERE number = ?1 RETURNING ticket, happening, position";
    let of = |row: Row| -> Result<_, StoreError> {
        let happening = Happening::of(&row.get::<String>(1)?);
        Ok(Noted { ticket: row.get(0)?, happening, position: row.get(2)? })
    };
    tx.query_one(delete, params![number])?.map(of).transpose()
}
