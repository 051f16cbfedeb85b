//! Commands of clients over a WebSocket.

use std::sync::Arc;

use encke_engine::marks::Marks;
use encke_engine::presence::Presence;
use encke_engine::{ConversationId, Error, PersonId, Seq, item};
use encke_store::Appended;
use serde::Deserialize;
use utoipa::ToSchema;

use super::composed;
use super::member::check_member;
use super::message::ReadMessage;
use super::presence::SaidPresence;
use super::typing::Typing;
use super::{message, presence, receipts, typing};
use encke_site::Act;
use encke_site::Role;
use encke_site::Site;
use encke_site::product::Answer;
use encke_site::sent::{self, Sent};
use encke_site::{Sender, body, unread};

#[derive(Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum TalkCommand {
    Send {
        id: u64,
        #[schema(value_type = String)]
        conversation: ConversationId,
        key: Option<String>,
        text: String,
        #[serde(default)]
        files: Vec<String>,
        #[schema(value_type = Option<u64>)]
        reply_to: Option<Seq>,
        #[serde(default)]
        clear_draft: bool,
    },
    Ack {
        cursor: String,
    },
    Read {
        #[schema(value_type = String)]
        conversation: ConversationId,
        #[schema(value_type = u64)]
        seq: Seq,
    },
    Typing {
        #[schema(value_type = String)]
        conversation: ConversationId,
        on: bool,
    },
    Presence {
        #[schema(value_type = SaidPresence)]
        state: Presence,
    },
    Ping {
        id: u64,
    },
}

impl TalkCommand {
    /// Whether the command is a signal: others are told, but nothing is stored.
    fn is_signal(&self) -> bool {
        matches!(
            self,
            TalkCommand::Read { .. } | TalkCommand::Typing { .. } | TalkCommand::Presence { .. }
        )
    }
}

/// The types of these commands.
pub(crate) const TYPES: &[&str] = &["send", "ack", "read", "typing", "presence", "ping"];

/// Does one command of a signed-in person.
pub(crate) fn command(site: &Arc<Site>, sender: Sender<'_>, frame: &[u8], reply: Answer) {
    let Sender { person, role, device } = sender;
    let command: TalkCommand = match body::parse(frame) {
        Ok(command) => command,
        Err(e) => return reply(Some(unread(frame, &e))),
    };
    let unless_wrong = |result: Result<(), Error>| result.err().map(|e| item::error(None, &e));
    if command.is_signal()
        && let Err(e) = site.take(person, role, Act::Signal)
    {
        return reply(unless_wrong(Err(e)));
    }
    match command {
        TalkCommand::Send { id, conversation, key, text, files, reply_to, clear_draft } => {
            let read = read(conversation, key.as_deref(), text, &files);
            let read = read.map(|message| ReadMessage { reply_to, clear_draft, ..message });
            send(site, (person, role), read, move |result| {
                reply(Some(match result {
                    Ok(sent) => item::ok(id, &sent),
                    Err(e) => item::error(Some(id), &e),
                }));
            });
        }
        TalkCommand::Ack { cursor } => {
            receipts::take_ack(site, person, &cursor, move |taken| reply(unless_wrong(taken)));
        }
        TalkCommand::Read { conversation, seq } => {
            let site_for_store = site.clone();
            let marks = Marks { delivered: seq, read: seq };
            site.store.submit_read(
                move |read| check_member(read, conversation, person),
                move |member| {
                    if member.is_ok() {
                        receipts::advance(&site_for_store, conversation, person, marks);
                    }
                    reply(unless_wrong(member));
                },
            );
        }
        TalkCommand::Typing { conversation, on } => {
            let (site_for_store, held) = (site.clone(), site.clone());
            site.store.submit_read(
                move |read| typing::check(read, &held, conversation, person),
                move |may| {
                    if let Ok(true) = may {
                        typing::tell(&site_for_store, conversation, person, Typing { on });
                    }
                    reply(unless_wrong(may.map(drop)));
                },
            );
        }
        TalkCommand::Presence { state } => {
            let checked = presence::check(state);
            if checked.is_ok() {
                presence::says(site, person, device, state);
            }
            reply(unless_wrong(checked));
        }
        TalkCommand::Ping { id } => reply(Some(item::ok(id, &serde_json::json!({})))),
    }
}

fn read(
    conversation: ConversationId,
    key: Option<&str>,
    text: String,
    files: &[String],
) -> Result<ReadMessage, Error> {
    let key = key.map(sent::check_key).transpose()?;
    let files = composed::ids(files)?;
    let (reply_to, clear_draft, poll, card) = Default::default();
    Ok(ReadMessage { conversation, key, text, reply_to, files, clear_draft, poll, card })
}

fn send(
    site: &Arc<Site>,
    (person, role): (PersonId, Role),
    read: Result<ReadMessage, Error>,
    reply: impl FnOnce(Result<Sent, Error>) + Send + 'static,
) {
    let counted = read.and_then(|read| {
        site.take_message(person, role, read.text.len())?;
        Ok(read)
    });
    let message = match counted {
        Ok(message) => message,
        Err(e) => return reply(Err(e)),
    };
    let site_for_store = site.clone();
    let reply = move |result: Result<Appended, Error>| {
        reply(result.map(|appended| Sent::of(&site_for_store, appended)));
    };
    message::send_read(site, person, message, Box::new(reply));
}
