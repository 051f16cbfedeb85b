//! Core NATS: one subject for each space, nothing stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use async_nats::connection::State;
use async_nats::{Client, ConnectOptions, Event, Subscriber};
use encke_engine::limits;
use futures_util::StreamExt;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::message::MessageHead;
use crate::nats_url::NatsUrl;
use crate::seal::{Heads, Keys, SEAL_BYTES, Stale};
use crate::{Bus, BusEvent, Message, OnBusEvent};

/// The longest pause before another try to connect.
const RECONNECT_PAUSE_MAX: Duration = Duration::from_secs(1);
/// The time between two pings to the server.
const PING_EVERY: Duration = Duration::from_secs(5);
/// The least time between two log lines about refused messages.
const REFUSAL_LINE_EVERY: Duration = Duration::from_secs(60);

/// A node on a NATS server. It connects in the background, and again whenever the connection is lost.
pub struct Nats {
    queue: Sender<Message>,
    dropped: Arc<AtomicU64>,
    refused: Arc<Refusals>,
    keys: Arc<Keys>,
    tasks: Vec<JoinHandle<()>>,
}

impl Nats {
    /// Begins to send and listen for a space, with the key that seals its messages. The caller is within a runtime,
    /// which does the work.
    ///
    /// # Errors
    /// If the URL is invalid. An absent server is waited for.
    pub async fn connect(
        url: &str,
        space: &str,
        key: [u8; 32],
        hear: OnBusEvent,
    ) -> Result<Self, String> {
        let NatsUrl { address, credentials } = url.parse()?;
        let node = getrandom::u64().map_err(|e| e.to_string())?;
        let (told, span) = (hear.clone(), tracing::Span::current());
        let options = ConnectOptions::new()
            .name("encke")
            .retry_on_initial_connect()
            .no_echo()
            .ping_interval(PING_EVERY)
            .subscription_capacity(limits::BUS_QUEUED_MAX)
            .client_capacity(limits::BUS_QUEUED_MAX)
            .reconnect_delay_callback(|tries| {
                RECONNECT_PAUSE_MAX.min(Duration::from_millis(20 << tries.min(6)))
            })
            .event_callback(move |event| {
                let told = told.clone();
                let tell = async move {
                    match event {
                        Event::Connected => tracing::info!("NATS is there"),
                        Event::Disconnected => {
                            tracing::warn!("NATS is away; nodes look at the store")
                        }
                        // Messages came faster than they were taken; they are lost.
                        Event::SlowConsumer(_) => {}
                        other => return tracing::debug!("NATS: {other}"),
                    }
                    told(BusEvent::Lost);
                };
                // The client's own tasks don't know the owner of the connection.
                tell.instrument(span.clone())
            });
        let client = credentials.give(options).connect(address).await.map_err(|e| e.to_string())?;
        let subject = format!("encke.{space}");
        let heard = client.subscribe(subject.clone()).await.map_err(|e| e.to_string())?;
        let (queue, waiting) = channel(limits::BUS_QUEUED_MAX);
        let dropped = Arc::new(AtomicU64::new(0));
        let refused = Arc::new(Refusals::default());
        let keys = Arc::new(Keys::new(&subject, key));
        let publisher = Publisher { client, subject, keys: keys.clone(), node };
        let listener = Listener { keys: keys.clone(), node, heads: Heads::default() };
        let speaking = tokio::spawn(publisher.speak(waiting, dropped.clone()).in_current_span());
        let listening = listener.listen(heard, hear, refused.clone());
        let listening = tokio::spawn(listening.in_current_span());
        Ok(Nats { queue, keys, dropped, refused, tasks: vec![speaking, listening] })
    }

    /// Sets the new key of the space. The key before it stays good for a moment.
    pub fn turn_key(&self, key: [u8; 32]) {
        self.keys.turn(key, Instant::now());
    }

    /// The number of messages that were dropped because the server was away or slow, or because they were too large.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// The number of messages that were heard and refused.
    pub fn refused(&self) -> RefusedCounts {
        let Refusals { forged, stale, unreadable } = &*self.refused;
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        RefusedCounts { forged: count(forged), stale: count(stale), unreadable: count(unreadable) }
    }
}

