//! Sends one request: resolves the host once, checks every address, connects to an allowed one, and uses
//! HTTP/1.1.
//!
//! One connection per request: a pooled connection would have to record the grants that its address was
//! checked against.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::client::conn::http1;
use rustls::pki_types::ServerName;
use tasker_outbound::Refused;
use tasker_protocol::{Destination, LogLevel, OriginHost, Scheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::body::LimitedBody;
use super::policy::Policy;
use super::resolver::Resolver;
use crate::capability::logs::HTTP_TARGET;
use crate::capability::logs::Logs;
use crate::{HostConfig, HostError};

/// The connect timeout if the guest sets none. The step's timeout also applies.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The timeout for a response and between its chunks if the guest sets none.
const RESPONSE_TIMEOUT: Duration = Duration::from_mins(1);

/// The maximum size of a connection's read buffer and of its write buffer, in bytes. The headers of a response must
/// fit.
pub(super) const MAX_CONNECTION_BUFFER: usize = 128 << 10;

/// A response and the future that drives its connection.
pub(super) type Sent = (http::Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>);

/// Shared by all requests: the trusted certificates and the size limit.
pub(crate) struct HttpClient {
    tls: TlsConnector,
    resolver: Resolver,
    max_response_bytes: u64,
    pub(super) max_requests: usize,
}

/// Why a request failed.
pub(super) enum SendError {
    /// All addresses of the host are blocked. This is the first.
    Prohibited(IpAddr, Refused),
    /// Any other error.
    Http(Error),
}

impl From<Error> for SendError {
    fn from(error: Error) -> Self {
        Self::Http(error)
    }
}

impl SendError {
    /// Converts to the guest's error. Logs an explanation for problems that the handler's author has to fix.
    pub(super) fn explain(self, destination: &Destination, logs: &Logs) -> Error {
        match self {
            Self::Prohibited(address, refused) => {
                let message = format!(
                    "a request to {destination} was refused, because it leads to {address} ({}): if that is \
                     intended, add `{address}/{}` to the step's `grants.private_networks` in the template",
                    refused.kind,
                    if address.is_ipv4() { 32 } else { 128 },
                );
                logs.explain(LogLevel::Error, HTTP_TARGET, &message);
                Error::DestinationIpProhibited
            }
            Self::Http(error) => {
                logs.explain(
                    LogLevel::Warn,
                    HTTP_TARGET,
                    &format!("a request to {destination} failed: {error}"),
                );
                error
            }
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl HttpClient {
    pub(crate) fn new(config: &HostConfig) -> Result<Self, HostError> {
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(HostError::Tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            tls: TlsConnector::from(Arc::new(tls)),
            resolver: Resolver::of_system(),
            max_response_bytes: config.max_http_response_bytes,
            max_requests: config.max_http_requests,
        })
    }

    /// Sends a request that the policy allows. Holds `permit` until the connection ends.
    pub(super) async fn send(
        &self,
        mut request: http::Request<WasiBody>,
        options: RequestOptions,
        destination: &Destination,
        policy: &Policy,
        permit: OwnedSemaphorePermit,
    ) -> Result<Sent, SendError> {
        let permit = Arc::new(permit);
        let connect_timeout = options.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
        let stream = timeout(connect_timeout, self.connect(destination, policy, &permit))
            .await
            .map_err(|_| Error::ConnectionTimeout)??;
        // Use the origin form: scheme and host are only for proxies.
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = path.map_or_else(|| http::Uri::from_static("/"), http::Uri::from);

        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(MAX_CONNECTION_BUFFER)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(Error::from)?;
        let mut connection = Box::pin(async move {
            let _permit = permit;
            connection.await.map_err(Error::from)
        });
        let first_byte = options.first_byte_timeout.unwrap_or(RESPONSE_TIMEOUT);
        let mut closed = false;
        let response = timeout(first_byte, async {
            let mut sending = std::pin::pin!(sender.send_request(request));
            loop {
                tokio::select! {
                    biased;
                    response = &mut sending => return response.map_err(Error::from),
                    // A server may respond and close at once; keep waiting for the response then.
                    ended = &mut connection, if !closed => {
                        ended?;
                        closed = true;
                    }
                }
            }
        })
        .await
        .map_err(|_| Error::ConnectionReadTimeout)??;
        let pause = options.between_bytes_timeout.unwrap_or(RESPONSE_TIMEOUT);
        let response =
            response.map(|body| LimitedBody::new(body, self.max_response_bytes, pause).boxed_unsync());
        // A completed future must not be polled again.
        Ok((response, Box::new(async move { if closed { Ok(()) } else { connection.await } })))
    }

    /// Connects to an allowed address of the destination.
    async fn connect(
        &self,
        destination: &Destination,
        policy: &Policy,
        permit: &Arc<OwnedSemaphorePermit>,
    ) -> Result<Box<dyn Stream>, SendError> {
        let mut last: Option<SendError> = None;
        for address in self.resolve(destination, permit).await? {
            if let Err(refused) = policy.check_address(address.ip()) {
                last.get_or_insert(SendError::Prohibited(address.ip(), refused));
                continue;
            }
            match TcpStream::connect(address).await {
                Ok(stream) => return self.secure(stream, destination).await,
                Err(error) => last = Some(Error::Connect(error).into()),
            }
        }
        Err(last.unwrap_or(SendError::Http(Error::DestinationNotFound)))
    }

    async fn secure(
        &self,
        stream: TcpStream,
        destination: &Destination,
    ) -> Result<Box<dyn Stream>, SendError> {
        // Requests and responses are usually small.
        stream.set_nodelay(true).map_err(Error::Connect)?;
        if destination.scheme == Scheme::Http {
            return Ok(Box::new(stream));
        }
        let name = match &destination.host {
            OriginHost::Name(name) => {
                ServerName::try_from(name.clone()).map_err(|_| Error::HttpRequestUriInvalid)?
            }
            OriginHost::Address(address) => ServerName::from(*address),
        };
        Ok(Box::new(self.tls.connect(name, stream).await.map_err(Error::Tls)?))
    }

    /// Resolves the addresses of a destination, once. A lookup that hangs keeps the permit, so that an execution has
    /// no more of them than requests.
    async fn resolve(
        &self,
        destination: &Destination,
        permit: &Arc<OwnedSemaphorePermit>,
    ) -> Result<Vec<SocketAddr>, Error> {
        let port = destination.port;
        match &destination.host {
            OriginHost::Address(address) => Ok(vec![SocketAddr::new(*address, port)]),
            OriginHost::Name(name) => {
                let found = self.resolver.resolve(name, port, permit.clone()).await;
                found.map_err(|error: io::Error| Error::DnsError {
                    rcode: Some(error.to_string()),
                    info_code: None,
                })
            }
        }
    }
}
