//! Presence: told to those who share a conversation, at most once (P9).

use std::sync::Arc;

use axum::extract::State;
use encke_engine::presence::{Change, Presence};
use encke_engine::{Code, ConversationId, PersonId, StreamId, item, limits};
use encke_store::{Sql, params};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::body::Body;
use crate::caller::Caller;
use crate::reply::Refusal;
use crate::site::Site;

impl Site {
    /// A feed connection of a person's device opened.
    pub fn connected(self: &Arc<Self>, person: PersonId, device: &str) {
        let change = self.presence.lock().expect("not poisoned").opened(person, device);
        tell(self, change);
    }

    /// It ended.
    pub fn disconnected(&self, person: PersonId, device: &str) {
        let now = self.now_ms();
        self.presence.lock().expect("not poisoned").closed(person, device, now);
    }

    /// What others see of a person.
    pub(crate) fn presence_of(&self, person: PersonId) -> Presence {
        self.presence.lock().expect("not poisoned").of(person)
    }
}

/// A device tells whether somebody sits before it.
pub(super) fn says(site: &Arc<Site>, person: PersonId, device: &str, state: Presence) {
    let change = site.presence.lock().expect("not poisoned").says(person, device, state);
    tell(site, change);
}

/// Lets those go offline whose last connection ended a while ago.
pub(super) fn expire(site: &Arc<Site>) {
    let now = site.now_ms();
    let changes = site.presence.lock().expect("not poisoned").expire(now);
    for change in changes {
        tell(site, Some(change));
    }
}

fn tell(site: &Arc<Site>, change: Option<Change>) {
    let Some(Change { person, now }) = change else { return };
    let house = site.clone();
    let conversations = move |read: &mut encke_store::Read<'_>| {
        let rows = read.query(
            "SELECT m.conversation FROM member m WHERE m.person = ?1 AND
             (SELECT count(*) FROM member o WHERE o.conversation = m.conversation) <= ?2",
            params![person, limits::PRESENCE_MEMBERS_MAX as u64],
        )?;
        rows.iter().map(|row| Ok(row.get::<ConversationId>(0)?)).collect::<Result<Vec<_>, _>>()
    };
    site.store.submit_read(conversations, move |found| {
        let Some(reach) = house.reach() else { return };
        for conversation in found.unwrap_or_default() {
            let stream = StreamId::conversation(conversation);
            let body = serde_json::json!({"state": now});
            reach.signal(stream, item::signal("presence", stream, person, &body));
        }
    });
}

/// What a device says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Said {
    #[schema(value_type = String)]
    state: Presence,
    #[serde(default)]
    client: String,
}

/// Refuses what only the server knows.
pub(super) fn check(state: Presence) -> Result<(), encke_engine::Error> {
    if state == Presence::Offline {
        let what = "A device says online or away; offline is when it is gone.";
        return Err(encke_engine::Error::new(Code::Invalid, what));
    }
    Ok(())
}

/// Tells whether somebody sits before the caller's device.
#[utoipa::path(post, path = "/v1/presence", tag = "people", request_body = Said,
    responses((status = 204)))]
pub(crate) async fn say(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(Said { state, client }): Body<Said>,
) -> Result<StatusCode, Refusal> {
    check(state)?;
    says(&site, caller.0.person, &client, state);
    Ok(StatusCode::NO_CONTENT)
}
