//! Pictures: thumbnails, what pictures tell, and pictures that are too large.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage};
use serde_json::json;

use super::{scene, send, upload, url_of};

pub const PLACE: &[u8] = b"52 deg 31' 12\" N";

pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let pixel = |x, y| image::Rgb([(x % 256) as u8, (y % 256) as u8, 128]);
    let image: DynamicImage = RgbImage::from_fn(width, height, pixel).into();
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, ImageFormat::Jpeg).unwrap();
    out.into_inner()
}

/// The same picture with the place where it was taken.
pub fn with_place(jpeg: &[u8]) -> Vec<u8> {
    let tiff = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let exif = [&tiff[..], PLACE].concat();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], b"\xff\xe1", &length, &exif, &jpeg[2..], PLACE].concat()
}

#[test]
fn a_picture_has_a_thumbnail_and_tells_nobody_where_it_was_taken() {
    let (_site, mut mei, mut tom, mut eve, room) = scene();
    let bytes = with_place(&jpeg(800, 600));
    let file = upload(&mut mei.client, "photo.jpg", &bytes);
    assert_eq!(file["type"], "image/jpeg");
    assert_eq!(
        (&file["width"], &file["height"], &file["thumbnail"]),
        (&json!(600), &json!(800), &json!(true))
    );
    send(&mut mei, &room, &[&file]).is(201);
    let got = tom.client.get(&url_of(&file)).is(200);
    assert_eq!(got.header("content-type"), Some("image/jpeg"));
    assert!(got.header("content-disposition").unwrap().starts_with("inline;"));
    assert_eq!(got.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(file["bytes"], got.body.len());
    assert!(!got.body.windows(PLACE.len()).any(|part| part == PLACE));
    let pixels = |bytes: &[u8]| image::load_from_memory(bytes).unwrap();
    assert!(pixels(&got.body) == pixels(&bytes), "no pixel was changed");
    let path = format!("{}/thumbnail", url_of(&file));
    let small = tom.client.get(&path).is(200);
    assert_eq!(small.header("content-type"), Some("image/jpeg"));
    let upright = pixels(&small.body);
    assert_eq!((upright.width(), upright.height()), (360, 480));
    let etag = small.header("etag").unwrap().to_owned();
    tom.client.ask("GET", &path, &[("If-None-Match", &etag)], None).is(304);
    assert_eq!(eve.client.get(&path).is(404).code(), "not_found");
}

#[test]
fn a_picture_that_would_fill_the_memory_is_a_file_of_no_known_type() {
    let (site, mut mei, ..) = scene();
    let before = site.server.memory();
    // A header that says 65,535 times 65,535 pixels.
    let mut bomb = jpeg(16, 16);
    let at = bomb.windows(2).position(|two| two == b"\xff\xc0").unwrap();
    bomb[at + 5..at + 9].copy_from_slice(&[0xff; 4]);
    let file = upload(&mut mei.client, "bomb.jpg", &bomb);
    assert_eq!(file["type"], "application/octet-stream");
    assert!(file.get("width").is_none());
    let got = mei.client.get(&url_of(&file)).is(200);
    assert!(got.header("content-disposition").unwrap().starts_with("attachment;"));
    assert!(site.server.memory() < before + 256 * 1024 * 1024);
}

#[test]
fn a_small_picture_is_its_own_thumbnail() {
    let (_site, mut mei, ..) = scene();
    let bytes = jpeg(64, 32);
    let file = upload(&mut mei.client, "icon.jpg", &bytes);
    assert_eq!((&file["width"], &file["height"]), (&json!(64), &json!(32)));
    assert!(file.get("thumbnail").is_none(), "{file}");
    mei.client.get(&format!("{}/thumbnail", url_of(&file))).is(404);
    assert_eq!(mei.client.get(&url_of(&file)).is(200).body, bytes);
}
