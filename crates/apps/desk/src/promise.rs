//! The times that a desk promises: to the first answer, to each later one, to the end, counted in its hours of work.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, ConversationId, Error, desk_limits};
use encke_site::{Act, Body, Caller, Path, Refusal, Site};
use encke_store::{Sql, StoreError, Tx, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::desk::{DeskRow, parse_desk};
use crate::lateness;
use crate::staff;

/// The times that are promised to tickets of a priority, in seconds of work; 0 for no promise.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PromisedTimes {
    /// From the question to the first answer of a person.
    pub first_s: u64,
    /// From each later message of the visitor to the next answer.
    pub answer_s: u64,
    /// From the question until it is resolved.
    pub resolution_s: u64,
}

/// What a desk promises.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeskPromise {
    /// By priority: first those of priority 0.
    #[schema(min_items = 4, max_items = 4)]
    pub times: Vec<PromisedTimes>,
}

impl DeskPromise {
    /// The promise of a desk; one without times if it promises nothing.
    pub fn find(sql: &mut impl Sql, house: ConversationId) -> Result<Self, StoreError> {
        let query = "SELECT times FROM desk_promise WHERE house = ?1";
        let Some(row) = sql.query_one(query, params![house])? else { return Ok(Self::none()) };
        serde_json::from_str(&row.get::<String>(0)?)
            .map(|times| DeskPromise { times })
            .map_err(|_| StoreError::Damaged("the promise of a desk is damaged".into()))
    }

    fn none() -> Self {
        DeskPromise { times: vec![PromisedTimes::default(); 4] }
    }

    /// The times of a priority.
    pub fn of(&self, priority: u8) -> PromisedTimes {
        self.times.get(usize::from(priority)).copied().unwrap_or_default()
    }

    fn check(&self) -> Result<(), Error> {
        let most = desk_limits::PROMISE_S_MAX;
        let is_good = |times: &PromisedTimes| {
            [times.first_s, times.answer_s, times.resolution_s].iter().all(|s| *s <= most)
        };
        if self.times.len() != 4 || !self.times.iter().all(is_good) {
            let what = format!("`times` has four entries, each with at most {most} seconds.");
            return Err(Error::new(Code::Invalid, what));
        }
        Ok(())
    }

    fn store(&self, tx: &mut Tx<'_>, house: ConversationId) -> Result<(), Error> {
        let times = serde_json::to_string(&self.times).expect("times are plain data");
        tx.execute(
            "INSERT INTO desk_promise (house, times) VALUES (?1, ?2)
             ON CONFLICT (house) DO UPDATE SET times = excluded.times",
            params![house, times],
        )?;
        Ok(())
    }
}

/// The time until which something is due that was promised at another time; `None` without a promise.
pub(crate) fn due(desk: &DeskRow, since_ms: u64, seconds: u64) -> Option<u64> {
    let promised_ms = seconds.checked_mul(1_000).filter(|ms| *ms > 0)?;
    match &desk.settings.hours {
        Some(hours) => hours.after(since_ms, promised_ms),
        None => Some(since_ms + promised_ms),
    }
}

/// What a desk promises. All staff sees it.
#[utoipa::path(get, operation_id = "desk_promise", path = "/v1/desks/{desk}/promise", tag = "desk",
    params(("desk" = String, Path)),
    responses((status = 200, body = DeskPromise), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn get(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
) -> Result<Json<DeskPromise>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let found = site.store.read(move |read| {
        staff::at_desk(read, house, me)?;
        Ok(DeskPromise::find(read, house)?)
    });
    Ok(Json(found.await?))
}

/// Changes what a desk promises. Owners and supervisors do it. It holds for open tickets, too, as far as their times have not
/// passed.
#[utoipa::path(put, operation_id = "set_desk_promise", path = "/v1/desks/{desk}/promise", tag = "desk",
    params(("desk" = String, Path)), request_body = DeskPromise,
    responses((status = 200, body = DeskPromise), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn set(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    Body(promise): Body<DeskPromise>,
) -> Result<Json<DeskPromise>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    promise.check()?;
    site.take(me, caller.0.role, Act::Message)?;
    let held = site.clone();
    let set = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        promise.store(tx, house)?;
        lateness::promise_again(tx, &held, house)?;
        Ok(promise)
    });
    Ok(Json(set.await?))
}
