//! The kinds of conversations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Direct (two people), a room, a thread, or a ticket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Two people, always the same.
    Direct,
    /// Any number of people, with a title.
    Room,
    /// The answers to one message of another conversation.
    Thread,
    /// A question of a visitor to a desk.
    Ticket,
}

impl Kind {
    /// The kind as it is stored and sent.
    pub fn text(self) -> &'static str {
        match self {
            Kind::Direct => "direct",
            Kind::Room => "room",
            Kind::Thread => "thread",
            Kind::Ticket => "ticket",
        }
    }

    /// The kind of a stored text.
    pub fn of(text: &str) -> Self {
        match text {
            "direct" => Kind::Direct,
            "thread" => Kind::Thread,
            "ticket" => Kind::Ticket,
            _ => Kind::Room,
        }
    }
}
