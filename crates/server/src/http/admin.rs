//! Administration of a data folder: over a socket in the folder while a server runs, otherwise directly on the store.
//!
//! A user of the machine that may open the folder's files may administer it. Other users can't reach the socket. Both
//! ways go through one router, so a change while the server runs takes effect at once (P7).

use std::fs::File;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use axum::body::Body;
use axum::extract::{Path as UrlPath, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use encke_account::{self as account, AnyToken, Listed, NewAccount, Recovered};
use encke_engine::{Code, Error};
use encke_site::{Products, Refusal, Role, Site};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tower::ServiceExt;
use tracing::Instrument;

use crate::boot::space;
use crate::config::options::Place;

/// The socket's name in the data folder.
const SOCKET: &str = "admin.sock";
/// The greatest size of an answer that the command line reads.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

#[derive(Clone)]
struct Admin {
    site: Arc<Site>,
    data: PathBuf,
}

/// A request to add a person.
#[derive(Serialize, Deserialize)]
pub struct NewPerson {
    /// The name to sign in with.
    pub name: String,
    /// The name that others see; the sign-in name if absent.
    pub display_name: Option<String>,
    /// The password of the new person.
    pub password: String,
    /// `owner` or `member`; if absent, the first account is the owner.
    pub role: Option<Role>,
}

/// A request to set a person's password.
#[derive(Serialize, Deserialize)]
pub struct NewPassword {
    /// The name that the person signs in with.
    pub name: String,
    /// The new password.
    pub password: String,
}

/// A request to make a token.
#[derive(Serialize, Deserialize)]
pub struct NewToken {
    /// The name of the person that the token is for.
    pub user: Option<String>,
    /// The name of the bot that the token is for, if it is for no person. The bot is made if it does not exist.
    pub bot: Option<String>,
    /// A note of the token's purpose.
    pub label: String,
    /// Seconds until it expires; never if absent.
    pub expires_in_s: Option<u64>,
}

/// A request to copy the store.
#[derive(Serialize, Deserialize)]
pub struct NewBackup {
    /// The file to write; one with the time in its name if absent.
    pub file: Option<PathBuf>,
}

fn router(site: Arc<Site>, data: PathBuf) -> Router {
    Router::new()
        .route("/people", get(people).post(add_person))
        .route("/passwords", post(set_password))
        .route("/tokens", get(tokens).post(create_token))
        .route("/tokens/{id}", delete(revoke_token))
        .route("/setup-codes", post(renew_setup_code))
        .route("/backups", post(back_up))
        .with_state(Admin { site, data })
}

async fn people(State(admin): State<Admin>) -> Result<Json<Vec<Listed>>, Refusal> {
    Ok(Json(account::everyone(&admin.site).await?))
}

async fn add_person(
    State(admin): State<Admin>,
    Json(new): Json<NewPerson>,
) -> Result<Json<Value>, Refusal> {
    let NewPerson { name, display_name, password, role } = new;
    let account = NewAccount { name, password, display_name };
    let (person, role) = account::add_as(&admin.site, account, role).await?;
    Ok(Json(serde_json::json!({"id": person, "role": role})))
}

async fn set_password(
    State(admin): State<Admin>,
    Json(new): Json<NewPassword>,
) -> Result<Json<Recovered>, Refusal> {
    Ok(Json(account::set_password(&admin.site, &new.name, &new.password).await?))
}

async fn tokens(State(admin): State<Admin>) -> Result<Json<Vec<AnyToken>>, Refusal> {
    Ok(Json(account::all_tokens(&admin.site).await?))
}

async fn revoke_token(
    State(admin): State<Admin>,
    UrlPath(id): UrlPath<String>,
) -> Result<StatusCode, Refusal> {
    account::revoke_token(&admin.site, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a new set-up code. All earlier codes end.
async fn renew_setup_code(State(admin): State<Admin>) -> Result<Json<Value>, Refusal> {
    let code = account::new_setup_code(&admin.site, true).await?;
    let owned = || {
        Error::new(
            Code::AlreadySetUp,
            "This site has an owner already: `encke user list` names everyone.",
        )
    };
    Ok(Json(serde_json::json!({"setup_code": code.ok_or_else(owned)?})))
}

async fn create_token(
    State(admin): State<Admin>,
    Json(new): Json<NewToken>,
) -> Result<Json<Value>, Refusal> {
    let person = match (&new.user, &new.bot) {
        (Some(name), None) => account::named(&admin.site, name).await?,
        (None, Some(name)) => account::bot(&admin.site, name).await?,
        _ => {
            let what = "A token is either for a person or for a bot.";
            return Err(Error::new(Code::Invalid, what).into());
        }
    };
    let token = account::create_token(&admin.site, person, &new.label, new.expires_in_s).await?;
    Ok(Json(serde_json::json!({"token": token, "person": person})))
}

async fn back_up(
    State(admin): State<Admin>,
    Json(new): Json<NewBackup>,
) -> Result<Json<Value>, Refusal> {
    let now = admin.site.clock.now_ms();
    let file = new.file.unwrap_or_else(|| encke_store::backup_name(&admin.data, now));
    let (store, to) = (admin.site.store.clone(), file.clone());
    let copied = tokio::task::spawn_blocking(move || store.backup(&to)).await;
    // The operator at the command line sees the details of an error.
    let failed = |what: String| Refusal(Error::new(Code::Internal, what));
    copied.map_err(|e| failed(e.to_string()))?.map_err(|e| failed(e.to_string()))?;
    Ok(Json(serde_json::json!({"file": file})))
}

/// The socket of a running server. Its file is removed when this value is dropped.
pub struct Socket(PathBuf);

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Locks the folder of a node with its store in a database. The folder holds little more than the socket, but only one
/// server may own that.
pub fn take_folder(data: &Path) -> Result<File> {
    let folder = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data);
    folder.with_context(|| format!("making the folder {}", data.display()))?;
    let lock = File::create(data.join("lock"))?;
    let taken = flock(&lock, FlockOperation::NonBlockingLockExclusive);
    taken.with_context(|| format!("another Encke is using the folder {}", data.display()))?;
    Ok(lock)
}

/// Serves administration in the data folder.
pub fn listen(data: &Path, site: &Arc<Site>, draining: watch::Receiver<bool>) -> Result<Socket> {
    let path = data.join(SOCKET);
    // A killed server may have left the file. The folder's lock shows that no other server runs.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path)
        .with_context(|| format!("making the socket {}", path.display()))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    let router = router(site.clone(), data.to_owned());
    tokio::spawn(accept(listener, router, draining).in_current_span());
    Ok(Socket(path))
}

async fn accept(listener: UnixListener, router: Router, mut draining: watch::Receiver<bool>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = draining.wait_for(|d| *d) => return,
        };
        let Ok((stream, _)) = accepted else { continue };
        let router = router.clone();
        let serve = async move {
            let service = hyper_util::service::TowerToHyperService::new(router);
            let served = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
            if let Err(e) = served {
                tracing::debug!("administration: {e}");
            }
        };
        tokio::spawn(serve.in_current_span());
    }
}

