//! Pictures without what they tell beside their pixels: place, time, camera, names, comments, small copies, and whatever
//! follows their end. No pixel is changed.
//!
//! What stays is on a list, so that something new does not slip through. How the picture is turned stays, too.

use bytes::Bytes;
use image::ImageFormat;
use image::metadata::Orientation;
use img_parts::ImageEXIF;
use img_parts::jpeg::{Jpeg, JpegSegment, markers};
use img_parts::png::Png;
use img_parts::riff::{RiffChunk, RiffContent};
use img_parts::webp::{self, WebP};

/// The chunks of a PNG that say how it looks.
const PNG_KEPT: [&[u8; 4]; 19] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB",
    b"cICP", b"mDCV", b"cLLI", b"bKGD", b"hIST", b"pHYs", b"acTL", b"fcTL", b"fdAT",
];
/// The chunks of a WebP that say how it looks.
const WEBP_KEPT: [[u8; 4]; 7] = [
    webp::CHUNK_VP8X,
    webp::CHUNK_VP8,
    webp::CHUNK_VP8L,
    webp::CHUNK_ALPH,
    webp::CHUNK_ANIM,
    webp::CHUNK_ANMF,
    webp::CHUNK_ICCP,
];
/// The flag of a WebP that says that it has XMP.
const WEBP_HAS_XMP: u8 = 0b100;

/// The picture without what it tells; `None` inside if it tells nothing. `None` if it can't be read.
pub(crate) fn stripped(
    bytes: &Bytes,
    format: ImageFormat,
    turned: Orientation,
) -> Option<Option<Bytes>> {
    let exif = (turned != Orientation::NoTransforms).then(|| only_turned(turned));
    let clean = match format {
        ImageFormat::Jpeg => of_jpeg(bytes, exif)?,
        ImageFormat::Png => of_png(bytes, exif)?,
        ImageFormat::WebP => of_webp(bytes, exif)?,
        _ => return Some(None),
    };
    Some((clean != *bytes).then_some(clean))
}

/// Exif data that says nothing but how the picture is turned: a TIFF with one entry.
fn only_turned(turned: Orientation) -> Bytes {
    let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    tiff.extend([turned.to_exif(), 0, 0, 0, 0, 0, 0]);
    tiff.into()
}

fn of_jpeg(bytes: &Bytes, exif: Option<Bytes>) -> Option<Bytes> {
    let mut picture = Jpeg::from_bytes(bytes.clone()).ok()?;
    picture.segments_mut().retain(|s: &JpegSegment| jpeg_keeps(s.marker(), s.contents()));
    picture.set_exif(exif);
    up_to_the_end(picture.encoder().bytes())
}

/// Whether a segment of a JPEG says how it looks: the header, colours, and the tables of the pixels.
fn jpeg_keeps(marker: u8, contents: &[u8]) -> bool {
    match marker {
        markers::APP0 => contents.starts_with(b"JFIF\0"),
        markers::APP2 => contents.starts_with(b"ICC_PROFILE\0"),
        markers::APP14 => contents.starts_with(b"Adobe"),
        markers::APP1..=markers::APP15 | markers::COM => false,
        _ => true,
    }
}

/// A JPEG up to the end of its picture. `img_parts` takes all that follows the first pixels for a part of them, but
/// telephones put videos and further pictures, with places of their own, behind the end.
fn up_to_the_end(bytes: Bytes) -> Option<Bytes> {
    let mut clean = bytes.get(..2)?.to_vec();
    let (mut at, mut has_pixels) = (2, false);
    loop {
        let begin = at;
        at = next_marker(&bytes, at);
        clean.extend_from_slice(&bytes[begin..at]);
        // Decoders take a picture that breaks off, so its end is put there.
        let marker = bytes.get(at + 1).copied().unwrap_or(markers::EOI);
        if marker == markers::EOI {
            clean.extend([markers::P, markers::EOI]);
            return Some(clean.into());
        }
        let length = u16::from_be_bytes([*bytes.get(at + 2)?, *bytes.get(at + 3)?]);
        let end = at + 2 + usize::from(length.max(2));
        let segment = bytes.get(at..end)?;
        // In front of the pixels there is no Exif but what was put there.
        let is_own = marker == markers::APP1 && !has_pixels;
        if is_own || jpeg_keeps(marker, &segment[4..]) {
            clean.extend_from_slice(segment);
        }
        has_pixels |= marker == markers::SOS;
        at = end;
    }
}

/// Where the next segment begins, behind pixels in which a byte 255 is followed by a zero or the number of a restart.
fn next_marker(bytes: &[u8], mut at: usize) -> usize {
    let is_begin = |two: &[u8]| two[0] == markers::P && is_marker(two[1]);
    while bytes.get(at..at + 2).is_some_and(|two| !is_begin(two)) {
        at += 1;
    }
    if at + 2 > bytes.len() { bytes.len() } else { at }
}

/// Whether this byte behind a byte 255 begins a segment or ends the picture.
fn is_marker(byte: u8) -> bool {
    !matches!(byte, markers::Z | 0x01 | markers::RST0..=markers::RST7 | markers::P)
}

fn of_png(bytes: &Bytes, exif: Option<Bytes>) -> Option<Bytes> {
    let mut picture = Png::from_bytes(bytes.clone()).ok()?;
    picture.chunks_mut().retain(|chunk| PNG_KEPT.contains(&&chunk.kind()));
    picture.set_exif(exif);
    Some(picture.encoder().bytes())
}

fn of_webp(bytes: &Bytes, exif: Option<Bytes>) -> Option<Bytes> {
    let mut picture = WebP::from_bytes(bytes.clone()).ok()?;
    picture.chunks_mut().retain(|chunk| WEBP_KEPT.contains(&chunk.id()));
    picture.set_exif(exif);
    for chunk in picture.chunks_mut() {
        if chunk.id() == webp::CHUNK_VP8X
            && let Some(flags) = chunk.content().data()
        {
            let mut flags = flags.to_vec();
            *flags.first_mut()? &= !WEBP_HAS_XMP;
            *chunk = RiffChunk::new(webp::CHUNK_VP8X, RiffContent::Data(flags.into()));
        }
    }
    Some(picture.encoder().bytes())
}
