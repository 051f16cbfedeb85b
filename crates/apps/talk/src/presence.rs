//! Presence: people that share a conversation are told of it, at most once (P9).

use std::sync::{Arc, Mutex};

use axum::extract::State;
use encke_engine::presence::{Change, Presence, Roll};
use encke_engine::{Code, ConversationId, PersonId, StreamId, item, limits};
use encke_store::{Sql, StoreError, Value, params};
use http::StatusCode;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::last_seen;
use super::peers::{self, Note, PresenceReports};
use super::remote_presence::RemotePresence;
use encke_account::PresenceState;
use encke_site::Act;
use encke_site::SignalBody;
use encke_site::Site;
use encke_site::body::Body;
use encke_site::bulk;
use encke_site::caller::CallerOrVisitor;
use encke_site::reply::Refusal;

/// The connected people, here and at the other nodes, and what others were told of them.
#[derive(Default)]
pub(crate) struct Presences {
    pub roll: Mutex<Roll>,
    pub told: PresenceReports,
    remote: Mutex<RemotePresence>,
}

impl Presences {
    pub fn of(site: &Site) -> &Self {
        site.part()
    }

    pub fn remote<T>(&self, f: impl FnOnce(&mut RemotePresence) -> T) -> T {
        f(&mut self.remote.lock().expect("not poisoned"))
    }
}

/// A feed connection of a person's device opened.
pub(crate) fn connected(site: &Arc<Site>, person: PersonId, device: &str) {
    let _ = changed(site, |roll| roll.opened(person, device));
}

/// A feed connection of a person's device ended.
pub(crate) fn disconnected(site: &Site, person: PersonId, device: &str) {
    let now = site.now_ms();
    Presences::of(site).roll.lock().expect("not poisoned").closed(person, device, now);
}

/// The presence of a person that others see, over all nodes.
pub(crate) fn presence_of(site: &Site, person: PersonId) -> Presence {
    let presences = Presences::of(site);
    let here = presences.roll.lock().expect("not poisoned").of(person);
    if site.store.is_shared() { here.max(presences.remote(|r| r.of(person))) } else { here }
}

/// Notes a change at this node, tells the other nodes, and then the sessions here.
///
/// Returns the people whose presence at this node has changed.
fn changed<C: IntoIterator<Item = Change>>(
    site: &Arc<Site>,
    act: impl FnOnce(&mut Roll) -> C,
) -> Vec<PersonId> {
    let presences = Presences::of(site);
    let mut people = Vec::new();
    {
        let mut roll = presences.roll.lock().expect("not poisoned");
        for Change { person, now: state } in act(&mut roll) {
            let (node, number) = (site.node(), presences.told.next());
            peers::tell(site, &Note::Presence { node, number, person, state });
            people.push(person);
        }
    }
    refold(site, &people);
    people
}

/// A device tells whether somebody sits before it.
pub(crate) fn says(site: &Arc<Site>, person: PersonId, device: &str, state: Presence) {
    let _ = changed(site, |roll| roll.says(person, device, state));
}

/// Marks people as offline when their last connection ended a while ago, or when the node of that connection is gone.
pub(crate) fn expire(site: &Arc<Site>) {
    let now = site.now_ms();
    let mut left = changed(site, |roll| roll.expire(now));
    let gone = Presences::of(site).remote(|r| r.expire(now));
    refold(site, &gone);
    left.extend(gone);
    last_seen::left(site, &left, now.saturating_sub(limits::PRESENCE_GRACE_MS));
}

/// Tells the sessions of this node the presences, over all nodes, that are news to them.
pub(crate) fn refold(site: &Arc<Site>, people: &[PersonId]) {
    let mut news = Vec::new();
    for person in people {
        let now = presence_of(site, *person);
        // On one node, the roll reports only news.
        let is_news =
            !site.store.is_shared() || Presences::of(site).remote(|r| r.show(*person, now));
        if is_news && news.len() < limits::PRESENCE_TOLD_MAX {
            news.push((*person, now));
        }
    }
    if !news.is_empty() {
        tell(site, news);
    }
}

