//! Waiting requests: what they wait for, and how their answers travel.

use axum::response::Response;
use encke_engine::hub::Follow;
use encke_engine::{PersonId, Position, StreamId};
use encke_transport::{ForeignRequest, Transport, Wait};

use super::Classic;
use super::answer::HTML;
use super::asker::Asker;
use crate::Parking;

/// The answer to a request that follows more channels than its person may follow at once.
pub(super) const TOO_MANY: &str = "You follow too many channels at once; close another page.";

/// A request that waits.
pub(super) struct Hold {
    /// The signed-in person; `None` without a session.
    pub person: Option<PersonId>,
    /// The streams that the request follows.
    pub streams: Vec<StreamId>,
    /// The position at which it followed these streams.
    pub as_of: Position,
    /// The position after which it gets events.
    pub at: Position,
    /// Milliseconds that it waits; `None` for no limit.
    pub wait_ms: Option<u64>,
}

/// How the answer travels.
#[derive(Clone, Copy)]
pub(super) enum Style {
    /// As a whole, when there is one.
    Answer(&'static str),
    /// The head at once, then spaces until there is an answer.
    Spaces,
    /// As an endless page in a frame. Only pages of the same site may hold it.
    Frame,
}

impl Classic {
    /// Lets a request wait.
    pub(super) fn hold(
        &self,
        asker: &Asker,
        hold: Hold,
        style: Style,
        protocol: impl ForeignRequest + 'static,
    ) -> Response {
        let Hold { person, streams, as_of, at, wait_ms } = hold;
        let follow = |stream| Follow { stream, from: Position(0) };
        // A sign-out also ends a wait that belongs to no particular person.
        let person = person.or(asker.person());
        let (beats, transport, content_type) = match style {
            Style::Answer(content_type) => (false, Transport::LongPoll, content_type),
            Style::Spaces => (true, Transport::LongPoll, HTML),
            Style::Frame => (true, Transport::Iframe, HTML),
        };
        let lines = match style {
            Style::Frame => {
                "Content-Security-Policy: frame-ancestors 'self'\r\n\
                 Cross-Origin-Opener-Policy: same-origin\r\n"
            }
            _ => "",
        };
        Parking::response(Wait {
            who: person.map(|person| asker.who(person)),
            visitor: asker.peer,
            follows: streams.into_iter().map(follow).collect(),
            as_of,
            revocations_seen: asker.revocations_seen,
            ends_in_ms: asker.ends_in_ms(self.site.clock.now_ms()),
            at,
            wait_ms,
            beats,
            transport,
            content_type,
            lines,
            keep_alive: asker.keep_alive,
            protocol: Box::new(protocol),
        })
    }
}
