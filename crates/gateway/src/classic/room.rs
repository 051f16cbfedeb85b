//! `/classic/room/`: one room for the whole site. It is an ordinary open room of the web chat.
//!
//! A guest session is made for a name. The author of a message is the session's person, whatever the form says.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use encke_account::gateway_sign_in;
use encke_chat::gateway_conversations;
use encke_engine::{Code, ConversationId, Entry, Error, PersonId, Position, Seq, StreamId, limits};
use encke_site::{Browser, Role};
use encke_store::{Read, Sql, StoreError, Tx, params};
use encke_talk::member::is_member;
use encke_talk::message;
use encke_transport::{ForeignAnswer, ForeignRequest, WaitEnd};
use http::HeaderMap;

use super::answer::{self, Refused, XML, html};
use super::asker::Asker;
use super::form::{Form, number};
use super::hold::{Hold, Style, TOO_MANY};
use super::name::{self, Called};
use super::{Claims, Classic, xml};

/// Characters of a name.
const NAME_CHARS_MAX: usize = 255;
/// How long a poll waits. The page pauses a second after each.
const WAIT_MS: u64 = 25_000;
/// The room's title in the web chat.
const TITLE: &str = "聊天室 Classic room";

pub(super) fn router() -> Router<Arc<Classic>> {
    Router::new()
        .route("/chat.php", post(enter).fallback(answer::wrong_method))
        .route("/add.php", post(add).fallback(answer::wrong_method))
        .route("/message.php", post(messages).fallback(answer::wrong_method))
}

/// The answer after entering, for a site with a page of its own at the same address.
const ENTERED: &str = "<!doctype html><meta charset=\"utf-8\"><title>OK</title>\
    <meta http-equiv=\"refresh\" content=\"0; url=chat.php\"><p><a href=\"chat.php\">OK</a>";

async fn enter(State(classic): State<Arc<Classic>>, request: Request) -> Response {
    let entered = classic.room_enter(request).await.map(|cookie| {
        let mut response = html(ENTERED);
        response.headers_mut().extend(cookie);
        response
    });
    answer::of(entered)
}

async fn add(State(classic): State<Arc<Classic>>, request: Request) -> Response {
    answer::of(classic.room_add(request).await)
}

async fn messages(State(classic): State<Arc<Classic>>, request: Request) -> Response {
    answer::of(classic.room_messages(request).await)
}

fn room(sql: &mut impl Sql) -> Result<Option<ConversationId>, StoreError> {
    let found = sql.query_one("SELECT value FROM classic_state WHERE name = 'room'", params![])?;
    found.map(|row| row.get(0)).transpose()
}

/// Adds a person to the room. The first one makes the room.
fn join(
    tx: &mut Tx<'_>,
    site: &encke_site::Site,
    person: PersonId,
) -> Result<ConversationId, Error> {
    let id = match room(tx)? {
        Some(id) => id,
        None => {
            let id = gateway_conversations::make_open_room(tx, TITLE)?;
            let sql = "INSERT INTO classic_state (name, value) VALUES ('room', ?1)";
            tx.execute(sql, params![id])?;
            id
        }
    };
    gateway_conversations::own_room(tx, site, id)?;
    gateway_conversations::enter_open_room(tx, site, id, person)?;
    Ok(id)
}

impl Classic {
    /// Lets a person in by a name. The returned header sets its session.
    async fn room_enter(self: &Arc<Self>, request: Request) -> Result<HeaderMap, Refused> {
        let (parts, form) = Form::of_body(request).await?;
        let name = form.need_text("username")?.to_owned();
        if name.chars().count() > NAME_CHARS_MAX {
            return Err(Refused::bad("This name is too long; choose a shorter one."));
        }
        gateway_sign_in::check_visible(&name)?;
        let asker = self.anybody(&parts).await?;
        let browser = Browser::of(&parts);
        let account = asker.identity.filter(|i| i.role != Role::Guest).map(|i| i.person);
        if let Some(me) = account {
            let (wanted, this) = (name.clone(), self.clone());
            let mine = self.site.store.write(move |tx| {
                let mine = gateway_sign_in::is_called(tx, me, &wanted)?;
                mine.then(|| join(tx, &this.site, me)).transpose()
            });
            match (mine.await?, self.claims) {
                (Some(_), _) => return Ok(gateway_sign_in::same_session(&browser)),
                (None, Claims::Session) => return Err(Refused::another()),
                (None, Claims::Trust) => {}
            }
        }
        if self.claims == Claims::Session {
            gateway_sign_in::take_entry(&self.site, asker.peer)?;
        }
        // To enter as somebody else does not end a person's own session.
        let before = if account.is_some() { browser.without_session() } else { browser };
        let this = self.clone();
        let entered = gateway_sign_in::begin_session(&self.site, &before, move |tx| {
            let guest = this.guest(tx, &name)?;
            join(tx, &this.site, guest)?;
            Ok(guest)
        });
        Ok(entered.await?)
    }