impl Bus for Nats {
    fn send(&self, message: Message) {
        if self.queue.try_send(message).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// The numbers of messages that were heard and refused, by reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RefusedCounts {
    /// The seal is not of this space: the sender is a stranger, or a node that still has the old key.
    pub forged: u64,
    /// The message was taken before, or was sent too long ago, or the clocks of the nodes differ.
    pub stale: u64,
    /// The message is of another version.
    pub unreadable: u64,
}

#[derive(Default)]
struct Refusals {
    forged: AtomicU64,
    stale: AtomicU64,
    unreadable: AtomicU64,
}

/// Sends a node's messages.
struct Publisher {
    client: Client,
    subject: String,
    keys: Arc<Keys>,
    node: u64,
}

impl Publisher {
    async fn speak(self, mut waiting: Receiver<Message>, dropped: Arc<AtomicU64>) {
        let mut number = 0;
        while let Some(message) = waiting.recv().await {
            number += 1;
            let sent = match self.sealed(&message, number) {
                Some(bytes) => {
                    self.client.publish(self.subject.clone(), bytes.into()).await.is_ok()
                }
                None => false,
            };
            if !sent {
                dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn sealed(&self, message: &Message, number: u64) -> Option<Vec<u8>> {
        // A message kept for a server that is away would be old when the server comes back.
        if self.client.connection_state() != State::Connected {
            return None;
        }
        let bytes_max = self.client.server_info().max_payload.checked_sub(SEAL_BYTES)?;
        let head = MessageHead { node: self.node, number, at_ms: now_ms() };
        let mut bytes = message.encode(head, bytes_max)?;
        self.keys.seal(&mut bytes, Instant::now());
        Some(bytes)
    }
}

/// Listens for a node.
struct Listener {
    keys: Arc<Keys>,
    node: u64,
    heads: Heads,
}

/// The reason why a message is refused.
enum Refusal {
    Forged,
    Unreadable,
    Stale(Stale),
}

impl Listener {
    async fn listen(mut self, mut heard: Subscriber, hear: OnBusEvent, refused: Arc<Refusals>) {
        let mut told: Option<Instant> = None;
        while let Some(message) = heard.next().await {
            let why = match self.take(&message.payload) {
                Ok(Some(message)) => {
                    hear(BusEvent::Message(message));
                    continue;
                }
                Ok(None) => continue,
                Err(why) => why,
            };
            let (count, why) = match why {
                Refusal::Forged => (&refused.forged, "no node of this space has said it"),
                Refusal::Unreadable => (&refused.unreadable, "it is of another version"),
                Refusal::Stale(Stale::Old) => {
                    (&refused.stale, "it is too old, or the clocks of the nodes differ")
                }
                Refusal::Stale(Stale::Repeated) => (&refused.stale, "it was taken before"),
                Refusal::Stale(Stale::Crowded) => (&refused.stale, "there are too many nodes"),
            };
            count.fetch_add(1, Ordering::Relaxed);
            if told.is_none_or(|at| at.elapsed() >= REFUSAL_LINE_EVERY) {
                told = Some(Instant::now());
                tracing::warn!(
                    "a message on the bus is refused: {why}; encke_bus_refused_total counts them"
                );
            }
        }
    }

    /// The message in a payload; `None` if this node has sent it itself.
    fn take(&mut self, payload: &[u8]) -> Result<Option<Message>, Refusal> {
        if payload.len() > limits::BUS_MESSAGE_BYTES_MAX + SEAL_BYTES {
            return Err(Refusal::Forged);
        }
        let message = self.keys.open(payload, Instant::now());
        let message = message.ok_or(Refusal::Forged)?;
        let (head, message) = Message::decode(message).ok_or(Refusal::Unreadable)?;
        if head.node == self.node {
            return Ok(None);
        }
        let taken = self.heads.take(head.node, head.number, head.at_ms, now_ms());
        taken.map_err(Refusal::Stale).map(|()| Some(message))
    }
}

fn now_ms() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis() as u64)
}
