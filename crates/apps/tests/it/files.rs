//! The life of files: which of them housekeeping deletes, and what a recalled message leaves of its files.

use encke_engine::{ConversationId, Seq, file_limits, limits};
use encke_files::{FileId, let_go};
use encke_site::Product;
use serde_json::json;

use crate::site::{Signed, TestSite};

/// A site with an owner, a member, and a room with both.
struct Scene {
    site: TestSite,
    ada: Signed,
    mei: Signed,
    room: String,
}

impl Scene {
    async fn new((site, ada): (TestSite, Signed)) -> Self {
        let mei = site.member(&ada, "mei").await;
        let room = json!({"kind": "room", "title": "Room", "members": [mei.id]});
        let room = site.call(ada.post("/v1/conversations").json(room)).await.body;
        let room = room["id"].as_str().unwrap().to_owned();
        Scene { site, ada, mei, room }
    }

    /// Begins an upload of four bytes, and sends some of them.
    async fn upload(&self, bytes: &'static str) -> String {
        let new = json!({"name": "a.txt", "bytes": 4});
        let begun = self.site.call(self.ada.post("/v1/files").json(new)).await;
        let id = begun.body["id"].as_str().unwrap().to_owned();
        let piece = self.ada.patch(&format!("/v1/files/{id}")).header("upload-offset", "0");
        let sent = self.site.call(piece.raw("application/octet-stream", bytes)).await;
        assert_eq!(sent.status, 200, "{}", sent.body);
        id
    }

    /// Sends a message with a file, and returns the answer's status and number.
    async fn send(&self, file: &str, key: &str) -> (u16, u64) {
        let body = json!({"text": "look", "files": [file], "key": key});
        let path = format!("/v1/conversations/{}/messages", self.room);
        let sent = self.site.call(self.ada.post(&path).json(body)).await;
        (sent.status.as_u16(), sent.body["seq"].as_u64().unwrap_or_default())
    }

    async fn recall(&self, seq: u64) {
        let room: ConversationId = self.room.parse().unwrap();
        self.site.site.store.write(move |tx| let_go(tx, room, Seq(seq))).await.unwrap();
    }

    async fn may_read(&self, who: &Signed, file: &str) -> bool {
        let asked = who.get(&format!("/v1/files/{file}")).request();
        use tower::ServiceExt;
        self.site.router().oneshot(asked).await.unwrap().status() == 200
    }

    /// Whether the disk has the bytes of a file, or of its upload.
    fn exists(&self, file: &str) -> bool {
        let path = self.site.folder().join("files").join(&file[1..3]).join(file);
        path.exists() || path.with_extension("coming").exists()
    }

    /// Lets time pass, and housekeeping do its work.
    async fn pass_ms(&self, ms: u64) {
        self.site.pass_ms(ms);
        let house = encke_files::Files.extras().housekeeping.unwrap();
        let turns = file_limits::FILES_COLLECT_MS / limits::RECEIPTS_FOLD_MS;
        // The first looks for files that are too old, the second deletes what is gone.
        for look in 0..2 {
            house.turn(&self.site.site, look * turns).await;
        }
    }
}

async fn what_no_message_holds_is_deleted(scene: Scene) {
    let (given_up, unsent, held) =
        (scene.upload("ab").await, scene.upload("abcd").await, scene.upload("abcd").await);
    assert_eq!(scene.send(&held, "1").await.0, 201);
    scene.pass_ms(file_limits::FILE_UNSENT_AGE_MS).await;
    for file in [&given_up, &unsent, &held] {
        assert!(scene.exists(file), "{file} is not too old yet");
    }
    scene.pass_ms(1).await;
    for file in [&given_up, &unsent] {
        assert!(!scene.exists(file) && !scene.may_read(&scene.ada, file).await, "{file}");
    }
    assert_eq!(scene.send(&unsent, "2").await.0, 404);
    assert!(scene.may_read(&scene.mei, &held).await, "a message holds it");
    let room = scene.site.site.store.read(|read| {
        use encke_store::{Sql, params};
        let rows = read.query("SELECT bytes FROM file_room ORDER BY person", params![])?;
        Ok(rows.iter().map(|row| row.get(0)).collect::<Result<Vec<u64>, _>>()?)
    });
    assert_eq!(room.await.unwrap(), [4, 4], "of everybody, and of one");
}

async fn a_recalled_message_takes_the_files_that_only_it_held_with_it(scene: Scene) {
    let (alone, twice) = (scene.upload("abcd").await, scene.upload("abcd").await);
    let (_, first) = scene.send(&alone, "1").await;
    let (_, second) = scene.send(&twice, "2").await;
    assert_eq!(scene.send(&twice, "3").await.0, 201);
    for seq in [first, second] {
        scene.recall(seq).await;
    }
    assert!(!scene.may_read(&scene.ada, &alone).await && !scene.may_read(&scene.mei, &alone).await);
    assert!(scene.may_read(&scene.mei, &twice).await, "another message holds it");
    // A retry of the send gets its first answer, and the file does not come back.
    assert_eq!(scene.send(&alone, "1").await, (200, first));
    assert_eq!(scene.send(&alone, "4").await.0, 404);
    assert!(!scene.may_read(&scene.ada, &alone).await);
    scene.pass_ms(0).await;
    assert!(!scene.exists(&alone) && scene.exists(&twice));
    assert_eq!(scene.send(&alone, "1").await, (200, first));
    let id: FileId = alone.parse().unwrap();
    let left = scene.site.site.store.read(move |read| {
        use encke_store::{Sql, params};
        Ok(read.query("SELECT 1 FROM file WHERE id = ?1", params![id.text()])?.len())
    });
    assert_eq!(left.await.unwrap(), 0);
}

macro_rules! on_both_stores {
    ($($test:ident),*) => { $(
        mod $test {
            use super::{Scene, TestSite};

            #[tokio::test]
            async fn sqlite() {
                super::$test(Scene::new(TestSite::with_owner().await).await).await;
            }

            #[tokio::test]
            async fn postgres() {
                super::$test(Scene::new(TestSite::with_owner_in_postgres().await).await).await;
            }
        }
    )* };
}

on_both_stores!(
    what_no_message_holds_is_deleted,
    a_recalled_message_takes_the_files_that_only_it_held_with_it
);
