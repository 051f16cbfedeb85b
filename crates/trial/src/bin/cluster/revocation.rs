//! Sign-outs: each ends the streams of its session on every node (P7).

use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use encke_trial::http::{Http, Part};
use memchr::memmem;
use serde_json::json;

use crate::node::Node;
use crate::stage::Stage;

const NAME: &str = "owner";
const PASSWORD: &str = "correct horse battery";
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// The promise is one second. A busy machine gets this much before late counts as never.
const ARRIVES_MAX: Duration = Duration::from_secs(15);
/// Sign-ins are limited to ten a minute.
const PAUSE: Duration = Duration::from_secs(7);

pub struct Revocations {
    last: Option<Instant>,
    /// How long each sign-out took to arrive everywhere.
    pub took: Vec<Duration>,
}

/// The header that a page of the site itself sends.
const ORIGIN: &str = "Origin: http://localhost";

fn post(at: SocketAddrV4, path: &str, cookie: &str, body: &str) -> Result<Http> {
    let mut http = Http::open(at)?;
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json" };
    let headers: Vec<&str> = [ORIGIN, kind, cookie].into_iter().filter(|h| !h.is_empty()).collect();
    let answer = http.call("POST", path, "", &headers, body, ANSWER_MAX)?;
    let said = String::from_utf8_lossy(&answer.body);
    ensure!(answer.status < 300, "{path}: {} {said}", answer.status);
    Ok(http)
}

impl Revocations {
    /// Makes the person that signs in and out. It is the owner, made with the set-up code that the node printed.
    pub fn prepare(node: &Node) -> Result<Self> {
        let printed = std::fs::read_to_string(&node.log)?;
        let code = printed.lines().find_map(|line| Some(line.split_once("#setup=")?.1));
        let code = code.context("a node of a fresh site prints a set-up code")?;
        let body = json!({"name": NAME, "password": PASSWORD, "setup_code": code}).to_string();
        post(node.address, "/v1/setup", "", &body)?;
        Ok(Revocations { last: None, took: Vec::new() })
    }

    /// Signs in on one node, opens a stream on each, signs out on another one, and waits for the ends.
    pub fn sign_out(&mut self, nodes: &[SocketAddrV4], stage: &Stage) -> Result<()> {
        if let Some(last) = self.last {
            stage.rest(PAUSE.saturating_sub(last.elapsed()))?;
        }
        self.last = Some(Instant::now());
        let turn = self.took.len();
        let body = json!({"name": NAME, "password": PASSWORD}).to_string();
        let signed_in = post(nodes[turn % nodes.len()], "/v1/sign-in", "", &body)?;
        let cookie = signed_in.header("set-cookie").context("a sign-in sets a cookie")?;
        let cookie = format!("Cookie: {}", cookie.split(';').next().unwrap_or_default());
        let mut streams = Vec::new();
        for node in nodes {
            let mut http = Http::open(*node)?;
            http.request("GET", "/v1/feed?live=sse", "", &[&cookie, ORIGIN], "")?;
            let status = http.head(ANSWER_MAX)?;
            ensure!(status == 200, "a stream of who has signed in was answered {status}");
            streams.push(http);
        }
        post(nodes[(turn + 1) % nodes.len()], "/v1/sign-out", &cookie, "")?;
        let began = Instant::now();
        for (node, http) in nodes.iter().zip(&mut streams) {
            ends(http, began, stage).with_context(|| format!("a sign-out at {node}"))?;
        }
        self.took.push(began.elapsed());
        Ok(())
    }
}

/// Reads until the stream ends. The end has to say why.
fn ends(http: &mut Http, began: Instant, stage: &Stage) -> Result<()> {
    let mut all = Vec::new();
    loop {
        match http.part() {
            Ok(Part::Bytes(bytes)) => all.extend(bytes),
            Ok(Part::NothingYet) => stage.still_on()?,
            Ok(Part::End) | Err(_) => break,
        }
        if began.elapsed() > ARRIVES_MAX {
            bail!("the stream goes on");
        }
    }
    ensure!(memmem::find(&all, b"revoked").is_some(), "the stream ended without saying why");
    Ok(())
}
