//! The encrypted connection to the database.

use std::path::Path;
use std::sync::Arc;

use encke_rig::Postgres;
use encke_store::{Sql, Store, SystemClock, params};
use rcgen::{CertificateParams, KeyPair};

use super::OnPostgres;
use crate::space::Space;

/// A certificate for a name, and its key.
fn certificate(name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

/// Whether the connection is encrypted.
fn is_encrypted(url: String) -> bool {
    let space = Space::open(&OnPostgres::at(url));
    let query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    space.read(|read| Ok(read.query_one(query, params![])?.unwrap().get::<bool>(0)?)).unwrap()
}

fn refused(url: String) -> String {
    let opened = Store::open(OnPostgres::at(url).options(Arc::new(SystemClock), |_| {}));
    opened.err().expect("the database is not to be trusted").to_string()
}

fn with_root(postgres: &Postgres, mode: &str, root: &Path) -> String {
    format!("{}?sslmode={mode}&sslrootcert={}", postgres.url(), root.display())
}

#[test]
fn a_database_is_encrypted_and_known_as_far_as_is_asked() {
    let postgres = Postgres::start();
    assert!(!is_encrypted(postgres.url()), "it speaks no TLS yet");
    let said = refused(format!("{}?sslmode=require", postgres.url()));
    assert!(said.contains("TLS"), "{said}");
    postgres.stop();
    let (right, key) = certificate("127.0.0.1");
    postgres.speak_tls(&right, &key);
    postgres.start_again();
    for mode in ["prefer", "require"] {
        assert!(is_encrypted(format!("{}?sslmode={mode}", postgres.url())), "{mode}");
    }
    assert!(!is_encrypted(format!("{}?sslmode=disable", postgres.url())));
    let folder = tempfile::tempdir().unwrap();
    let (root, other) = (folder.path().join("root.pem"), folder.path().join("other.pem"));
    std::fs::write(&root, right).unwrap();
    std::fs::write(&other, certificate("127.0.0.1").0).unwrap();
    for mode in ["require", "verify-full"] {
        assert!(is_encrypted(with_root(&postgres, mode, &root)), "{mode}");
        let said = refused(with_root(&postgres, mode, &other));
        assert!(said.contains("certificate"), "{mode}: {said}");
    }
    let said = refused(format!("{}?sslmode=verify-full", postgres.url()));
    assert!(said.contains("certificate"), "{said}");
    // A certificate for another name is refused.
    postgres.stop();
    let (elsewhere, key) = certificate("db.example.com");
    std::fs::write(&root, &elsewhere).unwrap();
    postgres.speak_tls(&elsewhere, &key);
    postgres.start_again();
    assert!(refused(with_root(&postgres, "verify-full", &root)).contains("certificate"));
}
