//! `/classic/kefu/`: questions to an agent and the agent's answers, each delivered once. They are direct conversations.
//!
//! The cookie `username` names the sender. A message counts as delivered when the connection took it and was still
//! open. Until then any window of the person may get it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use cookie::Cookie;
use encke_account::gateway_sign_in;
use encke_chat::gateway_conversations;
use encke_engine::{Code, ConversationId, Entry, Error, PersonId, Position, StreamId};
use encke_site::Role;
use encke_store::{Read, Sql, Tx, params};
use encke_talk::message;
use encke_transport::{ForeignAnswer, ForeignRequest, WaitEnd};
use http::header;
use serde::Serialize;

use super::answer::{self, Refused, html, json};
use super::asker::{Asker, By};
use super::form::{Form, no_body};
use super::handout::{Directs, Handout, Reserved};
use super::hold::{Hold, Style};
use super::mark::{self, Has, Reader};
use super::name::{self, Called};
use super::{Claims, Classic};

/// The name of the agent, the only one that may open the frame.
const AGENT: &str = "admin";
/// Bytes of a name.
const NAME_BYTES_MAX: usize = 64;
/// Bytes at the beginning of a frame. Browsers show nothing before they have this much.
const PADDING: usize = 4_000;

pub(super) fn router() -> Router<Arc<Classic>> {
    let only_get = |route: axum::routing::MethodRouter<Arc<Classic>>| {
        route.head(answer::wrong_method).fallback(answer::wrong_method)
    };
    Router::new()
        .route("/16-kefu-sendmsg.php", post(send).fallback(answer::wrong_method))
        .route("/16-kefu-ajax.php", only_get(get(ajax)))
        .route("/16-kefu-iframe.php", only_get(get(frame)))
}

async fn send(State(classic): State<Arc<Classic>>, request: Request) -> Response {
    answer::of(classic.kefu_send(request).await)
}

async fn ajax(State(classic): State<Arc<Classic>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    answer::of(classic.kefu_next(&parts, Shape::Row).await)
}

async fn frame(State(classic): State<Arc<Classic>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let dest = parts.headers.get("sec-fetch-dest");
    if dest.is_some_and(|dest| dest != "iframe" && dest != "frame") {
        return Refused::new(403, "This answers only inside of a frame.").into_response();
    }
    answer::of(classic.kefu_next(&parts, Shape::Frame).await)
}

fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

/// The name in the cookie.
fn claimed(parts: &Parts) -> Result<String, Refused> {
    let lines = parts.headers.get_all(header::COOKIE).into_iter();
    let lines = lines.map(|v| std::str::from_utf8(v.as_bytes()).unwrap_or("username=?"));
    let cookies = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
    let mut names = cookies.filter(|cookie| cookie.name() == "username");
    match (names.next(), names.next()) {
        (None, _) => Err(Refused::new(401, "Who are you? The cookie username is missing.")),
        (Some(name), None) if is_name(name.value()) => Ok(name.value().to_owned()),
        _ => Err(Refused::bad("The cookie username is not a name.")),
    }
}

impl Classic {
    async fn kefu_send(self: &Arc<Self>, request: Request) -> Result<Response, Refused> {
        let (parts, form) = Form::of_body(request).await?;
        let (me, asker) = (claimed(&parts)?, self.asker(&parts).await?);
        let rec = form.need("rec")?.to_owned();
        if !is_name(&rec) {
            return Err(Refused::bad("This is not a name."));
        }
        let text = form.need_text("content")?.to_owned();
        self.take_message(&asker, text.len())?;
        let this = self.clone();
        let sent = self.site.store.write(move |tx| {
            let me = this.enter(tx, &me, &asker)?;
            let other = match this.claims {
                Claims::Trust => name::find_or_make(tx, &rec)?,
                Claims::Session => name::find(tx, &rec)?.ok_or_else(nobody)?,
            };
            let guest = asker.identity.is_some_and(|i| i.role == Role::Guest);
            if guest && rec != AGENT && !gateway_conversations::may_guest_begin(tx, me, other)? {
                return Err(nobody());
            }
            let conversation = gateway_conversations::direct(tx, &this.site, me, other)?;
            let said = message::say(tx, &this.site, me, conversation, &text)?;
            let before = Position(said.position.0 - 1);
            mark::begin(tx, reader(me), before)?;
            Ok(mark::begin(tx, reader(other), before)?)
        });
        match sent.await {
            Ok(()) => Ok(html("ok")),
            Err(e) if e.code.status() < 500 => Err(e.into()),
            Err(_) => Ok(html("fail")),
        }
    }

