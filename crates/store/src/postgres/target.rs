//! The database and the space in it, and the way to reach them.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use encke_engine::limits;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls;

use crate::error::StoreError;

/// A space in a PostgreSQL database.
#[derive(Clone)]
pub struct Database {
    /// `postgres://user:password@host,host/name?sslmode=…`, as libpq takes it.
    pub url: String,
    /// The space's name; its tables are in a schema of their own.
    pub space: String,
}

/// The target of all connections of a space.
pub(crate) struct Target {
    pub config: Config,
    pub tls: MakeRustlsConnect,
    pub schema: String,
}

fn wrong(what: impl Into<String>) -> StoreError {
    StoreError::Other(what.into())
}

impl Target {
    pub fn of(database: &Database) -> Result<Self, StoreError> {
        let schema = format!("encke_{}", checked(&database.space)?);
        let (url, asked) = TlsWishes::split(&database.url)?;
        // The text of an error could show the password.
        let mut config = Config::from_str(&url)
            .map_err(|_| wrong("the database's URL can't be read: it should look like postgres://user:password@host/name"))?;
        config
            .application_name("encke")
            .connect_timeout(Duration::from_millis(limits::DATABASE_CONNECT_MS_MAX))
            .tcp_user_timeout(Duration::from_millis(limits::DATABASE_SILENCE_MS_MAX))
            // Once everything that was sent is acknowledged, only these find out that the answer will never come.
            .keepalives_idle(Duration::from_millis(limits::DATABASE_PROBE_MS))
            .keepalives_interval(Duration::from_millis(limits::DATABASE_PROBE_MS))
            .keepalives_retries(
                (limits::DATABASE_SILENCE_MS_MAX / limits::DATABASE_PROBE_MS) as u32,
            )
            .target_session_attrs(TargetSessionAttrs::ReadWrite);
        if let Some(mode) = asked.mode {
            config.ssl_mode(mode);
        }
        let tls = MakeRustlsConnect::new(asked.client()?);
        Ok(Target { config, tls, schema })
    }
}

fn checked(space: &str) -> Result<&str, StoreError> {
    let good = (1..=limits::SPACE_NAME_CHARS_MAX).contains(&space.len())
        && space.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    if good {
        return Ok(space);
    }
    let most = limits::SPACE_NAME_CHARS_MAX;
    Err(wrong(format!("a space's name has 1 to {most} small letters, digits and underscores")))
}

/// The wishes for TLS in a URL, with the meaning that they have for libpq.
struct TlsWishes {
    mode: Option<SslMode>,
    /// The server has to show a certificate for its name.
    verified: bool,
    /// The file of the authorities that may sign the certificate; the system's if absent.
    authorities: Option<PathBuf>,
}

impl TlsWishes {
    /// Takes the options out of a URL that the client library does not know.
    fn split(url: &str) -> Result<(String, Self), StoreError> {
        let mut asked = TlsWishes { mode: None, verified: false, authorities: None };
        let Some((base, query)) = url.split_once('?') else { return Ok((url.to_owned(), asked)) };
        let mut kept = Vec::new();
        for pair in query.split('&') {
            match pair.split_once('=') {
                Some(("sslmode", mode)) => {
                    asked.verified = matches!(mode, "verify-ca" | "verify-full");
                    asked.mode = Some(match mode {
                        "disable" => SslMode::Disable,
                        "allow" | "prefer" => SslMode::Prefer,
                        "require" | "verify-ca" | "verify-full" => SslMode::Require,
                        other => return Err(wrong(format!("there is no sslmode={other}"))),
                    });
                }
                Some(("sslrootcert", path)) => asked.authorities = Some(path.into()),
                _ => kept.push(pair),
            }
        }
        // As with libpq, naming authorities means that they are asked.
        asked.verified |= asked.authorities.is_some() && asked.mode == Some(SslMode::Require);
        let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
        Ok((format!("{base}{query}"), asked))
    }

    fn client(&self) -> Result<rustls::ClientConfig, StoreError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|e| wrong(e.to_string()))?;
        if !self.verified {
            let anybody = Arc::new(AnyCertificate(provider));
            let builder = builder.dangerous().with_custom_certificate_verifier(anybody);
            return Ok(builder.with_no_client_auth());
        }
        let mut roots = rustls::RootCertStore::empty();
        match &self.authorities {
            Some(path) => {
                let bad = |e: &dyn std::fmt::Display| wrong(format!("{}: {e}", path.display()));
                let all = CertificateDer::pem_file_iter(path).map_err(|e| bad(&e))?;
                for certificate in all {
                    roots.add(certificate.map_err(|e| bad(&e))?).map_err(|e| bad(&e))?;
                }
            }
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        if roots.is_empty() {
            return Err(wrong("there is no authority to check the database's certificate by"));
        }
        Ok(builder.with_root_certificates(roots).with_no_client_auth())
    }
}

/// Takes any certificate, as `sslmode=prefer` and `require` do: the wire is encrypted, the server not known.
#[derive(Debug)]
struct AnyCertificate(Arc<rustls::crypto::CryptoProvider>);

impl rustls::client::danger::ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str, space: &str) -> Result<Target, StoreError> {
        Target::of(&Database { url: url.into(), space: space.into() })
    }

    #[test]
    fn a_url_is_taken_as_libpq_takes_it() {
        for good in [
            "postgres://u:p@127.0.0.1:5432/encke",
            "postgresql://u@a,b/encke?sslmode=require",
            "postgres://u@/encke?host=/run/postgresql&sslmode=disable",
            "host=/run/postgresql user=u dbname=encke",
        ] {
            assert!(target(good, "main").is_ok(), "{good}");
        }
        for bad in ["postgres://u:secret@a/b?sslmode=sometimes", "postgres://u:secret@a/b?no=thing"]
        {
            let said = target(bad, "main").err().unwrap().to_string();
            assert!(!said.contains("secret"), "{said}");
        }
        let missing = target("postgres://u@a/b?sslmode=verify-full&sslrootcert=/nowhere", "main");
        assert!(missing.err().unwrap().to_string().contains("/nowhere"));
    }

    #[test]
    fn a_space_is_a_plain_name() {
        for bad in ["", "A", "a-b", "a\"b", "ä", &"x".repeat(41)] {
            assert!(target("postgres://u@a/b", bad).is_err(), "{bad}");
        }
    }
}
