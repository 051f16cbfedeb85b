//! Two contacts that are one person: the tickets of the one become those of the other.
//!
//! The token of the first one ends, and its browser comes back as somebody new. Its messages stay its own, since an event
//! never changes, so its row stays, too. It is called what the other one is called from then on.

use std::sync::Arc;

use axum::extract::State;
use encke_account::visitor::shut_out;
use encke_engine::{Code, Error, PersonId, desk_limits};
use encke_site::{Act, Body, Caller, Path, Refusal, Site};
use encke_store::{Tx, params};
use encke_talk::member::parse_person;
use encke_talk::ticket::change_visitor;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::contact::{self, ContactFields};
use crate::desk::parse_desk;
use crate::incoming;
use crate::mail::address;
use crate::staff;
use crate::ticket;

/// The contact that another one turned out to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeContact {
    #[schema(value_type = String)]
    into: PersonId,
}

/// Merges a contact into another one, which gets its tickets and notes. Owners and supervisors do it.
#[utoipa::path(post, operation_id = "merge_contact", path = "/v1/desks/{desk}/contacts/{person}/merge",
    tag = "desk", params(("desk" = String, Path), ("person" = String, Path)),
    request_body = MergeContact,
    responses((status = 204), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn merge(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, person)): Path<(String, String)>,
    Body(MergeContact { into }): Body<MergeContact>,
) -> Result<StatusCode, Refusal> {
    let (house, person, me) = (parse_desk(&desk)?, parse_person(&person)?, caller.0.person);
    if person == into {
        return Err(Refusal::new(Code::Invalid, "A contact is not merged into itself."));
    }
    site.take(me, caller.0.role, Act::Creation)?;
    let held = site.clone();
    let merged = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        let (first, second) = (contact::find(tx, house, person)?, contact::find(tx, house, into)?);
        if first.verified && second.verified {
            let what = "The site says that these are two people.";
            return Err(Error::new(Code::Conflict, what));
        }
        if !join(tx, &held, person, into)? {
            let what = "Together they have more tickets than one visitor may have.";
            return Err(Error::new(Code::Conflict, what));
        }
        Ok(())
    });
    merged.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a visitor part of another one. Returns whether there was room for its tickets.
pub(crate) fn join(
    tx: &mut Tx<'_>,
    site: &Site,
    from: PersonId,
    into: PersonId,
) -> Result<bool, Error> {
    let most = desk_limits::TICKETS_PER_VISITOR_MAX;
    let all = "t.visitor IN (?1, ?2) ORDER BY t.conversation LIMIT ?3";
    let all = ticket::select(tx, all, params![from, into, most + 1])?;
    if all.len() as u64 > most {
        return Ok(false);
    }
    for mut moved in all.into_iter().filter(|ticket| ticket.visitor == from) {
        change_visitor(tx, site, moved.id, from, into)?;
        let now = tx.now_ms();
        (moved.visitor, moved.changed_at) = (into, now);
        let update = "UPDATE desk_ticket SET visitor = ?2, changed_ms = ?3 WHERE conversation = ?1";
        tx.execute(update, params![moved.id, into, now])?;
        ticket::tell(tx, &moved, None)?;
    }
    let (old, kept) = (contact::fields(tx, from)?, contact::fields(tx, into)?);
    let or = |kept: String, old: String| if kept.is_empty() { old } else { kept };
    let both = ContactFields {
        mail: or(kept.mail, old.mail),
        phone: or(kept.phone, old.phone),
        company: or(kept.company, old.company),
        address: or(kept.address, old.address),
    };
    contact::store(tx, into, both)?;
    tx.execute("DELETE FROM desk_contact WHERE person = ?1", params![from])?;
    let notes = "UPDATE desk_contact_note SET person = ?2 WHERE person = ?1";
    tx.execute(notes, params![from, into])?;
    let verified = "UPDATE desk_verified SET person = ?2 WHERE person = ?1
                    AND NOT EXISTS (SELECT 1 FROM desk_verified i WHERE i.person = ?2)";
    tx.execute(verified, params![from, into])?;
    address::hand_on(tx, from, into)?;
    incoming::hand_on(tx, from, into)?;
    let earlier = "UPDATE desk_merged SET into_person = ?2 WHERE into_person = ?1";
    tx.execute(earlier, params![from, into])?;
    let insert = "INSERT INTO desk_merged (person, into_person) VALUES (?1, ?2)";
    tx.execute(insert, params![from, into])?;
    shut_out(tx, from)?;
    // Its messages stay its own, so what they are called follows.
    let name = contact::name(tx, into)?;
    contact::rename(tx, into, &name)?;
    Ok(true)
}
