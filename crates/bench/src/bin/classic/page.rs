//! The requests and answers of the pages of each system.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// A system of pages.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum System {
    Webim,
    Novcomet,
    Live,
    KefuAgent,
    KefuCustomer,
    Extchat,
    Room,
}

impl System {
    pub fn name(self) -> &'static str {
        match self {
            System::Webim => "webim",
            System::Novcomet => "novcomet",
            System::Live => "live",
            System::KefuAgent => "kefu, agent",
            System::KefuCustomer => "kefu, customer",
            System::Extchat => "extchat",
            System::Room => "room",
        }
    }

    /// Whether a text is sent to each receiver by itself.
    pub fn is_private(self) -> bool {
        matches!(self, System::Webim | System::KefuCustomer)
    }
}

/// The token for the server's metrics that `benches/classic` sets.
const METRICS_TOKEN: &str = "figures-of-this-bench";

fn get_text(path: &str, cookie: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n")
}

fn post_text(path: &str, cookie: &str, form: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
}

/// A receiving page, with the state that it keeps between two polls.
#[derive(Clone)]
pub struct Page {
    pub system: System,
    pub number: usize,
    /// The room's session.
    pub cookie: String,
    held: u64,
    /// Ids that the next poll confirms.
    confirm: Vec<String>,
}

impl Page {
    pub fn new(system: System, number: usize, cookie: &str) -> Page {
        Page { system, number, cookie: cookie.to_owned(), held: 0, confirm: Vec::new() }
    }

    /// The request of the next poll.
    pub fn poll(&self) -> String {
        let Page { number, held, cookie, .. } = self;
        match self.system {
            System::Webim => {
                let uid = number + 1_000;
                let mut form = format!("reciver_uid={uid}&sender_uid=1&request_type=");
                if self.confirm.is_empty() {
                    form.push_str("get_message&send_data=");
                } else {
                    form.push_str("comfrim_read");
                    self.confirm
                        .iter()
                        .for_each(|id| form.push_str(&format!("&send_data%5B%5D={id}")));
                }
                post_text("/classic/webim/GetMessage.php", "", &form)
            }
            System::Novcomet => {
                let path = format!("/classic/novcomet/comet.php?subscribed%5Bid%5D={held}");
                get_text(&path, "")
            }
            System::Live => get_text(&format!("/classic/live/backend.php?timestamp={held}"), ""),
            System::KefuAgent => get_text("/classic/kefu/16-kefu-iframe.php", "username=admin"),
            System::KefuCustomer => {
                get_text("/classic/kefu/16-kefu-ajax.php", &format!("username=user{number}"))
            }
            System::Extchat => {
                post_text("/classic/extchat/comet.php", "", &format!("timestamp={held}"))
            }
            System::Room => {
                post_text("/classic/room/message.php", cookie, &format!("lastid={held}"))
            }
        }
    }

    /// The request by which somebody else sends a text to this page, or to all pages if it is not private.
    pub fn send(&self, text: &str) -> String {
        let number = self.number;
        match self.system {
            System::Webim => {
                let form = format!("message={text}&reciver_uid={}&sender_uid=1", number + 1_000);
                post_text("/classic/webim/SendMessage.php", "", &form)
            }
            System::Novcomet => get_text("/classic/novcomet/comet.php?publish=id", ""),
            System::Live => get_text(&format!("/classic/live/backend.php?msg={text}"), ""),
            System::KefuAgent => {
                let form = format!("rec=admin&content={text}");
                post_text("/classic/kefu/16-kefu-sendmsg.php", "username=user1", &form)
            }
            System::KefuCustomer => {
                let form = format!("rec=user{number}&content={text}");
                post_text("/classic/kefu/16-kefu-sendmsg.php", "username=admin", &form)
            }
            System::Extchat => post_text("/classic/extchat/comet.php", "", &format!("msg={text}")),
            System::Room => {
                post_text("/classic/room/add.php", &self.cookie, &format!("message={text}"))
            }
        }
    }