/// Tells the conversations of these people. The conversations of all people are read at once.
fn tell(site: &Arc<Site>, news: Vec<(PersonId, Presence)>) {
    let site_for_store = site.clone();
    let people: Vec<PersonId> = news.iter().map(|(person, _)| *person).collect();
    let conversations = move |read: &mut encke_store::Read<'_>| Ok(small_ones(read, &people)?);
    site.store.submit_read(conversations, move |found| {
        let Some(reach) = site_for_store.reach() else { return };
        let now: FxHashMap<PersonId, Presence> = news.into_iter().collect();
        for (person, conversation) in found.unwrap_or_default() {
            let stream = StreamId::conversation(conversation);
            let state = now.get(&person).copied().unwrap_or_default();
            let body = PresenceTold { state };
            let kind = PresenceTold::KIND;
            reach.signal_here(stream, item::signal(kind, stream, person, &body));
        }
    });
}

const OF_ONE: &str = "SELECT m.conversation FROM member m
    JOIN conversation c ON c.id = m.conversation
    WHERE m.person = ?1 AND m.parent IS NULL AND c.members <= ?2 AND c.blocked = 0
    ORDER BY m.conversation DESC LIMIT ?3";

/// The conversations of people that are told of presence.
fn small_ones(
    read: &mut encke_store::Read<'_>,
    people: &[PersonId],
) -> Result<Vec<(PersonId, ConversationId)>, StoreError> {
    let mut found = Vec::new();
    if let [person] = people {
        // One new connection alone is the usual case, and a plain look-up is prepared once and cheap.
        let params = params![
            *person,
            limits::PRESENCE_MEMBERS_MAX as u64,
            limits::PRESENCE_CONVERSATIONS_MAX as u64
        ];
        for row in read.query(OF_ONE, params)? {
            found.push((*person, row.get(0)?));
        }
        return Ok(found);
    }
    for part in bulk::parts(people) {
        let query = format!(
            "WITH v (person) AS ({})
             SELECT m.person, m.conversation FROM v JOIN member m ON m.person = v.person
             JOIN conversation c ON c.id = m.conversation
             WHERE m.parent IS NULL AND c.members <= {} AND c.blocked = 0 LIMIT {}",
            bulk::values(part.len(), 1),
            limits::PRESENCE_MEMBERS_MAX,
            limits::PRESENCE_TELLINGS_MAX - found.len()
        );
        let params: Vec<Value> = part.iter().map(|p| (*p).into()).collect();
        for row in read.query(&query, &params)? {
            found.push((row.get(0)?, row.get(1)?));
        }
    }
    Ok(found)
}

/// The presence of a person has changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct PresenceTold {
    #[schema(value_type = PresenceState)]
    state: Presence,
}

impl SignalBody for PresenceTold {
    const KIND: &'static str = "presence";
}

/// The presence that a device may tell, in the description of the API.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) enum SaidPresence {
    Away,
    Online,
}

/// The presence that a device reports.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceState {
    #[schema(value_type = SaidPresence)]
    state: Presence,
    #[serde(default)]
    client: String,
}

/// Refuses a state that only the server may set.
pub(crate) fn check(state: Presence) -> Result<(), encke_engine::Error> {
    if state == Presence::Offline {
        let what = "A device says online or away; offline is when it is gone.";
        return Err(encke_engine::Error::new(Code::Invalid, what));
    }
    Ok(())
}

/// Tells whether somebody sits before the caller's device.
#[utoipa::path(post, operation_id = "say_presence", path = "/v1/presence", tag = "people",
    request_body = DeviceState,
    responses((status = 204), (status = 429, description = "rate_limited")))]
pub(crate) async fn say(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Body(DeviceState { state, client }): Body<DeviceState>,
) -> Result<StatusCode, Refusal> {
    check(state)?;
    site.take(caller.0.person, caller.0.role, Act::Signal)?;
    says(&site, caller.0.person, &client, state);
    Ok(StatusCode::NO_CONTENT)
}
