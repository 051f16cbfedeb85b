//! Signed links: whoever has one has got a mail at the address that it was made for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use encke_engine::PersonId;
use ring::hmac;

/// What a link does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Confirms the address. It works once, for a bounded time.
    Confirm,
    /// Ends mails to the address.
    Unsubscribe,
}

/// What a link is made for. Another address, or the same given anew, has other links.
pub struct Signed<'a> {
    /// The person or visitor that gave the address.
    pub person: PersonId,
    /// The address.
    pub address: &'a str,
    /// When it was given, in milliseconds since 1970.
    pub asked_ms: u64,
    /// Random bytes that only the store has.
    pub secret: &'a [u8],
}

impl Signed<'_> {
    fn text(&self, purpose: Purpose) -> String {
        format!("{purpose:?} {} {} {}", self.person, self.asked_ms, self.address)
    }

    /// The text of a link.
    pub fn token(&self, purpose: Purpose) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret);
        let tag = hmac::sign(&key, self.text(purpose).as_bytes());
        format!("{}.{}", self.person, URL_SAFE_NO_PAD.encode(tag))
    }

    /// Whether a link was made for this.
    pub fn is_signed(&self, purpose: Purpose, token: &str) -> bool {
        let Some((_, tag)) = token.split_once('.') else { return false };
        let Ok(tag) = URL_SAFE_NO_PAD.decode(tag) else { return false };
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret);
        hmac::verify(&key, self.text(purpose).as_bytes(), &tag).is_ok()
    }
}

/// The person that a link says it is for.
pub fn person_of(token: &str) -> Option<PersonId> {
    token.split_once('.')?.0.parse().ok()
}

/// Bytes in hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_for_one_purpose_person_address_and_time() {
        let one = Signed { person: PersonId(7), address: "a@b.c", asked_ms: 5, secret: b"secret" };
        let token = one.token(Purpose::Confirm);
        assert_eq!(person_of(&token), Some(PersonId(7)));
        assert!(one.is_signed(Purpose::Confirm, &token));
        assert!(!one.is_signed(Purpose::Unsubscribe, &token));
        for other in [
            Signed { person: PersonId(8), ..one },
            Signed { address: "x@b.c", ..one },
            Signed { asked_ms: 6, ..one },
            Signed { secret: b"another", ..one },
        ] {
            assert!(!other.is_signed(Purpose::Confirm, &token));
        }
        for bad in ["", ".", "p7", "p7.", "p7.%%", "p7.AAAA"] {
            assert!(!one.is_signed(Purpose::Confirm, bad), "{bad}");
        }
    }
}
