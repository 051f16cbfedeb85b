//! A world in memory: a log, a gate, and shards on a port of their own.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use encke_engine::hub::{Follow, Page, PageRequest};
use encke_engine::reach::Reach;
use encke_engine::{
    Batch, Code, ConversationId, Cursor, Entry, Epoch, Error, Event, PersonId, Position, Seq, Step,
    StreamId, item,
};
use encke_transport::{
    Admission, Config, CredentialTime, FeedRequest, Files, Gate, Handoff, Hosts, KeptSend,
    LogPlace, Reply, Sealed, Seed, SendAnswer, SendPath, SendRequest, Shards, Timing, Who,
};

pub const EPOCH: Epoch = Epoch(0xe);
/// The conversation that all people are in.
pub const ROOM: ConversationId = ConversationId(1);

/// The differences from a server with an empty log.
pub struct Setup {
    pub timing: Timing,
    pub shards: usize,
    pub connections_max: usize,
    /// The files that connections may have open, and the number of them left to others.
    pub files: Option<(Arc<Files>, usize)>,
    /// Texts from before the start. They are in the store, not in the tail.
    pub history: Vec<String>,
    pub trimmed: u64,
    pub good_for_ms: u64,
    /// Milliseconds until each session ends, unless one of the answers in `left` extends it.
    pub ends_in_ms: u64,
    /// The gate's answers about credentials; each is used once.
    pub left: Vec<CredentialTime>,
    /// The sites of the process.
    pub hosts: Option<Arc<dyn Hosts>>,
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            timing: Timing { tick_ms: 20, ..Timing::default() },
            shards: 2,
            connections_max: 1000,
            files: None,
            history: Vec::new(),
            trimmed: 0,
            good_for_ms: 60_000,
            ends_in_ms: u64::MAX,
            left: Vec::new(),
            hosts: None,
        }
    }
}

#[derive(Default)]
pub struct Seen {
    pub admitted: usize,
    pub opened: usize,
    pub closed: usize,
    pub acked: Vec<Position>,
    pub sends: Vec<KeptSend>,
    pub pages: usize,
}

pub struct World {
    pub shards: Arc<Shards>,
    pub address: SocketAddr,
    pub gate: Arc<TestGate>,
    pub handed_off: Mutex<mpsc::Receiver<(TcpStream, Vec<u8>)>>,
}

pub struct TestGate {
    log: Mutex<Vec<Arc<Entry>>>,
    shards: OnceLock<Arc<Shards>>,
    good_for_ms: u64,
    ends_in_ms: u64,
    pub left: Mutex<Vec<CredentialTime>>,
    pub seen: Mutex<Seen>,
    pub held: Mutex<Vec<Reply<Bytes>>>,
    /// Admissions are made, but held back while this lock is taken.
    pub door: Mutex<()>,
}

struct Hand(Mutex<mpsc::Sender<(TcpStream, Vec<u8>)>>);

impl Handoff for Hand {
    fn http(
        &self,
        stream: TcpStream,
        _sealed: Option<Box<Sealed>>,
        already_read: Vec<u8>,
        _peer: SocketAddr,
    ) {
        stream.set_nonblocking(false).unwrap();
        self.0.lock().unwrap().send((stream, already_read)).unwrap();
    }
}

fn entry(position: u64, back: u64, text: &str) -> Arc<Entry> {
    let event = Event {
        position: Position(position),
        stream: StreamId::conversation(ROOM),
        seq: Seq(position),
        back: Position(back),
        at_ms: 1,
        from: Some(PersonId(1)),
        kind: "message".into(),
        key: None,
        body: serde_json::to_vec(&serde_json::json!({ "text": text })).unwrap().into(),
        erases: Vec::new(),
        channel: None,
    };
    Arc::new(Entry::new(event, EPOCH))
}

pub fn cursor(position: u64) -> String {
    Cursor { epoch: EPOCH, position: Position(position) }.to_string()
}

impl World {
    pub fn new() -> Arc<World> {
        World::with(Setup::default())
    }

    pub fn with(setup: Setup) -> Arc<World> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let history = setup.history.iter().zip(1..);
        let log: Vec<_> = history.map(|(text, n)| entry(n, n - 1, text)).collect();
        let head = Position(log.len() as u64);
        let gate = Arc::new(TestGate {
            log: Mutex::new(log),
            shards: OnceLock::new(),
            good_for_ms: setup.good_for_ms,
            ends_in_ms: setup.ends_in_ms,
            left: Mutex::new(setup.left),
            seen: Mutex::default(),
            held: Mutex::default(),
            door: Mutex::default(),
        });
        let (hand, handed_off) = mpsc::channel();
        let mut config = Config::new(vec![listener]);
        config.shards = setup.shards;
        config.connections_max = setup.connections_max;
        if let Some((files, left)) = setup.files {
            (config.files, config.files_left) = (files, left);
        }
        config.timing = setup.timing;
        let send = |before, after| SendPath { before, after };
        config.sends =
            Arc::new([send("/v1/channels/", "/events"), send("/v1/conversations/", "/messages")]);
        config.hosts = setup.hosts;
        let seed = Seed { epoch: EPOCH, trimmed: Position(setup.trimmed), tail: Vec::new(), head };
        let hand = Arc::new(Hand(Mutex::new(hand)));
        let shards = Shards::start(config, seed, gate.clone(), hand).unwrap();
        gate.shards.set(shards.clone()).ok().unwrap();
        Arc::new(World { shards, address, gate, handed_off: Mutex::new(handed_off) })
    }

    /// Appends these texts to the room, in one commit.
    pub fn say(&self, texts: &[&str]) {
        let mut log = self.gate.log.lock().unwrap();
        let mut batch = Batch::default();
        for text in texts {
            let next = log.len() as u64 + 1;
            let entry = entry(next, next - 1, text);
            log.push(entry.clone());
            batch.steps.push(Step::Event(entry));
        }
        self.shards.publish(Arc::new(batch));
    }

    pub fn handed_off(&self) -> (TcpStream, Vec<u8>) {
        self.handed_off.lock().unwrap().recv_timeout(Duration::from_secs(10)).unwrap()
    }

    /// Waits until a condition is true.
    pub fn until(&self, done: impl Fn(&World) -> bool) {
        for _ in 0..2000 {
            if done(self) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("it does not come true: {:?}", self.shards.stats());
    }
}

