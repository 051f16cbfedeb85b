//! This node among other nodes: its shards, and its connection to the bus.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use bytes::Bytes;
use encke_bus::{Bus, BusEvent, Message, Nats, RefusedCounts};
use encke_engine::reach::Reach;
use encke_engine::{Epoch, PersonId, StreamId};
use encke_site::Site;
use encke_transport::Shards;

use crate::config::space_options::SpaceOptions;

/// The shards of this node and its connection to the other nodes, if there is one.
pub struct Cluster {
    shards: Arc<Shards>,
    bus: Option<Arc<Nats>>,
}

impl Cluster {
    /// Connects the site and its store with the other nodes, if there is a bus.
    ///
    /// Without a bus the store alone reports the commits of other nodes, and signals stay on this node.
    pub async fn join(
        options: &SpaceOptions,
        site: &Arc<Site>,
        shards: &Arc<Shards>,
        epoch: Epoch,
    ) -> Result<Arc<Self>> {
        let mut bus = None;
        if let Some(url) = &options.nats_url {
            // The subject names the log, so that messages of another log never arrive here, even if it has the same
            // schema.
            let subject = format!("{}.{:x}", options.schema(), epoch.0);
            let key = site.store.bus_key();
            let key = key.ok_or_else(|| anyhow!("a bus needs a database that nodes share"))?;
            let nats = Nats::connect(url, &subject, key, hearing(site)).await;
            let nats = Arc::new(nats.map_err(|e| anyhow!("connecting to NATS: {e}"))?);
            let turning = nats.clone();
            site.store.tell_bus_key_to(move |key| turning.turn_key(key));
            let announcing = nats.clone();
            site.store.announce_to(move |c| announcing.send(Message::Commit(c.clone())));
            bus = Some(nats);
        }
        Ok(Arc::new(Cluster { shards: shards.clone(), bus }))
    }

    /// The shards of this node.
    pub fn shards(&self) -> &Shards {
        &self.shards
    }

    /// Messages from other nodes that were refused.
    pub fn refused(&self) -> RefusedCounts {
        self.bus.as_ref().map_or_else(RefusedCounts::default, |bus| bus.refused())
    }

    /// Messages to other nodes that were dropped.
    pub fn dropped(&self) -> u64 {
        self.bus.as_ref().map_or(0, |bus| bus.dropped())
    }
}

fn hearing(site: &Arc<Site>) -> encke_bus::OnBusEvent {
    // The site holds the bus. A strong reference back would keep both alive for ever.
    let site = Arc::downgrade(site);
    Arc::new(move |heard| {
        let Some(site) = site.upgrade() else { return };
        match heard {
            BusEvent::Message(Message::Commit(committed)) => site.store.hint(committed),
            BusEvent::Message(Message::End(epoch, after)) => site.store.hint_at(epoch, after),
            BusEvent::Message(Message::Signal(stream, item)) => site.signalled(stream, &item),
            BusEvent::Message(Message::Note(note)) => site.noted(&note),
            BusEvent::Lost => site.store.look_soon(),
        }
    })
}

impl Reach for Cluster {
    fn signal(&self, stream: StreamId, item: Bytes) {
        if let Some(bus) = &self.bus {
            bus.send(Message::Signal(stream, item.clone()));
        }
        self.shards.signal(stream, item);
    }

    fn signal_here(&self, stream: StreamId, item: Bytes) {
        self.shards.signal(stream, item);
    }

    fn note(&self, note: Bytes) {
        if let Some(bus) = &self.bus {
            bus.send(Message::Note(note));
        }
    }

    fn revocations(&self) -> u64 {
        self.shards.revocations()
    }

    fn revoke(&self, person: PersonId, credential: Option<u64>) {
        self.shards.revoke(person, credential);
    }
}
