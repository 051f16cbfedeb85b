//! Changing many tickets at once. Each is a write of its own and is answered by itself, so one that is refused stops no other.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, ConversationId, Error, PersonId, desk_limits};
use encke_site::{Act, Body, Caller, Path, Refusal, Site};
use encke_store::Tx;
use encke_talk::conversation::not_member;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::change::{TicketChange, apply, check_may_hand_on, hand_on};
use crate::desk::parse_desk;
use crate::settings::is_short_name;
use crate::staff;
use crate::ticket::{Ticket, TicketState};

/// What happens to many tickets; fields that are absent stay as they are.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkChange {
    /// Up to 100 tickets.
    #[schema(value_type = Vec<String>)]
    tickets: Vec<ConversationId>,
    state: Option<TicketState>,
    /// Until when they are put off; it goes with `snoozed` alone.
    snoozed_until: Option<u64>,
    /// How urgent they are: 0 to 3.
    #[schema(maximum = 3)]
    priority: Option<u8>,
    /// A tag that they get.
    add_tag: Option<String>,
    /// A tag that they lose.
    remove_tag: Option<String>,
    /// The agent that they go to.
    #[schema(value_type = Option<String>)]
    person: Option<PersonId>,
    /// The team that they go to.
    team: Option<String>,
}

/// What became of one ticket.
#[derive(Serialize, ToSchema)]
pub(crate) struct BulkResult {
    #[schema(value_type = String)]
    id: ConversationId,
    /// The ticket as it is now; absent if the change was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ticket: Option<Ticket>,
    /// Why it was refused; absent if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<BulkError>,
}

/// Why the change of one ticket was refused.
#[derive(Serialize, ToSchema)]
pub(crate) struct BulkError {
    /// The stable code, as in other refusals.
    code: String,
    /// What is wrong, in a sentence.
    message: String,
    /// Whether the same change may succeed later.
    retry: bool,
}

/// What became of the tickets.
#[derive(Serialize, ToSchema)]
pub(crate) struct BulkResults {
    /// In the order of the request.
    results: Vec<BulkResult>,
}

impl BulkChange {
    fn check(&self, now_ms: u64) -> Result<(), Error> {
        let most = desk_limits::BULK_TICKETS_MAX;
        if !(1..=most).contains(&self.tickets.len()) {
            return Err(Error::new(Code::Invalid, format!("`tickets` are 1 to {most}.")));
        }
        if self.person.is_some() && self.team.is_some() {
            return Err(Error::new(Code::Invalid, "Tickets go to a `person` or to a `team`."));
        }
        for name in [&self.add_tag, &self.remove_tag, &self.team].into_iter().flatten() {
            if !is_short_name(name) {
                let what = "Tags and teams are short names of one line, without commas.";
                return Err(Error::new(Code::Invalid, what));
            }
        }
        self.of(None).check(now_ms)
    }

    fn of(&self, tags: Option<Vec<String>>) -> TicketChange {
        let BulkChange { state, snoozed_until, priority, .. } = *self;
        TicketChange { state, snoozed_until, priority, tags }
    }

    /// Changes one ticket.
    fn carry_out(
        &self,
        tx: &mut Tx<'_>,
        site: &Site,
        house: ConversationId,
        id: ConversationId,
        me: PersonId,
    ) -> Result<Ticket, Error> {
        let (mut ticket, role) = staff::acting_at_ticket(tx, id, me)?;
        if ticket.desk != house {
            return Err(not_member());
        }
        let mut tags = ticket.tags.clone();
        tags.retain(|tag| Some(tag) != self.remove_tag.as_ref());
        tags.extend(self.add_tag.clone().filter(|tag| !ticket.tags.contains(tag)));
        let change = self.of((tags != ticket.tags).then_some(tags));
        change.check(tx.now_ms())?;
        if self.person.is_some() || self.team.is_some() {
            check_may_hand_on(&ticket, me, role)?;
            ticket = hand_on(tx, site, ticket, me, self.person, self.team.clone())?;
        }
        apply(tx, site, ticket, me, change)
    }
}

/// Changes up to 100 tickets of a desk.
#[utoipa::path(post, operation_id = "change_tickets", path = "/v1/desks/{desk}/bulk", tag = "desk",
    params(("desk" = String, Path)), request_body = BulkChange,
    responses((status = 200, body = BulkResults), (status = 404, description = "not_found"),
        (status = 403, description = "forbidden"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn change(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    Body(mut change): Body<BulkChange>,
) -> Result<Json<BulkResults>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    change.check(site.now_ms())?;
    site.take(me, caller.0.role, Act::Creation)?;
    site.store.read(move |read| staff::acting_at_desk(read, house, me).map(drop)).await?;
    let ids = std::mem::take(&mut change.tickets);
    let change = Arc::new(change);
    let mut results = Vec::with_capacity(ids.len());
    for id in ids {
        let (held, change) = (site.clone(), change.clone());
        let done = site.store.write(move |tx| change.carry_out(tx, &held, house, id, me)).await;
        let (ticket, error) = match done {
            Ok(ticket) => (Some(ticket), None),
            Err(e) => (None, Some(BulkError::of(e))),
        };
        results.push(BulkResult { id, ticket, error });
    }
    Ok(Json(BulkResults { results }))
}

impl BulkError {
    fn of(error: Error) -> Self {
        let (code, retry) = (error.code.text().to_owned(), error.code.retry());
        BulkError { code, message: error.message.to_string(), retry }
    }
}
