//! The parameters of the feed.

use std::borrow::Cow;

use encke_engine::{Code, Cursor, Error, limits};
use percent_encoding::percent_decode_str;

use super::{Transport, bad};

/// The default callback of an iframe.
const CALLBACK: &str = "encke";
/// Characters of a callback's name or a client's name.
const NAME_CHARS_MAX: usize = 64;

/// The parameters as given; absent ones have their defaults.
#[derive(Debug)]
pub struct Query {
    pub cursor: Option<Cursor>,
    pub live: Option<Transport>,
    pub wait_s: Option<u64>,
    pub channels: Vec<Box<str>>,
    pub conversations: bool,
    pub client: Box<str>,
    pub callback: Box<str>,
    pub parent: Option<Box<str>>,
    pub ticket: Option<Box<str>>,
}

/// The known names, in the order of the bits that mark them as seen.
const KNOWN: [&str; 9] = [
    "cursor",
    "live",
    "wait",
    "channels",
    "conversations",
    "client",
    "callback",
    "parent",
    "ticket",
];

impl Query {
    /// Parses the part after the question mark. Unknown parameters are ignored, a repeated one is refused: two readers
    /// of one URL must not see two meanings.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut query = Query {
            cursor: None,
            live: None,
            wait_s: None,
            channels: Vec::new(),
            conversations: true,
            client: Box::default(),
            callback: CALLBACK.into(),
            parent: None,
            ticket: None,
        };
        let mut seen = 0u16;
        for pair in text.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(number) = KNOWN.iter().position(|known| *known == name) else { continue };
            if seen & 1 << number != 0 {
                return Err(bad(format!("The parameter {name} may come only once.")));
            }
            seen |= 1 << number;
            let value = decoded(value).ok_or_else(|| {
                bad(format!("The parameter {name} is not percent-encoded UTF-8."))
            })?;
            query.set(name, &value)?;
        }
        Ok(query)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        match name {
            // A page without a cursor may send an empty one.
            "cursor" if value.is_empty() => {}
            "cursor" => self.cursor = Some(value.parse()?),
            "live" => self.live = Some(live(value)?),
            "wait" => self.wait_s = Some(wait(value)?),
            "channels" => self.channels = channels(value)?,
            "conversations" if value == "none" => self.conversations = false,
            "conversations" => return Err(bad("The only value of conversations is none.")),
            "client" if is_client(value) => self.client = value.into(),
            "client" => {
                let what = format!("A client's name is 1 to {NAME_CHARS_MAX} of A-Z a-z 0-9 _ -.");
                return Err(bad(what));
            }
            "callback" if is_callback(value) => self.callback = value.into(),
            "callback" => {
                return Err(bad(format!(
                    "A callback is a JavaScript name of at most {NAME_CHARS_MAX} characters that begins with encke, or \
                     two such names with a dot between them, of which the first does."
                )));
            }
            "parent" if is_origin(value) => self.parent = Some(value.into()),
            "parent" => return Err(bad("The parent is an origin such as https://example.org.")),
            _ if value.is_empty() || !value.bytes().all(|b| b.is_ascii_graphic()) => {
                return Err(Error::new(Code::NotSignedIn, "This is not a ticket."));
            }
            _ => self.ticket = Some(value.into()),
        }
        Ok(())
    }
}

fn live(value: &str) -> Result<Transport, Error> {
    use Transport::{Iframe, LongPoll, Ndjson, Sse};
    let known = [LongPoll, Sse, Ndjson, Iframe].into_iter().find(|t| t.name() == value);
    known.ok_or_else(|| bad("The values of live are long-poll, sse, ndjson and iframe."))
}

fn wait(value: &str) -> Result<u64, Error> {
    let digits = !value.is_empty() && value.len() <= 4 && value.bytes().all(|b| b.is_ascii_digit());
    let seconds = if digits { value.parse().ok() } else { None };
    seconds.filter(|s| *s <= limits::POLL_WAIT_S_MAX).ok_or_else(|| {
        let most = limits::POLL_WAIT_S_MAX;
        bad(format!("wait is a whole number of seconds from 0 to {most}."))
    })
}

fn channels(value: &str) -> Result<Vec<Box<str>>, Error> {
    let mut names: Vec<Box<str>> = Vec::new();
    for name in value.split(',').filter(|name| !name.is_empty()) {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'-');
        if name.len() > limits::CHANNEL_NAME_BYTES_MAX || !name.bytes().all(plain) {
            let most = limits::CHANNEL_NAME_BYTES_MAX;
            return Err(bad(format!("A channel's name is 1 to {most} of A-Z a-z 0-9 _ . : -.")));
        }
        if !names.iter().any(|known| **known == *name) {
            names.push(name.into());
        }
        if names.len() > limits::CHANNELS_PER_SESSION_MAX {
            let most = limits::CHANNELS_PER_SESSION_MAX;
            return Err(bad(format!("At most {most} channels can be asked for at once.")));
        }
    }
    Ok(names)
}

fn is_client(value: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&value.len())
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// Whether a text is `encke[\w$]*(\.[A-Za-z_$][\w$]*)?`. It is written into a script, so nothing else may pass. It
/// names only what a page has made for Encke: the author of a URL must not choose among all functions of the page.
pub fn is_callback(value: &str) -> bool {
    let first = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'$');
    let name = |part: &str| {
        let mut bytes = part.bytes();
        bytes.next().is_some_and(first) && bytes.all(|b| first(b) || b.is_ascii_digit())
    };
    let (object, function) = value.split_once('.').unwrap_or((value, CALLBACK));
    value.len() <= NAME_CHARS_MAX && object.starts_with(CALLBACK) && name(object) && name(function)
}

/// Whether a text is a serialised origin: scheme, host, perhaps a port. It is written into a script, too.
pub fn is_origin(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else { return false };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let port_ok =
        port.is_none_or(|p| (1..=5).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()));
    let name =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_');
    let host_ok = match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        Some(v6) => {
            !v6.is_empty() && v6.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'))
        }
        None => !host.is_empty() && host.bytes().all(name),
    };
    let scheme_ok = matches!(scheme, "http" | "https");
    value.len() <= 255 && scheme_ok && host_ok && port_ok
}

/// The text that a parameter's value stands for: `+` is a space, `%` and two hexadecimal digits are a byte.
///
/// Clients hardly ever encode anything here, so a plain value is not copied. The library leaves a `%` without two
/// digits as it is. Here it is refused, because another reader of the same URL might read it differently.
fn decoded(value: &str) -> Option<Cow<'_, str>> {
    let is_byte = |rest: &str| matches!(rest.as_bytes(), [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit());
    if !value.split('%').skip(1).all(is_byte) {
        return None;
    }
    if !value.contains('+') {
        return percent_decode_str(value).decode_utf8().ok();
    }
    let spaced = value.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(|text| Cow::Owned(text.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_decoded_and_half_a_byte_is_refused() {
        for (value, text) in [
            ("plain-1_.:", Some("plain-1_.:")),
            ("a+b%2B%2bc", Some("a b++c")),
            ("%E4%bd%A0+%41", Some("你 A")),
            ("%2541", Some("%41")),
            ("%", None),
            ("a%2", None),
            ("%zz", None),
            ("%+1", None),
            ("%%41", None),
            ("%ff", None),
            ("%ff+", None),
        ] {
            assert_eq!(decoded(value).as_deref(), text, "{value}");
        }
        assert!(matches!(decoded("plain"), Some(Cow::Borrowed(_))), "a plain value is not copied");
    }
}
