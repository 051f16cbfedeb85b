//! `--demo`: people, messages and a desk with questions for an empty data folder.

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

use super::demo_desk::{self, Asked};
use crate::http::router;

/// The demo's people: name, display name.
const PEOPLE: [(&str, &str); 2] = [("mei", "林美 Mei"), ("tom", "Tom")];
/// The file in the data folder that keeps the demo's passwords, one a line. Each start prints them.
const PASSWORDS: &str = "demo-passwords";

/// The file in the data folder that keeps the public key of the demo's desk.
const DESK: &str = "demo-desk";

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
        let key = fill(site, &passwords).await?;
        std::fs::write(data.join(DESK), key).context("writing the key of the demo's desk")?;
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
    if let Ok(key) = std::fs::read_to_string(data.join(DESK)) {
        println!(
            "Demo: a shop with the desk's window is {address}/widget/try.html?desk={}",
            key.trim()
        );
        println!("  and both answer its visitors at {address}/desk/");
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

/// Returns the public key of the desk.
async fn fill(site: &Arc<Site>, passwords: &[String]) -> Result<String> {
    let mut people = Vec::new();
    let roles = [Role::Owner, Role::Member];
    for (((name, shown), role), password) in PEOPLE.into_iter().zip(roles).zip(passwords) {
        let (name, password) = (name.to_owned(), password.clone());
        let account = NewAccount { name, password, display_name: Some(shown.to_owned()) };
        people.push(account::add(site, account, role).await.map_err(|e| anyhow!(e))?);
    }
    let caller = Caller { site };
    let [mei, tom] = [By::Person(people[0]), By::Person(people[1])];
    let room = json!({"kind": "room", "title": "Comet 彗星", "open": true, "members": [people[1]]});
    let room = caller.post(&mei, "/v1/conversations", room).await?;
    let direct = json!({"kind": "direct", "person": people[1]});
    let direct = caller.post(&mei, "/v1/conversations", direct).await?;
    for (by, text) in SAID {
        caller.say([&mei, &tom][by], &room["id"], text).await?;
    }
    caller.say(&mei, &direct["id"], "Hi Tom, this is just between the two of us.").await?;
    caller.say(&tom, &direct["id"], "收到 👍").await?;
    caller.desk(&mei, &tom, people[1]).await
}

/// Who calls.
enum By {
    Person(PersonId),
    /// A visitor, by its token.
    Token(String),
    Nobody,
}

/// A client that calls the API.
struct Caller<'a> {
    site: &'a Arc<Site>,
}

impl Caller<'_> {
    /// Makes a desk with two agents, all that a desk can have, and some questions. Returns its public key.
    async fn desk(&self, owner: &By, agent: &By, agent_id: PersonId) -> Result<String> {
        let desk = self.post(owner, "/v1/desks", json!({"name": "Harbour Bikes 港湾单车"})).await?;
        let (house, key) = (text(&desk["id"]), text(&desk["key"]));
        let members = format!("/v1/conversations/{house}/members");
        self.post(owner, &members, json!({"person": agent_id})).await?;
        self.furnish(owner, house).await?;
        for asked in &demo_desk::ASKED {
            self.ask(agent, key, asked).await?;
        }
        Ok(key.to_owned())
    }

    /// Writes the articles, the greetings, the canned replies, a macro and a rule of the desk.
    async fn furnish(&self, owner: &By, house: &str) -> Result<()> {
        let desk = format!("/v1/desks/{house}");
        let mut first = Value::Null;
        for article in demo_desk::articles() {
            let made = self.post(owner, &format!("{desk}/articles"), article).await?;
            first = if first.is_null() { made["id"].clone() } else { first };
        }
        let settings = json!({"settings": demo_desk::settings(&first)});
        self.send(Method::PATCH, owner, &desk, settings).await?;
        for reply in demo_desk::canned() {
            self.post(owner, &format!("{desk}/canned"), reply).await?;
        }
        self.post(owner, &format!("{desk}/macros"), demo_desk::thank_and_resolve()).await?;
        self.post(owner, &format!("{desk}/rules"), demo_desk::rule()).await?;
        Ok(())
    }

    /// A visitor looks at a page and asks. The agent answers, and resolves what the visitor then rates.
    async fn ask(&self, agent: &By, key: &str, asked: &Asked) -> Result<()> {
        let desk = format!("/v1/desks/{key}");
        let visitor = json!({"name": asked.name, "language": asked.language});
        let entered = self.post(&By::Nobody, &format!("{desk}/visitors"), visitor).await?;
        let visitor = By::Token(text(&entered["token"]).to_owned());
        let (page, title) = asked.page;
        let visit = json!({"url": format!("https://harbour-bikes.example{page}"), "title": title});
        self.send(Method::PUT, &visitor, &format!("{desk}/visit"), visit).await?;
        let question = json!({"text": asked.question});
        let made = self.post(&visitor, &format!("{desk}/tickets"), question).await?;
        let id = &made["ticket"]["id"];
        if let Some(answer) = asked.answer {
            self.say(agent, id, answer).await?;
        }
        if let Some((tag, stars)) = asked.resolved {
            let ticket = format!("/v1/tickets/{}", text(id));
            let done = json!({"state": "resolved", "tags": [tag]});
            self.send(Method::PATCH, agent, &ticket, done).await?;
            let rating = json!({"stars": stars});
            self.send(Method::PUT, &visitor, &format!("{ticket}/rating"), rating).await?;
        }
        Ok(())
    }

    async fn say(&self, who: &By, conversation: &Value, said: &str) -> Result<()> {
        let path = format!("/v1/conversations/{}/messages", text(conversation));
        self.post(who, &path, json!({"text": said})).await.map(drop)
    }

    async fn post(&self, who: &By, path: &str, body: Value) -> Result<Value> {
        self.send(Method::POST, who, path, body).await
    }

    async fn send(&self, method: Method, who: &By, path: &str, body: Value) -> Result<Value> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json");
        request = match who {
            By::Person(person) => request.extension(identity(*person)),
            By::Token(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
            By::Nobody => request,
        };
        let request = request.body(Body::from(body.to_string()))?;
        let router = router::api(self.site);
        let response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            return Err(anyhow!("the demo's {path}: {status} {}", String::from_utf8_lossy(&bytes)));
        }
        if bytes.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&bytes)?) }
    }
}

fn identity(person: PersonId) -> Identity {
    Identity {
        person,
        role: Role::Member,
        visitor: false,
        credential: 0,
        by_cookie: false,
        expires_ms: u64::MAX,
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
