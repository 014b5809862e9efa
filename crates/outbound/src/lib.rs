//! The addresses that this process may be made to connect to: by handlers, and by whoever subscribes a webhook.
//!
//! The caller resolves a name once, checks every address here, and connects to a checked address. Pure: no I/O, no clock.
#![forbid(unsafe_code)]

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use ipnet::{IpNet, Ipv6Net};

/// Services of the cloud for the machine itself, most of which return its credentials or settings. Some have public
/// addresses. A granted network that contains one does not allow it; only a grant of its exact address does.
const METADATA: [IpAddr; 6] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)), // AWS, Azure, Google, and most others
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),   // AWS, credentials of containers
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),  // AWS, credentials of EKS pods
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)), // Alibaba
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),   // Azure, the machine's agent and DNS
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)), // Google over IPv6
];

/// The network of such services of AWS: credentials of machines and of EKS pods, DNS, time.
const METADATA_V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0), 32);

/// IPv4 networks that are not the public Internet (IANA special-purpose registry).
const SPECIAL_V4: [(Ipv4Addr, u8, &str); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8, "unspecified"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "carrier-grade NAT"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "reserved for protocols"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "reserved for documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "6to4 relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "reserved for benchmarks"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "reserved for documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "reserved for documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

/// IPv6 networks that are not the public Internet or that translate to IPv4.
const SPECIAL_V6: [(Ipv6Addr, u8, &str); 15] = [
    (Ipv6Addr::LOCALHOST, 128, "loopback"),
    // `::` and the deprecated IPv4-compatible addresses.
    (Ipv6Addr::UNSPECIFIED, 96, "unspecified or IPv4-compatible"),
    (Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96, "IPv4-translated"),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, "NAT64"),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, "NAT64"),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64, "discard-only"),
    // Teredo, ORCHID, benchmarking.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "reserved for protocols"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "reserved for documentation"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "6to4"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "reserved for documentation"),
    (Ipv6Addr::new(0x5f00, 0, 0, 0, 0, 0, 0, 0), 16, "segment routing"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "private (unique local)"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "link-local"),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "site-local"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "multicast"),
];

/// Why an address is blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not a public address but: {kind}")]
pub struct Refused {
    /// The kind of address, for messages.
    pub kind: &'static str,
}

/// The addresses that are allowed: all public ones, and those of these networks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

/// A text that lists no networks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a network; write an address, or a network such as 10.1.0.0/16, and commas between several"
)]
pub struct NotNetworks(String);

impl FromStr for Networks {
    type Err = NotNetworks;

    /// Reads addresses and networks that are separated by commas.
    fn from_str(text: &str) -> Result<Self, NotNetworks> {
        let network = |text: &str| {
            let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| NotNetworks(text.to_owned()))
        };
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(network).collect::<Result<_, _>>().map(Self)
    }
}

impl Networks {
    /// Allows the addresses of these networks as well.
    pub fn with(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Allows this machine's own addresses as well, for development.
    #[must_use]
    pub fn and_loopback(mut self) -> Self {
        let loopback = [(Ipv4Addr::new(127, 0, 0, 0).into(), 8), (Ipv6Addr::LOCALHOST.into(), 128)];
        self.0.extend(loopback.map(|(address, length)| IpNet::new_assert(address, length)));
        self
    }

    /// Checks an address.
    ///
    /// # Errors
    /// The kind of a blocked address.
    pub fn check(&self, address: IpAddr) -> Result<(), Refused> {
        // `::ffff:10.0.0.1` reaches 10.0.0.1.
        let address = address.to_canonical();
        if is_metadata(address) {
            let exactly = self.0.iter().any(|network| IpNet::from(address) == *network);
            return if exactly { Ok(()) } else { Err(Refused { kind: "metadata service" }) };
        }
        match special(address) {
            Some(kind) if !self.0.iter().any(|network| network.contains(&address)) => Err(Refused { kind }),
            _ => Ok(()),
        }
    }
}

fn is_metadata(address: IpAddr) -> bool {
    METADATA.contains(&address) || matches!(address, IpAddr::V6(address) if METADATA_V6.contains(&address))
}

/// The kind of a special-purpose address. None for a public address.
fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => SPECIAL_V4
            .iter()
            .find(|(network, length, _)| (u32::from(address) ^ u32::from(*network)) >> (32 - length) == 0)
            .map(|(_, _, kind)| *kind),
        IpAddr::V6(address) => SPECIAL_V6
            .iter()
            .find(|(network, length, _)| (u128::from(address) ^ u128::from(*network)) >> (128 - length) == 0)
            .map(|(_, _, kind)| *kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Networks {
        Networks::with(texts.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn only_public_addresses_are_allowed_without_a_grant() {
        let refused = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.1.2.3",
            "169.254.0.1",
            "169.254.169.254",
            "168.63.129.16",
            "::ffff:168.63.129.16",
            "169.254.170.2",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::7f00:1",
            "::127.0.0.1",
            "::ffff:0:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::8.8.8.8",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:a00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::23",
            "fd00:ec2::254",
            "fd00:ec2:ffff::1",
            "fd20:ce::254",
            "fd12:3456::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
        ];
        for address in refused {
            assert!(networks(&[]).check(address.parse().unwrap()).is_err(), "{address} is allowed");
        }
        let allowed = [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.0.0.1",
            "128.0.0.1",
            "168.63.129.15",
            "168.63.129.17",
            "169.253.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "2600:1f18::1",
            "2606:4700::1111",
        ];
        for address in allowed {
            assert!(networks(&[]).check(address.parse().unwrap()).is_ok(), "{address} is refused");
        }
    }

    #[test]
    fn a_granted_network_is_allowed_in_every_spelling_and_no_wider() {
        let networks = networks(&["127.0.0.1/32", "10.1.0.0/16", "fd00::/8"]);
        for (address, allowed) in [
            ("127.0.0.1", true),
            ("::ffff:127.0.0.1", true),
            ("127.0.0.2", false),
            ("10.1.255.1", true),
            ("10.2.0.1", false),
            ("fd12::1", true),
            ("::1", false),
        ] {
            assert_eq!(networks.check(address.parse().unwrap()).is_ok(), allowed, "{address}");
        }
    }

    #[test]
    fn a_metadata_service_is_granted_only_by_its_exact_address() {
        for (address, wide, exact) in [
            ("169.254.169.254", "0.0.0.0/0", "169.254.169.254/32"),
            ("169.254.169.254", "169.254.0.0/16", "169.254.169.254/32"),
            ("169.254.169.254", "169.254.169.254/31", "169.254.169.254/32"),
            ("168.63.129.16", "168.63.129.0/24", "168.63.129.16/32"),
            ("fd00:ec2::254", "fd00::/8", "fd00:ec2::254/128"),
            ("fd00:ec2::23", "fd00:ec2::/32", "fd00:ec2::23/128"),
            ("fd20:ce::254", "fd20:ce::/32", "fd20:ce::254/128"),
        ] {
            let address = address.parse().unwrap();
            let refused = networks(&[wide]).check(address);
            assert_eq!(refused, Err(Refused { kind: "metadata service" }), "{address} by {wide}");
            assert!(networks(&[exact]).check(address).is_ok(), "{address} by {exact}");
        }
    }
}
