//! Channels: broadcast streams that programs append to.

mod guests;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use bytes::Bytes;
use encke_engine::number_text::grouped;
use encke_engine::{Code, Error, NewEvent, limits};
use encke_store::{Append, Guard};
use http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use encke_site::Act;
use encke_site::Site;
use encke_site::body;
use encke_site::caller::Caller;
use encke_site::path::Path;
use encke_site::posted::{self, Posted};
use encke_site::product::{Extras, Reply, SendPath, Sends};
use encke_site::reply::Refusal;
use encke_site::sent::{self, Sent};
use encke_site::{EventBody, GuestChannels, Identity, InFeed, Parts, Product, Role};

use crate::guests::AllowedChannels;

/// The greatest depth of an event's JSON.
const DEPTH_MAX: usize = 100;

/// An event that a program has appended: any JSON, or a text.
#[derive(Serialize, ToSchema)]
#[schema(value_type = serde_json::Value)]
pub(crate) struct Data(Box<RawValue>);

impl EventBody for Data {
    const KIND: &'static str = "data";
}

/// The product of channels.
pub struct Channel;

impl Product for Channel {
    fn name(&self) -> &'static str {
        "channel"
    }

    fn parts(&self, parts: &mut Parts) {
        parts.insert::<Box<dyn GuestChannels>>(Box::new(AllowedChannels));
    }

    fn routes(&self) -> OpenApiRouter<Arc<Site>> {
        OpenApiRouter::new().routes(routes!(publish))
    }

    fn in_feed(&self) -> InFeed {
        InFeed::default().event::<Data>()
    }

    fn extras(&self) -> Extras<'_> {
        Extras { sends: Some(self), ..Extras::default() }
    }
}

impl Sends for Channel {
    fn path(&self) -> SendPath {
        SendPath { before: "/v1/channels/", after: "/events" }
    }

    fn post(
        &self,
        site: &Arc<Site>,
        identity: Identity,
        name: &str,
        posted: Posted<'_>,
        reply: Reply,
    ) {
        post(site, identity, name, posted, reply);
    }
}

/// Appends an event to a channel: any JSON, or a text.
#[utoipa::path(post, path = "/v1/channels/{name}/events", tag = "channels",
    params(("name" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body(content((serde_json::Value = "application/json"), (String = "text/plain"))),
    responses((status = 201, body = Sent), (status = 200, body = Sent),
        (status = 403, description = "forbidden"), (status = 409, description = "key_reused"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn publish(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
    request: Request,
) -> Result<(StatusCode, Json<Sent>), Refusal> {
    let headers = request.headers().clone();
    let posted = Posted::of(&headers, body::read(request).await?);
    let submit = |reply| post(&site, caller.0, &name, posted, reply);
    let appended = posted::answered(submit).await?;
    Ok(Sent::answer(&site, appended))
}

/// Appends an event to a channel. `reply` gets the result once it is durable (P1); it must not block.
pub(crate) fn post(
    site: &Arc<Site>,
    identity: Identity,
    name: &str,
    posted: Posted<'_>,
    reply: Reply,
) {
    match event(site, identity, name, posted) {
        Ok(event) => {
            site.store.submit(Append { event, guard: Guard::Open, reply });
        }
        Err(e) => reply(Err(e)),
    }
}

fn event(
    site: &Site,
    identity: Identity,
    name: &str,
    posted: Posted<'_>,
) -> Result<NewEvent, Error> {
    if !matches!(identity.role, Role::Owner | Role::Bot) {
        return Err(Error::new(Code::Forbidden, "Only owners and bots append to channels."));
    }
    let key = posted.key.map(sent::check_key).transpose()?;
    let text = is_text(body::essence(posted.content_type))?;
    if posted.body.len() > limits::TEXT_BYTES_MAX {
        let what = format!("An event has at most {} bytes.", grouped(limits::TEXT_BYTES_MAX));
        return Err(Error::new(Code::TooLarge, what));
    }
    let body = if text { as_json_string(&posted.body)? } else { checked_json(posted.body)? };
    site.take_message(identity.person, identity.role, body.len())?;
    if !site.store.channels().is_known(name) {
        site.take(identity.person, identity.role, Act::Creation)?;
    }
    // The name is looked up last, because it is kept from here on.
    let stream = site.store.channels().stream_to_append(name)?;
    let (from, kind) = (Some(identity.person), Data::KIND.into());
    Ok(NewEvent { stream, from, kind, key, body, erases: Vec::new() })
}

/// Whether a content type is text; false for JSON. Any other type is an error.
fn is_text(essence: &str) -> Result<bool, Error> {
    if essence.eq_ignore_ascii_case("application/json") {
        Ok(false)
    } else if essence.eq_ignore_ascii_case("text/plain") {
        Ok(true)
    } else {
        let what = "The body has to be application/json or text/plain.";
        Err(Error::new(Code::WrongType, what))
    }
}

fn as_json_string(bytes: &[u8]) -> Result<Bytes, Error> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Error::new(Code::Invalid, "The text is not UTF-8."))?;
    Ok(serde_json::to_vec(text).expect("text is JSON").into())
}

/// Checks that this is one JSON value and puts it on one line, because events travel in lines.
fn checked_json(bytes: Bytes) -> Result<Bytes, Error> {
    let value: &RawValue = serde_json::from_slice(&bytes)
        .map_err(|e| Error::new(Code::BadJson, format!("The body is not JSON: {e}.")))?;
    let value = value.get().as_bytes();
    if depth(value) > DEPTH_MAX {
        let what = format!("The JSON is nested deeper than {DEPTH_MAX} levels.");
        return Err(Error::new(Code::Invalid, what));
    }
    if !value.iter().any(is_break) {
        return Ok(bytes.slice_ref(value));
    }
    // A line break in valid JSON is always between values: a text has it escaped.
    Ok(value.iter().map(|b| if is_break(b) { b' ' } else { *b }).collect())
}

fn is_break(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// The depth of JSON. Without a bound, deep JSON would pass here and break the readers.
fn depth(json: &[u8]) -> usize {
    let (mut now, mut deepest) = (0usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                now += 1;
                deepest = deepest.max(now);
            }
            b']' | b'}' if !in_text => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
