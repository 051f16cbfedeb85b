//! `--demo`: people and messages for an empty data folder.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use axum::body::Body;
use encke_account::{self as account, NewAccount};
use encke_engine::PersonId;
use encke_site::{Identity, Role, Site};
use http::{Method, Request, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::http::router;

/// The demo's people: name, display name.
const PEOPLE: [(&str, &str); 2] = [("mei", "林美 Mei"), ("tom", "Tom")];
/// The file in the data folder that keeps the demo's passwords, one a line. Each start prints them.
const PASSWORDS: &str = "demo-passwords";

/// The messages of the demo's room, each with the number of its author in `PEOPLE`.
const SAID: [(usize, &str); 6] = [
    (0, "Welcome to Encke! This room is open to every account."),
    (1, "你好！消息会按顺序到达，不丢失、不重复。"),
    (0, "Open this page in a second window, sign in as the other person, and write."),
    (1, "Switch the transport in the menu at the bottom left while we talk ☄️"),
    (0, "断开网络再连上试试，错过的消息会自动补齐。"),
    (1, "Kill the server and start it again, too. Everything is still here."),
];

/// Makes two people, a room and a short history if the site has no people, and prints how to sign in.
pub async fn make(site: &Arc<Site>, data: &Path, address: &str) -> Result<()> {
    let file = data.join(PASSWORDS);
    if account::everyone(site).await.map_err(|e| anyhow!(e))?.is_empty() {
        let passwords = make_passwords(&file)?;
        fill(site, &passwords).await?;
    }
    let Ok(passwords) = std::fs::read_to_string(&file) else {
        println!(
            "Demo: people are there already; `encke user passwd NAME` gives one a new password."
        );
        return Ok(());
    };
    println!("Demo: open {address} in two browser windows (one of them private) and sign in as");
    for ((name, _), password) in PEOPLE.into_iter().zip(passwords.lines()) {
        println!("  {name}   password {password}");
    }
    Ok(())
}

/// Makes the passwords and stores them in a file that only the server's user can read.
fn make_passwords(file: &Path) -> Result<Vec<String>> {
    let made = PEOPLE.iter().map(|_| encke_site::readable_secret().map_err(|e| anyhow!(e)));
    let made = made.collect::<Result<Vec<_>>>()?;
    // A new file has this mode; an existing one could have any.
    let _ = std::fs::remove_file(file);
    let kept = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let written = kept.and_then(|mut kept| kept.write_all((made.join("\n") + "\n").as_bytes()));
    written.with_context(|| format!("writing {}", file.display()))?;
    Ok(made)
}

async fn fill(site: &Arc<Site>, passwords: &[String]) -> Result<()> {
    let mut people = Vec::new();
    let roles = [Role::Owner, Role::Member];
    for (((name, shown), role), password) in PEOPLE.into_iter().zip(roles).zip(passwords) {
        let (name, password) = (name.to_owned(), password.clone());
        let account = NewAccount { name, password, display_name: Some(shown.to_owned()) };
        people.push(account::add(site, account, role).await.map_err(|e| anyhow!(e))?);
    }
    let visitor = Visitor { site };
    let room = json!({"kind": "room", "title": "Comet 彗星", "open": true, "members": [people[1]]});
    let room = visitor.post(people[0], "/v1/conversations", room).await?;
    let direct = json!({"kind": "direct", "person": people[1]});
    let direct = visitor.post(people[0], "/v1/conversations", direct).await?;
    for (by, text) in SAID {
        visitor.say(people[by], &room, text).await?;
    }
    visitor.say(people[0], &direct, "Hi Tom, this is just between the two of us.").await?;
    visitor.say(people[1], &direct, "收到 👍").await
}

/// A client that calls the API as one person.
struct Visitor<'a> {
    site: &'a Arc<Site>,
}

impl Visitor<'_> {
    async fn say(&self, who: PersonId, conversation: &Value, text: &str) -> Result<()> {
        let id = conversation["id"].as_str().unwrap_or_default();
        let path = format!("/v1/conversations/{id}/messages");
        self.post(who, &path, json!({"text": text})).await.map(drop)
    }

    async fn post(&self, who: PersonId, path: &str, body: Value) -> Result<Value> {
        let router = router::api(self.site);
        let identity = Identity {
            person: who,
            role: Role::Member,
            visitor: false,
            credential: 0,
            by_cookie: false,
            expires_ms: u64::MAX,
        };
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .extension(identity)
            .body(Body::from(body.to_string()))?;
        let response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            return Err(anyhow!("the demo's {path}: {status} {}", String::from_utf8_lossy(&bytes)));
        }
        Ok(serde_json::from_slice(&bytes)?)
    }
}
