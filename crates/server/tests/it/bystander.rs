//! A bystander: a person that is connected while another misbehaves, and must not notice.

use crate::feed::{Feed, Transport};
use crate::harness::{Person, Site};

pub struct Bystander {
    mei: Person,
    tom: Person,
    room: String,
    feeds: Vec<Feed>,
}

impl Bystander {
    pub fn new(site: &Site) -> Bystander {
        let (mut mei, tom) = (site.person("bystander"), site.person("bystander"));
        let room = mei.room(&[&tom]);
        let open = |transport| Feed::now(site, transport, &tom);
        let feeds = [Transport::WebSocket, Transport::Sse, Transport::LongPoll].map(open).into();
        let mut bystander = Bystander { mei, tom, room, feeds };
        bystander.is_undisturbed();
        bystander
    }

    /// The next message is the next thing that comes on connections that were never made again.
    #[track_caller]
    pub fn is_undisturbed(&mut self) {
        let sent = self.mei.say(&self.room, "still there?");
        for feed in &mut self.feeds {
            loop {
                let event = feed.event();
                // Its own acks come back as receipts.
                if event["kind"] == "receipts" {
                    continue;
                }
                assert_eq!(
                    (&event["stream"], &event["cursor"]),
                    (&self.room.as_str().into(), &sent["cursor"])
                );
                break;
            }
        }
        self.tom.client.get("/v1/me").is(200);
    }
}
