//! The address of a client behind proxies: taken from `X-Forwarded-For`, as far as trusted proxies wrote it.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName},
    middleware::Next,
    response::Response,
};
use ipnet::IpNet;

use crate::trail::Peer;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Replaces the address of a trusted proxy by that of its client.
pub(crate) async fn see_through(
    State(proxies): State<Arc<[IpNet]>>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(Peer(peer)) = request.extensions().get().copied() {
        let client = client(peer, request.headers(), &proxies);
        request.extensions_mut().insert(Peer(client));
    }
    next.run(request).await
}

/// The last address in the chain that is not a trusted proxy: everything before it is what the client says.
fn client(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let is_proxy = |address: &IpAddr| proxies.iter().any(|network| network.contains(&address.to_canonical()));
    if !is_proxy(&peer) {
        return peer;
    }
    let chain = headers.get_all(FORWARDED_FOR).into_iter().rev();
    let chain = chain.flat_map(|value| value.to_str().unwrap_or_default().rsplit(',')).map(str::trim);
    let mut nearest = peer;
    for text in chain {
        let Some(address) = address(text) else { break };
        nearest = address;
        if !is_proxy(&address) {
            break;
        }
    }
    nearest
}

/// Reads an address, also with a port, as some proxies write it.
fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| text.parse::<std::net::SocketAddr>().ok().map(|with_port| with_port.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_trusted_proxies_wrote_counts() {
        let proxies: Vec<IpNet> =
            ["10.0.0.0/8", "fd00::/8"].iter().map(|text| text.parse().unwrap()).collect();
        let of = |peer: &str, chain: &[&str]| {
            let headers = chain.iter().map(|text| (FORWARDED_FOR, text.parse().unwrap())).collect();
            client(peer.parse().unwrap(), &headers, &proxies).to_string()
        };
        assert_eq!(of("192.0.2.1", &["198.51.100.7"]), "192.0.2.1", "a client says what it wants");
        assert_eq!(of("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(
            of("10.0.0.1", &["203.0.113.9, 198.51.100.7"]),
            "198.51.100.7",
            "the client wrote the first"
        );
        assert_eq!(of("10.0.0.1", &["203.0.113.9, 198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(of("10.0.0.1", &["203.0.113.9", "198.51.100.7", "10.0.0.2"]), "198.51.100.7");
        assert_eq!(of("10.0.0.1", &["198.51.100.7:4711"]), "198.51.100.7");
        assert_eq!(of("fd00::1", &["2001:db8::9"]), "2001:db8::9");
        assert_eq!(of("::ffff:10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(of("10.0.0.1", &["198.51.100.7, unknown"]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &[]), "10.0.0.1");
    }
}
