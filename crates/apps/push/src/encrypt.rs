//! The encryption of a notification for one browser (RFC 8291, RFC 8188). The push service can't read it.

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{self, ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey};
use ring::error::Unspecified;
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use ring::rand::{SecureRandom, SystemRandom};

/// Bytes of a public key: a point of P-256, not compressed.
pub(crate) const PUBLIC_KEY_BYTES: usize = 65;
/// Bytes of the secret that a browser and the site share.
pub(crate) const AUTH_BYTES: usize = 16;
/// Bytes of the salt.
const SALT_BYTES: usize = 16;
/// The size of a record in the head; the body is one record and at most that long.
const RECORD_BYTES: u32 = 4_096;
/// The mark behind the last record's content.
const LAST_RECORD: u8 = 2;

/// The keys of a browser.
#[derive(Clone)]
pub(crate) struct BrowserKeys {
    /// Its public key.
    pub p256dh: Vec<u8>,
    /// The secret that it shares with the site.
    pub auth: Vec<u8>,
}

/// A length of output.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(prk: &Prk, info: &[&[u8]]) -> Result<[u8; N], Unspecified> {
    let mut out = [0; N];
    prk.expand(info, Length(N))?.fill(&mut out)?;
    Ok(out)
}

/// Encrypts a text for a browser. Fails if the keys of the browser are none.
pub(crate) fn encrypt(keys: &BrowserKeys, text: &[u8]) -> Result<Vec<u8>, Unspecified> {
    if keys.p256dh.len() != PUBLIC_KEY_BYTES || keys.auth.len() != AUTH_BYTES {
        return Err(Unspecified);
    }
    let rng = SystemRandom::new();
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &rng)?;
    let own_public = own.compute_public_key()?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, &keys.p256dh);
    let shared = agreement::agree_ephemeral(own, &theirs, |shared| {
        let prk = Salt::new(HKDF_SHA256, &keys.auth).extract(shared);
        expand::<32>(&prk, &[b"WebPush: info\0", &keys.p256dh, own_public.as_ref()])
    })??;
    let mut salt = [0; SALT_BYTES];
    rng.fill(&mut salt)?;
    let prk = Salt::new(HKDF_SHA256, &salt).extract(&shared);
    let key: [u8; 16] = expand(&prk, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: [u8; 12] = expand(&prk, &[b"Content-Encoding: nonce\0"])?;

    let mut record = text.to_vec();
    record.push(LAST_RECORD);
    let sealing = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
    let nonce = Nonce::assume_unique_for_key(nonce);
    sealing.seal_in_place_append_tag(nonce, Aad::empty(), &mut record)?;

    let mut body = Vec::with_capacity(SALT_BYTES + 5 + PUBLIC_KEY_BYTES + record.len());
    body.extend_from_slice(&salt);
    body.extend_from_slice(&RECORD_BYTES.to_be_bytes());
    body.push(PUBLIC_KEY_BYTES as u8);
    body.extend_from_slice(own_public.as_ref());
    body.extend_from_slice(&record);
    Ok(body)
}
