//! The site's own emoji: who adds them, what they may be, how they are served and used.

use std::io::Cursor;
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use encke_engine::talk_limits::{
    SITE_EMOJI_BYTES_MAX, SITE_EMOJI_NAME_BYTES, SITE_EMOJI_SIDE_PX_MAX,
};
use image::{DynamicImage, ImageFormat, RgbaImage};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::harness::{Answer, Client, Server, Site, encode, name};

fn picture(side: u32, format: ImageFormat) -> Vec<u8> {
    let pixel = |x, y| image::Rgba([(x * 7 % 256) as u8, (y * 5 % 256) as u8, 128, 255]);
    let image: DynamicImage = RgbaImage::from_fn(side, side, pixel).into();
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).unwrap();
    out.into_inner()
}

fn put(who: &mut Client, name: &str, bytes: &[u8]) -> Answer {
    let body = json!({"picture": STANDARD.encode(bytes)});
    who.send("PUT", &format!("/v1/emoji/{}", encode(name)), &body)
}

fn names(who: &mut Client) -> Vec<String> {
    let list = who.get("/v1/emoji").is(200).json();
    let all = list["emoji"].as_array().unwrap().iter();
    all.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

/// The status and the code of a refusal.
fn refused(answer: Answer) -> (u16, String) {
    (answer.status, answer.code())
}

/// A name that no other test takes.
fn fresh() -> String {
    name("party")
}

#[test]
fn owners_add_emoji_and_all_who_are_signed_in_get_them() {
    let site = Site::shared();
    let (mut owner, mut ann) = (site.owner(), site.person("ann"));
    let formats = [
        (ImageFormat::Png, "image/png"),
        (ImageFormat::Gif, "image/gif"),
        (ImageFormat::WebP, "image/webp"),
    ];
    for (format, media_type) in formats {
        let (name, bytes) = (fresh(), picture(48, format));
        let made = put(&mut owner, &name, &bytes).is(200).json();
        assert_eq!(
            (&made["name"], &made["width"], &made["height"]),
            (&json!(name), &json!(48), &json!(48))
        );
        assert!(names(&mut ann.client).contains(&name));
        let path = format!("/v1/emoji/{name}/{}", made["version"].as_str().unwrap());
        let got = ann.client.get(&path).is(200);
        assert_eq!(got.header("content-type"), Some(media_type));
        assert_eq!(got.header("x-content-type-options"), Some("nosniff"));
        assert!(got.header("content-security-policy").unwrap().contains("sandbox"));
        assert_eq!(got.header("cache-control"), Some("private, max-age=31536000, immutable"));
        assert!(image::load_from_memory(&got.body).is_ok());
        assert_eq!(refused(site.server.visitor().get(&path)), (401, "not_signed_in".to_owned()));
        assert_eq!(refused(ann.client.get(&format!("/v1/emoji/{name}/other"))).0, 404);
        // Another picture has another address, and the old one is gone.
        let again = put(&mut owner, &name, &picture(32, format)).is(200).json();
        assert_ne!(again["version"], made["version"]);
        assert_eq!(ann.client.get(&path).status, 404);
        // Only owners change them.
        assert_eq!(refused(put(&mut ann.client, &name, &bytes)), (403, "forbidden".to_owned()));
        let path = format!("/v1/emoji/{name}");
        assert_eq!(refused(ann.client.delete(&path)), (403, "forbidden".to_owned()));
        for _ in 0..2 {
            owner.delete(&path).is(204);
        }
        assert!(!names(&mut ann.client).contains(&name));
    }
    assert_eq!(refused(site.server.visitor().get("/v1/emoji")), (401, "not_signed_in".to_owned()));
}

#[test]
fn what_is_no_small_picture_is_refused() {
    let site = Site::shared();
    let mut owner = site.owner();
    let png = picture(16, ImageFormat::Png);
    let long = "x".repeat(SITE_EMOJI_NAME_BYTES.end() + 1);
    for bad in ["a", "Ship", "_a", "a b", "a:b", "中文", "<b>", "..", &long] {
        assert_eq!(refused(put(&mut owner, bad, &png)), (422, "bad_name".to_owned()), "{bad}");
    }
    let name = fresh();
    let invalid = (422, "invalid".to_owned());
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let mut cut = png.clone();
    cut.truncate(png.len() / 2);
    let large = picture(SITE_EMOJI_SIDE_PX_MAX + 1, ImageFormat::Png);
    let jpeg = {
        let image = DynamicImage::from(image::RgbImage::new(8, 8));
        let mut out = Cursor::new(Vec::new());
        image.write_to(&mut out, ImageFormat::Jpeg).unwrap();
        out.into_inner()
    };
    for bad in [&svg[..], b"", b"text", &cut, &large, &jpeg] {
        assert_eq!(refused(put(&mut owner, &name, bad)), invalid, "{} bytes", bad.len());
    }
    let mut heavy = png.clone();
    heavy.resize(SITE_EMOJI_BYTES_MAX + 1, 0);
    assert_eq!(refused(put(&mut owner, &name, &heavy)), (413, "too_large".to_owned()));
    let path = format!("/v1/emoji/{name}");
    let no_base64 = owner.send("PUT", &path, &json!({"picture": "*"}));
    assert_eq!(refused(no_base64), invalid);
    assert!(!names(&mut owner).contains(&name));
}

#[test]
fn a_picture_loses_what_it_tells_beside_its_pixels() {
    let site = Site::shared();
    let mut owner = site.owner();
    let (name, png) = (fresh(), picture(16, ImageFormat::Png));
    // A chunk of text before the end.
    let text = b"tEXtComment\0made by the lighthouse";
    let length = (text.len() as u32 - 4).to_be_bytes();
    let crc = crc_of(text).to_be_bytes();
    let at = png.len() - 12;
    let told = [&png[..at], &length, text, &crc, &png[at..]].concat();
    let made = put(&mut owner, &name, &told).is(200).json();
    let path = format!("/v1/emoji/{name}/{}", made["version"].as_str().unwrap());
    let got = owner.get(&path).is(200).body;
    assert!(!got.windows(10).any(|part| part == b"lighthouse"));
    owner.delete(&format!("/v1/emoji/{name}")).is(204);
}

/// The checksum of a PNG's chunk.
fn crc_of(bytes: &[u8]) -> u32 {
    let fold = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| {
            if c & 1 == 1 { 0xEDB8_8320 ^ (c >> 1) } else { c >> 1 }
        })
    };
    !bytes.iter().fold(!0, fold)
}

