//! Events besides messages that people are told of while they have no page open.

use std::sync::Arc;

use encke_engine::{ConversationId, Entry, Error, Event, PersonId, Seq};
use encke_store::Read;

use crate::site::Site;

/// The events of a product that people are told of while they have no page open.
pub trait Notices: Send + Sync {
    /// The people that an event of the log is told to. Asked for each event, and most are told to nobody.
    fn told_to(
        &self,
        read: &mut Read<'_>,
        site: &Site,
        event: &Event,
    ) -> Result<Vec<PersonId>, Error>;

    /// What a person is told at this moment of events of one stream, the oldest first; among them may be others than those
    /// that [`Notices::told_to`] chose. `None` if nothing in them is news any more, or none is of this product.
    fn notice(
        &self,
        read: &mut Read<'_>,
        site: &Site,
        events: &[Arc<Entry>],
        person: PersonId,
    ) -> Result<Option<Notice>, Error>;
}

/// What a person is told. A browser writes the words around it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// What it is about: the `type` of the notification.
    pub kind: &'static str,
    /// The conversation to be opened.
    pub conversation: Option<ConversationId>,
    /// The message there.
    pub seq: Option<Seq>,
    /// The desk whose screen shows the conversation.
    pub desk: Option<ConversationId>,
    /// The name of the room or desk.
    pub title: Option<String>,
    /// The name of the person who waits.
    pub from: Option<String>,
    /// A text of the person's own.
    pub text: Option<String>,
    /// The number of things.
    pub count: usize,
}
