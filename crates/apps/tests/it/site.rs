//! A site for tests: a store in a folder of its own, a clock that stands still, and a reach that records its calls.

use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use encke_account::Account;
use encke_channel::Channel;
use encke_chat::Chat;
use encke_engine::reach::Reach;
use encke_engine::{PersonId, StreamId};
use encke_files::Files;
use encke_rig::Postgres;
use encke_site::{Peer, Products, Site, SiteOptions};
use encke_store::{Clock, Database, Options, Store};
use encke_talk::Talk;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

/// The host that requests name, and its origin.
pub const HOST: &str = "encke.test";
pub const ORIGIN: &str = "http://encke.test";
/// An origin that the operator allows.
pub const ALLOWED: &str = "https://partner.test";
/// The password of all people of the fixture.
pub const PASSWORD: &str = "correct horse";

/// All apps, as the server has them.
pub const PRODUCTS: Products = &[&Account, &Files, &Talk, &Chat, &Channel];

/// A clock that only a test moves.
pub struct TestClock(AtomicU64);

impl Clock for TestClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Records the signals and revocations.
#[derive(Default)]
pub struct Recorded {
    pub revoked: Mutex<Vec<(PersonId, Option<u64>)>>,
    pub signals: Mutex<Vec<(StreamId, Value)>>,
    /// Called once, at the next revocation, like a session that hears of it.
    pub when_revoked: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Reach for Recorded {
    fn signal(&self, stream: StreamId, item: Bytes) {
        let item = serde_json::from_slice(&item).expect("items are JSON");
        self.signals.lock().unwrap().push((stream, item));
    }

    fn revocations(&self) -> u64 {
        self.revoked.lock().unwrap().len() as u64
    }

    fn revoke(&self, person: PersonId, credential: Option<u64>) {
        self.revoked.lock().unwrap().push((person, credential));
        if let Some(then) = self.when_revoked.lock().unwrap().take() {
            then();
        }
    }
}

/// A site, its router and its parts.
pub struct TestSite {
    pub site: Arc<Site>,
    /// The site that gets the commits.
    now: Arc<Mutex<Arc<Site>>>,
    pub reach: Arc<Recorded>,
    clock: Arc<TestClock>,
    router: Router,
    data: Arc<tempfile::TempDir>,
}

impl Drop for TestSite {
    fn drop(&mut self) {
        self.site.store.close();
    }
}

fn site_on(
    store: Store,
    clock: &Arc<TestClock>,
    reach: &Arc<Recorded>,
    products: Products,
    data: &Path,
) -> Arc<Site> {
    let shares = Default::default();
    let options = SiteOptions { allowed_origins: vec![ALLOWED.into()], shares };
    let site = Site::new(store, clock.clone(), options, products);
    site.reach_over(reach.clone());
    encke_files::open(&site, &Default::default(), data).unwrap();
    site
}

impl TestSite {
    /// A site on an empty store.
    pub fn new() -> Self {
        TestSite::with(PRODUCTS, None)
    }

    /// A site on an empty store with these products, in a database if there is one.
    fn with(products: Products, database: Option<Database>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock(AtomicU64::new(1_763_689_200_000)));
        let opened = Store::open(Options {
            data: data.path().join("data"),
            database,
            clock: clock.clone(),
            tables: encke_site::product::tables(products),
            readers: 2,
            fatal: Arc::new(|e| panic!("the store is broken: {e}")),
        });
        let opened = opened.unwrap();
        let reach = Arc::new(Recorded::default());
        let site = site_on(opened.store, &clock, &reach, products, data.path());
        let now = Arc::new(Mutex::new(site.clone()));
        let told = now.clone();
        opened.start.publishing_to(move |batch| told.lock().unwrap().committed(&batch)).unwrap();
        let (router, _) = encke_site::router(site.clone()).split_for_parts();
        TestSite { site, now, reach, clock, router, data: Arc::new(data) }
    }

    /// A site that was set up, and its owner `ada`.
    pub async fn with_owner() -> (Self, Signed) {
        TestSite::with_owner_and(PRODUCTS).await
    }

    /// A site that was set up with other products, and its owner `ada`.
    pub async fn with_owner_and(products: Products) -> (Self, Signed) {
        TestSite::with(products, None).set_up().await
    }

    /// A site that was set up in a space of its own in PostgreSQL, and its owner `ada`.
    pub async fn with_owner_in_postgres() -> (Self, Signed) {
        TestSite::with_owner_in_postgres_and(PRODUCTS).await
    }

    /// The same with other products.
    pub async fn with_owner_in_postgres_and(products: Products) -> (Self, Signed) {
        let database = Database { url: Postgres::shared().url(), space: Postgres::fresh_space() };
        // The client of the database starts a runtime. A thread that belongs to a runtime already can't start another.
        let made = std::thread::spawn(move || TestSite::with(products, Some(database)));
        made.join().unwrap().set_up().await
    }

