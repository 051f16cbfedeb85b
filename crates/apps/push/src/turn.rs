//! A turn of housekeeping.

use std::sync::Arc;

use encke_engine::{limits, outgoing_limits};
use encke_site::Site;

use crate::state::State;
use crate::{deliver, due, ended, follow};

/// Turns of housekeeping between two looks at the log.
const TURNS: u64 = outgoing_limits::PUSH_FOLLOW_MS / limits::RECEIPTS_FOLD_MS;

/// Does one turn of housekeeping. Notifications are sent by tasks of their own, so that no other product waits for a push
/// service.
pub(crate) async fn turn(site: &Arc<Site>, number: u64) {
    let state = State::of(site);
    if state.ground().is_none() || !number.is_multiple_of(TURNS.max(1)) {
        return;
    }
    let subscribed = match follow::follow(site).await {
        Ok(subscribed) => subscribed,
        Err(e) => return tracing::warn!("notifications: {e}"),
    };
    if !subscribed {
        return;
    }
    ended::look(site).await;
    let room = state.running.available_permits();
    match due::take(site, room).await {
        Ok(taken) => taken.into_iter().for_each(|due| deliver::begin(site, due)),
        Err(e) => tracing::warn!("notifications: {e}"),
    }
}
