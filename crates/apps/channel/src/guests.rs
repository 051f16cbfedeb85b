//! Channels for guests: none, unless the owner allows some.

use encke_engine::{Code, Error};
use encke_store::Read;

use encke_account::settings;
use encke_site::Site;

/// Whether a name is in the list of allowed channels.
fn is_allowed(allowed: &[String], name: &str) -> bool {
    allowed.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(begin) => name.starts_with(begin),
        None => pattern == name,
    })
}

/// Replies whether guests may follow all of these channels; `forbidden` if not. `reply` runs on the store's thread, or
/// at once if too much is waiting.
pub fn submit_may_guest_follow(
    site: &Site,
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
    site.store.submit_read(look, reply);
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
}
