//! Chat's part of the snapshot: the first page of the conversations that a person is in, and its invitations.

use encke_account::blocked_by;
use encke_engine::{ConversationId, Error, PersonId, limits};
use encke_site::product::InSnapshot;
use encke_site::snapshot::{Described, Snapshot, describe};
use encke_site::{JsonList, Site};
use encke_store::{Read, StoreError};
use encke_talk::choices;
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
    /// The `before` of the next page of conversations; null if these are all.
    #[schema(required)]
    conversations_before: Option<String>,
    /// Sums over all conversations, also those of later pages.
    unread: Unread,
    /// Sums over the threads that the person follows. They are not in `conversations`.
    threads: Unread,
    /// Invitations that wait for an answer, the oldest first, as many as fit.
    invitations: Vec<Invitation>,
    /// The conversations that stand above others for the person.
    #[schema(value_type = Vec<String>)]
    pinned: Vec<ConversationId>,
    /// The names of the person's folders.
    folders: Vec<String>,
    /// The people whom the person blocks, the newest first.
    #[schema(value_type = Vec<String>)]
    blocked: Vec<PersonId>,
    /// Whether further invitations wait. The list of invitations has all of them.
    invitations_more: bool,
}

impl InSnapshot for Chat {
    fn add(
        &self,
        read: &mut Read<'_>,
        site: &Site,
        person: PersonId,
        snapshot: &mut Snapshot,
    ) -> Result<(), Error> {
        let (invitations, more) = shown_invitations(read, site, person)?;
        let (pinned, folders) = (choices::pinned(read, person)?, choices::folders(read, person)?);
        let blocked: Vec<_> = blocked_by(read, person)?.into_iter().map(|(id, _)| id).collect();
        snapshot.add("pinned", &pinned);
        snapshot.add("folders", &folders);
        snapshot.add("blocked", &blocked);
        // Other products have added their bounded parts already.
        let taken = invitations.bytes() + snapshot.fields.bytes();
        let left = limits::SNAPSHOT_BYTES_MAX.saturating_sub(taken);
        let (page, unread, in_threads) = first_page(read, site, person, left)?;
        snapshot.mention_written(page.people);
        snapshot.fields.put_json("conversations", &page.conversations.into_bytes());
        snapshot.add("conversations_before", &page.before);
        snapshot.add("unread", &unread);
        snapshot.add("threads", &in_threads);
        snapshot.fields.put_json("invitations", &invitations.into_bytes());
        snapshot.add("invitations_more", &more);
        Ok(())
    }

    fn describe(&self) -> Described {
        describe::<Part>()
    }
}

/// The oldest invitations of a person, as many as fit into a snapshot, and whether the person has further ones.
fn shown_invitations(
    read: &mut Read<'_>,
    site: &Site,
    person: PersonId,
) -> Result<(JsonList, bool), StoreError> {
    let mut shown = JsonList::default();
    for invitation in invitation::of(read, site, person)? {
        let before = shown.bytes();
        shown.push(&invitation);
        if shown.bytes() > limits::SNAPSHOT_INVITATIONS_BYTES_MAX {
            shown.cut(before);
            return Ok((shown, true));
        }
    }
    Ok((shown, false))
}
