//! NATS, the core of it: a subject for each space, nothing stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, ConnectOptions, Event, Subscriber};
use encke_engine::limits;
use futures_util::StreamExt;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::nats_url::NatsUrl;
use crate::{Bus, Hear, Heard, Message};

/// The longest pause before another try to connect.
const AGAIN_MAX: Duration = Duration::from_secs(1);
/// How often the server is asked whether it is still there.
const PING: Duration = Duration::from_secs(5);

/// A node on a NATS server. It connects in the background, and again whenever the connection is lost.
pub struct Nats {
    queue: Sender<Message>,
    dropped: Arc<AtomicU64>,
    tasks: Vec<JoinHandle<()>>,
}

impl Nats {
    /// Begins to speak and listen for a space. To be called within a runtime, which does the work.
    ///
    /// # Errors
    /// If the URL can't be meant; a server that is not there is waited for.
    pub async fn connect(url: &str, space: &str, hear: Hear) -> Result<Self, String> {
        let NatsUrl { address, credentials } = url.parse()?;
        let node = getrandom::u64().map_err(|e| e.to_string())?;
        let (told, span) = (hear.clone(), tracing::Span::current());
        let options = ConnectOptions::new()
            .name("encke")
            .retry_on_initial_connect()
            .no_echo()
            .ping_interval(PING)
            .subscription_capacity(limits::BUS_QUEUED_MAX)
            .client_capacity(limits::BUS_QUEUED_MAX)
            .reconnect_delay_callback(|tries| {
                AGAIN_MAX.min(Duration::from_millis(20 << tries.min(6)))
            })
            .event_callback(move |event| {
                let told = told.clone();
                let tell = async move {
                    match event {
                        Event::Connected => tracing::info!("NATS is there"),
                        Event::Disconnected => {
                            tracing::warn!("NATS is away; nodes look at the store")
                        }
                        // Heard too fast; they are gone.
                        Event::SlowConsumer(_) => {}
                        other => return tracing::debug!("NATS: {other}"),
                    }
                    told(Heard::Lost);
                };
                // The client's own tasks don't know whose connection this is.
                tell.instrument(span.clone())
            });
        let client = credentials.give(options).connect(address).await.map_err(|e| e.to_string())?;
        let subject = format!("encke.{space}");
        let heard = client.subscribe(subject.clone()).await.map_err(|e| e.to_string())?;
        let (queue, waiting) = channel(limits::BUS_QUEUED_MAX);
        let dropped = Arc::new(AtomicU64::new(0));
        let speaking = speak(client, subject, node, waiting, dropped.clone());
        let speaking = tokio::spawn(speaking.in_current_span());
        let listening = tokio::spawn(listen(heard, node, hear).in_current_span());
        Ok(Nats { queue, dropped, tasks: vec![speaking, listening] })
    }

    /// Messages that were not sent, because the server was away or too slow, or because they were too large.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
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

async fn speak(
    client: Client,
    subject: String,
    node: u64,
    mut waiting: Receiver<Message>,
    dropped: Arc<AtomicU64>,
) {
    while let Some(message) = waiting.recv().await {
        // What is kept for a server that is away would be old when it comes back.
        let there = client.connection_state() == State::Connected;
        let bytes = there.then(|| message.encode(node, client.server_info().max_payload)).flatten();
        let sent = match bytes {
            Some(bytes) => client.publish(subject.clone(), bytes.into()).await.is_ok(),
            None => false,
        };
        if !sent {
            dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn listen(mut heard: Subscriber, node: u64, hear: Hear) {
    while let Some(message) = heard.next().await {
        match Message::decode(&message.payload) {
            Some((from, message)) if from != node => hear(Heard::Message(message)),
            Some(_) => {}
            None => tracing::debug!("{} bytes on the bus say nothing", message.payload.len()),
        }
    }
}
