//! The addresses that a request may go to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(first: u16, second: u16, bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), bits)
}

/// The networks of IPv4 that are no part of the public internet, as IANA lists them, and one address of a cloud that is.
const V4_CLOSED: &[Ipv4Net] = &[
    v4(0, 0, 0, 0, 8),        // this machine
    v4(10, 0, 0, 0, 8),       // private
    v4(100, 64, 0, 0, 10),    // shared by the customers of a provider; metadata of Alibaba's cloud
    v4(127, 0, 0, 0, 8),      // loopback
    v4(168, 63, 129, 16, 32), // metadata of Azure
    v4(169, 254, 0, 0, 16),   // link-local; metadata of most clouds
    v4(172, 16, 0, 0, 12),    // private
    v4(192, 0, 0, 0, 24),     // protocols; metadata of Oracle's cloud
    v4(192, 0, 2, 0, 24),     // documentation
    v4(192, 88, 99, 0, 24),   // relays to IPv6
    v4(192, 168, 0, 0, 16),   // private
    v4(198, 18, 0, 0, 15),    // benchmarks
    v4(198, 51, 100, 0, 24),  // documentation
    v4(203, 0, 113, 0, 24),   // documentation
    v4(224, 0, 0, 0, 4),      // multicast
    v4(240, 0, 0, 0, 4),      // reserved, and broadcast
];

/// The network of IPv6 that has all public addresses: loopback, link-local, private and multicast ones lie outside, and so
/// do the translations to IPv4.
const V6_PUBLIC: Ipv6Net = v6(0x2000, 0, 3);

/// The parts of it that are not public.
const V6_CLOSED: &[Ipv6Net] = &[
    v6(0x2001, 0, 23),     // protocols, and tunnels to IPv4
    v6(0x2001, 0xdb8, 32), // documentation
    v6(0x2002, 0, 16),     // relays to IPv4
    v6(0x3fff, 0, 20),     // documentation
];

/// Whether an address is one of the public internet.
pub(crate) fn is_public(address: IpAddr) -> bool {
    // An IPv4 address in the clothes of IPv6 is an IPv4 address.
    match address.to_canonical() {
        IpAddr::V4(v4) => !V4_CLOSED.iter().any(|net| net.contains(&v4)),
        IpAddr::V6(v6) => V6_PUBLIC.contains(&v6) && !V6_CLOSED.iter().any(|net| net.contains(&v6)),
    }
}

/// Whether one of these networks has the address.
pub(crate) fn is_in(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|net| net.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().expect("an address"))
    }

    #[test]
    fn addresses_of_machines_and_networks_of_ones_own_are_not_public() {
        for closed in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.0.1",
            "198.19.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "100::1",
            "5f00::1",
        ] {
            assert!(!public(closed), "{closed}");
        }
        for open in [
            "1.1.1.1",
            "9.9.9.9",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "169.253.0.1",
            "192.169.0.1",
            "223.255.255.255",
            "168.63.129.17",
            "::ffff:1.1.1.1",
            "2606:4700::1111",
            "2400:cb00::1",
            "2a00:1450::1",
            "2001:4860::8888",
        ] {
            assert!(public(open), "{open}");
        }
    }

    #[test]
    fn an_allowed_network_has_its_addresses_in_either_spelling() {
        let networks = ["127.0.0.0/8".parse().expect("a network")];
        for address in ["127.0.0.1", "127.9.9.9", "::ffff:127.0.0.1"] {
            assert!(is_in(&networks, address.parse().expect("an address")), "{address}");
        }
        for address in ["128.0.0.1", "::1", "10.0.0.1"] {
            assert!(!is_in(&networks, address.parse().expect("an address")), "{address}");
        }
    }
}
