//! Decides where outbound HTTP may go. Pure: no I/O, no clock.
//!
//! The threat: a handler, or data that controls it, makes the host send a request that the handler's author
//! could not send: to the cloud's metadata service (machine credentials), to the database or the
//! orchestrator, or to a service that trusts its network. Ways to do that: an IP address as the host; a name
//! that resolves to one, always or only on the second lookup (DNS rebinding); another notation (decimal,
//! IPv4-mapped, NAT64, 6to4); a redirect; a request line or `Host` header that differs from the URL.
//!
//! The defence: only named destinations are allowed. A name is resolved once, every address is checked, and
//! the connection goes to a checked address. The host does not follow redirects; a guest that does sends a
//! new request through this check.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv6Net};
use tasker_protocol::{Destination, GrantFault, Grants, OriginPattern, granted_network};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The kind of address, for messages.
    pub(crate) kind: &'static str,
}

/// The destinations of one execution.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policy {
    patterns: Vec<OriginPattern>,
    networks: Vec<IpNet>,
}

impl Policy {
    /// # Errors
    /// The first invalid grant.
    pub(crate) fn new(grants: &Grants) -> Result<Self, GrantFault> {
        let patterns = grants.http.iter().map(|text| OriginPattern::parse(text)).collect();
        let networks = grants.private_networks.iter().map(|text| granted_network(text)).collect();
        match (patterns, networks) {
            (Some(patterns), Some(networks)) => Ok(Self { patterns, networks }),
            // `faults` lists `http` and `private_networks` first.
            _ => Err(grants.faults().swap_remove(0)),
        }
    }

    /// Whether requests to this destination are allowed.
    pub(crate) fn permits(&self, destination: &Destination) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(destination))
    }

    /// Whether a connection to this address is allowed.
    ///
    /// # Errors
    /// The kind of a blocked address.
    pub(crate) fn check_address(&self, address: IpAddr) -> Result<(), Refused> {
        // `::ffff:10.0.0.1` reaches 10.0.0.1.
        let address = address.to_canonical();
        if is_metadata(address) {
            let exactly = self.networks.iter().any(|network| IpNet::from(address) == *network);
            return if exactly { Ok(()) } else { Err(Refused { kind: "metadata service" }) };
        }
        match special(address) {
            Some(kind) if !self.networks.iter().any(|network| network.contains(&address)) => {
                Err(Refused { kind })
            }
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
    use tasker_protocol::{OriginHost, Scheme};

    use super::*;

    fn policy(http: &[&str], networks: &[&str]) -> Policy {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Policy::new(&Grants { http: owned(http), private_networks: owned(networks), ..Grants::default() })
            .unwrap()
    }

    fn destination(url: &str) -> Destination {
        let (scheme, authority) = url.split_once("://").unwrap();
        let scheme = Scheme::parse(scheme).unwrap();
        let port = authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
        let (host, port) = match port {
            Some((host, port)) => (host, port.parse().unwrap()),
            None => (authority, scheme.default_port()),
        };
        Destination { scheme, host: OriginHost::parse(host).unwrap(), port }
    }

    #[test]
    fn a_destination_is_allowed_only_by_its_scheme_host_and_port() {
        let cases = [
            ("https://api.example.com", "https://api.example.com", true),
            ("https://api.example.com", "https://API.example.com.", true),
            ("https://api.example.com", "https://api.example.com:443", true),
            ("https://api.example.com", "https://api.example.com:444", false),
            ("https://api.example.com", "http://api.example.com", false),
            ("https://api.example.com", "https://example.com", false),
            ("https://api.example.com", "https://api.example.com.evil.net", false),
            ("https://api.example.com", "https://evilapi.example.com", false),
            ("https://*.example.com", "https://api.example.com", true),
            ("https://*.example.com", "https://a.b.example.com", true),
            ("https://*.example.com", "https://example.com", false),
            ("https://*.example.com", "https://evilexample.com", false),
            ("https://*.example.com", "https://.example.com", false),
            ("http://127.0.0.1:8099", "http://127.0.0.1:8099", true),
            ("http://127.0.0.1:8099", "http://127.0.0.1:80", false),
            ("http://[::1]:8099", "http://[0:0:0:0:0:0:0:1]:8099", true),
        ];
        for (grant, url, allowed) in cases {
            assert_eq!(policy(&[grant], &[]).permits(&destination(url)), allowed, "{grant} on {url}");
        }
        assert!(!policy(&[], &[]).permits(&destination("https://example.com")));
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
            assert!(
                policy(&[], &[]).check_address(address.parse().unwrap()).is_err(),
                "{address} is allowed"
            );
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
            assert!(policy(&[], &[]).check_address(address.parse().unwrap()).is_ok(), "{address} is refused");
        }
    }

    #[test]
    fn a_granted_network_is_allowed_in_every_spelling_and_no_wider() {
        let policy = policy(&[], &["127.0.0.1/32", "10.1.0.0/16", "fd00::/8"]);
        for (address, allowed) in [
            ("127.0.0.1", true),
            ("::ffff:127.0.0.1", true),
            ("127.0.0.2", false),
            ("10.1.255.1", true),
            ("10.2.0.1", false),
            ("fd12::1", true),
            ("::1", false),
        ] {
            assert_eq!(policy.check_address(address.parse().unwrap()).is_ok(), allowed, "{address}");
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
            let refused = policy(&[], &[wide]).check_address(address);
            assert_eq!(refused, Err(Refused { kind: "metadata service" }), "{address} by {wide}");
            assert!(policy(&[], &[exact]).check_address(address).is_ok(), "{address} by {exact}");
        }
    }
}
