//! Roles of members: what each may do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The role of a member in a conversation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MemberRole {
    /// Renames a room, opens it, decides who is in it and who keeps order there.
    Owner,
    /// Keeps order in a room: removes messages and members, mutes and bans.
    Moderator,
    /// Reads and writes.
    Member,
}

impl MemberRole {
    /// The role as it is stored and sent.
    pub fn text(self) -> &'static str {
        match self {
            MemberRole::Owner => "owner",
            MemberRole::Moderator => "moderator",
            MemberRole::Member => "member",
        }
    }

    /// The role of a stored text.
    pub fn of(text: &str) -> Self {
        match text {
            "owner" => MemberRole::Owner,
            "moderator" => MemberRole::Moderator,
            _ => MemberRole::Member,
        }
    }

    /// Whether a member with this role keeps order in a room.
    pub fn moderates(self) -> bool {
        self != MemberRole::Member
    }

    /// Whether a member with this role may mute, remove and ban one with the other role.
    pub fn may_act_on(self, other: MemberRole) -> bool {
        self == MemberRole::Owner || self == MemberRole::Moderator && !other.moderates()
    }
}
