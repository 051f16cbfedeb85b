//! A site with an owner, and the people that a test makes for itself.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use serde_json::{Value, json};

use super::{Answer, Auth, Client, Server, SetupCode};

pub const PASSWORD: &str = "correct horse battery";

/// A unique name.
pub fn name(stem: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{stem}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A server with an owner.
pub struct Site {
    pub server: Server,
    owner: Mutex<Client>,
}

/// A person with a token.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub client: Client,
}

impl Site {
    pub fn start() -> Site {
        Site::on(Server::start())
    }

    /// Sets up the owner of a fresh server.
    pub fn on(server: Server) -> Site {
        let owner = Client::set_up(server.address);
        Site { server, owner: Mutex::new(owner) }
    }

    /// The same site on another node.
    pub fn beside(&self, server: Server) -> Site {
        let owner = Client::new(server.address, self.owner().auth);
        Site { server, owner: Mutex::new(owner) }
    }

    /// One server for all tests that do not disturb each other; it ends with the last of them.
    pub fn shared() -> Arc<Site> {
        static SHARED: Mutex<Weak<Site>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(site) = shared.upgrade() {
            return site;
        }
        let site = Arc::new(Site::start());
        *shared = Arc::downgrade(&site);
        site
    }

    /// SIGTERM, and another server on the same folder and port; also the exit code of the first.
    pub fn stop_and_restart(self) -> (Site, Option<i32>) {
        let mut site = self;
        let code = site.server.stop();
        (site.again(), code)
    }

    /// Another server on the same folder and port; the first has ended.
    pub fn again(self) -> Site {
        Site { server: self.server.again(), owner: self.owner }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// The owner, with a connection of its own.
    pub fn owner(&self) -> Client {
        self.owner.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// Makes a person with a token.
    pub fn person(&self, stem: &str) -> Person {
        self.owner().person(stem)
    }

    /// Signs in as a browser does.
    pub fn sign_in(&self, name: &str) -> Client {
        let body = json!({"name": name, "password": PASSWORD});
        let session = self.server.visitor().post("/v1/sign-in", &body).is(200).session();
        Client::new(self.address(), Auth::Cookie(session))
    }
}

impl Client {
    /// The owner of a fresh site.
    pub fn set_up(address: SocketAddr) -> Client {
        let code = SetupCode::of(address);
        let body = json!({"name": "owner", "password": PASSWORD, "setup_code": code});
        let made = Client::new(address, Auth::None).post("/v1/setup", &body).is(201);
        Client::new(address, Auth::Cookie(made.session()))
    }

    /// Makes a person with a token, as the owner.
    pub fn person(&mut self, stem: &str) -> Person {
        let name = name(stem);
        let made = self.post("/v1/people", &json!({"name": name, "password": PASSWORD}));
        let id = made.is(201).json()["id"].as_str().unwrap().to_owned();
        let token = json!({"person": id, "label": "test", "password": PASSWORD});
        let token = self.post("/v1/tokens", &token).is(201);
        let token = token.json()["token"].as_str().unwrap().to_owned();
        Person { id, name, client: Client::new(self.address, Auth::Bearer(token)) }
    }
}

impl Person {
    /// The same person at another node.
    pub fn at(&self, site: &Site) -> Person {
        Person { client: Client::new(site.address(), self.auth()), ..self.clone() }
    }

    pub fn auth(&self) -> Auth {
        self.client.auth.clone()
    }

    /// A room with these others.
    pub fn room(&mut self, others: &[&Person]) -> String {
        let members: Vec<&str> = others.iter().map(|p| p.id.as_str()).collect();
        let body = json!({"kind": "room", "title": "room", "members": members});
        id_of(&self.client.post("/v1/conversations", &body).is(201))
    }

    pub fn direct(&mut self, other: &Person) -> String {
        let body = json!({"kind": "direct", "person": other.id});
        id_of(&self.client.post("/v1/conversations", &body))
    }

    pub fn try_say(&mut self, room: &str, text: &str) -> Answer {
        self.client.post(&format!("/v1/conversations/{room}/messages"), &json!({"text": text}))
    }

    /// Sends; returns where it stands.
    #[track_caller]
    pub fn say(&mut self, room: &str, text: &str) -> Value {
        self.try_say(room, text).is(201).json()
    }

    pub fn conversation(&mut self, room: &str) -> Value {
        let one = self.client.get(&format!("/v1/conversations/{room}")).is(200).json();
        one["conversation"].clone()
    }

    /// The marks of a member.
    pub fn marks(&mut self, room: &str, member: &Person) -> (u64, u64) {
        let conversation = self.conversation(room);
        let members = conversation["members"].as_array().unwrap();
        let found = members.iter().find(|m| m["person"] == member.id.as_str()).unwrap();
        (found["delivered"].as_u64().unwrap(), found["read"].as_u64().unwrap())
    }

    /// The cursor of now.
    pub fn now(&mut self) -> String {
        self.client.get("/v1/feed").is(200).json()["cursor"].as_str().unwrap().to_owned()
    }

    /// All events of a conversation, oldest first.
    pub fn history(&mut self, room: &str) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        loop {
            let after = all.last().map_or(0, |e| e["seq"].as_u64().unwrap());
            let path = format!("/v1/conversations/{room}/events?after={after}&limit=200");
            let page = self.client.get(&path).is(200).json();
            all.extend(page["events"].as_array().unwrap().iter().cloned());
            if page["more"] == false {
                return all;
            }
        }
    }
}

fn id_of(answer: &Answer) -> String {
    let json = answer.json();
    json["id"].as_str().unwrap_or_else(|| panic!("no conversation: {json}")).to_owned()
}
