//! A target described by a small TOML file; see `templates/example.toml`.

use std::net::SocketAddrV4;
use std::path::Path;

use anyhow::{Context, Result};
use memchr::memmem;
use serde::Deserialize;
use serde_json::Value;

use super::{Addresses, Role, Session, Step, Target, Transport, get, sse_id, upgrade};
use crate::{http, ws};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    ws: Option<Subscribe>,
    sse: Option<Subscribe>,
    longpoll: Option<Subscribe>,
    stream: Option<Subscribe>,
    publish: Publish,
}

/// The request that subscribes over one transport. `{channel}`, `{client}` and `{cursor}` are replaced. A header with
/// `{cursor}` is left out while there is no cursor.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Subscribe {
    path: String,
    #[serde(default)]
    headers: Vec<String>,
    /// The message to send after the upgrade (ws).
    hello: Option<String>,
    /// Part of the message that confirms the subscription (ws).
    ready: Option<String>,
    /// The cursor before the first answer.
    #[serde(default)]
    first_cursor: String,
    /// The place of the next cursor: a response header, a JSON pointer into the body or message, or (sse, by default)
    /// the `id:` line.
    cursor_header: Option<String>,
    cursor_pointer: Option<String>,
}

/// The request that publishes. These are replaced: `{outlet}` (the channel published to), `{client}`, `{payload}`,
/// `{id}` (of this message on this connection) and `{key}` (of this message, also when it is sent again on another
/// one).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Publish {
    /// Whether it goes over the subscriber's WebSocket instead of HTTP.
    #[serde(default)]
    over_ws: bool,
    #[serde(default = "post")]
    method: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    headers: Vec<String>,
    body: String,
    /// Part of the message that confirms a publish (ws).
    confirmed: Option<String>,
}

fn post() -> String {
    "POST".into()
}

pub struct Template {
    file: File,
    at: Addresses,
    transports: Vec<Transport>,
}

fn fill(text: &str, s: &Session) -> String {
    text.replace("{channel}", &s.channel)
        .replace("{outlet}", &s.outlet)
        .replace("{client}", &s.client.to_string())
        .replace("{cursor}", &s.cursor)
}

impl Template {
    pub fn load(path: &Path, at: Addresses) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let file: File = toml::from_str(&text)?;
        let all = [Transport::Ws, Transport::Sse, Transport::Longpoll, Transport::Stream];
        let mut target = Template { file, at, transports: vec![] };
        target.transports = all.into_iter().filter(|t| target.section(*t).is_some()).collect();
        Ok(target)
    }

    fn section(&self, t: Transport) -> Option<&Subscribe> {
        match t {
            Transport::Ws => self.file.ws.as_ref(),
            Transport::Sse => self.file.sse.as_ref(),
            Transport::Longpoll => self.file.longpoll.as_ref(),
            Transport::Stream => self.file.stream.as_ref(),
        }
    }

    fn cursor_from_json(&self, s: &mut Session, text: &[u8]) {
        let Some(pointer) = self.section(s.transport).and_then(|t| t.cursor_pointer.as_ref())
        else {
            return;
        };
        let Ok(json) = serde_json::from_slice::<Value>(text) else { return };
        match json.pointer(pointer) {
            Some(Value::String(text)) => s.cursor = text.clone(),
            Some(other) => s.cursor = other.to_string(),
            None => {}
        }
    }
}

impl Target for Template {
    fn transports(&self) -> &[Transport] {
        &self.transports
    }

    fn address(&self, role: Role) -> SocketAddrV4 {
        self.at.of(role)
    }

    fn publishes_over_ws(&self) -> bool {
        self.file.publish.over_ws
    }

    fn request(&self, s: &Session, out: &mut Vec<u8>) {
        let section = self.section(s.transport).expect("only offered transports are used");
        let mut path = fill(&section.path, s);
        if s.cursor.is_empty() {
            path = fill(&section.path.replace("{cursor}", &section.first_cursor), s);
        }
        let mut headers = String::new();
        for line in &section.headers {
            if !(s.cursor.is_empty() && line.contains("{cursor}")) {
                headers.push_str(&fill(line, s));
                headers.push_str("\r\n");
            }
        }
        match s.transport {
            Transport::Ws => upgrade(&path, self.at.subscribe, &headers, out),
            _ => get(&path, self.at.subscribe, &headers, out),
        }
    }

    fn ws_opened(&self, s: &mut Session, out: &mut Vec<u8>) -> Step {
        let Some(section) = &self.file.ws else { return Step::Ready };
        if let (Some(hello), Role::Subscriber) = (&section.hello, s.role) {
            ws::write(ws::TEXT, fill(hello, s).as_bytes(), out);
            if section.ready.is_some() {
                return Step::Nothing;
            }
        }
        Step::Ready
    }

    fn ws_message(&self, s: &mut Session, msg: &[u8], _out: &mut Vec<u8>) -> Step {
        let has = |part: &Option<String>| {
            part.as_ref().is_some_and(|p| memmem::find(msg, p.as_bytes()).is_some())
        };
        if has(&self.file.publish.confirmed) {
            return Step::Confirmed(1);
        }
        if self.file.ws.as_ref().is_some_and(|section| has(&section.ready)) {
            return Step::Ready;
        }
        self.cursor_from_json(s, msg);
        Step::Nothing
    }

    fn polled(&self, s: &mut Session, head: &http::Reader, body: &[u8]) {
        let name = self.section(s.transport).and_then(|t| t.cursor_header.as_ref());
        match name.and_then(|name| head.header(name)) {
            Some(value) => s.cursor = String::from_utf8_lossy(value).into_owned(),
            None => self.cursor_from_json(s, body),
        }
    }

    fn event(&self, s: &mut Session, event: &[u8]) {
        if let Some(id) = sse_id(event) {
            s.cursor = String::from_utf8_lossy(id).into_owned();
        }
    }

    fn reads_lines(&self) -> bool {
        self.file.stream.as_ref().is_some_and(|section| section.cursor_pointer.is_some())
    }

    /// Finds the JSON object in a line, whatever is around it.
    fn line(&self, s: &mut Session, line: &[u8]) {
        if let (Some(from), Some(to)) = (memchr::memchr(b'{', line), memchr::memrchr(b'}', line)) {
            self.cursor_from_json(s, line.get(from..=to).unwrap_or_default());
        }
    }

    fn publish(&self, s: &mut Session, payload: &str, out: &mut Vec<u8>) {
        s.counter += 1;
        let publish = &self.file.publish;
        let id = format!("{}-{}", s.client, s.counter);
        let key = crate::payload::key(payload);
        let fill = |text: &str| {
            fill(text, s).replace("{payload}", payload).replace("{id}", &id).replace("{key}", key)
        };
        let body = fill(&publish.body);
        if publish.over_ws {
            return ws::write(ws::TEXT, body.as_bytes(), out);
        }
        let mut head = format!("{} {} HTTP/1.1\r\n", publish.method, fill(&publish.path));
        head.push_str(&format!("Host: {}\r\nContent-Length: {}\r\n", self.at.publish, body.len()));
        for line in &publish.headers {
            head.push_str(&fill(line));
            head.push_str("\r\n");
        }
        out.extend_from_slice(format!("{head}\r\n{body}").as_bytes());
    }
}
