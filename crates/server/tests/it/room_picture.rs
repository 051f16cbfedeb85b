//! The picture of a room: who gives it, where it is shown, and that it is gone when it is replaced.

use encke_engine::people_limits::PORTRAIT_BYTES_MAX;
use serde_json::{Value, json};

use crate::feed::{Feed, Transport};
use crate::files::pictures::jpeg;
use crate::files::{send, upload, url_of};
use crate::harness::{Answer, Person, Site};

fn set(who: &mut Person, room: &str, file: &Value) -> Answer {
    let path = format!("/v1/conversations/{room}/picture");
    who.client.send("PUT", &path, &json!({"file": file["id"]}))
}

#[test]
fn a_room_shows_its_picture_wherever_it_is_named_and_another_one_takes_its_place() {
    let site = Site::shared();
    let [mut ann, mut ben, mut eve] = ["ann", "ben", "eve"].map(|name| site.person(name));
    let room = ann.room(&[&ben]);
    let start = ben.now();
    let path = format!("/v1/conversations/{room}");
    ann.client.send("PATCH", &path, &json!({"open": true, "title": site_title(&room)})).is(200);
    let first = upload(&mut ann.client, "secret name.jpg", &jpeg(800, 600));
    let address = format!("{}/thumbnail", url_of(&first));
    assert_eq!(set(&mut ann, &room, &first).is(200).json()["picture"], json!(address));
    // To set it again changes nothing.
    assert_eq!(set(&mut ann, &room, &first).is(200).json()["picture"], json!(address));

    assert_eq!(ben.conversation(&room)["picture"], json!(address));
    let snapshot = ben.client.get("/v1/snapshot").is(200).json();
    let all = snapshot["conversations"].as_array().unwrap();
    let shown = all.iter().find(|c| c["id"] == room.as_str()).unwrap();
    assert_eq!(shown["picture"], json!(address));
    let listed = eve.client.get(&format!("/v1/rooms?q={}", site_title(&room))).is(200).json();
    assert_eq!(listed["rooms"][0]["picture"], json!(address));
    let link = ann.client.post(&format!("{path}/links"), &json!({})).is(201).json();
    let secret = json!({"secret": link["secret"]});
    let linked = eve.client.post("/v1/links/look", &secret).is(200).json();
    assert_eq!(linked["picture"], json!(address));
    for who in [&mut ann, &mut ben, &mut eve] {
        assert_eq!(who.client.get(&address).is(200).header("content-type"), Some("image/jpeg"));
        let whole = who.client.get(&url_of(&first)).is(200);
        assert!(!whole.head.contains("secret"), "{}", whole.head);
    }
    assert_eq!(site.server.visitor().get(&address).is(401).code(), "not_signed_in");

    let second = upload(&mut ann.client, "b.jpg", &jpeg(64, 64));
    set(&mut ann, &room, &second).is(200);
    for who in [&mut ann, &mut ben, &mut eve] {
        assert_eq!(who.client.get(&address).is(404).code(), "not_found");
        who.client.get(&url_of(&second)).is(200);
    }
    for _ in 0..2 {
        let bare = ann.client.delete(&format!("{path}/picture")).is(200).json();
        assert!(bare.get("picture").is_none());
    }
    assert_eq!(ben.client.get(&url_of(&second)).is(404).code(), "not_found");

    let mut feed = Feed::at(&site, Transport::Sse, &ben, &start);
    let mut pictures = Vec::new();
    while pictures.len() < 3 {
        let event = feed.event_of(&room);
        let picture = event["body"].get("picture").cloned();
        pictures.extend(picture.filter(|_| event["kind"] == "changed"));
    }
    assert_eq!(pictures, [json!(address), json!(url_of(&second)), json!("")]);
    let trail = ann.client.get(&format!("{path}/audit")).is(200).json();
    let deeds = trail["entries"].as_array().unwrap().iter();
    assert_eq!(deeds.filter(|entry| entry["act"] == "picture_changed").count(), 3);
}

/// A title that no other room has.
fn site_title(room: &str) -> String {
    format!("pictured{room}")
}

#[test]
fn only_owners_give_a_room_a_picture_and_it_is_one_of_their_own_that_stands_for_nothing_else() {
    let site = Site::shared();
    let [mut ann, mut ben, mut eve] = ["ann", "ben", "eve"].map(|name| site.person(name));
    let room = ann.room(&[&ben]);
    let picture = |who: &mut Person| upload(&mut who.client, "a.jpg", &jpeg(64, 64));
    let (anns, bens, eves) = (picture(&mut ann), picture(&mut ben), picture(&mut eve));
    assert_eq!(set(&mut ben, &room, &bens).is(403).code(), "forbidden");
    assert_eq!(set(&mut eve, &room, &eves).is(403).code(), "not_member");
    let path = format!("/v1/conversations/{room}/picture");
    assert_eq!(ben.client.delete(&path).is(403).code(), "forbidden");
    let direct = ann.direct(&ben);
    assert!(matches!(set(&mut ann, &direct, &anns).status, 403 | 422));

    assert_eq!(set(&mut ann, &room, &bens).is(404).code(), "not_found");
    let script = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    let script = upload(&mut ann.client, "a.png", script);
    assert_eq!(set(&mut ann, &room, &script).is(422).code(), "invalid");
    let large = [jpeg(64, 64), vec![0; PORTRAIT_BYTES_MAX as usize]].concat();
    let large = upload(&mut ann.client, "large.jpg", &large);
    if large["bytes"].as_u64().unwrap() > PORTRAIT_BYTES_MAX {
        assert_eq!(set(&mut ann, &room, &large).is(413).code(), "too_large");
    }
    let sent = picture(&mut ann);
    send(&mut ann, &room, &[&sent]).is(201);
    assert_eq!(set(&mut ann, &room, &sent).is(409).code(), "conflict");

    // The picture of one thing is not that of another: it would go with it.
    set(&mut ann, &room, &anns).is(200);
    let other = ann.room(&[]);
    assert_eq!(set(&mut ann, &other, &anns).is(409).code(), "conflict");
    let portrait = json!({"file": anns["id"]});
    assert_eq!(ann.client.send("PUT", "/v1/profile/picture", &portrait).is(409).code(), "conflict");
    assert_eq!(send(&mut ann, &room, &[&anns]).is(404).code(), "not_found");
    assert_eq!(ann.client.delete(&url_of(&anns)).is(409).code(), "conflict");
    assert_eq!(ben.client.get(&url_of(&anns)).is(200).body, jpeg_of(&mut ann, &anns));
}

fn jpeg_of(who: &mut Person, file: &Value) -> Vec<u8> {
    who.client.get(&url_of(file)).is(200).body
}
