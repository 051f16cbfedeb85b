//! The kinds of conversations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Direct (two people) or a room.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Two people, always the same.
    Direct,
    /// Any number of people, with a title.
    Room,
}

impl Kind {
    /// The kind as it is stored and sent.
    pub fn text(self) -> &'static str {
        match self {
            Kind::Direct => "direct",
            Kind::Room => "room",
        }
    }

    /// The kind of a stored text.
    pub fn of(text: &str) -> Self {
        if text == "direct" { Kind::Direct } else { Kind::Room }
    }
}
