//! Reads the client's frames out of pieces of any size.
//!
//! The bytes lie in the shard's buffer and are unmasked there. Only an incomplete frame, or the fragments of an
//! incomplete message, are kept, in a [`Partial`] that is freed as soon as it is done.

use encke_engine::limits::FRAME_BYTES_MAX;

use super::frame::opcode;

/// The bytes kept between two reads.
#[derive(Default, Debug)]
pub struct Partial {
    /// Bytes of an incomplete frame.
    bytes: Vec<u8>,
    /// The fragments so far, if a fragmented message has begun.
    message: Option<Vec<u8>>,
}

impl Partial {
    fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.message.is_none()
    }
}

/// A message from the client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WsInput<'a> {
    /// A whole text message.
    Text(&'a str),
    /// A ping, which is answered with the same bytes.
    Ping(&'a [u8]),
    /// A pong.
    Pong,
    /// The client closes, with this code if it gave one.
    Close(Option<u16>),
}

/// A breach of the protocol: the close code and the reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WsFault(pub u16, pub &'static str);

const CUT_SHORT: WsFault = WsFault(1002, "bad close frame");

struct Frame {
    fin: bool,
    opcode: u8,
    mask: [u8; 4],
    head: usize,
    payload: usize,
}

/// Reads all complete frames of `input` and of the bytes kept before; `hear` returns whether to go on.
pub fn read(
    partial: &mut Option<Box<Partial>>,
    input: &mut [u8],
    mut hear: impl FnMut(WsInput<'_>) -> bool,
) -> Result<(), WsFault> {
    let mut kept = partial.take().unwrap_or_default();
    if kept.bytes.is_empty() {
        let done = frames(&mut kept.message, input, &mut hear)?;
        kept.bytes.extend_from_slice(&input[done..]);
    } else {
        let mut bytes = std::mem::take(&mut kept.bytes);
        bytes.extend_from_slice(input);
        let done = frames(&mut kept.message, &mut bytes, &mut hear)?;
        if done == 0 {
            kept.bytes = bytes;
        } else {
            // It is a copy, so that the memory of a large frame is freed.
            kept.bytes = bytes[done..].to_vec();
        }
    }
    if !kept.is_empty() {
        *partial = Some(kept);
    }
    Ok(())
}

/// Reads complete frames. Returns the number of bytes that they took.
fn frames(
    message: &mut Option<Vec<u8>>,
    input: &mut [u8],
    hear: &mut impl FnMut(WsInput<'_>) -> bool,
) -> Result<usize, WsFault> {
    let mut done = 0;
    while let Some(frame) = head(&input[done..])? {
        let start = done + frame.head;
        let Some(payload) = input.get_mut(start..start + frame.payload) else { break };
        unmask(payload, frame.mask);
        let go_on = take(message, &frame, payload, hear)?;
        done = start + frame.payload;
        if !go_on {
            return Ok(input.len());
        }
    }
    Ok(done)
}

/// The head of a frame, if it is complete. A fault is reported as early as it can be seen.
fn head(bytes: &[u8]) -> Result<Option<Frame>, WsFault> {
    let Some(&first) = bytes.first() else { return Ok(None) };
    let (fin, opcode) = (first & 0x80 != 0, first & 0x0F);
    if first & 0x70 != 0 {
        return Err(WsFault(1002, "reserved bits"));
    }
    let control = opcode >= 8;
    match opcode {
        opcode::BINARY => return Err(WsFault(1003, "text frames only")),
        opcode::CONTINUATION | opcode::TEXT | opcode::CLOSE | opcode::PING | opcode::PONG => {}
        _ => return Err(WsFault(1002, "unknown opcode")),
    }
    if control && !fin {
        return Err(WsFault(1002, "fragmented control frame"));
    }
    let Some(&second) = bytes.get(1) else { return Ok(None) };
    if second & 0x80 == 0 {
        return Err(WsFault(1002, "frame without a mask"));
    }
    let (extra, payload) = match second & 0x7F {
        126 => (2, bytes.get(2..4).map(|b| usize::from(u16::from_be_bytes([b[0], b[1]])))),
        127 => (8, bytes.get(2..10).map(length)),
        short => (0, Some(usize::from(short))),
    };
    if control && extra > 0 {
        return Err(WsFault(1002, "long control frame"));
    }
    let Some(payload) = payload else { return Ok(None) };
    if payload > FRAME_BYTES_MAX {
        return Err(WsFault(1009, "frame too large"));
    }
    let head = 2 + extra + 4;
    let Some(mask) = bytes.get(head - 4..head) else { return Ok(None) };
    Ok(Some(Frame { fin, opcode, mask: [mask[0], mask[1], mask[2], mask[3]], head, payload }))
}

/// A length in eight bytes. A length beyond any memory counts as too large, like any other.
fn length(bytes: &[u8]) -> usize {
    let wide = bytes.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
    usize::try_from(wide).unwrap_or(usize::MAX)
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let mut chunks = payload.chunks_exact_mut(4);
    for chunk in &mut chunks {
        for (byte, key) in chunk.iter_mut().zip(mask) {
            *byte ^= key;
        }
    }
    for (byte, key) in chunks.into_remainder().iter_mut().zip(mask) {
        *byte ^= key;
    }
}

fn take(
    message: &mut Option<Vec<u8>>,
    frame: &Frame,
    payload: &[u8],
    hear: &mut impl FnMut(WsInput<'_>) -> bool,
) -> Result<bool, WsFault> {
    match frame.opcode {
        opcode::PING => Ok(hear(WsInput::Ping(payload))),
        opcode::PONG => Ok(hear(WsInput::Pong)),
        opcode::CLOSE => Ok(hear(WsInput::Close(close_code(payload)?))),
        opcode::TEXT if message.is_some() => Err(WsFault(1002, "a message inside a message")),
        opcode::TEXT if frame.fin => Ok(hear(WsInput::Text(utf8(payload)?))),
        opcode::TEXT => {
            *message = Some(payload.to_vec());
            Ok(true)
        }
        _ => {
            let Some(begun) = message else { return Err(WsFault(1002, "nothing to continue")) };
            if begun.len() + payload.len() > FRAME_BYTES_MAX {
                return Err(WsFault(1009, "message too large"));
            }
            begun.extend_from_slice(payload);
            match message.take_if(|_| frame.fin) {
                Some(whole) => Ok(hear(WsInput::Text(utf8(&whole)?))),
                None => Ok(true),
            }
        }
    }
}

fn utf8(payload: &[u8]) -> Result<&str, WsFault> {
    std::str::from_utf8(payload).map_err(|_| WsFault(1007, "bad UTF-8"))
}

fn close_code(payload: &[u8]) -> Result<Option<u16>, WsFault> {
    match payload {
        [] => Ok(None),
        [high, low, reason @ ..] => {
            utf8(reason)?;
            match u16::from_be_bytes([*high, *low]) {
                code @ (1000..=1003 | 1007..=1014 | 3000..=4999) => Ok(Some(code)),
                _ => Err(CUT_SHORT),
            }
        }
        _ => Err(CUT_SHORT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut out = vec![first];
        match payload.len() {
            n @ 0..=125 => out.push(0x80 | n as u8),
            n @ 126..=0xFFFF => {
                out.push(0x80 | 126);
                out.extend_from_slice(&(n as u16).to_be_bytes());
            }
            n => {
                out.push(0x80 | 127);
                out.extend_from_slice(&(n as u64).to_be_bytes());
            }
        }
        let mask = [1, 2, 3, 4];
        out.extend_from_slice(&mask);
        out.extend(payload.iter().enumerate().map(|(i, b)| b ^ mask[i % 4]));
        out
    }

    fn hear_all(bytes: &[u8], piece: usize) -> (Vec<String>, Result<(), WsFault>, bool) {
        let mut partial = None;
        let mut heard = Vec::new();
        for chunk in bytes.chunks(piece) {
            let mut chunk = chunk.to_vec();
            let result = read(&mut partial, &mut chunk, |h| {
                heard.push(format!("{h:?}"));
                true
            });
            if result.is_err() {
                return (heard, result, partial.is_some());
            }
        }
        (heard, Ok(()), partial.is_some())
    }

    #[test]
    fn frames_are_heard_however_they_are_cut() {
        let big = "é".repeat(FRAME_BYTES_MAX / 2);
        let mut wire = masked(0x81, b"one");
        wire.extend(masked(0x01, "t\u{1F600}".as_bytes()));
        wire.extend(masked(0x89, b"between"));
        wire.extend(masked(0x00, b"w"));
        wire.extend(masked(0x80, b"o"));
        wire.extend(masked(0x81, big.as_bytes()));
        wire.extend(masked(0x8A, b""));
        wire.extend(masked(0x88, &[3, 232]));
        let expected = [
            "Text(\"one\")".to_owned(),
            format!("Ping({:?})", b"between"),
            "Text(\"t\u{1F600}wo\")".to_owned(),
            format!("Text({big:?})"),
            "Pong".to_owned(),
            "Close(Some(1000))".to_owned(),
        ];
        for piece in [1, 2, 7, 1000, wire.len()] {
            let (heard, result, kept) = hear_all(&wire, piece);
            assert_eq!((result, kept), (Ok(()), false), "nothing is kept once all is heard");
            assert!(heard == expected, "pieces of {piece}");
        }
    }

    #[test]
    fn each_breach_of_the_protocol_has_its_code() {
        let unmasked = vec![0x81, 3, b'o', b'n', b'e'];
        let mut lying = vec![0x81, 0xFF];
        lying.extend_from_slice(&u64::MAX.to_be_bytes());
        let mut endless = masked(0x01, &[b'x'; FRAME_BYTES_MAX]);
        endless.extend(masked(0x00, b"x"));
        for (bytes, code) in [
            (unmasked, 1002),
            (masked(0xC1, b"x"), 1002),
            (masked(0x91, b"x"), 1002),
            (masked(0x82, b"x"), 1003),
            (masked(0x83, b"x"), 1002),
            (masked(0x8B, b"x"), 1002),
            (masked(0x09, b"x"), 1002),
            (masked(0x89, &[b'x'; 126]), 1002),
            (masked(0x80, b"x"), 1002),
            ([masked(0x01, b"x"), masked(0x81, b"x")].concat(), 1002),
            (masked(0x81, &[0xFF]), 1007),
            (masked(0x81, &[0xED, 0xA0, 0x80]), 1007),
            (masked(0x81, &vec![b'x'; FRAME_BYTES_MAX + 1]), 1009),
            (lying, 1009),
            (endless, 1009),
            (masked(0x88, &[3]), 1002),
            (masked(0x88, &[3, 237]), 1002),
            (masked(0x88, &[3, 232, 0xFF]), 1007),
        ] {
            for piece in [1, bytes.len()] {
                let (_, result, _) = hear_all(&bytes, piece);
                assert_eq!(
                    result.map_err(|f| f.0),
                    Err(code),
                    "{:?}",
                    &bytes[..bytes.len().min(8)]
                );
            }
        }
    }
}