    /// The person of a claimed name. If sessions decide, the session has to belong to that person.
    ///
    /// A guest may take a free name, which is then its own. It can't take the agent's name, nor one that looks like the
    /// name of a person with an account.
    fn enter(&self, tx: &mut Tx<'_>, name: &str, asker: &Asker) -> Result<PersonId, Error> {
        let Some(identity) = asker.identity else { return name::find_or_make(tx, name) };
        let me = identity.person;
        let may = name != AGENT || identity.role != Role::Guest;
        if may && name::find(tx, name)? == Some(me) {
            return Ok(me);
        }
        let guest = identity.role == Role::Guest;
        let free = may && guest && name::is_free(tx, name, self.site.clock.now_ms())?;
        let own = free && gateway_sign_in::is_called(tx, me, name)?;
        if !own || gateway_sign_in::looks_like_an_account(tx, name)? {
            return Err(Error::new(Code::Forbidden, "This is not your name."));
        }
        name::bind(tx, name, me)?;
        self.names.forget(me);
        Ok(me)
    }

    /// Waits for messages that are new to the sender.
    async fn kefu_next(self: &Arc<Self>, parts: &Parts, shape: Shape) -> Result<Response, Refused> {
        no_body(parts)?;
        let name = claimed(parts)?;
        if shape == Shape::Frame && name != AGENT {
            return Err(Refused::new(403, "Only the agent may hold this."));
        }
        let by = if shape == Shape::Frame { By::Frame } else { By::Script };
        // A poll takes a message away, so a link must not send one.
        let asker = self.asker_who_changes(parts, by).await?;
        let me = self.entered(name.clone(), &asker).await?;
        let handout = self.handouts.of(self, me);
        let inbox = self.site.store.read(move |read| inbox(read, me)).await?;
        let Inbox { has, directs, at, as_of } = inbox;
        handout.learn(&has);
        self.tidy(handout.reader(), &has, at);
        let mut streams = directs.clone();
        streams.push(StreamId::person(me));
        let directs = Directs::new(directs, None);
        let given = Next {
            classic: self.clone(),
            handout,
            directs,
            name: name.into(),
            shape,
            reserved: vec![],
        };
        let style = if shape == Shape::Row { Style::Spaces } else { Style::Frame };
        let hold = Hold { person: Some(me), streams, as_of, at, wait_ms: None };
        Ok(self.hold(&asker, hold, style, given))
    }

    /// The sender's person, with a mark: messages from now on wait for it. This writes only if it has to.
    async fn entered(self: &Arc<Self>, name: String, asker: &Asker) -> Result<PersonId, Refused> {
        let (wanted, person) = (name.clone(), asker.person());
        let known = self.site.store.read(move |read| {
            let Some(me) = name::find(read, &wanted)? else { return Ok(None) };
            let known = person.is_none() && Has::of(read, reader(me))?.mark.is_some();
            Ok(known.then_some(me))
        });
        if let Some(me) = known.await? {
            return Ok(me);
        }
        let (this, asker) = (self.clone(), asker.clone());
        let here = self.site.store.position();
        let entered = self.site.store.write(move |tx| {
            let me = this.enter(tx, &name, &asker)?;
            mark::begin(tx, reader(me), here)?;
            Ok(me)
        });
        Ok(entered.await?)
    }
}

fn nobody() -> Error {
    Error::new(Code::NotFound, "There is nobody of this name.")
}

fn reader(person: PersonId) -> Reader {
    Reader { person, stream: StreamId::person(person) }
}

/// Where a person stands in all its direct conversations.
struct Inbox {
    has: Has,
    directs: Vec<StreamId>,
    /// Everything up to here was given to the person, or is not for it.
    at: Position,
    as_of: Position,
}

fn inbox(read: &mut Read<'_>, me: PersonId) -> Result<Inbox, Error> {
    let has = Has::of(read, reader(me))?;
    let as_of = read.position();
    let query = "SELECT id FROM conversation WHERE first_person = ?1
                 UNION ALL SELECT id FROM conversation WHERE second_person = ?1";
    let rows = read.query(query, params![me])?;
    let (mut directs, mut at) = (Vec::with_capacity(rows.len()), as_of);
    for row in rows {
        let stream = StreamId::conversation(row.get::<ConversationId>(0)?);
        directs.push(stream);
        let wanted =
            |entry: &Entry| is_for(entry, me) && !has.taken.contains(&entry.event.position);
        if let Some(open) = mark::first_open(read, stream, has.up_to(), wanted)? {
            at = at.min(Position(open.position.0 - 1));
        }
    }
    Ok(Inbox { has, directs, at, as_of })
}

