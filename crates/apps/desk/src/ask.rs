//! Asking: a visitor's question becomes a ticket with its first message, in one write.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::append::key_reused;
use encke_engine::event::ERASED;
use encke_engine::{Code, ConversationId, Error, Owner, PersonId, desk_limits};
use encke_site::{Act, Body, CallerOrVisitor, Path, Refusal, Site, sent};
use encke_store::{Sql, Tx, params};
use encke_talk::card::{NewCard, ReadCard, say_card};
use encke_talk::conversation::{Conversation, load};
use encke_talk::message::{Message, check_text, say_message, text_of};
use encke_talk::ticket::open;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::assignment::give;
use crate::desk::DeskRow;
use crate::lateness;
use crate::settings::{FieldKind, FormField};
use crate::status::{self, VisitorTicket};
use crate::ticket::{self, Ticket};
use crate::verified;
use crate::visit::cut;
use crate::visitor;

/// A question.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTicket {
    /// The first message.
    text: String,
    /// The form of the desk as the visitor filled it in: what it wrote by the names of the fields.
    #[serde(default)]
    form: BTreeMap<String, String>,
    /// A card that the question is about, which is the first message then; `text` is its title.
    card: Option<NewCard>,
    /// Idempotency key, for clients that can't set a header.
    key: Option<String>,
}

/// A question that was asked.
#[derive(Serialize, ToSchema)]
pub(crate) struct Asked {
    conversation: Conversation,
    ticket: VisitorTicket,
}

