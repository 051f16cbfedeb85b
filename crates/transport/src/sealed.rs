//! Records of TLS 1.3, for a connection after its handshake.
//!
//! rustls does the handshake and then hands over the keys. From there on a connection is a bare socket and some 120
//! bytes. A TLS library's connection takes 5 to 10 KB: buffers, the tables of its ciphers, and the state for changing
//! keys. Here the tables are made anew for each write and read, which costs less than the write.
//!
//! Key updates are not supported. The connection is cut if the peer changes its keys (no browser does), or when its own
//! keys are used up. Its client comes back with its cursor.

use std::fmt;

use bytes::Bytes;
use ring::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use rustls::{ConnectionTrafficSecrets, ExtractedSecrets};
use zeroize::Zeroize;

/// Bytes of a record's header: content type, version, length.
const HEADER_BYTES: usize = 5;
/// Bytes of the content type inside of a record.
const TYPE_BYTES: usize = 1;
/// Bytes of content in a record.
const CONTENT_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a record after its header: content, type, padding and tag.
const RECORD_BYTES_MAX: usize = CONTENT_BYTES_MAX + 256;
/// The number of records for which a key is good: for AES-GCM, RFC 8446 section 5.5, rounded down.
const RECORDS_MAX: u32 = 1 << 24;

const ALERT: u8 = 21;
const APPLICATION_DATA: u8 = 23;
/// The alert `close_notify`: nothing follows.
const CLOSE: [u8; 2] = [1, 0];

/// The error of a broken connection: it can't be read or written any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Broken;

/// The keys of one direction, and the number of its next record.
struct Keys {
    key: [u8; 32],
    iv: [u8; aead::NONCE_LEN],
    next: u32,
}

/// The keys of a connection, and the bytes of an incomplete record.
pub struct Sealed {
    algorithm: &'static aead::Algorithm,
    sending: Keys,
    receiving: Keys,
    #[expect(clippy::box_collection, reason = "it is seldom there, so one word must do")]
    partial: Option<Box<Vec<u8>>>,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed")
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.key.zeroize();
        self.iv.zeroize();
    }
}

impl Keys {
    fn new(
        (next, secrets): (u64, ConnectionTrafficSecrets),
    ) -> Option<(&'static aead::Algorithm, Self)> {
        use ConnectionTrafficSecrets as S;
        let (algorithm, from, iv) = match secrets {
            S::Aes128Gcm { key, iv } => (&aead::AES_128_GCM, key, iv),
            S::Aes256Gcm { key, iv } => (&aead::AES_256_GCM, key, iv),
            S::Chacha20Poly1305 { key, iv } => (&aead::CHACHA20_POLY1305, key, iv),
            _ => return None,
        };
        let mut key = [0; 32];
        let from = from.as_ref().get(..algorithm.key_len())?;
        key[..from.len()].copy_from_slice(from);
        let (iv, next) = (iv.as_ref().try_into().ok()?, next.try_into().ok()?);
        Some((algorithm, Keys { key, iv, next }))
    }

    fn cipher(&self, algorithm: &'static aead::Algorithm) -> LessSafeKey {
        let key = &self.key[..algorithm.key_len()];
        LessSafeKey::new(UnboundKey::new(algorithm, key).expect("a key of its length"))
    }

    /// The nonce of the next record; it counts as used from now.
    fn nonce(&mut self) -> Result<Nonce, Broken> {
        if self.next >= RECORDS_MAX {
            return Err(Broken);
        }
        let mut nonce = self.iv;
        nonce[4..]
            .iter_mut()
            .zip(u64::from(self.next).to_be_bytes())
            .for_each(|(n, byte)| *n ^= byte);
        self.next += 1;
        Ok(Nonce::assume_unique_for_key(nonce))
    }
}

fn header(length: usize) -> [u8; HEADER_BYTES] {
    let [high, low] = u16::try_from(length).expect("a record's length").to_be_bytes();
    [APPLICATION_DATA, 3, 3, high, low]
}

impl Sealed {
    /// A connection of TLS 1.3 with these keys; `None` if its cipher is unknown here. The secrets have to be taken at
    /// the end of a record, before any byte of the next one was read.
    pub fn new(secrets: ExtractedSecrets) -> Option<Self> {
        let ((algorithm, sending), (_, receiving)) =
            (Keys::new(secrets.tx)?, Keys::new(secrets.rx)?);
        Some(Sealed { algorithm, sending, receiving, partial: None })
    }

