//! One request to a push service, and what its answer means.

use bytes::Bytes;
use encke_egress::{Egress, EgressError, Outgoing, Url};
use encke_engine::outgoing_limits;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

/// What became of a notification.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// The push service has taken it.
    Taken,
    /// The subscription is gone, or nothing can ever be sent there.
    Gone,
    /// The push service does not take this notification.
    Refused,
    /// It may succeed later, perhaps not before so many milliseconds.
    Later(Option<u64>),
}

/// A notification that is ready to be sent.
pub(crate) struct Ready {
    pub url: Url,
    pub authorization: String,
    /// The name under which a newer notification takes the place of this one at the push service.
    pub topic: String,
    pub is_urgent: bool,
    pub body: Vec<u8>,
}

/// Sends a notification.
pub(crate) async fn send(egress: &Egress, ready: Ready) -> Outcome {
    let Some(headers) = headers(&ready) else { return Outcome::Refused };
    let outgoing =
        Outgoing { method: Method::POST, url: ready.url, headers, body: Bytes::from(ready.body) };
    match egress.send(outgoing).await {
        Ok(answer) => meaning(answer.status, &answer.headers),
        Err(EgressError::Refused(why)) => {
            tracing::info!("a subscription to notifications is given up: {why}");
            Outcome::Gone
        }
        Err(EgressError::Failed(why)) => {
            tracing::debug!("a push service: {why}");
            Outcome::Later(None)
        }
    }
}

fn headers(ready: &Ready) -> Option<HeaderMap> {
    let urgency = if ready.is_urgent { "high" } else { "normal" };
    let named = [
        (header::AUTHORIZATION, ready.authorization.clone()),
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_ENCODING, "aes128gcm".to_owned()),
        (HeaderName::from_static("ttl"), outgoing_limits::PUSH_TTL_S.to_string()),
        (HeaderName::from_static("urgency"), urgency.to_owned()),
        (HeaderName::from_static("topic"), ready.topic.clone()),
    ];
    let mut headers = HeaderMap::new();
    for (name, value) in named {
        headers.insert(name, HeaderValue::try_from(value).ok()?);
    }
    Some(headers)
}

fn meaning(status: u16, headers: &HeaderMap) -> Outcome {
    match status {
        200..=299 => Outcome::Taken,
        404 | 410 => Outcome::Gone,
        429 | 500..=599 => {
            let after = headers.get(header::RETRY_AFTER).and_then(|v| v.to_str().ok());
            let seconds = after.and_then(|text| text.trim().parse::<u64>().ok());
            Outcome::Later(seconds.map(|s| s.saturating_mul(1_000)))
        }
        _ => {
            tracing::warn!("a push service answered {status}");
            Outcome::Refused
        }
    }
}

/// The milliseconds until the next try, after this many that failed; `None` if there is no further one.
pub(crate) fn pause(failed: u64, asked_ms: Option<u64>) -> Option<u64> {
    if failed >= outgoing_limits::PUSH_TRIES_MAX {
        return None;
    }
    let doubled = outgoing_limits::PUSH_RETRY_MS << failed.saturating_sub(1);
    Some(doubled.max(asked_ms.unwrap_or(0)).min(outgoing_limits::PUSH_RETRY_MS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_a_push_service_decides_what_comes_next() {
        let mut after = HeaderMap::new();
        after.insert(header::RETRY_AFTER, HeaderValue::from_static("7"));
        let none = HeaderMap::new();
        for (status, headers, outcome) in [
            (201, &none, Outcome::Taken),
            (404, &none, Outcome::Gone),
            (410, &none, Outcome::Gone),
            (429, &after, Outcome::Later(Some(7_000))),
            (503, &none, Outcome::Later(None)),
            (307, &none, Outcome::Refused),
            (403, &none, Outcome::Refused),
        ] {
            assert_eq!(meaning(status, headers), outcome, "{status}");
        }
    }

    #[test]
    fn tries_become_rarer_and_end() {
        let most = outgoing_limits::PUSH_RETRY_MS_MAX;
        assert_eq!(pause(1, None), Some(5_000));
        assert_eq!(pause(3, None), Some(20_000));
        assert_eq!(pause(1, Some(60_000)), Some(60_000));
        assert_eq!(pause(1, Some(u64::MAX)), Some(most));
        assert_eq!(pause(outgoing_limits::PUSH_TRIES_MAX, None), None);
    }
}
