//! The addresses of the site under test.

use std::net::SocketAddrV4;

use super::random::Random;

/// Addresses of one site. A client takes any of them, and another one with each connection.
#[derive(Clone)]
pub struct Doors(Vec<SocketAddrV4>);

impl Doors {
    /// Takes at least one address.
    pub fn of(addresses: Vec<SocketAddrV4>) -> Self {
        assert!(!addresses.is_empty());
        Doors(addresses)
    }

    pub fn one(address: SocketAddrV4) -> Self {
        Doors(vec![address])
    }

    pub fn pick(&self, random: &mut Random) -> SocketAddrV4 {
        *random.pick(&self.0)
    }

    /// Whether there are several addresses.
    pub fn are_several(&self) -> bool {
        self.0.len() > 1
    }
}
