//! Pictures: their size, a copy without what they tell about their place and maker, and a thumbnail.
//!
//! Everything is bounded before a pixel is decoded: bytes, pixels by the header, pictures of an animation, and what the
//! decoder may allocate. This blocks, for as long as decoding takes.

use std::io::Cursor;

use bytes::Bytes;
use encke_engine::file_limits;
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use img_parts::png::Png;
use img_parts::webp::{CHUNK_ANMF, WebP};

use crate::{media_type, strip};

/// The quality of thumbnails, of 100.
const QUALITY: u8 = 80;
/// Where the chunk of an animated PNG has the number of its pictures.
const APNG_FRAMES: std::ops::Range<usize> = 0..4;

/// What was found in a picture.
pub(crate) struct Picture {
    /// Pixels, as it is shown.
    pub width: u32,
    /// Pixels, as it is shown.
    pub height: u32,
    /// The picture without what it tells beside its pixels, if it told anything.
    pub clean: Option<Bytes>,
    /// The bytes of a thumbnail and their type, if it needs one.
    pub thumbnail: Option<(Bytes, &'static str)>,
}

/// A small picture that was made of another one.
pub struct Miniature {
    /// The bytes of a PNG or JPEG.
    pub bytes: Bytes,
    /// Their type.
    pub media_type: &'static str,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// Makes a small picture of bytes from anywhere, with sides of at most this many pixels; `None` if they are no picture, or
/// one beyond a bound. This blocks.
pub fn miniature(bytes: &Bytes, side_px: u32) -> Option<Miniature> {
    let media_type = media_type::of(bytes, media_type::UNKNOWN);
    let format = ImageFormat::from_mime_type(&media_type)?;
    let (image, turned) = decoded(bytes, format)?;
    small(image, turned, side_px)
}

/// Looks at a picture of this type; `None` if it is none, or beyond a bound.
pub(crate) fn look_at(bytes: &Bytes, media_type: &str) -> Option<Picture> {
    let format = ImageFormat::from_mime_type(media_type)?;
    let (image, turned) = decoded(bytes, format)?;
    let (width, height) = (image.width(), image.height());
    let clean = strip::stripped(bytes, format, turned)?;
    let bytes = clean.as_ref().unwrap_or(bytes).len() as u64;
    let side = file_limits::THUMBNAIL_SIDE_PX;
    let needed = width.max(height) > side || bytes > file_limits::THUMBNAIL_NEEDED_BYTES;
    let thumbnail = if needed {
        let small = small(image, turned, side)?;
        Some((small.bytes, small.media_type))
    } else {
        None
    };
    let (width, height) = if is_on_its_side(turned) { (height, width) } else { (width, height) };
    Some(Picture { width, height, clean, thumbnail })
}

/// Decodes the first picture of these bytes, and says how it has to be turned; `None` if it is beyond a bound.
fn decoded(bytes: &Bytes, format: ImageFormat) -> Option<(DynamicImage, Orientation)> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(file_limits::PICTURE_MEMORY_BYTES_MAX);
    reader.limits(limits);
    // This reads the header alone.
    let mut decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels > file_limits::PICTURE_PIXELS_MAX {
        return None;
    }
    if frames(bytes, format)? > file_limits::PICTURE_FRAMES_MAX {
        return None;
    }
    let turned = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Some((DynamicImage::from_decoder(decoder).ok()?, turned))
}

fn is_on_its_side(turned: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(turned, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

fn small(image: DynamicImage, turned: Orientation, side: u32) -> Option<Miniature> {
    let is_small = image.width().max(image.height()) <= side;
    let mut small = if is_small { image } else { image.thumbnail(side, side) };
    small.apply_orientation(turned);
    let (width, height) = (small.width(), small.height());
    let mut out = Vec::new();
    // JPEG has no transparent pixels.
    if small.color().has_alpha() {
        small.to_rgba8().write_to(&mut Cursor::new(&mut out), ImageFormat::Png).ok()?;
        return Some(Miniature { bytes: out.into(), media_type: "image/png", width, height });
    }
    let encoder = JpegEncoder::new_with_quality(&mut out, QUALITY);
    small.to_rgb8().write_with_encoder(encoder).ok()?;
    Some(Miniature { bytes: out.into(), media_type: "image/jpeg", width, height })
}

/// The number of pictures in an animation, found without decoding any; `None` if the file is broken.
fn frames(bytes: &Bytes, format: ImageFormat) -> Option<usize> {
    match format {
        ImageFormat::Gif => frames_of_gif(bytes),
        ImageFormat::Png => {
            let png = Png::from_bytes(bytes.clone()).ok()?;
            let Some(control) = png.chunk_by_type(*b"acTL") else { return Some(1) };
            let number = control.contents().get(APNG_FRAMES)?;
            Some(u32::from_be_bytes(number.try_into().ok()?) as usize)
        }
        ImageFormat::WebP => {
            let webp = WebP::from_bytes(bytes.clone()).ok()?;
            Some(webp.chunks_by_id(CHUNK_ANMF).count().max(1))
        }
        _ => Some(1),
    }
}

fn frames_of_gif(bytes: &Bytes) -> Option<usize> {
    let mut options = gif::DecodeOptions::new();
    options.skip_frame_decoding(true);
    let mut decoder = options.read_info(Cursor::new(bytes)).ok()?;
    let mut count = 0;
    while count <= file_limits::PICTURE_FRAMES_MAX && decoder.next_frame_info().ok()?.is_some() {
        count += 1;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use image::{RgbImage, RgbaImage};
    use img_parts::jpeg::{Jpeg, JpegSegment, markers};
    use img_parts::png::PngChunk;
    use img_parts::riff::{RiffChunk, RiffContent};
    use img_parts::{ImageEXIF, webp};

    use super::*;

    const PLACE: &[u8] = b"52 deg 31' 12\" N";

    /// A picture that is red on the left and blue on the right.
    fn pixels(width: u32, height: u32) -> DynamicImage {
        let pixel = |x, _| image::Rgb(if x < width / 2 { [255, 0, 0] } else { [0, 0, 255] });
        RgbImage::from_fn(width, height, pixel).into()
    }

    fn written(image: &DynamicImage, format: ImageFormat) -> Bytes {
        let mut out = Cursor::new(Vec::new());
        image.write_to(&mut out, format).unwrap();
        out.into_inner().into()
    }

    /// Exif data of a picture that lies on its side, with the place where it was taken.
    fn exif() -> Bytes {
        let turned = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        [&turned[..], PLACE].concat().into()
    }

    fn holds(bytes: &[u8], what: &[u8]) -> bool {
        bytes.windows(what.len()).any(|part| part == what)
    }

    fn decoded(bytes: &[u8], format: ImageFormat) -> DynamicImage {
        image::load_from_memory_with_format(bytes, format).unwrap()
    }

    fn jpeg_that_tells() -> Bytes {
        let plain = written(&pixels(600, 300), ImageFormat::Jpeg);
        let mut jpeg = Jpeg::from_bytes(plain).unwrap();
        jpeg.set_exif(Some(exif()));
        let at = jpeg.segments().len() - 1;
        for marker in [markers::APP1, markers::APP13, markers::APP2, markers::COM] {
            let segment = JpegSegment::new_with_contents(marker, PLACE.into());
            jpeg.segments_mut().insert(at, segment);
        }
        // Telephones put a video behind the picture.
        [&jpeg.encoder().bytes()[..], b"\xff\xd8 a further picture ", PLACE].concat().into()
    }

    #[test]
    fn a_jpeg_tells_nothing_but_how_it_is_turned_and_keeps_its_pixels() {
        let telling = jpeg_that_tells();
        let picture = look_at(&telling, "image/jpeg").unwrap();
        assert_eq!((picture.width, picture.height), (300, 600));
        let clean = picture.clean.unwrap();
        assert!(holds(&telling, PLACE) && !holds(&clean, PLACE) && !holds(&clean, b"further"));
        assert!(clean.ends_with(&[markers::P, markers::EOI]));
        let format = ImageFormat::Jpeg;
        assert_eq!(decoded(&clean, format), decoded(&telling, format));
        let again = look_at(&clean, "image/jpeg").unwrap();
        assert_eq!((again.width, again.height, again.clean), (300, 600, None));
    }

    #[test]
    fn a_thumbnail_stands_upright() {
        let (bytes, media_type) =
            look_at(&jpeg_that_tells(), "image/jpeg").unwrap().thumbnail.unwrap();
        assert_eq!(media_type, "image/jpeg");
        let small = decoded(&bytes, ImageFormat::Jpeg).to_rgb8();
        assert_eq!(small.dimensions(), (240, 480));
        // Turned by a quarter to the right, the left side is on top.
        assert!(small.get_pixel(120, 20)[0] > 200 && small.get_pixel(120, 460)[2] > 200);
        assert!(!holds(&bytes, PLACE));
    }

    #[test]
    fn a_png_tells_nothing_but_how_it_looks() {
        let plain = written(&pixels(20, 10), ImageFormat::Png);
        let mut png = Png::from_bytes(plain.clone()).unwrap();
        for kind in [b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"prVt"] {
            png.chunks_mut().insert(1, PngChunk::new(*kind, PLACE.into()));
        }
        let telling: Bytes = [&png.encoder().bytes()[..], PLACE].concat().into();
        let picture = look_at(&telling, "image/png").unwrap();
        assert_eq!(picture.clean, Some(plain.clone()));
        assert_eq!((picture.width, picture.height), (20, 10));
        assert!(picture.thumbnail.is_none(), "it is small itself");
        assert_eq!(look_at(&plain, "image/png").unwrap().clean, None);
    }

    #[test]
    fn a_webp_tells_nothing_but_how_it_looks() {
        let plain = written(&pixels(20, 10), ImageFormat::WebP);
        let mut picture = WebP::from_bytes(plain.clone()).unwrap();
        for id in [webp::CHUNK_XMP, webp::CHUNK_EXIF, *b"OWNR"] {
            picture.chunks_mut().push(RiffChunk::new(id, RiffContent::Data(PLACE.into())));
        }
        let telling = picture.encoder().bytes();
        let clean = look_at(&telling, "image/webp").unwrap().clean.unwrap();
        assert!(holds(&telling, PLACE) && !holds(&clean, PLACE) && !holds(&clean, b"XMP "));
        assert_eq!(decoded(&clean, ImageFormat::WebP), decoded(&plain, ImageFormat::WebP));
    }

    #[test]
    fn a_transparent_picture_has_a_transparent_thumbnail() {
        let clear: DynamicImage = RgbaImage::new(1_000, 500).into();
        let thumbnail = look_at(&written(&clear, ImageFormat::Png), "image/png").unwrap().thumbnail;
        let (bytes, media_type) = thumbnail.unwrap();
        assert_eq!(media_type, "image/png");
        assert_eq!(decoded(&bytes, ImageFormat::Png).to_rgba8().get_pixel(0, 0)[3], 0);
    }

    #[test]
    fn a_picture_that_would_fill_the_memory_is_not_decoded() {
        let plain = written(&pixels(20, 10), ImageFormat::Png);
        let mut png = Png::from_bytes(plain).unwrap();
        let mut header = png.chunks()[0].contents().to_vec();
        header[..8].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        png.chunks_mut()[0] = PngChunk::new(*b"IHDR", header.into());
        assert!(look_at(&png.encoder().bytes(), "image/png").is_none());
        let mut gif = written(&pixels(20, 10), ImageFormat::Gif).to_vec();
        gif[6..10].copy_from_slice(&[0xff; 4]);
        assert!(look_at(&gif.into(), "image/gif").is_none());
    }

    #[test]
    fn an_animation_of_too_many_pictures_is_none() {
        let animation = |frames: usize| -> Bytes {
            let mut out = Vec::new();
            let mut encoder = gif::Encoder::new(&mut out, 2, 2, &[0, 0, 0, 255, 255, 255]).unwrap();
            for _ in 0..frames {
                encoder
                    .write_frame(&gif::Frame::from_indexed_pixels(2, 2, vec![0; 4], None))
                    .unwrap();
            }
            drop(encoder);
            out.into()
        };
        assert!(look_at(&animation(3), "image/gif").is_some());
        assert!(look_at(&animation(file_limits::PICTURE_FRAMES_MAX), "image/gif").is_some());
        assert!(look_at(&animation(file_limits::PICTURE_FRAMES_MAX + 1), "image/gif").is_none());
        let mut png = Png::from_bytes(written(&pixels(2, 2), ImageFormat::Png)).unwrap();
        let frames = (file_limits::PICTURE_FRAMES_MAX as u32 + 1).to_be_bytes();
        let control = [&frames[..], &[0; 4]].concat();
        png.chunks_mut().insert(1, PngChunk::new(*b"acTL", control.into()));
        assert!(look_at(&png.encoder().bytes(), "image/png").is_none());
    }

    #[test]
    fn what_only_begins_like_a_picture_is_none() {
        for (bytes, media_type) in [
            (&b"\x89PNG\r\n\x1a\n<script>alert(1)</script>"[..], "image/png"),
            (b"\xff\xd8\xff\xe0<html>", "image/jpeg"),
            (b"GIF89a/*<svg onload=alert(1)>*/=1;", "image/gif"),
            (b"RIFF\x10\0\0\0WEBPVP8X", "image/webp"),
            (b"", "image/png"),
            (b"<svg/>", "image/svg+xml"),
        ] {
            assert!(look_at(&Bytes::from_static(bytes), media_type).is_none(), "{media_type}");
        }
    }
}
