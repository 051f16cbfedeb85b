//! Files in a bucket, of a real S3 server.

use std::net::SocketAddr;
use std::path::PathBuf;

use hyper_util::rt::{TokioExecutor, TokioIo};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use serde_json::json;
use tempfile::TempDir;

use super::pictures::{PLACE, jpeg, with_place};
use super::{begin, break_off, noise, offset, piece, send, upload, url_of};
use crate::harness::{Server, Site, eventually};

const MIB: usize = 1024 * 1024;
const BUCKET: &str = "encke-files";
const SECRET: &str = "secret-of-this-test";

/// An S3 server in this process. It ends with the test.
struct S3 {
    address: SocketAddr,
    folder: TempDir,
    _runtime: tokio::runtime::Runtime,
}

impl S3 {
    fn start() -> S3 {
        let folder = TempDir::new().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let mut service = S3ServiceBuilder::new(FileSystem::new(folder.path()).unwrap());
        service.set_auth(SimpleAuth::from_single("encke", SECRET));
        let service = service.build();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let http = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                let served =
                    http.serve_connection(TokioIo::new(socket), service.clone()).into_owned();
                tokio::spawn(async move { drop(served.await) });
            }
        });
        S3 { address, folder, _runtime: runtime }
    }

    /// The arguments of a server that keeps its files here.
    fn args(&self, secret: &str) -> Vec<String> {
        let file = self.folder.path().join("secret");
        std::fs::write(&file, format!("{secret}\n")).unwrap();
        let args =
            ["--files-s3-bucket", BUCKET, "--files-s3-key-id", "encke", "--files-s3-endpoint"];
        let mut args: Vec<String> = args.map(str::to_owned).into();
        args.push(format!("http://{}", self.address));
        args.extend(["--files-s3-secret-file".to_owned(), file.to_str().unwrap().to_owned()]);
        args
    }

    /// The number of parts of uploads that are not complete.
    fn parts(&self) -> usize {
        let names = std::fs::read_dir(self.folder.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with(".upload_id-") && name.contains(".part-")).count()
    }

    /// Where an object lies.
    fn path(&self, url: &str) -> PathBuf {
        self.folder.path().join(BUCKET).join(&url["/v1/files/".len()..])
    }
}

/// A server on a fresh folder, or on that of one that has ended.
fn server(s3: &S3, ended: Option<&Server>) -> Server {
    let args = s3.args(SECRET);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match ended {
        None => Server::start_with(&args, &[]),
        Some(ended) => {
            Server::start_on(ended.folder.clone(), &ended.address.to_string(), &args, &[])
        }
    }
}

#[test]
fn an_upload_to_a_bucket_goes_on_after_a_break_and_after_a_restart() {
    let s3 = S3::start();
    let mut site = Site::on(server(&s3, None));
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let bytes = noise(11 * MIB + 1);
    let url = begin(&mut mei.client, "film.bin", bytes.len());
    break_off(&site, &mei, &url, &bytes, 7 * MIB);
    // S3 takes no short part before the end, so whole blocks alone are kept.
    let whole = 5 * MIB;
    eventually("the whole block is stored", || {
        (offset(&mut mei.client, &url) == Ok(whole as u64)).then_some(())
    });
    // A piece that is too short for a block is not stored, and the answer says so.
    let short = eventually("the server sees that the first piece broke off", || {
        let bytes = &bytes[whole..whole + 100];
        let answer = piece(&mut mei.client, &url, &whole.to_string(), bytes);
        (answer.status != 409).then_some(answer)
    });
    assert_eq!(short.is(200).json(), json!({"offset": whole}));
    site.server.kill();
    let other = server(&s3, Some(&site.server));
    let site = site.beside(other);
    let (mut mei, mut tom) = (mei.at(&site), tom.at(&site));
    assert_eq!(offset(&mut mei.client, &url), Ok(whole as u64));
    let done = piece(&mut mei.client, &url, &whole.to_string(), &bytes[whole..]).is(200).json();
    let file = done["file"].clone();
    assert_eq!(file["bytes"], bytes.len());
    send(&mut mei, &room, &[&file]).is(201);
    assert!(tom.client.get(&url).is(200).body == bytes);
    let part = tom.client.ask("GET", &url, &[("Range", "bytes=5242870-5242889")], None).is(206);
    assert!(part.body == bytes[5_242_870..5_242_890]);
    assert_eq!(
        part.header("content-range"),
        Some(&*format!("bytes 5242870-5242889/{}", bytes.len()))
    );
    assert!(!site.server.data().join("files").exists(), "nothing lies in the data folder");
}

#[test]
fn pictures_lie_in_the_bucket_without_their_place_and_leave_it_when_they_are_deleted() {
    let s3 = S3::start();
    let site = Site::on(server(&s3, None));
    let mut mei = site.person("mei");
    let file = upload(&mut mei.client, "photo.jpg", &with_place(&jpeg(800, 600)));
    let url = url_of(&file);
    let got = mei.client.get(&url).is(200);
    assert_eq!(file["bytes"], got.body.len());
    assert!(!got.body.windows(PLACE.len()).any(|part| part == PLACE));
    mei.client.get(&format!("{url}/thumbnail")).is(200);
    let (object, thumbnail) = (s3.path(&url), s3.path(&format!("{url}.thumbnail")));
    assert!(object.exists() && thumbnail.exists());
    // An upload that is cancelled leaves no parts, either.
    let half = begin(&mut mei.client, "half.bin", 6 * MIB);
    piece(&mut mei.client, &half, "0", &noise(5 * MIB)).is(200);
    assert_eq!(s3.parts(), 1);
    mei.client.delete(&half).is(204);
    mei.client.delete(&url).is(204);
    mei.client.get(&url).is(404);
    eventually("the objects are deleted", || {
        (!object.exists() && !thumbnail.exists()).then_some(())
    });
    eventually("the parts are deleted", || (s3.parts() == 0).then_some(()));
}

#[test]
fn a_bucket_that_refuses_is_told_as_something_that_may_pass() {
    let s3 = S3::start();
    let args = s3.args("another-secret");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let site = Site::on(Server::start_with(&args, &[]));
    let mut mei = site.person("mei");
    let url = begin(&mut mei.client, "a.bin", 10);
    let refused = piece(&mut mei.client, &url, "0", &noise(10)).is(503);
    assert_eq!(refused.code(), "overloaded");
    assert_eq!(offset(&mut mei.client, &url), Ok(0));
    assert!(!site.server.log().contains("another-secret"));
}
