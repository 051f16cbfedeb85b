//! Chat's part of the snapshot: the conversations that a person is in, and its invitations.

use encke_engine::{Error, PersonId, StreamId};
use encke_site::Site;
use encke_site::product::InSnapshot;
use encke_site::snapshot::{Described, Snapshot, describe};
use encke_store::{Read, Sql, params};
use encke_talk::conversation::{Conversation, Found, seen_by};
use encke_talk::shown_members::shown_members;
use utoipa::ToSchema;

use crate::Chat;
use crate::invitation::{self, Invitation};

/// The fields that chat adds.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
struct Part {
    conversations: Vec<Conversation>,
    /// Those that wait for an answer.
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
        let conversations = conversations(read, site, person)?;
        snapshot.mention(conversations.iter().flat_map(|c| c.members.iter().map(|m| m.person)));
        snapshot.add("conversations", &conversations);
        snapshot.add("invitations", &invitation::of(read, site, person)?);
        Ok(())
    }

    fn describe(&self) -> Described {
        describe::<Part>()
    }
}

fn conversations(
    read: &mut Read<'_>,
    site: &Site,
    person: PersonId,
) -> Result<Vec<Conversation>, Error> {
    let mine = "SELECT conversation FROM member WHERE person = ?1";
    let columns = Found::COLUMNS;
    let found = read.query(
        &format!("SELECT {columns} FROM conversation c WHERE c.id IN ({mine}) ORDER BY c.id"),
        params![person],
    )?;
    let found: Vec<Found> = found.iter().map(Found::of).collect::<Result<_, _>>()?;
    let mut members = shown_members(read, &found, person)?;
    let said: Vec<_> = found.iter().map(|c| StreamId::conversation(c.id)).collect();
    let receipts: Vec<_> = found.iter().map(|c| StreamId::receipts(c.id)).collect();
    read.expect_newest(&said)?;
    read.expect(&receipts)?;
    let mut all = Vec::new();
    for found in found {
        let members = members.remove(&found.id).unwrap_or_default();
        all.extend(seen_by(read, site, found, members, person)?);
    }
    Ok(all)
}