    /// Takes the state for the next poll out of an answer.
    pub fn take(&mut self, body: &str) {
        match self.system {
            System::Webim => {
                let ids = body.split("\"id\":\"").skip(1);
                self.confirm =
                    ids.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect();
            }
            System::Novcomet => self.held = number_after(body, "\"id\":").unwrap_or(self.held),
            System::Live | System::Extchat => {
                self.held = number_after(body, "\"timestamp\":").unwrap_or(self.held);
            }
            System::Room => {
                let last = body.rsplit_once("<id>").map(|(_, rest)| rest);
                self.held = last.and_then(|rest| number_after(rest, "")).unwrap_or(self.held);
            }
            System::KefuAgent | System::KefuCustomer => {}
        }
    }

    /// How long the page pauses between two polls.
    pub fn rest(&self) -> Duration {
        Duration::from_millis(if self.system == System::Room { 1_000 } else { 0 })
    }
}

fn number_after(text: &str, mark: &str) -> Option<u64> {
    let rest = &text[text.find(mark)? + mark.len()..];
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// A kept-alive connection that sends one request after the other.
pub struct Wire {
    addr: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

impl Wire {
    pub fn new(addr: SocketAddr) -> Wire {
        Wire { addr, stream: None }
    }

    /// Sends a request. The answer is to be read from the returned stream.
    pub fn ask(&mut self, request: &str) -> Result<&mut BufReader<TcpStream>> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.addr)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_secs(330)))?;
            self.stream = Some(BufReader::new(stream));
        }
        let stream = self.stream.as_mut().context("connected")?;
        stream.get_mut().write_all(request.as_bytes())?;
        Ok(stream)
    }

    /// Sends a request and reads its whole answer.
    pub fn answer(&mut self, request: &str) -> Result<String> {
        let stream = self.ask(request)?;
        let (status, length) = head(stream)?;
        let mut body = Vec::new();
        match length {
            Some(length) => {
                body.resize(length, 0);
                stream.read_exact(&mut body)?;
            }
            None => {
                stream.read_to_end(&mut body)?;
                self.stream = None;
            }
        }
        let body = String::from_utf8(body)?;
        ensure!(status == 200, "{status}: {body}");
        Ok(body)
    }
}

/// Status and length of an answer. An answer without a length ends with the connection.
pub fn head(stream: &mut BufReader<TcpStream>) -> Result<(u16, Option<usize>)> {
    let (mut status, mut length) = (None, None);
    loop {
        let mut line = String::new();
        ensure!(stream.read_line(&mut line)? > 0, "the connection ended");
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            return Ok((status.context("a status")?, length));
        }
        if status.is_none() {
            status = line.split(' ').nth(1).and_then(|s| s.parse().ok());
        }
        length = line.strip_prefix("content-length: ").and_then(|l| l.parse().ok()).or(length);
    }
}

/// The body of an answer.
pub fn get(addr: SocketAddr, path: &str) -> Result<String> {
    Wire::new(addr).answer(&get_text(path, ""))
}

/// The number of requests that wait.
pub fn waiting(addr: SocketAddr) -> Result<u64> {
    let text = Wire::new(addr).answer(&format!(
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {METRICS_TOKEN}\r\n\r\n"
    ))?;
    let of = |name: &str| number_after(&text, &format!("encke_sessions{{transport=\"{name}\"}} "));
    Ok(of("long-poll").unwrap_or(0) + of("iframe").unwrap_or(0))
}

/// Makes a session for the room.
pub fn enter(addr: SocketAddr, name: &str) -> Result<String> {
    let mut wire = Wire::new(addr);
    let stream = wire.ask(&post_text("/classic/room/chat.php", "", &format!("username={name}")))?;
    loop {
        let mut line = String::new();
        ensure!(stream.read_line(&mut line)? > 2, "no cookie");
        if let Some(cookie) = line.find("encke_session=").map(|at| &line[at..]) {
            return Ok(cookie.split(';').next().unwrap_or_default().to_owned());
        }
    }
}
