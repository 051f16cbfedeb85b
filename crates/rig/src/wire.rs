//! A wire: it carries connections to a port, and can be made to fail.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

/// The behaviour of a wire.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It carries everything.
    None,
    /// It ends every connection, and new ones at once.
    Cut,
    /// It carries nothing and ends nothing. Bytes sent meanwhile arrive when the wire is whole again.
    Silent,
    /// It carries a request that holds the first bytes, and then nothing of the answers. The connection ends when an
    /// answer holds the second bytes.
    LoseAnswer(Vec<u8>, Vec<u8>),
    /// It ends the connection instead of carrying a request that holds these bytes.
    LoseRequest(Vec<u8>),
}

struct Inner {
    fault: Fault,
    open: Vec<TcpStream>,
    /// The number of faults that have struck.
    struck: u64,
}

/// A wire to a port on 127.0.0.1.
#[derive(Clone)]
pub struct Wire {
    port: u16,
    inner: Arc<Mutex<Inner>>,
    changed: Arc<Condvar>,
}

impl Wire {
    /// A wire to this port.
    pub fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let inner = Inner { fault: Fault::None, open: Vec::new(), struck: 0 };
        let wire = Wire { port, inner: Arc::new(Mutex::new(inner)), changed: Arc::default() };
        let carrying = wire.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                carrying.carry(client, server);
            }
        });
        wire
    }

    /// The port that the wire listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("not poisoned")
    }

    /// Sets how the wire behaves from now on.
    pub fn set(&self, fault: Fault) {
        let mut inner = self.lock();
        if fault == Fault::Cut {
            for stream in inner.open.drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        inner.fault = fault;
        self.changed.notify_all();
    }

    fn wait_while_silent(&self) {
        let silent = |inner: &mut Inner| inner.fault == Fault::Silent;
        drop(self.changed.wait_while(self.lock(), silent).expect("not poisoned"));
    }

    /// How often a fault that waits for certain bytes has struck. It strikes once; then the wire is whole again.
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
        // The bytes that end the connection when the server sends them; set while answers are being lost.
        let losing: Losing = Arc::default();
        let (wire, lose) = (self.clone(), losing.clone());
        std::thread::spawn(move || {
            pump(client, to_server, |bytes| {
                wire.wait_while_silent();
                wire.request(bytes, &lose)
            });
        });
        let wire = self.clone();
        std::thread::spawn(move || {
            pump(server, to_client, |bytes| {
                wire.wait_while_silent();
                match &*losing.lock().expect("not poisoned") {
                    None => Way::Through,
                    Some(last) if holds(bytes, last) => Way::End,
                    Some(_) => Way::Lost,
                }
            });
        });
    }

    fn request(&self, bytes: &[u8], losing: &Losing) -> Way {
        let mut inner = self.lock();
        let way = match &inner.fault {
            Fault::LoseAnswer(what, last) if holds(bytes, what) => {
                *losing.lock().expect("not poisoned") = Some(last.clone());
                Way::Through
            }
            Fault::LoseRequest(what) if holds(bytes, what) => Way::End,
            _ => return Way::Through,
        };
        inner.struck += 1;
        inner.fault = Fault::None;
        way
    }
}

type Losing = Arc<Mutex<Option<Vec<u8>>>>;

/// The fate of some bytes.
enum Way {
    Through,
    Lost,
    End,
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|w| w == what)
}

/// Copies bytes one way until either end closes or is to be closed.
fn pump(mut from: TcpStream, mut to: TcpStream, mut way: impl FnMut(&[u8]) -> Way) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(count) = from.read(&mut bytes) {
        let goes_on = count > 0
            && match way(&bytes[..count]) {
                Way::Through => to.write_all(&bytes[..count]).is_ok(),
                Way::Lost => true,
                Way::End => false,
            };
        if !goes_on {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
