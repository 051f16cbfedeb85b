//! Uploads: in pieces, after breaks, and what lying clients get.

use serde_json::json;

use super::{BYTES, begin, break_off, noise, offset, piece, scene, send, upload, url_of};
use crate::feed::{Feed, Transport};
use crate::harness::{Server, Site, Wire, eventually, line_of};

const MIB: usize = 1024 * 1024;

#[test]
fn an_upload_goes_on_after_a_break_and_after_a_restart_of_the_server() {
    let mut site = Site::start();
    let mut mei = site.person("mei");
    let bytes = noise(13 * MIB + 1);
    let url = begin(&mut mei.client, "film.bin", bytes.len());
    break_off(&site, &mei, &url, &bytes, 7 * MIB);
    let stored = |mei: &mut crate::harness::Person| offset(&mut mei.client, &url).unwrap();
    // All that came is kept, also the part of a block.
    eventually("what came is stored", || (stored(&mut mei) == 7 * MIB as u64).then_some(()));
    site.server.kill();
    let site = site.again();
    let mut mei = mei.at(&site);
    assert_eq!(stored(&mut mei), 7 * MIB as u64);
    let more = piece(&mut mei.client, &url, &(7 * MIB).to_string(), &bytes[7 * MIB..8 * MIB]);
    assert_eq!(more.is(200).json(), json!({"offset": 8 * MIB}));
    let done = piece(&mut mei.client, &url, &(8 * MIB).to_string(), &bytes[8 * MIB..]).is(200);
    let file = done.json()["file"].clone();
    assert_eq!(file["bytes"], bytes.len());
    assert_eq!(
        (&file["name"], &file["type"]),
        (&json!("film.bin"), &json!("application/octet-stream"))
    );
    let got = mei.client.get(&url).is(200);
    assert!(got.body == bytes, "the bytes are those that were sent");
    // The answer to the last piece was lost: an empty piece gets it again.
    let again = piece(&mut mei.client, &url, &bytes.len().to_string(), b"").is(200).json();
    assert_eq!(again["file"], file);
    // The disk has it once, and nobody else on the machine can read it.
    let folder = site.server.data().join("files").join(&url["/v1/files/f".len()..][..2]);
    let only = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(only.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_client_that_lies_about_its_upload_is_refused() {
    let (_site, mut mei, _, mut eve, _) = scene();
    let bytes = noise(1_000);
    let url = begin(&mut mei.client, "a.bin", bytes.len());
    piece(&mut mei.client, &url, "0", &bytes[..400]).is(200);
    for wrong in ["0", "399", "401", "1000", "1001", "18446744073709551615"] {
        assert_eq!(piece(&mut mei.client, &url, wrong, &bytes[400..]).is(409).code(), "conflict");
    }
    for wrong in ["-1", "4e2", "+400", "", "18446744073709551616", "four"] {
        assert_eq!(
            piece(&mut mei.client, &url, wrong, &bytes[400..]).is(400).code(),
            "bad_request"
        );
    }
    let none = mei.client.ask("PATCH", &url, &[BYTES], Some(&bytes[400..]));
    assert_eq!(none.is(400).code(), "bad_request");
    let wrong = [("Content-Type", "text/html"), ("Upload-Offset", "400")];
    assert_eq!(mei.client.ask("PATCH", &url, &wrong, Some(b"x")).is(415).code(), "wrong_type");
    // More than was announced, with and without saying so.
    assert_eq!(piece(&mut mei.client, &url, "400", &bytes[..601]).is(413).code(), "too_large");
    let chunked = [BYTES, ("Upload-Offset", "400"), ("Transfer-Encoding", "chunked")];
    let mut wire = Wire::connect(mei.client.address);
    let mut lines = mei.auth().lines(mei.client.address);
    lines.extend(chunked.map(|(name, value)| (name, value.to_owned())));
    wire.send(line_of("PATCH", &url, mei.client.address, &lines, None));
    wire.send(format!("300\r\n{}\r\n0\r\n\r\n", "x".repeat(0x300)));
    assert_eq!(wire.answer().unwrap().is(413).code(), "too_large");
    assert_eq!(offset(&mut mei.client, &url), Ok(400));
    // Nobody else can write, look or cancel.
    assert_eq!(piece(&mut eve.client, &url, "400", &bytes[400..]).is(404).code(), "not_found");
    assert_eq!(eve.client.delete(&url).is(404).code(), "not_found");
    assert_eq!(offset(&mut eve.client, &url), Err(404));
    // Unfinished, it can't be read or sent by anybody.
    assert_eq!(mei.client.get(&url).is(404).code(), "not_found");
    let room = mei.room(&[&eve]);
    let id = json!({"id": &url["/v1/files/".len()..]});
    assert_eq!(send(&mut mei, &room, &[&id]).is(404).code(), "not_found");
    assert_eq!(piece(&mut mei.client, &url, "400", &bytes[400..]).is(200).json()["offset"], 1_000);
    // What is whole does not change any more.
    assert_eq!(piece(&mut mei.client, &url, "0", &bytes).is(409).code(), "conflict");
    assert_eq!(piece(&mut mei.client, &url, "1000", b"x").is(413).code(), "too_large");
}

#[test]
fn an_announcement_is_checked() {
    let (_site, mut mei, ..) = scene();
    let mut code = |body| mei.client.post("/v1/files", &body).code();
    assert_eq!(code(json!({"name": "a", "bytes": 0})), "invalid");
    assert_eq!(code(json!({"name": "a", "bytes": -1})), "invalid");
    assert_eq!(code(json!({"name": "a", "bytes": 3_u64 << 30})), "too_large");
    assert_eq!(code(json!({"name": "a", "bytes": u64::MAX})), "too_large");
    assert_eq!(code(json!({"name": "a", "bytes": 1, "type": "text/<script>"})), "invalid");
    assert_eq!(code(json!({"name": "a", "bytes": 1, "id": "f0"})), "unknown_field");
    assert_eq!(code(json!({"bytes": 1})), "invalid");
}

#[test]
fn a_cancelled_file_is_gone_with_its_bytes_and_gives_its_room_back() {
    let site = Site::on(Server::start_with(&["--files-person-mib", "1"], &[]));
    let mut mei = site.person("mei");
    let url = begin(&mut mei.client, "a.bin", MIB);
    piece(&mut mei.client, &url, "0", &noise(MIB)[..1_000]).is(200);
    let more = json!({"name": "b", "bytes": 1});
    assert_eq!(mei.client.post("/v1/files", &more).is(409).code(), "no_room");
    let path = site.server.data().join("files").join(&url[11..13]).join(&url["/v1/files/".len()..]);
    let path = path.with_extension("coming");
    assert!(path.exists(), "{}", path.display());
    mei.client.delete(&url).is(204);
    assert_eq!(mei.client.delete(&url).is(404).code(), "not_found");
    assert_eq!(piece(&mut mei.client, &url, "1000", b"x").is(404).code(), "not_found");
    eventually("the bytes are deleted", || (!path.exists()).then_some(()));
    eventually("there is room again", || {
        (mei.client.post("/v1/files", &more).status == 201).then_some(())
    });
}

#[test]
fn a_guest_has_less_room_and_the_site_has_an_end() {
    let args = ["--files-guest-mib", "1", "--files-site-mib", "3", "--files-mib-max", "2"];
    let site = Site::on(Server::start_with(&args, &[]));
    site.owner().send("PATCH", "/v1/settings", &json!({"guests": true})).is(200);
    let entered =
        site.server.visitor().post("/v1/guest", &json!({"display_name": "Visitor"})).is(201);
    let mut guest = crate::harness::Client::new(
        site.address(),
        crate::harness::Auth::Cookie(entered.session()),
    );
    let file = |bytes: usize| json!({"name": "a", "bytes": bytes});
    assert_eq!(guest.post("/v1/files", &file(MIB + 1)).is(409).code(), "no_room");
    guest.post("/v1/files", &file(MIB)).is(201);
    assert_eq!(guest.post("/v1/files", &file(1)).is(409).code(), "no_room");
    let mut mei = site.person("mei");
    assert_eq!(mei.client.post("/v1/files", &file(2 * MIB + 1)).is(413).code(), "too_large");
    mei.client.post("/v1/files", &file(2 * MIB)).is(201);
    let full = mei.client.post("/v1/files", &file(1)).is(409);
    assert_eq!(full.code(), "no_room");
    assert!(full.text().contains("3 MiB"), "{}", full.text());
}

#[test]
fn a_message_brings_its_files_over_every_way() {
    let (site, mut mei, tom, _, room) = scene();
    let file = upload(&mut mei.client, "报告.txt", "报告：一切都好\n".as_bytes());
    for transport in [Transport::Sse, Transport::WebSocket] {
        let mut feed = Feed::now(&site, transport, &tom);
        let sent = send(&mut mei, &room, &[&file]).is(201).json();
        let event = feed.event();
        assert_eq!((&event["seq"], &event["kind"]), (&sent["seq"], &json!("message")));
        assert_eq!(event["body"], json!({"text": "", "files": [file]}));
        assert_eq!(*mei.history(&room).last().unwrap(), event);
    }
    let got = mei.client.get(&url_of(&file)).is(200);
    assert_eq!(got.text(), "报告：一切都好\n");
}
