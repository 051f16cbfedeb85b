//! Reads a mail as a mail program would.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A mail that a mail server has taken.
pub struct Mail {
    pub to: String,
    headers: Vec<(String, String)>,
    pub text: String,
    pub html: String,
}

/// Headers and body of a mail or a part of one.
fn parts(text: &str) -> (Vec<(String, String)>, &str) {
    let (head, body) = text.split_once("\n\n").unwrap();
    // A line that begins with a blank goes on with the one before.
    let head = head.replace("\n ", " ").replace("\n\t", " ");
    let header = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_ascii_lowercase(), decoded_words(value.trim()))
    };
    (head.lines().map(header).collect(), body)
}

/// A header's text with its encoded words decoded (RFC 2047).
fn decoded_words(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, word)) = rest.split_once("=?utf-8?b?") {
        let (word, after) = word.split_once("?=").unwrap();
        if !before.trim().is_empty() {
            out.push_str(before);
        }
        out.push_str(&String::from_utf8(STANDARD.decode(word).unwrap()).unwrap());
        rest = after;
    }
    out + rest
}

fn value_of<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The text of a part, whatever its encoding.
fn content(headers: &[(String, String)], body: &str) -> String {
    match value_of(headers, "content-transfer-encoding").unwrap_or("7bit") {
        "base64" => {
            let packed: String = body.split_whitespace().collect();
            String::from_utf8(STANDARD.decode(packed).unwrap()).unwrap()
        }
        "quoted-printable" => unquoted(body),
        _ => body.to_owned(),
    }
}

fn unquoted(body: &str) -> String {
    let joined = body.replace("=\r\n", "").replace("=\n", "");
    let (mut out, bytes) = (Vec::new(), joined.as_bytes());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'=' {
            let digits = std::str::from_utf8(&bytes[at + 1..at + 3]).unwrap();
            out.push(u8::from_str_radix(digits, 16).unwrap());
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).unwrap()
}

impl Mail {
    pub fn read(text: &str) -> Mail {
        let whole = text.replace("\r\n", "\n");
        let (headers, body) = parts(&whole);
        let kind = value_of(&headers, "content-type").unwrap();
        let boundary = kind.split_once("boundary=\"").unwrap().1.split('"').next().unwrap();
        let (mut text, mut html) = (String::new(), String::new());
        for part in body.split(&format!("--{boundary}")).skip(1) {
            let part = part.trim_start_matches('\n');
            if part.starts_with("--") {
                break;
            }
            let (of_part, body) = parts(part);
            let shown = content(&of_part, body);
            match value_of(&of_part, "content-type").unwrap() {
                kind if kind.starts_with("text/plain") => text = shown,
                _ => html = shown,
            }
        }
        let to = value_of(&headers, "to").unwrap().to_owned();
        Mail { to, headers, text, html }
    }

    pub fn head(&self, name: &str) -> Option<&str> {
        value_of(&self.headers, name)
    }

    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.head(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers))
    }

    /// The path and query of the link that does this.
    #[track_caller]
    pub fn link(&self, what: &str) -> String {
        let mut words = self.text.split_whitespace();
        let link = words.find(|word| word.contains(&format!("/{what}?token=")));
        let link = link.unwrap_or_else(|| panic!("no {what} in {}", self.text));
        link.strip_prefix(super::PUBLIC).unwrap().to_owned()
    }
}
