//! Fuzz tests of the readers: any bytes give the same result, however they are cut into pieces.

use encke_engine::limits::HEAD_BYTES_MAX;
use rustls::crypto::cipher::{AeadKey, Iv};
use rustls::{ConnectionTrafficSecrets, ExtractedSecrets};

use crate::request::{RequestKind, SendPath, classify};
use crate::sealed::Sealed;
use crate::ws::reader::{WsFault, WsInput, read};

/// The result of a look at the bytes, as text.
fn shape(first: &RequestKind<'_>) -> Option<String> {
    match first {
        RequestKind::Partial => None,
        RequestKind::Other => Some("other".into()),
        RequestKind::Feed(length, result) => Some(format!("feed {length:?} {result:?}")),
        RequestKind::Send(length, r) => Some(format!(
            "send {length} {} {:?} {:?} {:?} {:?}",
            r.path, r.key, r.origin, r.host, r.body
        )),
    }
}

#[test]
fn fuzz_a_request_is_read_the_same_however_it_is_cut() {
    let words: &[&[u8]] = &[
        b"\r\n\r\n",
        b"\r\n",
        b"\n\n",
        b"GET /v1/feed?",
        b"POST /v1/things/a/news",
        b" HTTP/1.0\r\n",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Host: x\r\n",
        b"Host: \xff\r\n",
        b"Cookie: encke_session=x\r\n",
        b"Authorization: Bearer \r\n",
        b"live=iframe&",
        b"channels=a,b&",
        b"%",
        b"%00",
        b"Connection: close\r\n",
        b"Upgrade: websocket\r\n",
        b"Last-Event-ID: 1.2\r\n",
        b":",
        b"?",
        b"&cursor=",
    ];
    let peer = "127.0.0.1:9".parse().expect("an address");
    let paths = [SendPath { before: "/v1/things/", after: "/news" }];
    encke_fuzz::run("request", words, |bytes| {
        let whole = classify(bytes, 0, peer, &paths);
        match whole {
            RequestKind::Feed(Some(length), _) | RequestKind::Send(length, _) => {
                assert!(length <= bytes.len())
            }
            _ => {}
        }
        let whole = shape(&whole);
        for cut in [1, bytes.len() / 3, bytes.len() / 2, bytes.len().saturating_sub(1)] {
            // A longer head is refused for its length, whatever comes later.
            let Some(part) = bytes.get(..cut).filter(|_| cut < HEAD_BYTES_MAX) else { continue };
            let seen = shape(&classify(part, 0, peer, &paths));
            let later =
                if seen.is_none() { shape(&classify(bytes, cut, peer, &paths)) } else { seen };
            assert_eq!(later, whole, "cut after {cut} bytes");
        }
    });
}

/// The messages that a reader makes of these pieces, until it fails.
fn heard(pieces: &[&[u8]]) -> (Vec<String>, Result<(), WsFault>) {
    let (mut partial, mut all) = (None, Vec::new());
    for piece in pieces {
        let mut bytes = piece.to_vec();
        let hear = |heard: WsInput<'_>| {
            all.push(format!("{heard:?}"));
            true
        };
        if let Err(fault) = read(&mut partial, &mut bytes, hear) {
            return (all, Err(fault));
        }
    }
    (all, Ok(()))
}

#[test]
fn fuzz_frames_are_heard_the_same_however_they_are_cut() {
    let words: &[&[u8]] = &[
        b"\x81\x80\0\0\0\0",
        b"\x01\x81\0\0\0\0a",
        b"\x80\x81\0\0\0\0b",
        b"\x88\x80\0\0\0\0",
        b"\x89\x81\0\0\0\0p",
        b"\x81\xfe\x01\x00\0\0\0\0",
        b"\x81\xff\0\0\0\0\0\x01\0\0\0\0\0\0",
        b"\x82",
        b"\xff\xff\xff\xff",
    ];
    encke_fuzz::run("websocket", words, |bytes| {
        let whole = heard(&[bytes]);
        for cut in [1, 2, bytes.len() / 2, bytes.len().saturating_sub(1)] {
            let Some((first, second)) = bytes.split_at_checked(cut) else { continue };
            assert_eq!(heard(&[first, second]), whole, "cut after {cut} bytes");
        }
        let bytewise: Vec<&[u8]> = bytes.chunks(1).take(2_000).collect();
        if bytes.len() <= bytewise.len() {
            assert_eq!(heard(&bytewise), whole, "byte by byte");
        }
    });
}

/// Two ends of a connection.
fn ends() -> (Sealed, Sealed) {
    let keys = |n: u8| ConnectionTrafficSecrets::Aes256Gcm {
        key: AeadKey::from([n; 32]),
        iv: Iv::copy(&[n; 12]),
    };
    let end = |tx, rx| Sealed::new(ExtractedSecrets { tx: (0, keys(tx)), rx: (0, keys(rx)) });
    (end(1, 2).expect("a known cipher"), end(2, 1).expect("a known cipher"))
}

#[test]
fn fuzz_only_what_the_peer_sealed_comes_out_of_records() {
    const SAID: &[u8] = b"what was said on the other side of the wire";
    let words: &[&[u8]] = &[
        b"\x17\x03\x03\x00\x20",
        b"\x15\x03\x03\x00\x02\x01\x00",
        b"\x17\x03\x03\xff\xff",
        b"\0\0",
    ];
    encke_fuzz::run("sealed", words, |bytes| {
        let (_, mut ours) = ends();
        let mut plain = Vec::new();
        let _ = ours.open(&mut bytes.to_vec(), &mut plain);
        assert!(plain.is_empty(), "nobody sealed this");

        // The bytes change a record on its way, and the bytes after it.
        let (mut theirs, mut ours) = ends();
        let mut wire = theirs.seal(&[SAID]).expect("a new key").to_vec();
        wire.iter_mut().rev().zip(bytes).for_each(|(byte, change)| *byte ^= change);
        wire.extend_from_slice(bytes);
        let mut plain = Vec::new();
        for piece in wire.chunks_mut(1 + bytes.len() % 50) {
            if ours.open(piece, &mut plain).is_err() {
                break;
            }
        }
        assert!(plain.is_empty() || plain == SAID, "{plain:?}");
    });
}
