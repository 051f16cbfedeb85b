//! Commands of clients over a WebSocket. Each is handed to the product of its type.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use encke_engine::{Code, Error, PersonId, item};
use serde::Deserialize;

use crate::body;
use crate::identity::Role;
use crate::site::Site;

/// The sender of a command.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// The signed-in person.
    pub person: PersonId,
    /// The person's role on this site.
    pub role: Role,
    /// The client's own name for its device or tab.
    pub device: &'a str,
}

/// The fields that every command has.
#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
}

/// The number of a command, for commands that can't be read as a whole.
#[derive(Deserialize)]
struct Numbered {
    id: Option<u64>,
}

/// The refusal of a command that could not be read. It has the command's number, if that could be read.
pub fn unread(frame: &[u8], e: &Error) -> Bytes {
    let id = serde_json::from_slice::<Numbered>(frame).ok().and_then(|n| n.id);
    item::error(id, e)
}

/// Hands a command to the product of its type. `answer` is called once with the item to answer with, if there is one.
/// It must not block.
pub fn command(
    site: &Arc<Site>,
    sender: Sender<'_>,
    frame: &[u8],
    answer: impl FnOnce(Option<Bytes>) + Send + 'static,
) {
    let r#type = match body::parse::<Typed<'_>>(frame) {
        Ok(typed) => typed.r#type,
        Err(e) => return answer(Some(unread(frame, &e))),
    };
    let mut all = site.products().iter().filter_map(|p| p.extras().commands);
    match all.find(|commands| commands.types().contains(&&*r#type)) {
        Some(commands) => commands.command(site, sender, frame, Box::new(answer)),
        None => {
            let e =
                Error::new(Code::Invalid, format!("There is no command of the type {}.", r#type));
            answer(Some(unread(frame, &e)));
        }
    }
}