fn react_in(site: &Site) {
    let mut owner = site.owner();
    let (mut ann, mut ben) = (site.person("ann"), site.person("ben"));
    let room = ann.room(&[&ben]);
    let emoji = fresh();
    put(&mut owner, &emoji, &picture(16, ImageFormat::Png)).is(200);
    let seq = ann.say(&room, &format!("Look :{emoji}:"))["seq"].clone();
    let react = |who: &mut Client, text: &str, how: &str| {
        let text = encode(text);
        let path = format!("/v1/conversations/{room}/messages/{seq}/reactions/{text}");
        who.ask(how, &path, &[], None)
    };
    let written = format!(":{emoji}:");
    react(&mut ben.client, &written, "PUT").is(204);
    let reactions = |who: &mut Client| -> Value {
        let one = who.get(&format!("/v1/conversations/{room}/messages/{seq}")).is(200).json();
        one["amended"][0]["reactions"].clone()
    };
    assert_eq!(reactions(&mut ann.client)[0]["emoji"], written.as_str());
    for bad in [":no-such-emoji:", ":x:", "::", ":a b:", "shipit"] {
        assert_eq!(
            refused(react(&mut ben.client, bad, "PUT")),
            (422, "invalid".to_owned()),
            "{bad}"
        );
    }
    // One that was removed stays where it is, as its name, and can be taken back, but nobody comes after.
    owner.delete(&format!("/v1/emoji/{emoji}")).is(204);
    assert_eq!(refused(react(&mut ann.client, &written, "PUT")), (422, "invalid".to_owned()));
    assert_eq!(reactions(&mut ann.client)[0]["count"], 1);
    react(&mut ben.client, &written, "DELETE").is(204);
    assert_eq!(reactions(&mut ann.client), Value::Null);
}

#[test]
fn people_react_with_an_emoji_that_is_there() {
    react_in(&Site::on(Server::start_with(&["--quota-member", "off"], &[])));
}

#[test]
fn one_name_has_one_picture_whichever_node_takes_it() {
    let cluster = Cluster::with_bus(2);
    let (a, b) = cluster.two();
    react_in(b);
    let emoji = fresh();
    let made: Vec<Value> = thread::scope(|scope| {
        let puts = [a, b, a, b].map(|site| {
            let (mut owner, emoji) = (site.owner(), &emoji);
            scope.spawn(move || {
                put(&mut owner, emoji, &picture(16, ImageFormat::Png)).is(200).json()
            })
        });
        puts.map(|put| put.join().unwrap()).into()
    });
    let list = b.owner().get("/v1/emoji").is(200).json()["emoji"].clone();
    let all = list.as_array().unwrap();
    assert_eq!(all.len(), 1);
    assert!(made.iter().any(|made| made["version"] == all[0]["version"]));
    let path = format!("/v1/emoji/{emoji}/{}", all[0]["version"].as_str().unwrap());
    for site in [a, b] {
        site.owner().get(&path).is(200);
    }
}
