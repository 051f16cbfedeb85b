//! The feed as a program follows it: over NDJSON, from a cursor, for ever.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::Client;
use crate::refusal::{Error, checked};

/// The first pause after a failure, and the one after a connection that ended as connections do.
const PAUSE_MIN: Duration = Duration::from_millis(500);
/// The longest pause before another try. Each is twice as long as the one before.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// The longest life of a connection. Another one goes on from the cursor, so that a peer that is gone without a word is
/// noticed.
const CONNECTION_MAX: Duration = Duration::from_secs(600);
/// Bytes of one item.
const ITEM_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Streams of which the newest number is remembered.
const STREAMS_MAX: usize = 10_000;

/// An item as it came.
#[derive(Debug)]
pub struct Item {
    /// What it says: `type` tells which kind of item it is (docs/protocol.md).
    pub value: Value,
    /// The same as the line that the server has sent.
    pub line: String,
}

/// What a feed has to say.
#[derive(Debug)]
pub enum News {
    /// An event, each once and in the order of the log, a signal, or that the feed is live (`ready`).
    Item(Item),
    /// There is a pause before another try, for this reason; none if the connection ended as connections do.
    Pause {
        /// The reason.
        why: Option<String>,
        /// Length of the pause.
        after: Duration,
    },
    /// The events after the cursor can't be had any more. The feed goes on from where the server says.
    Reset {
        /// The reason, such as `unknown_epoch`.
        reason: String,
    },
}

/// A feed that is followed. The pauses are in [`Feed::news`].
pub struct Feed<'a> {
    client: &'a Client,
    cursor: Option<String>,
    channels: String,
    open: Option<BufReader<ureq::BodyReader<'static>>>,
    /// The number of the newest event of each stream.
    seen: HashMap<String, u64>,
    failures: u32,
    due: Option<Duration>,
}

impl<'a> Feed<'a> {
    pub(crate) fn new(client: &'a Client, cursor: Option<&str>, channels: &[&str]) -> Self {
        Self {
            client,
            cursor: cursor.map(str::to_owned),
            channels: channels.join(","),
            open: None,
            seen: HashMap::new(),
            failures: 0,
            due: None,
        }
    }

    /// Where to go on after what was handed out so far; none before the first item.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// Waits for the next piece of news.
    ///
    /// # Errors
    /// What no repetition mends: a token that is not good, or a feed that the server has ended.
    pub fn news(&mut self) -> Result<News, Error> {
        if let Some(due) = self.due.take() {
            sleep(due);
        }
        loop {
            let Some(open) = &mut self.open else {
                match self.connect() {
                    Ok(open) => self.open = Some(open),
                    Err(e) if e.may_retry() => return Ok(self.failed(&e)),
                    Err(e) => return Err(e),
                }
                continue;
            };
            let mut line = String::new();
            match open.by_ref().take(ITEM_BYTES_MAX).read_line(&mut line) {
                Ok(_) if line.ends_with('\n') => {}
                // Cut off, in the middle of an item or between two.
                Ok(_) => return Ok(self.broken(None, PAUSE_MIN)),
                Err(e) if e.kind() == std::io::ErrorKind::TimedOut => {
                    self.open = None;
                    continue;
                }
                Err(e) => return Ok(self.failed(&Error::Unreachable(e.to_string()))),
            }
            let line = line.trim_end();
            if line.is_empty() {
                continue;
            }
            if let Some(news) = self.take(line)? {
                return Ok(news);
            }
        }
    }

    fn connect(&self) -> Result<BufReader<ureq::BodyReader<'static>>, Error> {
        let Client { http, url, .. } = self.client;
        let mut request = http.get(format!("{url}/v1/feed")).query("live", "ndjson");
        request = request.header("Authorization", self.client.bearer());
        if let Some(cursor) = &self.cursor {
            request = request.query("cursor", cursor);
        }
        if !self.channels.is_empty() {
            request = request.query("channels", &self.channels);
        }
        let request = request.config().timeout_recv_body(Some(CONNECTION_MAX)).build();
        Ok(BufReader::new(checked(request.call()?)?.into_body().into_reader()))
    }

    /// What an item has to say; nothing if it is known already.
    fn take(&mut self, line: &str) -> Result<Option<News>, Error> {
        let Ok(value) = serde_json::from_str::<Value>(line) else {
            return Ok(Some(self.failed(&Error::Unreachable("An item is not JSON.".into()))));
        };
        let text = |field: &str| value[field].as_str().unwrap_or_default().to_owned();
        match value["type"].as_str().unwrap_or_default() {
            "event" => match self.verdict(&text("stream"), value["seq"].as_u64().unwrap_or(0)) {
                Verdict::Next => {}
                Verdict::Again => return Ok(None),
                Verdict::Gap => {
                    let why = format!("events of {} are missing", text("stream"));
                    return Ok(Some(self.failed(&Error::Unreachable(why))));
                }
            },
            "ready" => self.failures = 0,
            "reset" => {
                self.cursor = value["cursor"].as_str().map(str::to_owned);
                self.seen.clear();
                self.open = None;
                return Ok(Some(News::Reset { reason: text("reason") }));
            }
            "bye" if value["retry"] == true => {
                let after = value["after_ms"].as_u64().map_or(PAUSE_MIN, Duration::from_millis);
                return Ok(Some(self.broken(None, after)));
            }
            "bye" => return Err(Error::Ended(text("reason"))),
            _ => {}
        }
        if let Some(cursor) = value["cursor"].as_str() {
            self.cursor = Some(cursor.to_owned());
        }
        Ok(Some(News::Item(Item { value, line: line.to_owned() })))
    }

    fn verdict(&mut self, stream: &str, seq: u64) -> Verdict {
        match self.seen.get(stream) {
            Some(&last) if seq <= last => return Verdict::Again,
            Some(&last) if seq != last + 1 => return Verdict::Gap,
            _ => {}
        }
        // What is forgotten is only not checked any more.
        if self.seen.len() >= STREAMS_MAX {
            self.seen.clear();
        }
        self.seen.insert(stream.to_owned(), seq);
        Verdict::Next
    }

    fn failed(&mut self, error: &Error) -> News {
        let doubled = PAUSE_MIN.saturating_mul(1 << self.failures.min(16)).min(PAUSE_MAX);
        self.failures += 1;
        let named = match error {
            Error::Refused { after, .. } => *after,
            _ => None,
        };
        self.broken(Some(error.to_string()), named.unwrap_or(doubled))
    }

    fn broken(&mut self, why: Option<String>, after: Duration) -> News {
        self.open = None;
        self.due = Some(after);
        News::Pause { why, after }
    }
}

enum Verdict {
    Next,
    Again,
    Gap,
}