/// Sends a request to the server of a data folder, or works on its store if none runs.
pub fn ask(
    products: Products,
    place: &Place,
    method: Method,
    path: &str,
    body: &impl Serialize,
) -> Result<Value> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let body = serde_json::to_vec(body)?;
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(http::header::HOST, "encke")
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))?;
    runtime.block_on(async {
        let response = match UnixStream::connect(place.data.join(SOCKET)).await {
            Ok(stream) => over_socket(stream, request).await?,
            Err(_) => return on_store(products, place, request).await,
        };
        answer(response).await
    })
}

async fn over_socket(stream: UnixStream, request: Request<Body>) -> Result<Response> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?.into_response())
}

async fn on_store(products: Products, place: &Place, request: Request<Body>) -> Result<Value> {
    let opened = space::open(products, place)?;
    let clock = Arc::new(encke_store::SystemClock);
    let site = Site::new(opened.store.clone(), clock, Default::default(), products);
    opened.start.publishing_to(|_| {})?;
    let response = router(site, place.data.clone()).oneshot(request).await;
    let answered = answer(response.unwrap_or_else(|never| match never {})).await;
    let store = opened.store;
    tokio::task::spawn_blocking(move || store.close()).await?;
    answered
}

async fn answer(response: Response) -> Result<Value> {
    let status = response.status();
    let body = http_body_util::Limited::new(response.into_body(), ANSWER_BYTES_MAX);
    let bytes =
        body.collect().await.map_err(|e| anyhow!("the answer ended early: {e}"))?.to_bytes();
    let value: Value = match &bytes[..] {
        [] => Value::Null,
        bytes => serde_json::from_slice(bytes)
            .unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned().into()),
    };
    if status.is_success() {
        return Ok(value);
    }
    match value.pointer("/error/message").and_then(Value::as_str) {
        Some(message) => bail!("{message}"),
        None => bail!("{status}: {value}"),
    }
}
