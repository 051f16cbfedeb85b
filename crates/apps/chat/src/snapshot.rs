//! Chat's part of the snapshot: the first page of the conversations that a person is in, and its invitations.

use encke_engine::{Error, PersonId, limits};
use encke_site::Site;
use encke_site::product::InSnapshot;
use encke_site::snapshot::{Described, Snapshot, describe};
use encke_store::Read;
use encke_talk::conversation::Conversation;
use encke_talk::conversation_page::{Unread, first_page};
use utoipa::ToSchema;

use crate::Chat;
use crate::invitation::{self, Invitation};

/// The fields that chat adds.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
struct Part {
    /// The first page, the conversation with the latest activity first.
    conversations: Vec<Conversation>,
    /// What to give as `before` for the next page of conversations; null if these are all.
    #[schema(required)]
    conversations_before: Option<String>,
    /// What is unread in all conversations, also in those of later pages.
    unread: Unread,
    /// Those that wait for an answer, the oldest first. Where their texts are long, the newest come with the list of
    /// invitations alone.
    invitations: Vec<Invitation>,
}

impl InSnapshot for Chat {
    fn add(
        &self,
        read: &mut Read<'_>,
        site: &Site,
        person: PersonId,
        snapshot: &mut Snapshot,
    ) -> Result<(), Error> {
        let (invitations, bytes) = invitations(read, site, person)?;
        let left = limits::SNAPSHOT_BYTES_MAX - bytes;
        let (page, unread) = first_page(read, site, person, left)?;
        snapshot.mention(page.people.iter().map(|p| p.id));
        snapshot.add("conversations", &page.conversations);
        snapshot.add("conversations_before", &page.before);
        snapshot.add("unread", &unread);
        snapshot.add("invitations", &invitations);
        Ok(())
    }

    fn describe(&self) -> Described {
        describe::<Part>()
    }
}

/// The oldest invitations that fit into a snapshot, and how many bytes they take.
fn invitations(
    read: &mut Read<'_>,
    site: &Site,
    person: PersonId,
) -> Result<(Vec<Invitation>, usize), Error> {
    let mut bytes = 0;
    let mut shown = Vec::new();
    for invitation in invitation::of(read, site, person)? {
        let more = serde_json::to_vec(&invitation).expect("invitations are plain data").len() + 1;
        if bytes + more > limits::SNAPSHOT_INVITATIONS_BYTES_MAX {
            break;
        }
        bytes += more;
        shown.push(invitation);
    }
    Ok((shown, bytes))
}