fn is_for(entry: &Entry, me: PersonId) -> bool {
    let event = &entry.event;
    &*event.kind == "message" && event.from.is_some_and(|from| from != me)
}

/// The format in which messages are delivered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shape {
    /// One message as JSON.
    Row,
    /// All messages as script in a frame.
    Frame,
}

/// A window while it waits.
struct Next {
    classic: Arc<Classic>,
    handout: Arc<Handout>,
    directs: Directs,
    name: Arc<str>,
    shape: Shape,
    /// The messages that the window was given but has not taken yet.
    reserved: Vec<Reserved>,
}

#[derive(Serialize)]
struct Row<'a> {
    mid: String,
    pos: &'a str,
    /// Only letters and digits, as `is_name` checks.
    rec: &'a str,
    content: &'a str,
    isread: &'static str,
}

/// Ends a page that is opened outside a frame. There, `parent` is the page's own window. The page ends before it calls
/// anybody, and its messages stay undelivered.
const FRAMED: &str = "<script>if(parent===self)window.stop()</script>\n";

/// Reloads the frame when nothing has come for a while, or when the server says so. It first waits until the server
/// answers, because a page that failed to load never tries again.
const RELOAD: &str = "<script>var h,p;function r(){if(p)return;p=1;var x=new XMLHttpRequest();\
    x.open('HEAD',location.href);x.onload=function(){p=0;\
    if(x.status<500)location.reload();else h=setTimeout(r,2000)};\
    x.onerror=function(){p=0;h=setTimeout(r,2000)};x.send()}\
    function b(){clearTimeout(h);h=setTimeout(r,40000)}\
    window.onload=function(){clearTimeout(h);h=setTimeout(r,1000)};b()</script>\n";

impl ForeignRequest for Next {
    fn begin(&mut self) -> Bytes {
        match self.shape {
            Shape::Row => Bytes::new(),
            Shape::Frame => format!("{}<br/>\n{FRAMED}{RELOAD}", " ".repeat(PADDING)).into(),
        }
    }

    fn on_events(&mut self, entries: &[Arc<Entry>]) -> ForeignAnswer {
        let me = self.handout.reader().person;
        let most = if self.shape == Shape::Row { 1 } else { usize::MAX };
        let mut given: Vec<Arc<Entry>> = Vec::new();
        for entry in entries {
            let mine = self.directs.has(entry) && is_for(entry, me) && given.len() < most;
            if mine && let Some(reserved) = self.handout.reserve(entry.event.position) {
                self.reserved.push(reserved);
                given.push(entry.clone());
            }
        }
        if given.is_empty() {
            return ForeignAnswer::Nothing;
        }
        let (rec, shape, html) = (self.name.clone(), self.shape, self.classic.html);
        let from = given.iter().filter_map(|e| e.event.from).collect::<Vec<_>>();
        self.classic.naming(from.into_iter(), Called::Addressed, move |calls| {
            let row = |entry: &Arc<Entry>| {
                let pos = entry.event.from.and_then(|from| calls.get(&from));
                let text = message::text_of(&entry.event.body).unwrap_or_default();
                json(&Row {
                    mid: entry.event.position.0.to_string(),
                    pos: &html.of(pos.map_or("", |pos| &**pos)),
                    rec: &rec,
                    content: &html.of(&text),
                    isread: "0",
                })
            };
            match shape {
                Shape::Row => ForeignAnswer::Whole(row(&given[0])),
                Shape::Frame => ForeignAnswer::Part(
                    given.iter().map(row).map(script).collect::<Vec<_>>().concat().into(),
                ),
            }
        })
    }

    fn beat(&self) -> Bytes {
        match self.shape {
            Shape::Row => Bytes::from_static(b" "),
            Shape::Frame => Bytes::from_static(b"<script>b()</script>\n"),
        }
    }

    fn on_end(&mut self, why: WaitEnd) -> (u16, Bytes) {
        let last = match self.shape {
            // Every answer to this page shows a line. This one shows an empty line, and the page asks again.
            Shape::Row => {
                json(&Row { mid: "0".into(), pos: "", rec: &self.name, content: "", isread: "0" })
            }
            Shape::Frame if why == WaitEnd::Revoked => {
                Bytes::from_static(b"<script>window.onload=null;clearTimeout(h)</script>\n")
            }
            Shape::Frame => Bytes::from_static(b"<script>r()</script>\n"),
        };
        (200, last)
    }

    fn on_written(&mut self) {
        self.reserved.drain(..).for_each(Reserved::keep);
    }
}

fn script(object: Bytes) -> Vec<u8> {
    [b"<script>parent.window.comet(", &object[..], b");</script>\n<script>b()</script>\n"].concat()
}
