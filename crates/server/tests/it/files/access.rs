//! Who may read a file, in whole and in parts.

use serde_json::json;

use super::{noise, offset, scene, send, upload, url_of};
use crate::harness::eventually;

#[test]
fn a_file_is_its_uploaders_until_it_is_sent_and_then_the_members() {
    let (site, mut mei, mut tom, mut eve, room) = scene();
    let file = upload(&mut mei.client, "plan.bin", &noise(1_000));
    let url = url_of(&file);
    let thumbnail = format!("{url}/thumbnail");
    mei.client.get(&url).is(200);
    for other in [&mut tom, &mut eve] {
        assert_eq!(other.client.get(&url).is(404).code(), "not_found");
        assert_eq!(other.client.get(&thumbnail).is(404).code(), "not_found");
        assert_eq!(offset(&mut other.client, &url), Err(404));
    }
    // Nobody sends what is another's, or what does not exist.
    let own = eve.room(&[]);
    assert_eq!(send(&mut eve, &own, &[&file]).is(404).code(), "not_found");
    let made_up = json!({"id": format!("f{}", "0".repeat(32))});
    for id in [made_up, json!({"id": "../../space.db"}), json!({"id": ""})] {
        assert_eq!(send(&mut eve, &own, &[&id]).is(404).code(), "not_found");
    }
    assert_eq!(send(&mut mei, &own, &[&file]).is(403).code(), "not_member");
    send(&mut mei, &room, &[&file]).is(201);
    tom.client.get(&url).is(200);
    assert_eq!(eve.client.get(&url).is(404).code(), "not_found");
    assert_eq!(site.server.visitor().get(&url).is(401).code(), "not_signed_in");
    // A held file can't be deleted beside its message.
    assert_eq!(mei.client.delete(&url).is(409).code(), "conflict");
    // Who forwards it lets others read it; who leaves reads it no more, also the one who uploaded it.
    let other = tom.room(&[&eve]);
    send(&mut tom, &other, &[&file]).is(201);
    eve.client.get(&url).is(200);
    mei.client.delete(&format!("/v1/conversations/{room}/members/{}", mei.id)).is(204);
    assert_eq!(mei.client.get(&url).is(404).code(), "not_found");
    assert_eq!(send(&mut mei, &own, &[&file]).status, 403);
    tom.client.get(&url).is(200);
}

#[test]
fn a_file_in_a_thread_is_for_all_who_may_read_the_thread() {
    let (_site, mut mei, mut tom, mut eve, room) = scene();
    let seq = tom.say(&room, "Where is it?")["seq"].clone();
    let file = upload(&mut mei.client, "plan.bin", &noise(1_000));
    let url = url_of(&file);
    let path = format!("/v1/conversations/{room}/messages/{seq}/thread");
    let answer = json!({"text": "", "files": [file["id"]]});
    let sent = mei.client.post(&path, &answer).is(201).json();
    let thread = sent["thread"].as_str().unwrap();
    let follow = format!("/v1/conversations/{thread}/follow");
    tom.client.delete(&follow).is(204);
    tom.client.get(&url).is(200);
    assert_eq!(eve.client.get(&url).is(404).code(), "not_found");
    mei.client.delete(&format!("/v1/conversations/{room}/members/{}", tom.id)).is(204);
    assert_eq!(tom.client.get(&url).is(404).code(), "not_found");
    mei.client.delete(&format!("/v1/conversations/{thread}/messages/{}", sent["seq"])).is(204);
    assert_eq!(mei.client.get(&url).is(404).code(), "not_found");
}

#[test]
fn a_file_is_gone_with_the_last_message_that_held_it() {
    let (_site, mut mei, mut tom, mut eve, room) = scene();
    let file = upload(&mut mei.client, "secret.bin", &noise(1_000));
    let url = url_of(&file);
    let said = send(&mut mei, &room, &[&file]).is(201).json();
    let other = tom.room(&[&eve]);
    let forwarded = send(&mut tom, &other, &[&file]).is(201).json();
    let message = |room: &str, sent: &serde_json::Value| {
        format!("/v1/conversations/{room}/messages/{}", sent["seq"])
    };
    mei.client.delete(&message(&room, &said)).is(204);
    assert_eq!(mei.client.get(&url).is(404).code(), "not_found", "no message shows it to her now");
    eve.client.get(&url).is(200);
    tom.client.delete(&message(&other, &forwarded)).is(204);
    for who in [&mut mei, &mut tom, &mut eve] {
        assert_eq!(who.client.get(&url).is(404).code(), "not_found");
        let page = who.client.get("/v1/snapshot").is(200);
        assert!(!page.text().contains("secret.bin"), "{}", page.text());
    }
}

