//! Polls: messages that offer a choice. The text of the message is the question.
//!
//! The question and the options stand in the message's event alone. What people make of them is in `poll_result`, `vote` and
//! `voters`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, Error, Event, Seq, limits, talk_limits};
use encke_site::sent::{self, Sent};
use encke_site::{Body, Caller, Path, Refusal, Site};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::amendment::no_such_message;
use crate::composed;
use crate::conversation::parse;
use crate::message::{ReadMessage, Said};

/// The choice that a message offers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Poll {
    /// What people may vote for. Votes name an option by its place, the first one is 0.
    pub options: Vec<String>,
    /// Whether a person may vote for several options; absent if for one only.
    #[serde(default, skip_serializing_if = "is_false")]
    #[schema(required = false)]
    pub multiple: bool,
    /// Whether nobody is told who voted; absent if all may know.
    #[serde(default, skip_serializing_if = "is_false")]
    #[schema(required = false)]
    pub anonymous: bool,
    /// The time from which no vote is taken any more, in milliseconds since 1970; absent if it ends when somebody closes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ends_at: Option<u64>,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Poll {
    /// Refuses options that nobody could choose among.
    fn check(&self) -> Result<(), Error> {
        let (count, most) = (talk_limits::POLL_OPTIONS, talk_limits::POLL_OPTION_BYTES_MAX);
        let wrong = |what: String| Err(Error::new(Code::Invalid, what));
        if !count.contains(&self.options.len()) {
            return wrong(format!("A poll has {} to {} options.", count.start(), count.end()));
        }
        for (at, option) in self.options.iter().enumerate() {
            if option.trim().is_empty() || option.chars().any(char::is_control) {
                return wrong("An option is a text of one line.".to_owned());
            }
            if option.len() > most {
                let what = format!("An option has at most {most} bytes.");
                return Err(Error::new(Code::TooLarge, what));
            }
            if self.options[..at].iter().any(|before| before.trim() == option.trim()) {
                return wrong("Two options are the same.".to_owned());
            }
        }
        Ok(())
    }

    /// Refuses an end that is over, or too far ahead.
    pub fn check_end(&self, now_ms: u64) -> Result<(), Error> {
        let Some(ends_at) = self.ends_at else { return Ok(()) };
        let days = talk_limits::POLL_AHEAD_MS_MAX / (24 * 60 * 60 * 1000);
        if ends_at <= now_ms {
            return Err(Error::new(Code::Invalid, "The end of a poll lies ahead."));
        }
        if ends_at - now_ms > talk_limits::POLL_AHEAD_MS_MAX {
            let what = format!("A poll ends within {days} days.");
            return Err(Error::new(Code::Invalid, what));
        }
        Ok(())
    }

    /// Whether its end has come by itself.
    pub fn is_over(&self, now_ms: u64) -> bool {
        self.ends_at.is_some_and(|end| end <= now_ms)
    }

    /// Adds the options to the question, a line each.
    pub fn list_in(&self, text: &mut String) {
        for option in &self.options {
            text.push_str("\n- ");
            text.push_str(option);
        }
    }
}

/// The poll in a message, if it is one.
pub(crate) fn poll_in(message: &Event) -> Option<Poll> {
    serde_json::from_slice::<Said<'_>>(&message.body).ok()?.poll
}

/// The poll in a message. Any other message is refused.
pub(crate) fn poll_of(message: &Event) -> Result<Poll, Error> {
    poll_in(message).ok_or_else(|| match message.kind == <Said as encke_site::EventBody>::KIND {
        true => Error::new(Code::NotFound, "This message is not a poll."),
        false => no_such_message(),
    })
}

/// A poll to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPoll {
    /// The question. It mentions people as the text of a message does.
    question: String,
    /// What people may vote for: 2 to 10 texts of one line.
    options: Vec<String>,
    /// Whether a person may vote for several options.
    #[serde(default)]
    multiple: bool,
    /// Whether nobody is told who voted.
    #[serde(default)]
    anonymous: bool,
    /// The time from which no vote is taken any more, in milliseconds since 1970.
    ends_at: Option<u64>,
    /// The `seq` of the event of the same conversation that it answers.
    #[schema(value_type = Option<u64>)]
    reply_to: Option<Seq>,
    /// Idempotency key, for clients that can't set a header.
    key: Option<String>,
}

/// Makes a poll: a message that offers a choice.
#[utoipa::path(post, operation_id = "create_poll", path = "/v1/conversations/{id}/polls",
    tag = "conversations",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewPoll,
    responses((status = 201, body = Sent), (status = 200, body = Sent),
        (status = 403, description = "blocked, muted, not_member, read_only"),
        (status = 404, description = "not_found"), (status = 409, description = "key_reused"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn create(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(new): Body<NewPoll>,
) -> Result<(StatusCode, Json<Sent>), Refusal> {
    let (conversation, me) = (parse(&id)?, caller.0.person);
    let key = sent::key_of(&headers, new.key.as_deref())?;
    let NewPoll { question, options, multiple, anonymous, ends_at, reply_to, .. } = new;
    let poll = Poll { options, multiple, anonymous, ends_at };
    check_question(&question)?;
    poll.check()?;
    let bytes = question.len() + poll.options.iter().map(String::len).sum::<usize>();
    site.take_message(me, caller.0.role, bytes)?;
    let (files, clear_draft, card) = Default::default();
    let (text, poll) = (question, Some(poll));
    let message = ReadMessage { conversation, key, text, reply_to, files, clear_draft, poll, card };
    let held = site.clone();
    let appended = site.store.write(move |tx| composed::append(tx, &held, me, message)).await?;
    Ok(Sent::answer(&site, appended))
}

fn check_question(question: &str) -> Result<(), Error> {
    let most = talk_limits::POLL_QUESTION_BYTES_MAX.min(limits::TEXT_BYTES_MAX);
    if question.trim().is_empty() {
        return Err(Error::new(Code::Invalid, "A poll needs a question."));
    }
    if question.len() > most {
        let what = format!("The question of a poll has at most {most} bytes.");
        return Err(Error::new(Code::TooLarge, what));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll(options: &[&str]) -> Poll {
        let options = options.iter().map(|&option| option.to_owned()).collect();
        Poll { options, multiple: false, anonymous: false, ends_at: None }
    }

    #[test]
    fn options_are_different_lines_within_bounds() {
        let longest = "x".repeat(talk_limits::POLL_OPTION_BYTES_MAX);
        for good in [&["a", "b"][..], &["茶", "咖啡", &longest], &["<b>", "\u{1F600}"]] {
            assert_eq!(poll(good).check(), Ok(()), "{good:?}");
        }
        let many: Vec<String> =
            (0..=*talk_limits::POLL_OPTIONS.end()).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let longer = longest + "x";
        for bad in [
            &[][..],
            &["a"],
            &many,
            &["a", ""],
            &["a", " "],
            &["a", "a "],
            &["a", "b\nc"],
            &["a", &longer],
        ] {
            assert!(poll(bad).check().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_end_lies_ahead_and_not_too_far() {
        let most = talk_limits::POLL_AHEAD_MS_MAX;
        for (end, good) in [
            (None, true),
            (Some(7), false),
            (Some(8), true),
            (Some(7 + most), true),
            (Some(8 + most), false),
            (Some(u64::MAX), false),
        ] {
            assert_eq!(
                Poll { ends_at: end, ..poll(&["a", "b"]) }.check_end(7).is_ok(),
                good,
                "{end:?}"
            );
        }
    }
}
