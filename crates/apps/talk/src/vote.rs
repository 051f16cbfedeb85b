//! Voting in polls, and closing them.
//!
//! A person's vote is a set of options, and a vote replaces the one before. So however often it is sent, by however many
//! devices and to however many nodes, each person counts once for an option. Whether a poll is still open is asked in the
//! write that takes the vote.

use std::sync::Arc;

use axum::extract::State;
use encke_engine::number_text::grouped;
use encke_engine::{Code, ConversationId, Error, Seq, StreamId, talk_limits};
use encke_site::{Act, Body, Caller, EventBody, Path, Refusal, Site, event};
use encke_store::{Tx, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::amendment::{Amending, amend};
use crate::audit::{self, Deed};
use crate::poll::{Poll, poll_of};
use crate::poll_result::PollResult;

/// The person that this is told to has changed its vote in a poll. What it has chosen stands in the answers that have the
/// message, and in no event, so nothing of it has to be found when the poll is recalled.
#[derive(Serialize, ToSchema)]
pub(crate) struct Voted {
    #[schema(value_type = String)]
    conversation: ConversationId,
    #[schema(value_type = u64)]
    message: Seq,
}

impl EventBody for Voted {
    const KIND: &'static str = "voted";
}

/// A vote in a poll.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewVote {
    /// The options, the first one of the poll is 0; empty to take the vote back.
    options: Vec<u64>,
}

/// Votes in a poll, in place of what the caller has voted before. The same vote again changes nothing.
#[utoipa::path(put, operation_id = "vote",
    path = "/v1/conversations/{id}/messages/{seq}/vote", tag = "conversations",
    params(("id" = String, Path), ("seq" = String, Path)), request_body = NewVote,
    responses((status = 204), (status = 403, description = "blocked, muted, not_member"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 410, description = "erased"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn vote(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, seq)): Path<(String, String)>,
    Body(NewVote { mut options }): Body<NewVote>,
) -> Result<StatusCode, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Message)?;
    options.sort_unstable();
    options.dedup();
    amend(&site, caller.0, (&id, &seq), move |tx, it| put(tx, it, &options)).await
}

/// Closes a poll: its author does, or an owner or moderator of the room. One that is closed already stays so.
#[utoipa::path(put, operation_id = "close_poll",
    path = "/v1/conversations/{id}/messages/{seq}/closed", tag = "conversations",
    params(("id" = String, Path), ("seq" = String, Path)),
    responses((status = 204),
        (status = 403, description = "blocked, muted, not_member, not_yours"),
        (status = 404, description = "not_found"), (status = 410, description = "erased"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn close(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, seq)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Message)?;
    amend(&site, caller.0, (&id, &seq), shut).await
}

fn put(tx: &mut Tx<'_>, it: &Amending, options: &[u64]) -> Result<(), Error> {
    it.check_may_speak(tx)?;
    let poll = poll_of(&it.message)?;
    let chosen = choices(&poll, options)?;
    let mut result = PollResult::find(tx, it, &poll)?;
    // The answer to an earlier request was lost: it was taken, even if the poll was closed since.
    if result.mine == chosen {
        return Ok(());
    }
    if result.closed_at.is_some() || poll.is_over(tx.now_ms()) {
        return Err(Error::new(
            Code::Conflict,
            "This poll is closed. Nobody votes in it any more.",
        ));
    }
    let most = talk_limits::POLL_VOTERS_MAX;
    if result.mine.is_empty() && result.voters >= most {
        let what = format!("In a poll at most {} people vote.", grouped(most as usize));
        return Err(Error::new(Code::Conflict, what));
    }
    let (id, seq) = it.key();
    for old in result.mine.iter().filter(|old| !chosen.contains(old)) {
        let delete = "DELETE FROM poll_vote
                      WHERE conversation = ?1 AND seq = ?2 AND person = ?3 AND choice = ?4";
        tx.execute(delete, params![id, seq, it.me, u64::from(*old)])?;
        count(&mut result.counts, *old, |votes| votes.saturating_sub(1));
    }
    for new in chosen.iter().filter(|new| !result.mine.contains(new)) {
        let insert = "INSERT INTO poll_vote (conversation, seq, person, choice)
                      VALUES (?1, ?2, ?3, ?4)";
        tx.execute(insert, params![id, seq, it.me, u64::from(*new)])?;
        count(&mut result.counts, *new, |votes| votes + 1);
    }
    match (result.mine.is_empty(), chosen.is_empty()) {
        (true, false) => result.voters += 1,
        (false, true) => result.voters = result.voters.saturating_sub(1),
        _ => {}
    }
    result.store(tx, it, None)?;
    let body = Voted { conversation: id, message: seq };
    tx.append(event(StreamId::person(it.me), Some(it.me), &body)).map(drop)
}

fn count(counts: &mut [u64], option: u8, change: impl Fn(u64) -> u64) {
    if let Some(votes) = counts.get_mut(usize::from(option)) {
        *votes = change(*votes);
    }
}

/// The options of a vote, each once and rising.
fn choices(poll: &Poll, options: &[u64]) -> Result<Vec<u8>, Error> {
    if !poll.multiple && options.len() > 1 {
        return Err(Error::new(Code::Invalid, "In this poll one votes for one option."));
    }
    let known = |option: &u64| {
        let option = u8::try_from(*option).ok()?;
        (usize::from(option) < poll.options.len()).then_some(option)
    };
    let all: Option<Vec<u8>> = options.iter().map(known).collect();
    all.ok_or_else(|| Error::new(Code::Invalid, "The poll has no such option."))
}

fn shut(tx: &mut Tx<'_>, it: &Amending) -> Result<(), Error> {
    let poll = poll_of(&it.message)?;
    if it.message.from != Some(it.me) && !it.moderates() {
        let what = "Only its author, or an owner or moderator of the room, may close a poll.";
        return Err(Error::new(Code::NotYours, what));
    }
    it.check_may_speak(tx)?;
    let mut result = PollResult::find(tx, it, &poll)?;
    let now = tx.now_ms();
    if result.closed_at.is_some() || poll.is_over(now) {
        return Ok(());
    }
    result.closed_at = Some(now);
    result.store(tx, it, Some(it.me))?;
    audit::note_of_message(tx, it, Deed::PollClosed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vote_names_options_of_the_poll() {
        let options = ["a", "b", "c"].map(str::to_owned).to_vec();
        let one = Poll { options, multiple: false, anonymous: false, ends_at: None };
        let several = Poll { multiple: true, ..one.clone() };
        assert_eq!(choices(&one, &[2]), Ok(vec![2]));
        assert_eq!(choices(&one, &[]), Ok(vec![]));
        assert_eq!(choices(&several, &[0, 2]), Ok(vec![0, 2]));
        assert!(choices(&one, &[0, 1]).is_err());
        for wrong in [3, 255, 256, u64::MAX] {
            assert!(choices(&several, &[0, wrong]).is_err(), "{wrong}");
        }
    }
}