/// Asks a desk.
#[utoipa::path(post, operation_id = "ask_desk", path = "/v1/desks/{desk}/tickets", tag = "desk",
    params(("desk" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewTicket,
    responses((status = 201, body = Asked), (status = 200, body = Asked),
        (status = 403, description = "blocked, forbidden"), (status = 404, description = "not_found"),
        (status = 409, description = "conflict, key_reused"),
        (status = 413, description = "too_large"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn ask(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(key): Path<String>,
    headers: HeaderMap,
    Body(NewTicket { text, form, card, key: in_body }): Body<NewTicket>,
) -> Result<(StatusCode, Json<Asked>), Refusal> {
    let once = sent::key_of(&headers, in_body.as_deref())?;
    check_text(&text)?;
    let card = card.map(NewCard::read).transpose()?;
    let bytes = card.as_ref().map_or(text.len(), ReadCard::bytes);
    site.take(caller.0.person, caller.0.role, Act::Creation)?;
    site.take_message(caller.0.person, caller.0.role, bytes)?;
    let held = site.clone();
    let asked = site.store.write(move |tx| {
        let (desk, visitor) = visitor::at(tx, &key, caller)?;
        visitor::check_not_blocked(&visitor)?;
        if desk.settings.verified_only && !visitor.verified {
            return Err(verified::required());
        }
        let me = visitor.person;
        let (status, id) = match asked_before(tx, me, (&text, card.as_ref()), once.as_deref())? {
            Some(id) => (StatusCode::OK, id),
            None => {
                let form = filled_in(&desk.settings.form, form)?;
                let say = |tx: &mut Tx<'_>, conversation| {
                    let message = Message { conversation, key: once, text, reply_to: None };
                    match card {
                        Some(card) => say_card(tx, &held, me, message, card),
                        None => say_message(tx, &held, me, message),
                    }
                    .map(drop)
                };
                (StatusCode::CREATED, make(tx, &held, (&desk, me, &form), say)?)
            }
        };
        let ticket = ticket::find(tx, id)?.ok_or_else(key_reused)?;
        let conversation = load(tx, &held, id, me)?;
        Ok((status, Asked { conversation, ticket: status::now(tx, &held, &ticket)? }))
    });
    let (status, asked) = asked.await?;
    Ok((status, Json(asked)))
}

/// Makes a ticket with its first message, which `say` appends.
pub(crate) fn make(
    tx: &mut Tx<'_>,
    site: &Site,
    (desk, me, form): (&DeskRow, PersonId, &str),
    say: impl FnOnce(&mut Tx<'_>, ConversationId) -> Result<(), Error>,
) -> Result<ConversationId, Error> {
    check_room(tx, me)?;
    let id = open(tx, site, desk.house, me)?;
    let mut new = Ticket::new(id, desk.house, me, tx.now_ms());
    lateness::promise_first(tx, &mut new)?;
    ticket::insert(tx, &new, form)?;
    say(tx, id)?;
    ticket::tell(tx, &new, Some(me))?;
    give(tx, site, desk.house)?;
    Ok(id)
}

/// The ticket of the same request, if it came before with this key (P3).
fn asked_before(
    tx: &mut Tx<'_>,
    me: PersonId,
    (text, card): (&str, Option<&ReadCard>),
    key: Option<&str>,
) -> Result<Option<ConversationId>, Error> {
    let Some(key) = key else { return Ok(None) };
    let Some(first) = tx.first_with_key(me, key)? else { return Ok(None) };
    let says = |body: &[u8]| match card {
        Some(card) => card.is_in(body),
        None => text_of(body).is_some_and(|said| said == text),
    };
    let is_same = first.kind == ERASED || says(&first.body);
    match first.stream.owner() {
        Owner::Conversation(id) if is_same => Ok(Some(id)),
        _ => Err(key_reused()),
    }
}

/// Refuses a visitor that has asked too much already.
pub(crate) fn check_room(tx: &mut Tx<'_>, visitor: PersonId) -> Result<(), Error> {
    let query = "SELECT count(*), coalesce(sum(CASE WHEN state <> 'resolved' THEN 1 ELSE 0 END), 0)
                 FROM desk_ticket WHERE visitor = ?1";
    let Some(row) = tx.query_one(query, params![visitor])? else { return Ok(()) };
    let (all, open): (u64, u64) = (row.get(0)?, row.get(1)?);
    if open >= desk_limits::TICKETS_OPEN_PER_VISITOR_MAX
        || all >= desk_limits::TICKETS_PER_VISITOR_MAX
    {
        let what = "You have asked enough for now: go on in one of your questions.";
        return Err(Error::new(Code::Conflict, what));
    }
    Ok(())
}

/// The form as it is stored: the fields that the desk asks for, each one a bounded line.
fn filled_in(fields: &[FormField], form: BTreeMap<String, String>) -> Result<String, Error> {
    if let Some(name) = form.keys().find(|name| !fields.iter().any(|f| f.name == **name)) {
        let name = cut(name, desk_limits::TICKET_TAG_BYTES_MAX);
        return Err(Error::new(Code::Invalid, format!("The form has no field `{name}`.")));
    }
    let mut kept = BTreeMap::new();
    for field in fields {
        let text = form.get(&field.name).map(|text| text.trim()).unwrap_or_default();
        let is_missing = field.required && text.is_empty();
        let is_wrong = match field.kind {
            FieldKind::Email => !text.is_empty() && !may_be_mail(text),
            FieldKind::Choice => !text.is_empty() && field.chosen(text).is_none(),
            FieldKind::Text | FieldKind::Phone => false,
        };
        if is_missing || is_wrong {
            let what = format!("The field `{}` of the form is not filled in right.", field.name);
            return Err(Error::new(Code::Invalid, what));
        }
        let text = field.chosen(text).unwrap_or(text);
        kept.insert(&field.name, cut(text, desk_limits::VISIT_FACT_BYTES_MAX));
    }
    Ok(serde_json::to_string(&kept).expect("a form is plain data"))
}

fn may_be_mail(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
    })
}

/// The questions of a visitor.
#[derive(Serialize, ToSchema)]
pub(crate) struct MyTickets {
    /// The newest first.
    tickets: Vec<VisitorTicket>,
}

/// The tickets of the calling visitor.
#[utoipa::path(get, operation_id = "my_tickets", path = "/v1/desks/{desk}/my-tickets", tag = "desk",
    params(("desk" = String, Path)),
    responses((status = 200, body = MyTickets), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn mine(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(key): Path<String>,
) -> Result<Json<MyTickets>, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Read)?;
    let held = site.clone();
    let mine = site.store.read(move |read| {
        let (_, visitor) = visitor::at(read, &key, caller)?;
        let newest = "t.visitor = ?1 ORDER BY t.conversation DESC LIMIT ?2";
        let most = desk_limits::TICKETS_PAGE_MAX as u64;
        let tickets = ticket::select(read, newest, params![visitor.person, most])?;
        tickets.iter().map(|ticket| status::now(read, &held, ticket)).collect()
    });
    Ok(Json(MyTickets { tickets: mine.await? }))
}
