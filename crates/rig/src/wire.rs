//! A wire: carries connections to a port, until it is told to do something else.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

/// What a wire does to what it carries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Carries everything.
    None,
    /// Ends every connection, and new ones at once.
    Cut,
    /// Lets through what holds these bytes on its way to the server, and ends the connection when the server answers it.
    LoseAnswerTo(Vec<u8>),
    /// Ends the connection instead of letting through what holds these bytes on its way to the server.
    LoseRequest(Vec<u8>),
}

struct Inner {
    fault: Fault,
    open: Vec<TcpStream>,
    /// Faults that struck.
    struck: u64,
}

/// A wire to a port on 127.0.0.1.
#[derive(Clone)]
pub struct Wire {
    port: u16,
    inner: Arc<Mutex<Inner>>,
}

impl Wire {
    /// A wire to this port.
    pub fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let inner = Inner { fault: Fault::None, open: Vec::new(), struck: 0 };
        let wire = Wire { port, inner: Arc::new(Mutex::new(inner)) };
        let carrying = wire.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                carrying.carry(client, server);
            }
        });
        wire
    }

    /// Where it begins.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("not poisoned")
    }

    /// From now on it does this.
    pub fn set(&self, fault: Fault) {
        let mut inner = self.lock();
        if fault == Fault::Cut {
            for stream in inner.open.drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        inner.fault = fault;
    }

    /// How often a fault that waits for certain bytes has struck. It strikes once, then the wire is whole again.
    pub fn struck(&self) -> u64 {
        self.lock().struck
    }

    fn carry(&self, client: TcpStream, server: u16) {
        let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { return };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let mut inner = self.lock();
        if inner.fault == Fault::Cut {
            return;
        }
        inner.open.retain(|s| s.peer_addr().is_ok());
        inner.open.extend([client.try_clone(), server.try_clone()].into_iter().flatten());
        drop(inner);
        let (Ok(to_client), Ok(to_server)) = (client.try_clone(), server.try_clone()) else {
            return;
        };
        let losing = Arc::new(Mutex::new(false));
        let (wire, lose) = (self.clone(), losing.clone());
        std::thread::spawn(move || {
            pump(client, to_server, |bytes| wire.lets_through(bytes, &lose));
        });
        std::thread::spawn(move || {
            pump(server, to_client, |_| !*losing.lock().expect("not poisoned"));
        });
    }

    fn lets_through(&self, bytes: &[u8], losing: &Mutex<bool>) -> bool {
        let mut inner = self.lock();
        let holds = |what: &[u8]| bytes.windows(what.len()).any(|w| w == what);
        let through = match &inner.fault {
            Fault::LoseAnswerTo(what) if holds(what) => {
                *losing.lock().expect("not poisoned") = true;
                true
            }
            Fault::LoseRequest(what) if holds(what) => false,
            _ => return true,
        };
        inner.struck += 1;
        inner.fault = Fault::None;
        through
    }
}

/// Carries bytes one way until either end closes or they are not let through.
fn pump(mut from: TcpStream, mut to: TcpStream, mut lets_through: impl FnMut(&[u8]) -> bool) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(count) = from.read(&mut bytes) {
        if count == 0 || !lets_through(&bytes[..count]) || to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
