//! A push service, and the browsers that subscribe there.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use web_push_native::Auth as Shared;
use web_push_native::p256::SecretKey;
use web_push_native::p256::ecdsa::signature::Verifier;
use web_push_native::p256::ecdsa::{Signature, VerifyingKey};
use web_push_native::p256::elliptic_curve::sec1::ToEncodedPoint;

use crate::harness::{Answer, Client, eventually, values};

/// A request that a push service has got.
#[derive(Clone)]
pub struct Pushed {
    pub path: String,
    head: String,
    body: Vec<u8>,
}

impl Pushed {
    pub fn header(&self, name: &str) -> &str {
        let mut found = values(&self.head, name);
        found.next().unwrap_or_else(|| panic!("no {name} in {}", self.head))
    }
}

/// A push service on a port of its own. It answers 201 unless it is told otherwise.
#[derive(Clone)]
pub struct PushService {
    pub address: SocketAddr,
    got: Arc<Mutex<Vec<Pushed>>>,
    /// The answers to the next requests at a path: status line and headers.
    answers: Arc<Mutex<Vec<(String, &'static str)>>>,
}

impl PushService {
    pub fn start() -> PushService {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (got, answers) = Default::default();
        let service = PushService { address, got, answers };
        let serving = service.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.serve(&stream));
            }
        });
        service
    }

    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut to = stream;
        loop {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if reader.read_line(&mut head).unwrap_or(0) == 0 {
                    return;
                }
            }
            let length = values(&head, "content-length").next().map_or(0, |v| v.parse().unwrap());
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let path = head.split(' ').nth(1).unwrap().to_owned();
            let answer = self.answer_to(&path);
            self.got.lock().unwrap().push(Pushed { path, head, body });
            let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
            if to.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }

    fn answer_to(&self, path: &str) -> &'static str {
        let mut answers = self.answers.lock().unwrap();
        match answers.iter().position(|(of, _)| of == path) {
            Some(at) => answers.remove(at).1,
            None => "201 Created",
        }
    }

    /// Answers the next request for this browser so.
    pub fn will_answer(&self, browser: &Browser, answer: &'static str) {
        self.answers.lock().unwrap().push((browser.path.clone(), answer));
    }

    /// All requests for this browser so far.
    pub fn all(&self, browser: &Browser) -> Vec<Pushed> {
        let got = self.got.lock().unwrap();
        got.iter().filter(|pushed| pushed.path == browser.path).cloned().collect()
    }

    /// The requests for this browser, once there are so many.
    pub fn wait(&self, browser: &Browser, count: usize) -> Vec<Pushed> {
        eventually(&format!("{count} notifications"), || {
            Some(self.all(browser)).filter(|all| all.len() >= count)
        })
    }
}

/// A browser with a subscription at a push service.
pub struct Browser {
    secret: SecretKey,
    auth: [u8; 16],
    path: String,
    pub endpoint: String,
}

impl Browser {
    pub fn new(service: &PushService) -> Browser {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut scalar = [7; 32];
        scalar[..8].copy_from_slice(&number.to_be_bytes());
        let path = format!("/push/{number}");
        let endpoint = format!("http://{}{path}", service.address);
        let secret = SecretKey::from_slice(&scalar).unwrap();
        Browser { secret, auth: [number as u8; 16], path, endpoint }
    }

    /// What it tells the site, as a page would.
    pub fn subscription(&self) -> Value {
        let public = self.secret.public_key().to_encoded_point(false);
        json!({
            "endpoint": self.endpoint,
            "p256dh": URL_SAFE_NO_PAD.encode(public.as_bytes()),
            "auth": URL_SAFE_NO_PAD.encode(self.auth),
        })
    }

    pub fn try_subscribe(&self, client: &mut Client) -> Answer {
        client.send("PUT", "/v1/push/subscriptions", &self.subscription())
    }

    #[track_caller]
    pub fn subscribe(&self, client: &mut Client) {
        self.try_subscribe(client).is(204);
    }

    pub fn unsubscribe(&self, client: &mut Client) -> Answer {
        let body = json!({"endpoint": self.endpoint});
        client.send("DELETE", "/v1/push/subscriptions", &body)
    }

    /// Decrypts what the site has sent.
    #[track_caller]
    pub fn read(&self, pushed: &Pushed) -> Value {
        assert_eq!(pushed.header("content-encoding"), "aes128gcm");
        let auth = Shared::clone_from_slice(&self.auth);
        let text = web_push_native::decrypt(pushed.body.clone(), &self.secret, &auth).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// The texts of all notifications so far.
    pub fn texts(&self, service: &PushService) -> Vec<String> {
        let text = |pushed: &Pushed| self.read(pushed)["text"].as_str().unwrap_or("").to_owned();
        service.all(self).iter().map(text).collect()
    }
}

/// Checks the signature of what a site says of itself, and returns its claims.
pub fn claims(pushed: &Pushed, key: &str) -> Value {
    let said = pushed.header("authorization").strip_prefix("vapid t=").unwrap();
    let (token, shown) = said.split_once(", k=").unwrap();
    assert_eq!(shown, key);
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (head, body) = signed.split_once('.').unwrap();
    let head: Value = serde_json::from_slice(&decoded(head)).unwrap();
    assert_eq!(head, json!({"typ": "JWT", "alg": "ES256"}));
    let verifying = VerifyingKey::from_sec1_bytes(&decoded(key)).unwrap();
    let signature = Signature::from_slice(&decoded(signature)).unwrap();
    verifying.verify(signed.as_bytes(), &signature).unwrap();
    serde_json::from_slice(&decoded(body)).unwrap()
}
