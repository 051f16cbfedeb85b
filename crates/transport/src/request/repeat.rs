//! A repeated poll: its head is the same as the last one on its connection, except for the cursor.
//!
//! A kept-alive long poll sends one request for each answer, all of them alike. So the connection keeps only a keyed
//! hash of the constant part of the last head, and the place of its cursor. A head that fits needs no parsing, and no
//! admission while the last one holds.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::num::NonZeroU16;
use std::sync::OnceLock;

use encke_engine::Cursor;
use encke_engine::cursor::CURSOR_BYTES_MAX;

/// The memory of a poll's head.
#[derive(Clone, Copy, Debug)]
pub struct Repeat {
    hash: u64,
    /// The offset of the cursor in the head.
    at: u16,
    /// The number of bytes after the cursor.
    rest: NonZeroU16,
}

impl Repeat {
    /// Remembers a head that was parsed and is good. `None` if its cursor does not stand in it in a plain way, exactly
    /// once.
    pub fn of(head: &[u8], cursor: Option<Cursor>) -> Option<Self> {
        let text = cursor?.to_string();
        let at = memchr::memmem::find(head, text.as_bytes())?;
        let (before, after) = (&head[..at], &head[at + text.len()..]);
        let plain = named(before) && cursor_length(&head[at..]) == text.len();
        if !plain || memchr::memmem::find(after, text.as_bytes()).is_some() {
            return None;
        }
        let rest = NonZeroU16::new(u16::try_from(after.len()).ok()?)?;
        Some(Repeat { hash: hash(before, after), at: u16::try_from(at).ok()?, rest })
    }

    /// The cursor and the length of the head at the start of these bytes, if it is the same poll and complete.
    pub fn again(&self, bytes: &[u8]) -> Option<(Cursor, usize)> {
        let (before, from) = bytes.split_at_checked(usize::from(self.at))?;
        let (text, after) = from.split_at(cursor_length(from));
        let after = after.get(..usize::from(self.rest.get()))?;
        if hash(before, after) != self.hash {
            return None;
        }
        let cursor = std::str::from_utf8(text).ok()?.parse().ok()?;
        Some((cursor, before.len() + text.len() + after.len()))
    }
}

/// Whether these bytes end with the name of the parameter or of the header.
fn named(before: &[u8]) -> bool {
    let ends = |name: &[u8]| {
        let end = before.len().checked_sub(name.len()).map(|n| &before[n..]);
        end.is_some_and(|end| end.eq_ignore_ascii_case(name))
    };
    before.ends_with(b"?cursor=") || before.ends_with(b"&cursor=") || ends(b"\r\nlast-event-id: ")
}

fn cursor_length(bytes: &[u8]) -> usize {
    let part = |b: &&u8| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'.');
    bytes.iter().take(CURSOR_BYTES_MAX + 1).take_while(part).count()
}

/// A hash with a fresh key in each process, so that nobody can make two heads collide: behind a proxy the next request
/// on a connection may be another person's.
fn hash(before: &[u8], after: &[u8]) -> u64 {
    static KEYS: OnceLock<RandomState> = OnceLock::new();
    let mut hasher = KEYS.get_or_init(RandomState::new).build_hasher();
    hasher.write_usize(before.len());
    hasher.write(before);
    hasher.write(after);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(text: &str) -> Cursor {
        text.parse().unwrap()
    }

    fn head(cursor: &str, token: &str) -> String {
        format!(
            "GET /v1/feed?live=long-poll&cursor={cursor}&wait=25 HTTP/1.1\r\nHost: a\r\n\
             Authorization: Bearer {token}\r\n\r\n"
        )
    }

    #[test]
    fn the_next_turn_of_a_poll_is_told_by_its_cursor_alone() {
        let first = head("9f.a", "t");
        let repeat = Repeat::of(first.as_bytes(), Some(cursor("9f.a"))).unwrap();
        let next = head("9f.b1c", "t");
        assert_eq!(repeat.again(next.as_bytes()), Some((cursor("9f.b1c"), next.len())));
        let early = format!("{next}GET /v1/feed");
        assert_eq!(repeat.again(early.as_bytes()), Some((cursor("9f.b1c"), next.len())));
        for cut in 0..next.len() {
            assert_eq!(repeat.again(&next.as_bytes()[..cut]), None);
        }
    }

    #[test]
    fn any_other_difference_makes_another_request() {
        let repeat = Repeat::of(head("9f.a", "t").as_bytes(), Some(cursor("9f.a"))).unwrap();
        for other in [
            head("9f.b", "u"),
            head("9f.b", "tt"),
            head("9f.b&client=x", "t"),
            head("9f.B", "t"),
            head("", "t"),
            head("9f.b.c", "t"),
            head(&"9".repeat(40), "t"),
            head("9f.b", "t").replace("wait=25", "wait=26"),
            head("9f.b", "t").replace("GET", "PUT"),
        ] {
            assert_eq!(repeat.again(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_cursor_may_stand_in_the_header() {
        let head =
            |c| format!("GET /v1/feed?live=long-poll HTTP/1.1\r\nLast-event-ID: {c}\r\n\r\n");
        let repeat = Repeat::of(head("1.2").as_bytes(), Some(cursor("1.2"))).unwrap();
        assert_eq!(repeat.again(head("1.3").as_bytes()).unwrap().0, cursor("1.3"));
    }

    #[test]
    fn an_unusual_head_is_parsed_each_time() {
        for head in [
            "GET /v1/feed?x=1.2 HTTP/1.1\r\n\r\n",
            "GET /v1/feed?cursor=1.2&x=1.2 HTTP/1.1\r\n\r\n",
            "GET /v1/feed?cursor=%31.2 HTTP/1.1\r\n\r\n",
            "GET /v1/feed?xcursor=1.2 HTTP/1.1\r\n\r\n",
        ] {
            assert!(Repeat::of(head.as_bytes(), Some(cursor("1.2"))).is_none(), "{head}");
        }
        assert!(Repeat::of(b"GET /v1/feed HTTP/1.1\r\n\r\n", None).is_none());
    }
}