    /// Puts the pieces, one after the other, into records.
    pub fn seal(&mut self, pieces: &[&[u8]]) -> Result<Bytes, Broken> {
        let cipher = self.sending.cipher(self.algorithm);
        let mut left = pieces.iter().map(|piece| piece.len()).sum::<usize>();
        let around = HEADER_BYTES + TYPE_BYTES + cipher.algorithm().tag_len();
        let records = left.div_ceil(CONTENT_BYTES_MAX);
        let mut out = Vec::with_capacity(left + records * around);
        let mut pieces = pieces.iter().copied();
        let mut piece: &[u8] = &[];
        while left > 0 {
            let length = left.min(CONTENT_BYTES_MAX);
            left -= length;
            let start = begin(&mut out, length, &cipher);
            while out.len() < start + length {
                if piece.is_empty() {
                    piece = pieces.next().unwrap_or_default();
                }
                let (now, later) = piece.split_at(piece.len().min(start + length - out.len()));
                out.extend_from_slice(now);
                piece = later;
            }
            self.end(&mut out, start, APPLICATION_DATA, &cipher)?;
        }
        Ok(out.into())
    }

    /// The record that announces the end of the connection.
    pub fn close(&mut self) -> Result<Bytes, Broken> {
        let cipher = self.sending.cipher(self.algorithm);
        let mut out = Vec::new();
        let start = begin(&mut out, CLOSE.len(), &cipher);
        out.extend_from_slice(&CLOSE);
        self.end(&mut out, start, ALERT, &cipher)?;
        Ok(out.into())
    }

    /// Completes the record whose content begins at `start`.
    fn end(
        &mut self,
        out: &mut Vec<u8>,
        start: usize,
        content: u8,
        cipher: &LessSafeKey,
    ) -> Result<(), Broken> {
        out.push(content);
        let length = out.len() - start + cipher.algorithm().tag_len();
        let (nonce, aad) = (self.sending.nonce()?, Aad::from(header(length)));
        let sealed = cipher.seal_in_place_separate_tag(nonce, aad, &mut out[start..]);
        out.extend_from_slice(sealed.map_err(|_| Broken)?.as_ref());
        Ok(())
    }

    /// Takes bytes from the wire and adds the content of their records to `plain`. Returns whether the peer announced
    /// the end of the connection.
    pub fn open(&mut self, wire: &mut [u8], plain: &mut Vec<u8>) -> Result<bool, Broken> {
        let Some(mut bytes) = self.partial.take() else {
            let (used, closed) = self.open_whole(wire, plain)?;
            self.partial = (used < wire.len()).then(|| Box::new(wire[used..].to_vec()));
            return Ok(closed);
        };
        bytes.extend_from_slice(wire);
        let (used, closed) = self.open_whole(&mut bytes, plain)?;
        if used < bytes.len() {
            bytes.drain(..used);
            self.partial = Some(bytes);
        }
        Ok(closed)
    }

    /// Opens the complete records. Returns the number of bytes that they take.
    fn open_whole(
        &mut self,
        bytes: &mut [u8],
        plain: &mut Vec<u8>,
    ) -> Result<(usize, bool), Broken> {
        let cipher = self.receiving.cipher(self.algorithm);
        let mut used = 0;
        while let Some((head, rest)) = bytes[used..].split_first_chunk_mut::<HEADER_BYTES>() {
            let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
            if head[0] != APPLICATION_DATA || length > RECORD_BYTES_MAX {
                return Err(Broken);
            }
            let Some(record) = rest.get_mut(..length) else { break };
            let (nonce, aad) = (self.receiving.nonce()?, Aad::from(header(length)));
            let content = cipher.open_in_place(nonce, aad, record).map_err(|_| Broken)?;
            used += HEADER_BYTES + length;
            let end = content.iter().rposition(|byte| *byte != 0).ok_or(Broken)?;
            match (content[end], &content[..end]) {
                (APPLICATION_DATA, content) => plain.extend_from_slice(content),
                (ALERT, alert) if *alert == CLOSE => return Ok((used, true)),
                _ => return Err(Broken),
            }
        }
        Ok((used, false))
    }
}

