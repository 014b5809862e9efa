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

use std::net::IpAddr;

use tasker_outbound::{Networks, Refused};
use tasker_protocol::{Destination, GrantFault, Grants, OriginPattern, granted_network};

/// The destinations of one execution.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policy {
    patterns: Vec<OriginPattern>,
    networks: Networks,
}

impl Policy {
    /// # Errors
    /// The first invalid grant.
    pub(crate) fn new(grants: &Grants) -> Result<Self, GrantFault> {
        let patterns = grants.http.iter().map(|text| OriginPattern::parse(text)).collect();
        let networks = grants.private_networks.iter().map(|text| granted_network(text)).collect();
        match (patterns, networks) {
            (Some(patterns), Some(networks)) => Ok(Self { patterns, networks: Networks::with(networks) }),
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
        self.networks.check(address)
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
}
