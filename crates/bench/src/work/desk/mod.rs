//! `desk-crowd` and `desk-claims`: what a customer-service desk costs. For Encke only.
//!
//! Everything goes over HTTP as visitors and agents do it. The agents are members whose tokens `seed --members` has made; the
//! visitors enter from many addresses, since one address may bring only a few in a minute.

pub mod claims;
pub mod crowd;

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};

use crate::client::Client;
use crate::seed::token;

/// The longest wait for the server. It includes the time in which `seed` makes the people.
pub(crate) const START_WAIT: Duration = Duration::from_secs(60);
/// Visitors from one address. The server lets ten a minute in.
const PER_ADDRESS: usize = 8;
/// Connections over which visitors come.
const DOORS: usize = 16;

/// Waits until the server answers requests.
fn wait_until_ready(addr: SocketAddrV4) -> Result<()> {
    let until = Instant::now() + START_WAIT;
    let ready = || Client::connect(addr)?.send("GET", "", "/readyz", &Value::Null);
    while !ready().is_ok_and(|(status, _)| status == 200) {
        ensure!(Instant::now() < until, "the server is not ready");
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn text(value: &Value, name: &str) -> Result<String> {
    let found = value[name].as_str();
    Ok(found.with_context(|| format!("no {name} in {value}"))?.to_owned())
}

/// A desk with its staff.
struct Desk {
    /// The number of its room, as paths have it.
    id: String,
    /// The key by which visitors find it.
    key: String,
}

impl Desk {
    /// Makes a desk whose staff are the people with the numbers below this one. The first owns it.
    fn make(addr: SocketAddrV4, agents: usize) -> Result<Self> {
        let mut client = Client::connect(addr)?;
        let made = client.send_json("POST", &token(0), "/v1/desks", &json!({"name": "Bench"}))?;
        let desk = Desk { id: text(&made, "id")?, key: text(&made, "key")? };
        let path = format!("/v1/conversations/{}/members", desk.id);
        for number in 1..agents {
            let me = client.send_json("GET", &token(number), "/v1/me", &Value::Null)?;
            let person = json!({"person": text(&me, "id")?});
            client.send_json("POST", &token(0), &path, &person)?;
        }
        Ok(desk)
    }
}

/// A visitor with what it has asked.
struct Visitor {
    token: String,
    tickets: Vec<String>,
}

/// Lets visitors in, each of whom asks this many questions.
fn visitors(addr: SocketAddrV4, desk: &Desk, count: usize, each: usize) -> Result<Vec<Visitor>> {
    let all = Mutex::new(Vec::with_capacity(count));
    thread::scope(|scope| {
        let coming: Vec<_> = (0..DOORS)
            .map(|door| {
                let all = &all;
                scope.spawn(move || -> Result<()> {
                    for number in (door..count).step_by(DOORS) {
                        let visitor = visitor(addr, desk, number, each)?;
                        all.lock().expect("not poisoned").push(visitor);
                    }
                    Ok(())
                })
            })
            .collect();
        coming
            .into_iter()
            .try_for_each(|one| one.join().map_err(|_| anyhow!("a visitor failed"))?)
    })?;
    Ok(all.into_inner().expect("not poisoned"))
}

fn visitor(addr: SocketAddrV4, desk: &Desk, number: usize, each: usize) -> Result<Visitor> {
    let household = number / PER_ADDRESS;
    let from = Ipv4Addr::new(127, 9, (household / 250) as u8, 1 + (household % 250) as u8);
    let mut client = Client::connect_from(from, addr)?;
    let path = format!("/v1/desks/{}/visitors", desk.key);
    let entered = client.send_json("POST", "", &path, &json!({"language": "en"}))?;
    let mut visitor = Visitor { token: text(&entered, "token")?, tickets: Vec::new() };
    let path = format!("/v1/desks/{}/tickets", desk.key);
    for question in 0..each {
        let body = json!({"text": format!("Question {question}: where is my order?")});
        let asked = client.send_json("POST", &visitor.token, &path, &body)?;
        visitor.tickets.push(text(&asked["ticket"], "id")?);
    }
    Ok(visitor)
}