/// Begins a record with room for its content. Returns the offset of the content.
fn begin(out: &mut Vec<u8>, content: usize, cipher: &LessSafeKey) -> usize {
    out.extend_from_slice(&header(content + TYPE_BYTES + cipher.algorithm().tag_len()));
    out.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ends(algorithm: &'static aead::Algorithm) -> (Sealed, Sealed) {
        let keys = |n: u8| Keys { key: [n; 32], iv: [n; 12], next: u32::from(n) };
        let end = |sending, receiving| Sealed {
            algorithm,
            sending: keys(sending),
            receiving: keys(receiving),
            partial: None,
        };
        (end(1, 2), end(2, 1))
    }

    #[test]
    fn a_connection_under_tls_is_small() {
        assert!(size_of::<Sealed>() <= 112, "{}", size_of::<Sealed>());
    }

    proptest! {
        #[test]
        fn sealed_bytes_come_out_whole_however_they_are_cut(
            sizes in prop::collection::vec(0usize..40_000, 0..6),
            cuts in prop::collection::vec(1usize..20_000, 1..8),
        ) {
            for algorithm in [&aead::AES_128_GCM, &aead::AES_256_GCM, &aead::CHACHA20_POLY1305] {
                let (mut ours, mut theirs) = ends(algorithm);
                let pieces: Vec<Vec<u8>> =
                    sizes.iter().enumerate().map(|(n, size)| vec![n as u8; *size]).collect();
                let slices: Vec<&[u8]> = pieces.iter().map(|p| &p[..]).collect();
                let mut wire = ours.seal(&slices).unwrap().to_vec();
                wire.extend_from_slice(&ours.close().unwrap());
                let (mut plain, mut closed) = (Vec::new(), false);
                let mut rest = &mut wire[..];
                for cut in cuts.iter().cycle() {
                    let (now, later) = rest.split_at_mut(rest.len().min(*cut));
                    closed |= theirs.open(now, &mut plain).unwrap();
                    rest = later;
                    if rest.is_empty() {
                        break;
                    }
                }
                prop_assert!(closed);
                prop_assert!(theirs.partial.is_none());
                prop_assert_eq!(plain, pieces.concat());
            }
        }

        #[test]
        fn a_record_changed_on_the_way_is_refused(at in 0usize..1_000, bit in 0u8..8) {
            let (mut ours, mut theirs) = ends(&aead::AES_256_GCM);
            let mut wire = ours.seal(&[b"hello"]).unwrap().to_vec();
            let at = at % wire.len();
            wire[at] ^= 1 << bit;
            let mut plain = Vec::new();
            let opened = theirs.open(&mut wire, &mut plain);
            match at {
                // The version is a relic; readers ignore it.
                1 | 2 => prop_assert_eq!(plain, b"hello"),
                // A length that grew only means that more bytes are expected.
                3 | 4 => prop_assert!(opened == Err(Broken) || plain.is_empty()),
                _ => prop_assert_eq!(opened, Err(Broken)),
            }
        }
    }

    #[test]
    fn records_come_in_order_and_once() {
        let (mut ours, mut theirs) = ends(&aead::AES_128_GCM);
        let mut first = ours.seal(&[b"a"]).unwrap().to_vec();
        let mut again = first.clone();
        let mut plain = Vec::new();
        assert_eq!(theirs.open(&mut first, &mut plain), Ok(false));
        assert_eq!(theirs.open(&mut again, &mut plain), Err(Broken));
        assert_eq!(plain, b"a");
    }

    #[test]
    fn a_key_is_not_used_for_ever() {
        let (mut ours, _) = ends(&aead::AES_128_GCM);
        ours.sending.next = RECORDS_MAX - 1;
        assert!(ours.seal(&[b"a"]).is_ok());
        assert_eq!(ours.seal(&[b"b"]), Err(Broken));
    }

    #[test]
    fn a_peer_that_changes_its_keys_is_cut() {
        let (mut ours, mut theirs) = ends(&aead::AES_128_GCM);
        let cipher = ours.sending.cipher(ours.algorithm);
        let mut out = Vec::new();
        let start = begin(&mut out, 5, &cipher);
        out.extend_from_slice(&[24, 0, 0, 1, 0]); // key_update
        ours.end(&mut out, start, 22, &cipher).unwrap();
        assert_eq!(theirs.open(&mut out, &mut Vec::new()), Err(Broken));
    }
}