impl TestGate {
    fn head(&self) -> Position {
        Position(self.log.lock().unwrap().len() as u64)
    }

    fn look(&self, request: &FeedRequest) -> Result<Admission, Error> {
        let token = request.credentials.bearer.as_deref().or(request.credentials.pass.as_deref());
        let person = token.and_then(|t| t.parse().ok());
        let person = person.ok_or_else(|| Error::new(Code::NotSignedIn, "Who are you?"))?;
        let follow = |stream| Follow { stream, from: Position(0) };
        let person = PersonId(person);
        let mut follows = vec![follow(StreamId::person(person))];
        if request.conversations {
            follows.push(follow(StreamId::conversation(ROOM)));
        }
        let known = self.head();
        Ok(Admission {
            who: Who { person, credential: 7, rank: 0, client: request.client.clone() },
            follows,
            as_of: known,
            revocations_seen: self.shards.get().unwrap().revocations(),
            guest: false,
            known,
            good_for_ms: self.good_for_ms,
            ends_in_ms: self.ends_in_ms,
            allow_origin: request.origin.clone(),
            allow_credentials: false,
        })
    }
}

impl Gate for TestGate {
    fn admit(&self, request: Arc<FeedRequest>, reply: Reply<Admission>) {
        assert_ne!(&*request.client, "panic", "this request was told to panic");
        let answer = self.look(&request).map_err(Into::into);
        self.seen.lock().unwrap().admitted += 1;
        let _open = self.door.lock().unwrap();
        reply.admit(answer);
    }

    fn page(&self, request: PageRequest, reply: Reply<Page>) {
        self.seen.lock().unwrap().pages += 1;
        let log = self.log.lock().unwrap().clone();
        thread::spawn(move || {
            let (mut up_to, mut bytes) = (request.after, 0);
            let mut entries = Vec::new();
            for entry in &log[request.after.0 as usize..request.until.0 as usize] {
                if bytes > 1 << 20 {
                    break;
                }
                up_to = entry.event.position;
                if request.follows.iter().any(|f| f.stream == entry.event.stream.route()) {
                    bytes += entry.event.body.len();
                    entries.push(entry.clone());
                }
            }
            reply.page(Ok(Page { entries, up_to }));
        });
    }

    fn command(&self, _who: &Who, frame: Bytes, reply: Reply<Bytes>) {
        let Ok(command) = serde_json::from_slice::<serde_json::Value>(&frame) else {
            let error = Error::new(Code::BadJson, "This is not JSON.");
            return reply.answer(Some(item::error(None, &error)));
        };
        match command["type"].as_str() {
            Some("hold") => self.held.lock().unwrap().push(reply),
            Some("panic") => panic!("this command was told to panic"),
            Some("quiet") => reply.answer(None),
            _ => reply.answer(Some(item::ok(command["id"].as_u64().unwrap_or(0), &command))),
        }
    }

    fn send(&self, request: &SendRequest<'_>, reply: Reply<SendAnswer>) {
        assert_ne!(request.body, b"panic", "this send was told to panic");
        if request.body == b"lose" {
            return;
        }
        let at_ms = request.body.len() as u64;
        let cursor = Cursor { epoch: EPOCH, position: Position(7) };
        let repeated = request.key == Some("again");
        let result = Ok(LogPlace { seq: Seq(3), cursor, at_ms, repeated });
        self.seen.lock().unwrap().sends.push(request.keep());
        reply.sent(SendAnswer { result, allow_origin: None });
    }

    fn left(&self, who: &Who, reply: Reply<CredentialTime>) {
        assert_eq!(who.credential, 7);
        reply.left(self.left.lock().unwrap().pop().unwrap_or(CredentialTime::Ms(7, 0)));
    }

    fn acked(&self, _who: &Who, position: Position) {
        self.seen.lock().unwrap().acked.push(position);
    }

    fn opened(&self, _who: &Who) {
        self.seen.lock().unwrap().opened += 1;
    }

    fn closed(&self, _who: &Who) {
        self.seen.lock().unwrap().closed += 1;
    }
}
