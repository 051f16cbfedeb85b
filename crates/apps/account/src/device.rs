//! Known devices: browsers in which a person has signed in before.
//!
//! Somebody who guesses passwords must not be able to lock the person out. So a browser gets a cookie with its first
//! sign-in, and with this proof it has an allowance of its own from then on. The proof is an HMAC with the stored hash
//! of the person's password as its key. No client ever sees the key. The proof needs no table, holds on every node, and
//! ends when the password changes. It is not a credential: without the password it opens nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cookie::{Cookie, CookieBuilder, SameSite};
use encke_engine::{Error, PersonId, limits};
use http::{HeaderMap, header};
use ring::hmac;

use crate::set_cookie::{self, set_cookie};
use encke_site::caller::Scheme;
use encke_site::random;

/// The cookie's name. Browsers send the cookie only with a sign-in.
const COOKIE: &str = "encke_device";
/// The separator between the proofs of several people on one device.
const BETWEEN: char = '~';

/// The number of a device for one person.
pub(crate) type DeviceId = u64;

/// The proofs that a browser carries, newest first.
#[derive(Default)]
pub(super) struct Device(Vec<String>);

impl Device {
    pub fn of(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|v| v.to_str().ok());
        let mut cookies = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
        let cookie = cookies.find(|cookie| cookie.name() == COOKIE);
        let value = cookie.as_ref().map_or("", Cookie::value);
        let proofs = value.split(BETWEEN).filter(|proof| !proof.is_empty());
        Device(proofs.take(limits::DEVICE_PEOPLE_MAX).map(str::to_owned).collect())
    }

    /// The number of this device, if the person has signed in on it with its present password.
    pub fn known(&self, person: PersonId, stored: &str) -> Option<DeviceId> {
        self.0.iter().find_map(|proof| proven(proof, person, stored))
    }

    /// The header that makes the browser remember a sign-in of this person.
    pub fn remember(
        self,
        scheme: Scheme,
        person: PersonId,
        stored: &str,
    ) -> Result<HeaderMap, Error> {
        let others = self.0.into_iter().filter(|proof| proven(proof, person, stored).is_none());
        let mut proofs = vec![prove(person, stored)?];
        proofs.extend(others.take(limits::DEVICE_PEOPLE_MAX - 1));
        let value = proofs.join(&BETWEEN.to_string());
        let cookie = CookieBuilder::new(COOKIE, value).path("/v1/sign-in");
        let cookie = cookie.same_site(SameSite::Strict).max_age(set_cookie::AGE);
        let mut headers = HeaderMap::new();
        set_cookie(&mut headers, scheme, cookie);
        Ok(headers)
    }
}

fn key(stored: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, stored.as_bytes())
}

fn signed(person: PersonId, nonce: &str) -> String {
    format!("encke device {person} {nonce}")
}

fn prove(person: PersonId, stored: &str) -> Result<String, Error> {
    let nonce = random::secret("")?;
    let tag = hmac::sign(&key(stored), signed(person, &nonce).as_bytes());
    Ok(format!("{nonce}.{}", URL_SAFE_NO_PAD.encode(tag)))
}

fn proven(proof: &str, person: PersonId, stored: &str) -> Option<DeviceId> {
    let (nonce, tag) = proof.split_once('.')?;
    let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
    hmac::verify(&key(stored), signed(person, nonce).as_bytes(), &tag).ok()?;
    Some(tag.first_chunk().map_or(0, |first| u64::from_be_bytes(*first)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const STORED: &str = "$argon2id$v=19$m=19456,t=2,p=1$salt$hash";

    #[test]
    fn a_proof_is_of_one_person_and_one_password() {
        let proof = prove(PersonId(7), STORED).unwrap();
        let device = Device(vec![proof.clone()]);
        assert!(device.known(PersonId(7), STORED).is_some());
        assert_eq!(device.known(PersonId(8), STORED), None);
        assert_eq!(device.known(PersonId(7), "another"), None);
        let changed = proof.replacen(|c: char| c.is_ascii_lowercase(), "-", 1);
        for wrong in ["", ".", "x.y", &proof[1..], &proof[..proof.len() - 2], &changed] {
            assert_eq!(Device(vec![wrong.to_owned()]).known(PersonId(7), STORED), None, "{wrong}");
        }
        assert_ne!(proof, prove(PersonId(7), STORED).unwrap());
    }

    #[test]
    fn the_proofs_in_a_cookie_are_bounded() {
        let many = vec!["a.b"; 1_000].join("~");
        let mut headers = HeaderMap::new();
        headers.insert(
            header::COOKIE,
            HeaderValue::try_from(format!("x=y; {COOKIE}={many}")).unwrap(),
        );
        assert_eq!(Device::of(&headers).0.len(), limits::DEVICE_PEOPLE_MAX);
    }
}
