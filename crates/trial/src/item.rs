//! One item of the feed, read with suspicion.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use encke_engine::cursor::Cursor;
use serde_json::Value;

use crate::journal::{Answer, Seen, digest};

/// The beginning of the key of a message that was planned.
const PLANNED: &str = "scheduled-";

/// An item of a feed.
pub enum Item {
    Event { seen: Seen, cursor: String },
    Ready { cursor: String },
    Signal,
    Reset { reason: String, cursor: String },
    Bye { reason: String, retry: bool, after_ms: u64 },
    Ok { id: u64, result: Value },
    Refused { id: Option<u64>, code: String, retry: bool },
}

/// The position in a cursor. Clients must not look inside a cursor; this test may.
pub fn position(cursor: &str) -> Result<u64> {
    let cursor: Cursor = cursor.parse().map_err(|_| anyhow::anyhow!("{cursor} is no cursor"))?;
    Ok(cursor.position.0)
}

fn text<'a>(json: &'a Value, field: &str) -> Result<&'a str> {
    json[field].as_str().with_context(|| format!("no text `{field}` in {json}"))
}

fn number(json: &Value, field: &str) -> Result<u64> {
    json[field].as_u64().with_context(|| format!("no number `{field}` in {json}"))
}

impl Item {
    pub fn parse(line: &[u8]) -> Result<Item> {
        let json: Value = serde_json::from_slice(line)
            .with_context(|| format!("not JSON: {}", String::from_utf8_lossy(line)))?;
        Self::of(&json)
    }

    pub fn of(json: &Value) -> Result<Item> {
        let owned = |field| text(json, field).map(str::to_owned);
        Ok(match text(json, "type")? {
            "event" => Item::Event { seen: seen(json)?, cursor: owned("cursor")? },
            "ready" => Item::Ready { cursor: owned("cursor")? },
            "signal" => Item::Signal,
            "reset" => Item::Reset { reason: owned("reason")?, cursor: owned("cursor")? },
            "bye" => Item::Bye {
                reason: owned("reason")?,
                retry: json["retry"] == true,
                after_ms: number(json, "after_ms")?,
            },
            "ok" => Item::Ok { id: number(json, "id")?, result: json["result"].clone() },
            "error" => Item::Refused {
                id: json["id"].as_u64(),
                code: text(&json["error"], "code")?.to_owned(),
                retry: json["error"]["retry"] == true,
            },
            other => bail!("an item of the unknown type {other}"),
        })
    }

    /// The cursor of a client that holds this item.
    pub fn cursor(&self) -> Option<&str> {
        match self {
            Item::Event { cursor, .. } | Item::Ready { cursor } | Item::Reset { cursor, .. } => {
                Some(cursor)
            }
            _ => None,
        }
    }
}

/// An event of the feed or of the history.
pub fn seen(json: &Value) -> Result<Seen> {
    let seq = number(json, "seq")?;
    ensure!(seq > 0, "an event with seq 0: {json}");
    let from = json["from"].as_str().unwrap_or_default();
    let key = json["key"].as_str().unwrap_or_default();
    // A message that was planned has a key that only the server knows beforehand. Its text has the writer's.
    let key = if key.starts_with(PLANNED) { "" } else { key };
    Ok(Seen {
        stream: Arc::from(text(json, "stream")?),
        seq,
        position: position(text(json, "cursor")?)?,
        at: number(json, "at")?,
        digest: digest(text(json, "kind")?, from, key, &json["body"]),
    })
}

/// The answer to a send.
pub fn answer(json: &Value) -> Result<Answer> {
    let position = position(text(json, "cursor")?)?;
    Ok(Answer { seq: number(json, "seq")?, position, at: number(json, "at")? })
}