    async fn set_up(self) -> (Self, Signed) {
        let site = self;
        let code = site.setup_code().await;
        let owner =
            json!({"name": "ada", "password": PASSWORD, "display_name": "Ada", "setup_code": code});
        let answer = site.call(post("/v1/setup").json(owner)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        let signed = Signed::of(&answer);
        (site, signed)
    }

    /// A set-up code, as the start of a node makes it.
    pub async fn setup_code(&self) -> String {
        let made = encke_account::new_setup_code(&self.site, false).await.unwrap();
        made.expect("the site has no owner yet")
    }

    /// Forgets all that is only in memory, as a restart does; the store goes on.
    pub fn restart(&mut self) {
        let (store, products) = (self.site.store.clone(), self.site.products());
        self.site = site_on(store, &self.clock, &self.reach, products, self.data.path());
        *self.now.lock().unwrap() = self.site.clone();
        (self.router, _) = encke_site::router(self.site.clone()).split_for_parts();
    }

    /// Ends the site and leaves its folder.
    pub fn closed(self) -> Arc<tempfile::TempDir> {
        self.data.clone()
    }

    /// The folder with everything.
    pub fn folder(&self) -> &Path {
        self.data.path()
    }

    /// Lets time pass.
    pub fn pass_ms(&self, ms: u64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// Adds a member and signs it in.
    pub async fn member(&self, owner: &Signed, name: &str) -> Signed {
        let account = json!({"name": name, "password": PASSWORD});
        let answer = self.call(owner.post("/v1/people").json(account)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        self.sign_in(name).await
    }

    /// Signs in a person of the fixture.
    pub async fn sign_in(&self, name: &str) -> Signed {
        let body = json!({"name": name, "password": PASSWORD});
        let answer = self.call(post("/v1/sign-in").json(body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        Signed::of(&answer)
    }

    /// Lets guests in.
    pub async fn allow_guests(&self, owner: &Signed) {
        let answer = self.call(owner.patch("/v1/settings").json(json!({"guests": true}))).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }

    /// Enters as a guest.
    pub async fn guest(&self, display_name: &str) -> Signed {
        let body = json!({"display_name": display_name});
        let answer = self.call(post("/v1/guest").json(body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        Signed::of(&answer)
    }

    /// A new token of a person.
    pub async fn token(&self, person: PersonId) -> String {
        encke_account::create_token(&self.site, person, "test", None).await.unwrap()
    }

    /// The router of the site's requests.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Sends a request and reads the whole answer.
    pub async fn call(&self, call: Call) -> Answer {
        let response = self.router.clone().oneshot(call.request()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes)
                .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&bytes)))
        };
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// Status and code of a refusal. Other answers have an empty code.
    pub fn refusal(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["error"]["code"].as_str().unwrap_or_default())
    }

    /// The value of the header `Set-Cookie` with its attributes.
    pub fn set_cookie(&self) -> &str {
        self.headers[header::SET_COOKIE].to_str().unwrap()
    }
}

/// A signed-in browser: a cookie, and pages of the site's own origin.
#[derive(Clone, Debug)]
pub struct Signed {
    pub id: PersonId,
    pub cookie: String,
}

impl Signed {
    fn of(answer: &Answer) -> Self {
        let cookie = answer.set_cookie().split(';').next().unwrap();
        let cookie = cookie.strip_prefix("encke_session=").unwrap().to_owned();
        Signed { id: answer.body["id"].as_str().unwrap().parse().unwrap(), cookie }
    }

    pub fn get(&self, path: &str) -> Call {
        get(path).cookie(&self.cookie)
    }

    pub fn post(&self, path: &str) -> Call {
        self.own_page(Method::POST, path)
    }

    pub fn patch(&self, path: &str) -> Call {
        self.own_page(Method::PATCH, path)
    }

    pub fn put(&self, path: &str) -> Call {
        self.own_page(Method::PUT, path)
    }

    pub fn delete(&self, path: &str) -> Call {
        self.own_page(Method::DELETE, path)
    }

    fn own_page(&self, method: Method, path: &str) -> Call {
        Call::new(method, path).cookie(&self.cookie).header("origin", ORIGIN)
    }
}

pub fn get(path: &str) -> Call {
    Call::new(Method::GET, path)
}

pub fn post(path: &str) -> Call {
    Call::new(Method::POST, path)
}

/// A request to be sent.
pub struct Call {
    request: Request<Body>,
}

impl Call {
    pub fn new(method: Method, path: &str) -> Self {
        let request = Request::builder().method(method).uri(path).header(header::HOST, HOST);
        Call { request: request.body(Body::empty()).unwrap() }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().insert(name, value.parse().unwrap());
        self
    }

    pub fn cookie(self, value: &str) -> Self {
        self.header("cookie", &format!("theme=dark; encke_session={value}"))
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn json(self, body: Value) -> Self {
        self.raw("application/json", body.to_string())
    }

    pub fn raw(mut self, kind: &str, body: impl Into<Body>) -> Self {
        *self.request.body_mut() = body.into();
        self.header("content-type", kind)
    }

    pub fn from(mut self, address: &str) -> Self {
        let address: IpAddr = address.parse().unwrap();
        self.request.extensions_mut().insert(Peer(address));
        self
    }

    pub fn request(self) -> Request<Body> {
        self.request
    }
}
