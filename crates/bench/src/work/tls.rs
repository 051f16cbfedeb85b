//! `idle-tls`: the cost of an idle connection under TLS.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};
use serde_json::json;

use super::{Common, CpuMeter, channel};
use crate::stats::{report, round};
use crate::target::{Role, Session, Target, Transport};

#[derive(clap::Args, Clone)]
pub struct Args {
    /// `addr` is where the server speaks TLS
    #[command(flatten)]
    pub common: Common,
    /// Subscribers, each of a channel of its own
    #[arg(long, default_value_t = 10_000)]
    pub n: usize,
}

/// Accepts any certificate, because this workload measures memory.
#[derive(Debug)]
struct Anybody(CryptoProvider);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

struct Client<'t> {
    target: &'t dyn Target,
    common: &'t Common,
    config: Arc<ClientConfig>,
    name: String,
}

impl<'t> Client<'t> {
    fn new(target: &'t dyn Target, common: &'t Common) -> Result<Self> {
        let provider = ring::default_provider();
        let mut config = ClientConfig::builder_with_provider(Arc::new(provider.clone()))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Client { target, common, config: Arc::new(config), name: channel() })
    }

    /// Subscribes and waits for the head of the answer, if the transport sends one before an event.
    fn subscribe(&self, number: usize) -> Result<TcpStream> {
        let session = Session {
            role: Role::Subscriber,
            transport: self.common.transport,
            client: u32::try_from(number)?,
            channel: format!("{}-{number}", self.name),
            outlet: String::new(),
            cursor: String::new(),
            token: String::new(),
            counter: 0,
        };
        let mut request = Vec::new();
        self.target.request(&session, &mut request);
        let mut socket = TcpStream::connect(self.common.addr)?;
        socket.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut tls =
            ClientConnection::new(self.config.clone(), ServerName::try_from("localhost")?)?;
        let mut stream = rustls::Stream::new(&mut tls, &mut socket);
        stream.write_all(&request)?;
        let mut head = Vec::new();
        let mut chunk = [0; 4096];
        while self.common.transport != Transport::Longpoll && !head.ends_with(b"\r\n\r\n") {
            let count = stream.read(&mut chunk)?;
            anyhow::ensure!(count > 0, "refused");
            head.extend_from_slice(&chunk[..count]);
            if memchr::memmem::find(&head, b"\r\n\r\n").is_some() {
                break;
            }
        }
        Ok(socket)
    }

    fn subscribe_all(&self, from: usize, count: usize) -> Result<Vec<TcpStream>> {
        (from..from + count).map(|n| self.subscribe(n).context("subscribing")).collect()
    }
}

pub fn run(args: &Args) -> Result<()> {
    let target = args.common.target()?;
    let server = args.common.server()?;
    let client = Client::new(&*target, &args.common)?;
    let settle = || sleep(Duration::from_secs_f64(args.common.settle));
    // A few connections come first, so that lazy start-up work is not counted.
    drop(client.subscribe_all(args.n, 50)?);
    settle();
    let before = server.memory();
    let connecting = CpuMeter::start(&server);
    let held = client.subscribe_all(0, args.n)?;
    settle();
    let connect_s = connecting.server_s();
    let after = server.memory();
    let n = held.len() as f64;
    let each = |after: u64, before: u64| round((after as f64 - before as f64) / n, 0);
    let fields = json!({
        "n": n,
        "pss_per_conn": each(after.pss, before.pss),
        "kernel_per_pair": each(after.kernel, before.kernel),
        "connect_cpu_us": round(connect_s * 1e6 / n, 1),
        "pss_base_mib": round(before.pss as f64 / 1048576.0, 1),
    });
    report("idle-tls", &args.common.label(), fields);
    Ok(())
}
