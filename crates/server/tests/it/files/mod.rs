//! Files over the wire: uploads that break off, who may read, and what hostile files and clients try.

mod access;
mod bucket;
mod hostile;
pub mod pictures;
mod upload;

use serde_json::{Value, json};

use crate::harness::{Answer, Client, Person, Site, Wire, line_of};

/// The type of pieces.
const BYTES: (&str, &str) = ("Content-Type", "application/octet-stream");

/// Announces a file and returns its address.
#[track_caller]
fn begin(client: &mut Client, name: &str, bytes: usize) -> String {
    let begun = client.post("/v1/files", &json!({"name": name, "bytes": bytes})).is(201).json();
    assert_eq!(begun["offset"], 0);
    let url = begun["url"].as_str().unwrap();
    assert_eq!(url, format!("/v1/files/{}", begun["id"].as_str().unwrap()));
    url.to_owned()
}

/// Sends a piece of a file.
fn piece(client: &mut Client, url: &str, offset: &str, bytes: &[u8]) -> Answer {
    client.ask("PATCH", url, &[BYTES, ("Upload-Offset", offset)], Some(bytes))
}

/// Sends a piece whose connection breaks off once so many of its bytes are sent.
fn break_off(site: &Site, person: &Person, url: &str, bytes: &[u8], sent: usize) {
    let mut lines = person.auth().lines(site.address());
    lines.extend([(BYTES.0, BYTES.1.to_owned()), ("Upload-Offset", "0".to_owned())]);
    let mut wire = Wire::connect(site.address());
    let request = line_of("PATCH", url, site.address(), &lines, Some(bytes));
    wire.send(&request[..request.len() - bytes.len() + sent]);
}

/// Uploads a file in one piece, and returns it.
#[track_caller]
pub fn upload(client: &mut Client, name: &str, bytes: &[u8]) -> Value {
    let url = begin(client, name, bytes.len());
    let done = piece(client, &url, "0", bytes).is(200).json();
    assert_eq!(done["offset"], bytes.len());
    done["file"].clone()
}

pub fn url_of(file: &Value) -> String {
    format!("/v1/files/{}", file["id"].as_str().unwrap())
}

/// Sends a message with these files.
pub fn send(person: &mut Person, room: &str, files: &[&Value]) -> Answer {
    let ids: Vec<&Value> = files.iter().map(|file| &file["id"]).collect();
    let path = format!("/v1/conversations/{room}/messages");
    person.client.post(&path, &json!({"text": "", "files": ids}))
}

/// Bytes that are no picture, and different at each place.
fn noise(bytes: usize) -> Vec<u8> {
    let mut dice = crate::harness::Dice::new(bytes as u64);
    let mut noise: Vec<u8> =
        (0..bytes.div_ceil(4)).flat_map(|_| (dice.roll(1 << 32) as u32).to_le_bytes()).collect();
    noise.truncate(bytes);
    noise[..4].copy_from_slice(b"nois");
    noise
}

/// How far an upload is; 404 where it is none of the caller's.
fn offset(client: &mut Client, url: &str) -> Result<u64, u16> {
    // The answer has no body, whatever its headers say.
    let mut wire = Wire::connect(client.address);
    let lines = client.auth.lines(client.address);
    wire.send(line_of("HEAD", url, client.address, &lines, None));
    let head = wire.head().expect("an answer");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let offset = crate::harness::values(&head, "upload-offset").next();
    if status == 200 { Ok(offset.unwrap().parse().unwrap()) } else { Err(status) }
}

/// A site with two people in a room, and a stranger.
fn scene() -> (std::sync::Arc<Site>, Person, Person, Person, String) {
    let site = Site::shared();
    let [mut mei, tom, eve] = ["mei", "tom", "eve"].map(|name| site.person(name));
    let room = mei.room(&[&tom]);
    (site, mei, tom, eve, room)
}
