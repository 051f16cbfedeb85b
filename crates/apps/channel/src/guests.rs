//! Channels for guests: none, unless the owner allows some.

use encke_engine::{Code, Error};
use encke_store::Read;

use encke_account::settings;
use encke_site::{GuestChannels, LookedUp, Site};

/// Whether a name is in the list of allowed channels.
fn is_allowed(allowed: &[String], name: &str) -> bool {
    allowed.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(begin) => name.starts_with(begin),
        None => pattern == name,
    })
}

/// The owner's list of channels for guests, as the site asks it.
pub(crate) struct AllowedChannels;

impl GuestChannels for AllowedChannels {
    fn submit_may_follow(&self, site: &Site, names: Vec<Box<str>>, reply: LookedUp<()>) {
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
