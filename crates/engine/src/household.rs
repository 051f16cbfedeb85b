//! Limits by address count a household: the addresses that one subscriber of a provider may use.

// Only the types of addresses: `core` has no sockets.
use core::net::IpAddr;

/// The household of an address: an IPv4 address stands for itself, an IPv6 address for its /64.
pub fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ipv6_counts_with_its_neighbours() {
        let household = |text: &str| household(text.parse().unwrap()).to_string();
        assert_eq!(household("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(household("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(household("192.0.2.7"), "192.0.2.7");
    }
}
