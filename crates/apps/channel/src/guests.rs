//! Which channels guests may follow: none, unless the owner allows it.

use encke_engine::{Code, Error, limits};
use encke_store::Read;

use crate::account::settings;
use crate::site::Site;

/// Refuses a list of channels that can't be meant.
pub(crate) fn check(allowed: &[String]) -> Result<(), Error> {
    let good = |pattern: &String| {
        let begin = pattern.strip_suffix('*').unwrap_or(pattern);
        !pattern.is_empty()
            && begin.len() <= limits::CHANNEL_NAME_BYTES_MAX
            && begin.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:-".contains(&b))
    };
    if allowed.len() <= limits::GUEST_CHANNELS_MAX && allowed.iter().all(good) {
        return Ok(());
    }
    let what = "guest_channels has at most 100 names of channels; one that ends in * stands for \
                all that begin so.";
    Err(Error::new(Code::Invalid, what))
}

/// Whether a name is among those that are allowed.
fn is_allowed(allowed: &[String], name: &str) -> bool {
    allowed.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(begin) => name.starts_with(begin),
        None => pattern == name,
    })
}

impl Site {
    /// Whether guests may follow all of these channels; `forbidden` if not. `reply` runs on the store's thread, or at
    /// once if too much is waiting.
    pub fn submit_may_guest_follow(
        &self,
        names: Vec<Box<str>>,
        reply: impl FnOnce(Result<(), Error>) + Send + 'static,
    ) {
        let look = move |read: &mut Read<'_>| {
            let allowed = settings(read)?.guest_channels;
            match names.iter().find(|name| !is_allowed(&allowed, name)) {
                None => Ok(()),
                Some(name) => {
                    let what = format!("Guests may not follow the channel {name}.");
                    Err(Error::new(Code::Forbidden, what))
                }
            }
        };
        self.store.submit_read(look, reply);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(allowed: &[&str]) -> Vec<String> {
        allowed.iter().map(|a| (*a).to_owned()).collect()
    }

    #[test]
    fn a_name_is_allowed_by_itself_by_its_beginning_or_with_all() {
        let allowed = list(&["status", "news:*"]);
        for (name, may) in [
            ("status", true),
            ("news:", true),
            ("news:a", true),
            ("status2", false),
            ("news", false),
        ] {
            assert_eq!(is_allowed(&allowed, name), may, "{name}");
        }
        assert!(is_allowed(&list(&["*"]), "anything"));
        assert!(!is_allowed(&[], "anything"));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        assert!(check(&list(&["*", "news:*", "a.b-c_d:e"])).is_ok());
        for bad in ["", "a b", "*a", "a**", "\u{e9}", &"x".repeat(129)] {
            assert!(check(&list(&[bad])).is_err(), "{bad}");
        }
        assert!(check(&vec!["a".to_owned(); limits::GUEST_CHANNELS_MAX + 1]).is_err());
    }
}