#[test]
fn a_message_has_a_bounded_number_of_files_and_each_once() {
    let (_site, mut mei, _, _, room) = scene();
    let file = upload(&mut mei.client, "a.bin", &noise(10));
    assert_eq!(send(&mut mei, &room, &[&file, &file]).is(422).code(), "invalid");
    let many: Vec<_> = (0..21).map(|_| &file).collect();
    assert_eq!(send(&mut mei, &room, &many).is(422).code(), "invalid");
    // Without a file a message needs its text as before.
    let path = format!("/v1/conversations/{room}/messages");
    assert_eq!(mei.client.post(&path, &json!({"text": "", "files": []})).is(422).code(), "invalid");
}

#[test]
fn a_repeated_send_with_files_is_one_send() {
    let (_site, mut mei, _, _, room) = scene();
    let file = upload(&mut mei.client, "a.bin", &noise(10));
    let path = format!("/v1/conversations/{room}/messages");
    let body = json!({"text": "look", "files": [file["id"]], "key": "once"});
    let first = mei.client.post(&path, &body).is(201).json();
    assert_eq!(mei.client.post(&path, &body).is(200).json(), first);
    let other = upload(&mut mei.client, "b.bin", &noise(10));
    let body = json!({"text": "look", "files": [other["id"]], "key": "once"});
    assert_eq!(mei.client.post(&path, &body).is(409).code(), "key_reused");
    let messages = mei.history(&room);
    assert_eq!(messages.iter().filter(|e| e["kind"] == "message").count(), 1);
}

#[test]
fn a_part_of_a_file_is_read_and_a_known_file_is_not_sent_again() {
    let (_site, mut mei, ..) = scene();
    let bytes = noise(700_000);
    let file = upload(&mut mei.client, "a.bin", &bytes);
    let url = url_of(&file);
    let mut get = |headers: &[(&str, &str)]| mei.client.ask("GET", &url, headers, None);
    let whole = get(&[]).is(200);
    assert!(whole.body == bytes);
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let etag = whole.header("etag").unwrap().to_owned();
    for (range, told, part) in [
        ("bytes=0-0", "bytes 0-0/700000", &bytes[..1]),
        ("bytes=100000-399999", "bytes 100000-399999/700000", &bytes[100_000..400_000]),
        ("bytes=699990-", "bytes 699990-699999/700000", &bytes[699_990..]),
        ("bytes=-10", "bytes 699990-699999/700000", &bytes[699_990..]),
        ("bytes=0-99999999999999999999", "bytes 0-699999/700000", &bytes[..]),
    ] {
        let answer = get(&[("Range", range)]).is(206);
        assert_eq!(answer.header("content-range"), Some(told));
        assert!(answer.body == part, "{range}");
    }
    for outside in ["bytes=700000-", "bytes=700000-700001", "bytes=-0"] {
        assert_eq!(get(&[("Range", outside)]).is(416).code(), "out_of_range");
    }
    let many = format!("bytes={}", vec!["0-1"; 1_000].join(","));
    for none in ["bytes=5-1", many.as_str(), "bytes=x", "lines=1-2"] {
        assert_eq!(get(&[("Range", none)]).is(200).body.len(), bytes.len(), "{none}");
    }
    assert_eq!(
        get(&[("Range", "bytes=1-2"), ("If-Range", "\"other\"")]).is(200).body.len(),
        bytes.len()
    );
    get(&[("Range", "bytes=1-2"), ("If-Range", &etag)]).is(206);
    let known = get(&[("If-None-Match", &etag)]).is(304);
    assert!(known.body.is_empty());
    assert_eq!(known.header("cache-control"), Some("private, no-cache"));
    get(&[("If-None-Match", "\"other\"")]).is(200);
}

#[test]
fn who_is_removed_reads_no_further_even_in_the_midst_of_a_file() {
    use crate::harness::{Wire, line_of};
    let (_site, mut mei, tom, _, room) = scene();
    // More than the buffers on the way hold.
    let bytes = noise(60 * 1024 * 1024);
    let file = upload(&mut mei.client, "long.bin", &bytes);
    send(&mut mei, &room, &[&file]).is(201);
    let address = mei.client.address;
    let mut wire = Wire::connect_from(77, address);
    wire.send(line_of("GET", &url_of(&file), address, &tom.auth().lines(address), None));
    let head = wire.head().unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    wire.take(100_000).unwrap();
    mei.client.delete(&format!("/v1/conversations/{room}/members/{}", tom.id)).is(204);
    // The server asks once in a second, so a reader that takes its time is cut.
    let mut got = 100_000;
    eventually("the download ends", || {
        std::thread::sleep(std::time::Duration::from_millis(50));
        match wire.take(100_000) {
            Some(part) => {
                got += part.len();
                assert!(got < bytes.len() - 100_000, "all of it was sent");
                None
            }
            None => Some(()),
        }
    });
}
