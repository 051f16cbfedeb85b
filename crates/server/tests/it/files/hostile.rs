//! Files that are not what they say.

use super::{scene, send, upload, url_of};

/// Whether a browser only saves what it gets, and runs nothing of it.
#[track_caller]
fn is_harmless(answer: &crate::harness::Answer) {
    assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
    assert!(answer.header("content-disposition").unwrap().starts_with("attachment;"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(answer.header("content-security-policy").unwrap().ends_with("; sandbox"));
}

#[test]
fn what_a_browser_could_run_is_only_saved() {
    let (_site, mut mei, mut tom, _, room) = scene();
    for (name, bytes) in [
        ("cat.svg", &b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"[..]),
        ("cat.svg", b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>"),
        ("cat.png", b"<!DOCTYPE html><script>alert(1)</script>"),
        ("cat.jpg", b"<html><body onload=alert(1)>"),
        ("cat.gif", b"GIF89a/*<svg onload=alert(1)>*/=1;alert(1)"),
        ("cat.webp", b"RIFF\x40\0\0\0WEBPVP8 <script>alert(1)</script>"),
        ("cat.png", b"\x89PNG\r\n\x1a\n<script>alert(1)</script>"),
        ("notes.html", b"just text"),
        ("a.js", b"alert(1)"),
        ("a.pdf", b"%PDF-1.7\n1 0 obj"),
    ] {
        let file = upload(&mut mei.client, name, bytes);
        assert!(file.get("width").is_none() && file.get("thumbnail").is_none(), "{file}");
        assert!(!file["type"].as_str().unwrap().starts_with("image/"), "{file}");
        send(&mut mei, &room, &[&file]).is(201);
        let answer = tom.client.get(&url_of(&file)).is(200);
        assert_eq!(answer.body, bytes);
        is_harmless(&answer);
        is_harmless(&tom.client.ask("GET", &url_of(&file), &[("Range", "bytes=1-3")], None).is(206));
        tom.client.get(&format!("{}/thumbnail", url_of(&file))).is(404);
    }
}

#[test]
fn a_name_is_no_path_and_no_header() {
    let (site, mut mei, ..) = scene();
    for (given, kept) in [
        ("../../../space.db", "space.db"),
        ("/etc/passwd", "passwd"),
        ("C:\\boot.ini", "boot.ini"),
        ("photo\u{202e}gpj.exe", "photogpj.exe"),
        ("a\r\nSet-Cookie: x=y", "aSet-Cookie_ x=y"),
        ("a\"; filename=\"b.html", "a_; filename=_b.html"),
        ("", "file"),
        ("..", "file"),
    ] {
        let file = upload(&mut mei.client, given, b"text");
        assert_eq!(file["name"], kept, "{given:?}");
        let answer = mei.client.get(&url_of(&file)).is(200);
        assert_eq!(crate::harness::values(&answer.head, "set-cookie").next(), None);
        assert_eq!(crate::harness::values(&answer.head, "content-disposition").count(), 1);
    }
    // Whatever the names were, the files lie under their ids. Tests beside this one upload to the same site.
    let endings = [".thumbnail", ".coming", ".partial"];
    for folder in std::fs::read_dir(site.server.data().join("files")).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let id = endings.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
            assert!(id.len() == 33 && id.bytes().all(|b| b.is_ascii_alphanumeric()), "{name}");
        }
    }
}

#[test]
fn an_address_of_a_file_is_an_id_and_nothing_else() {
    let (_site, mut mei, ..) = scene();
    for wrong in ["f", "x", "..%2f..%2fspace.db", "%00", "f%2e%2e", "F0123", "%ff"] {
        let answer = mei.client.get(&format!("/v1/files/{wrong}"));
        assert!(matches!(answer.status, 400 | 404), "{wrong}: {}", answer.status);
    }
}
