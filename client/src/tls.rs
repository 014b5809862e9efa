//! TLS by ring, whatever provider the process has or lacks.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::error::{Error, Result};

/// Trusts what the machine trusts; on a machine without certificates, such as a bare container, Mozilla's.
pub(crate) fn configuration() -> Result<ClientConfig> {
    let unusable = |error: rustls::Error| Error::Invalid(format!("TLS cannot be used: {error}"));
    let builder = || {
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unusable)
    };
    if let Ok(builder) = builder()?.with_platform_verifier() {
        return Ok(builder.with_no_client_auth());
    }
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() };
    Ok(builder()?.with_root_certificates(roots).with_no_client_auth())
}