    fn guest(&self, tx: &mut Tx<'_>, name: &str) -> Result<PersonId, Error> {
        if gateway_sign_in::looks_like_an_account(tx, name)? {
            return Err(Error::new(Code::NameTaken, "Somebody with an account has this name."));
        }
        let guest = match self.claims {
            Claims::Trust => name::find_or_make(tx, name)?,
            Claims::Session if gateway_sign_in::guests_are_allowed(tx)? => {
                gateway_sign_in::new_guest(tx, name)?
            }
            Claims::Session => return Err(Error::new(Code::Forbidden, "This site has no guests.")),
        };
        let sql = "INSERT INTO classic_guest (person, name) VALUES (?1, ?2)
                   ON CONFLICT (person) DO UPDATE SET name = excluded.name";
        tx.execute(sql, params![guest, name])?;
        self.names.forget(guest);
        Ok(guest)
    }

    async fn room_add(self: &Arc<Self>, request: Request) -> Result<Response, Refused> {
        let (parts, form) = Form::of_body(request).await?;
        let (_, identity) = self.signed_in(&parts).await?;
        let text = form.need_text("message")?.to_owned();
        self.site.take_message(identity.person, identity.role, text.len())?;
        let (me, this) = (identity.person, self.clone());
        let added = self.site.store.write(move |tx| {
            // A person that was removed from the room joins again by writing.
            let id = join(tx, &this.site, me)?;
            message::say(tx, &this.site, me, id, &text)
        });
        added.await?;
        Ok(html(""))
    }

    async fn room_messages(self: &Arc<Self>, request: Request) -> Result<Response, Refused> {
        let (parts, form) = Form::of_body(request).await?;
        let (asker, identity) = self.signed_in(&parts).await?;
        // An invalid value counts as none.
        let last = form.get("lastid")?.and_then(number).unwrap_or(0);
        let me = identity.person;
        let progress = self.site.store.read(move |read| room_progress(read, me, Seq(last))).await?;
        Ok(self.room_wait(&asker, me, progress))
    }

    fn room_wait(
        self: &Arc<Self>,
        asker: &Asker,
        me: PersonId,
        progress: RoomProgress,
    ) -> Response {
        let RoomProgress { stream, at, as_of } = progress;
        let streams = stream.into_iter().collect();
        let hold = Hold { person: Some(me), streams, as_of, at, wait_ms: Some(WAIT_MS) };
        self.hold(asker, hold, Style::Answer(XML), Poll { classic: self.clone() })
    }
}

/// Where a person stands in the room.
struct RoomProgress {
    /// `None` before the first person has entered the room.
    stream: Option<StreamId>,
    at: Position,
    as_of: Position,
}

/// The place from which a person goes on after the room's events up to a number. A person without events begins with
/// the newest page.
fn room_progress(read: &mut Read<'_>, me: PersonId, last: Seq) -> Result<RoomProgress, Error> {
    let as_of = read.position();
    let Some(id) = room(read)? else { return Ok(RoomProgress { stream: None, at: as_of, as_of }) };
    if !is_member(read, id, me)? && !gateway_conversations::is_open(read, id)? {
        return Err(Error::new(Code::NotMember, "You are not a member of this room."));
    }
    let stream = StreamId::conversation(id);
    let after = match last {
        Seq(0) => read.head(stream)?.seq.0.saturating_sub(limits::REPLAY_EVENTS_MAX as u64),
        Seq(last) => last,
    };
    let (newer, _) = read.after(stream, Seq(after), 1)?;
    let at = newer.first().map_or(as_of, |first| Position(first.event.position.0 - 1));
    Ok(RoomProgress { stream: Some(stream), at, as_of })
}

/// A poll of the room while it waits.
struct Poll {
    classic: Arc<Classic>,
}

const EMPTY: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<messagelist></messagelist>";

impl ForeignRequest for Poll {
    fn on_events(&mut self, entries: &[Arc<Entry>]) -> ForeignAnswer {
        let said = entries.iter().filter(|e| &*e.event.kind == "message" && e.event.from.is_some());
        let said: Vec<Arc<Entry>> = said.cloned().collect();
        if said.is_empty() {
            return ForeignAnswer::Nothing;
        }
        let from: Vec<PersonId> = said.iter().filter_map(|e| e.event.from).collect();
        let html = self.classic.html;
        self.classic.naming(from.into_iter(), Called::Shown, move |calls| {
            let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<messagelist>");
            for entry in &said {
                let event = &entry.event;
                let name = event.from.and_then(|from| calls.get(&from));
                out.push_str(&format!("<message><id>{}</id><user>", event.seq.0));
                // The page takes the text out of the XML and inserts it as HTML.
                xml::push(&mut out, &html.of(name.map_or("", |name| &**name)));
                out.push_str("</user><msg>");
                let text = message::text_of(&event.body).unwrap_or_default();
                xml::push(&mut out, &html.of(&text));
                out.push_str("</msg></message>");
            }
            out.push_str("</messagelist>");
            ForeignAnswer::Whole(out.into())
        })
    }

    fn on_end(&mut self, why: WaitEnd) -> (u16, Bytes) {
        match why {
            WaitEnd::Revoked => (401, Bytes::from_static(EMPTY)),
            WaitEnd::TooMany => (429, Bytes::from_static(TOO_MANY.as_bytes())),
            WaitEnd::Time | WaitEnd::Drain | WaitEnd::Again => (200, Bytes::from_static(EMPTY)),
        }
    }
}
