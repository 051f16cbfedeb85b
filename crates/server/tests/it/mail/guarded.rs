//! Mail servers that want TLS and a password.

use encke_rig::{Guard, MailServer};

use super::{PUBLIC, mails};
use crate::harness::{Server, Site, eventually};

const USER: &str = "encke";
const PASSWORD: &str = "staple";

/// A certificate for 127.0.0.1 with its key, in PEM.
fn certificate() -> [String; 2] {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    [made.cert.pem(), made.signing_key.serialize_pem()]
}

/// A site that trusts this certificate alone.
fn site_of(server: &MailServer, tls: &str, password: &str, trusted: &str) -> Site {
    let port = server.port().to_string();
    let options = [
        ["--mail-host", "127.0.0.1"],
        ["--mail-port", &port],
        ["--mail-tls", tls],
        ["--mail-user", USER],
        ["--mail-from", "Chat <chat@mail.test>"],
        ["--mail-soon-s", "1"],
        ["--public-url", PUBLIC],
    ];
    let env = [("SSL_CERT_FILE", trusted), ("ENCKE_MAIL_PASSWORD", password)];
    Site::on(Server::start_with(options.as_flattened(), &env))
}

fn mails_go_by(tls: &str) {
    let [certificate, key] = &certificate();
    let implicit = tls == "implicit";
    let guard = Guard { certificate, key, implicit, user: USER, password: PASSWORD };
    let server = MailServer::guarded(&guard);
    let trusted = server.certificate();
    let trusted = trusted.to_str().unwrap();
    let site = site_of(&server, tls, PASSWORD, trusted);
    let (mut mei, mut tom) = (site.person("mei"), site.person("tom"));
    tom.gets_mails(&server, "tom@example.com", "soon");
    let direct = mei.direct(&tom);
    mei.say(&direct, "only for you");
    assert!(mails(&server, "tom@example.com", 2)[1].text.contains("only for you"));
    for part in ["X=TLS1.", "A=plain:encke"] {
        assert!(server.log().contains(part), "{part}: {}", server.log());
    }
    // With another password nothing goes, and the password is in no log of the mail server.
    let site = site_of(&server, tls, "wrong", trusted);
    site.person("eve").choose("eve@example.com", "soon");
    let failed = || server.log().contains("authenticator failed").then_some(());
    eventually("a refused password", failed);
    // A server that shows another certificate than a trusted one gets neither password nor mail.
    let folder = tempfile::TempDir::new().unwrap();
    let other = folder.path().join("other.pem");
    std::fs::write(&other, &self::certificate()[0]).unwrap();
    let site = site_of(&server, tls, PASSWORD, other.to_str().unwrap());
    site.person("bob").choose("bob@example.com", "soon");
    eventually("a refused certificate", || server.log().contains("TLS error").then_some(()));
    let taken = server.mails();
    assert!(!taken.iter().any(|mail| mail.contains("eve@") || mail.contains("bob@")), "{taken:?}");
}

#[test]
fn mails_go_over_a_connection_that_turns_to_tls_with_a_password() {
    mails_go_by("starttls");
}

#[test]
fn mails_go_over_tls_from_the_beginning_with_a_password() {
    mails_go_by("implicit");
}
