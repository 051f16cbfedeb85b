//! `/classic/novcomet/`: tells which of some channels have new events. An id stands for the channel `novcomet:ID`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use encke_engine::{Entry, Error, NewEvent, StreamId, limits};
use encke_site::{Act, Identity};
use encke_transport::{ForeignAnswer, ForeignRequest, WaitEnd};
use rustc_hash::FxHashMap;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Classic;
use super::answer::{self, HTML, Refused, html, json};
use super::asker::By;
use super::form::{Form, number};
use super::hold::{Hold, Style, TOO_MANY};
use super::number::Scale;

/// How long a poll waits.
const WAIT_MS: u64 = 40_000;
/// Bytes of an id.
const ID_BYTES_MAX: usize = 128;
const PREFIX: &str = "novcomet:";

pub(super) fn router() -> Router<Arc<Classic>> {
    let comet = get(comet).head(answer::wrong_method).fallback(answer::wrong_method);
    Router::new().route("/comet.php", comet)
}

async fn comet(State(classic): State<Arc<Classic>>, request: Request) -> Response {
    answer::of(classic.novcomet(request).await)
}

fn check_id(id: &str) -> Result<(), Refused> {
    let good = (1..=ID_BYTES_MAX).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:-".contains(&b))
        && !id.contains("..");
    if good { Ok(()) } else { Err(Refused::bad("This is not an id.")) }
}

/// The channel of an id. The channel of an id that is too long has its hash, after two dots. No id has two dots.
fn channel(id: &str) -> String {
    if PREFIX.len() + id.len() <= limits::CHANNEL_NAME_BYTES_MAX {
        return format!("{PREFIX}{id}");
    }
    let mut name = format!("{PREFIX}..");
    for byte in Sha256::digest(id.as_bytes()) {
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// An id, and the number that the page holds for it.
type Asked = (String, u64);

fn subscribed(form: &Form) -> Result<Vec<Asked>, Refused> {
    let mut asked: Vec<Asked> = Vec::new();
    for (name, value) in form.pairs() {
        let Some(rest) = name.strip_prefix("subscribed") else { continue };
        let id = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let id = id.ok_or(Refused::bad("There is no id."))?;
        check_id(id)?;
        let held = number(value).ok_or(Refused::bad("This is not a timestamp."))?;
        if asked.iter().any(|(i, _)| i == id) {
            return Err(Refused::bad("An id is there twice."));
        }
        asked.push((id.to_owned(), held));
        if asked.len() > limits::CHANNELS_PER_SESSION_MAX {
            return Err(Refused::bad("These are more than 100 ids."));
        }
    }
    if asked.is_empty() { Err(Refused::bad("A parameter is missing.")) } else { Ok(asked) }
}

impl Classic {
    async fn novcomet(&self, request: Request) -> Result<Response, Refused> {
        let (parts, _) = request.into_parts();
        let form = Form::of_query(&parts)?;
        if let Some(id) = form.get("publish")? {
            check_id(id)?;
            let asker = self.asker_who_changes(&parts, By::Script).await?;
            let name = channel(id);
            self.take_message(&asker, id.len())?;
            if let Some(Identity { person, role, .. }) = asker.identity
                && !self.site.store.channels().is_known(&name)
            {
                self.site.take(person, role, Act::Creation)?;
            }
            let stream = self.site.store.channels().stream_to_append(&name)?;
            let (from, body) = (asker.person(), Bytes::from_static(b"true"));
            let event =
                NewEvent { stream, from, kind: "data".into(), key: None, body, erases: Vec::new() };
            self.site.store.append(event).await?;
            return Ok(html("true"));
        }
        let asked = subscribed(&form)?;
        let asker = self.asker(&parts).await?;
        let mut ids = FxHashMap::default();
        let mut held = Vec::new();
        for (id, number) in asked {
            let stream = self.site.store.channels().stream(&channel(&id))?;
            ids.insert(stream, id);
            held.push((stream, number));
        }
        let scale = self.numbers.scale(&self.site).await?;
        let streams: Vec<StreamId> = ids.keys().copied().collect();
        let mut changed = Changed { scale, ids };
        let look = self.site.store.read(move |read| {
            let mut numbers = Vec::new();
            for (stream, number) in held {
                let head = read.head(stream)?.position;
                // 0 means "from now on".
                if number > 0 && head > scale.held(number, read)? {
                    numbers.push((stream, scale.number(head)));
                }
            }
            Ok::<_, Error>((numbers, read.position()))
        });
        let (numbers, as_of) = look.await?;
        if !numbers.is_empty() {
            return Ok(html(changed.answer(numbers.into_iter())));
        }
        let hold = Hold { person: None, streams, as_of, at: as_of, wait_ms: Some(WAIT_MS) };
        changed.ids.shrink_to_fit();
        Ok(self.hold(&asker, hold, Style::Answer(HTML), changed))
    }
}

/// A poll for changes of some channels while it waits.
struct Changed {
    scale: Scale,
    ids: FxHashMap<StreamId, String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    s: u8,
    k: BTreeMap<&'a str, u64>,
}

impl Changed {
    fn answer(&self, numbers: impl Iterator<Item = (StreamId, u64)>) -> Bytes {
        let known = |(stream, number)| Some((self.ids.get(&stream)?.as_str(), number));
        json(&Answer { s: 1, k: numbers.filter_map(known).collect() })
    }
}

impl ForeignRequest for Changed {
    fn on_events(&mut self, entries: &[Arc<Entry>]) -> ForeignAnswer {
        // The last number of each id counts.
        let numbers = entries.iter().map(|e| (e.event.stream, self.scale.number(e.event.position)));
        ForeignAnswer::Whole(self.answer(numbers))
    }

    fn on_end(&mut self, why: WaitEnd) -> (u16, Bytes) {
        match why {
            WaitEnd::Revoked => (401, Bytes::from_static(b"You have been signed out.")),
            WaitEnd::TooMany => (429, Bytes::from_static(TOO_MANY.as_bytes())),
            WaitEnd::Time | WaitEnd::Drain | WaitEnd::Again => {
                (200, Bytes::from_static(br#"{"s":0}"#))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_has_a_channel_of_its_own() {
        let long = "x".repeat(ID_BYTES_MAX);
        for id in ["a", "a.b:c-d_e", &long, &long[1..], &long[9..], &long[10..]] {
            assert!(check_id(id).is_ok());
            assert!(channel(id).len() <= limits::CHANNEL_NAME_BYTES_MAX, "{id}");
        }
        assert_ne!(channel(&long), channel(&long[1..]));
        let more = "x".repeat(ID_BYTES_MAX + 1);
        for id in ["", "..", "a..b", "../x", "a/b", "a b", "ü", "a\0", "[a]", &more] {
            assert!(check_id(id).is_err(), "{id}");
        }
    }
}
