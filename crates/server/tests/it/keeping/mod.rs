//! What people keep for themselves.

mod drafts;
mod reminders;
mod scheduled;
mod stars;

use serde_json::Value;

use crate::harness::{Answer, Auth, Client, Person, Site};

/// The status and the code of a refusal.
fn refused(answer: Answer) -> (u16, String) {
    (answer.status, answer.code())
}

fn seq_of(sent: &Value) -> u64 {
    sent["seq"].as_u64().unwrap()
}

/// A guest in a room, and the room's owner.
pub fn guest_in_a_room(site: &Site) -> (Person, Person, String) {
    let mut ann = site.person("ann");
    site.owner().send("PATCH", "/v1/settings", &serde_json::json!({"guests": true})).is(200);
    let name = serde_json::json!({"display_name": "Visitor"});
    let entered = site.server.visitor().post("/v1/guest", &name).is(201);
    let id = entered.json()["id"].as_str().unwrap().to_owned();
    let client = Client::new(site.address(), Auth::Cookie(entered.session()));
    let guest = Person { id, name: "Visitor".into(), client };
    let room = ann.room(&[&guest]);
    (ann, guest, room)
}

impl Person {
    /// All entries of a list, page by page.
    fn kept(&mut self, path: &str, field: &str, limit: usize) -> Vec<Value> {
        let (mut all, mut next) = (Vec::new(), String::new());
        loop {
            let page = self.client.get(&format!("{path}?limit={limit}{next}")).is(200).json();
            let entries = page[field].as_array().unwrap();
            assert!(entries.len() <= limit, "{page}");
            all.extend(entries.iter().cloned());
            match page["next"].as_str() {
                Some(behind) => next = format!("&next={behind}"),
                None => return all,
            }
        }
    }

    fn leave(&mut self, room: &str) {
        let path = format!("/v1/conversations/{room}/members/{}", self.id);
        self.client.delete(&path).is(204);
    }

    fn bring_in(&mut self, room: &str, other: &mut Person) {
        let path = format!("/v1/conversations/{room}/members");
        self.client.post(&path, &serde_json::json!({"person": other.id}));
        other.client.poke(&format!("/v1/invitations/{room}/accept"));
        other.client.get(&format!("/v1/conversations/{room}")).is(200);
    }
}
