//! How the three streams look, line by line: each as a browser, or a script, would read it.

use serde_json::Value;

use super::Transport;
use crate::harness::{Wire, values};

/// Takes lines and gives items.
pub trait Parser {
    fn line(&mut self, line: &[u8]) -> Option<Value>;
    /// The connection has ended: not in the middle of anything.
    fn ended(&self);
}

pub enum Lines {
    Sse(Sse),
    Ndjson,
    Iframe(Iframe),
}

impl Lines {
    /// Checks the head of the stream.
    pub fn new(transport: Transport, head: &str) -> Lines {
        let is = |name, value: &str| {
            assert_eq!(values(head, name).next(), Some(value), "{transport:?}: {head}");
        };
        is("cache-control", "no-store");
        if !Wire::is_chunked(head) {
            // A proxy that chunks has taken this advice and keeps it to itself.
            is("x-accel-buffering", "no");
        }
        match transport {
            Transport::Sse => {
                is("content-type", "text/event-stream");
                Lines::Sse(Sse::default())
            }
            Transport::Ndjson => {
                is("content-type", "application/x-ndjson");
                Lines::Ndjson
            }
            Transport::Iframe => {
                is("content-type", "text/html; charset=utf-8");
                Lines::Iframe(Iframe::default())
            }
            other => panic!("{other:?} has no lines"),
        }
    }
}

impl Parser for Lines {
    fn line(&mut self, line: &[u8]) -> Option<Value> {
        match self {
            Lines::Sse(sse) => sse.line(line),
            Lines::Ndjson if line.is_empty() => None,
            Lines::Ndjson => Some(json(line)),
            Lines::Iframe(iframe) => iframe.line(line),
        }
    }

    fn ended(&self) {
        if let Lines::Sse(sse) = self {
            assert!(sse.data.is_none(), "cut in an item");
        }
    }
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|e| panic!("{e}: {:?}", String::from_utf8_lossy(bytes)))
}

#[derive(Default)]
pub struct Sse {
    retry: Option<u64>,
    id: Option<String>,
    data: Option<Value>,
}

impl Parser for Sse {
    fn line(&mut self, line: &[u8]) -> Option<Value> {
        if line.is_empty() {
            let item = self.data.take()?;
            assert!(self.retry.is_some(), "the stream starts with retry");
            let id = self.id.take();
            if item["type"] != "reset" {
                assert_eq!(id.as_deref(), item["cursor"].as_str(), "the id is the cursor: {item}");
            }
            return Some(item);
        }
        let colon = line.iter().position(|b| *b == b':').expect("a field or a comment");
        let value = &line[colon + 1..];
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let text = || std::str::from_utf8(value).unwrap().to_owned();
        match &line[..colon] {
            b"" => {}
            b"retry" => self.retry = Some(text().parse().unwrap()),
            b"id" => self.id = Some(text()),
            b"data" => assert!(self.data.replace(json(value)).is_none(), "one line of data"),
            other => panic!("unknown field {:?}", String::from_utf8_lossy(other)),
        }
        None
    }

    fn ended(&self) {}
}

#[derive(Default)]
pub struct Iframe {
    bytes: usize,
    bound: bool,
}

impl Parser for Iframe {
    fn line(&mut self, line: &[u8]) -> Option<Value> {
        self.bytes += line.len() + 1;
        let text = std::str::from_utf8(line).expect("the page is UTF-8");
        let Some(script) = text.strip_prefix("<script>") else {
            let markup = text.starts_with("<!") || text.starts_with("<html");
            assert!(markup, "text in the page outside of a script: {text:?}");
            return None;
        };
        let script = script.strip_suffix("</script>").expect("a script is one line");
        // A browser ends a script at the first of these, wherever it stands.
        assert!(!script.contains("</") && !script.contains("<!--"), "{text:?}");
        if !self.bound {
            assert!(self.bytes > 2048, "there is padding first");
            let guarded = "function e(s){document.currentScript.remove();if(parent!==self)parent.encke(JSON.parse(s))}";
            assert_eq!(script, guarded);
            self.bound = true;
            return None;
        }
        let item = script.strip_prefix("e('").and_then(|s| s.strip_suffix("')"));
        let item = item.unwrap_or_else(|| panic!("a call: {script:?}"));
        // In an old JavaScript these would end the line in the middle of the text.
        let bad = ['<', '>', '&', '\u{2028}', '\u{2029}'];
        assert!(!item.contains(bad), "{item:?}");
        let item = json(unquoted(item).as_bytes());
        (item["type"] != "beat").then_some(item)
    }

    fn ended(&self) {}
}

/// The text of a JavaScript string between single quotes.
fn unquoted(text: &str) -> String {
    let (mut out, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        assert_ne!(c, '\'', "the string ends early: {text}");
        let digits = match (c, (c == '\\').then(|| chars.next().expect("an escape"))) {
            (c, None) => {
                out.push(c);
                continue;
            }
            (_, Some('x')) => 2,
            (_, Some('u')) => 4,
            (_, Some(quoted)) => {
                assert!(matches!(quoted, '\'' | '\\'), "\\{quoted} in {text}");
                out.push(quoted);
                continue;
            }
        };
        let code: String = chars.by_ref().take(digits).collect();
        let code = u32::from_str_radix(&code, 16).expect("hexadecimal");
        out.push(char::from_u32(code).expect("a character"));
    }
    out
}
