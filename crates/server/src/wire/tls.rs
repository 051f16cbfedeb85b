//! HTTPS: certificate, key and handshakes.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use encke_engine::{LineLimit, limits};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

use crate::wire::connections::Connections;
use crate::wire::handshake_records::Records;
use crate::wire::seats::Seat;

/// Loads a certificate and its key for the handshakes.
pub fn acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("reading the certificate {}", cert.display()))?;
    let key = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("reading the key {}", key.display()))?;
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("the certificate and the key do not go together")?;
    // After the handshake a connection goes on with its bare keys, so they must be extractable.
    config.enable_secret_extraction = true;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Accepts connections until the server drains.
pub async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    connections: Arc<Connections>,
    mut draining: watch::Receiver<bool>,
) {
    let (started, mut failed) = (Instant::now(), LineLimit::default());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = draining.wait_for(|d| *d) => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some(seated) = connections.handshake(peer.ip()).await else { continue };
                let (acceptor, connections) = (acceptor.clone(), connections.clone());
                tokio::spawn(async move {
                    let accepted = tokio::select! {
                        accepted = handshake(stream, acceptor, &seated.seat) => accepted,
                        () = seated.seat.is_over() => None,
                    };
                    if let Some(stream) = accepted {
                        connections.encrypted(stream, peer, seated).await;
                    }
                });
            }
            Err(e) => {
                // The process is out of files. Connections that close make room.
                if let Some(count) = failed.note(started.elapsed().as_millis() as u64) {
                    tracing::warn!(count, "accepting a connection: {e}");
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn handshake(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    seat: &Seat,
) -> Option<TlsStream<Records>> {
    let _ = stream.set_nodelay(true);
    let wait = Duration::from_millis(limits::HEAD_WAIT_MS_MAX);
    let mut accepting = acceptor.accept(Records::of(stream.into()));
    let accepting = std::future::poll_fn(|cx| {
        let accepted = Pin::new(&mut accepting).poll(cx);
        // The handshake can't go on until the client sends more.
        seat.works(accepted.is_ready());
        accepted
    });
    match tokio::time::timeout(wait, accepting).await {
        Ok(Ok(mut stream)) => {
            stream.get_mut().0.handshake_is_done();
            return Some(stream);
        }
        Ok(Err(e)) => tracing::debug!("a TLS handshake failed: {e}"),
        Err(_) => tracing::debug!("a TLS handshake did not end in time"),
    }
    None
}
